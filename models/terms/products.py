"""What the primitives of terms are made of: their populations, products with matrices, exponentials, views.

All of it serves real and complex arrays alike. Each output is a chain of additions whose order does not depend on the
number of samples.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload

from neurodyn.models.terms.leak import FIRST, FREE, PER_POPULATION, SIZE
from neurodyn.numerics.complexmath import complex_expm1_and_exp
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.vectormath import expm1_and_exp, log
from neurodyn.numerics.view import flat, rectangle, row, units, window

__all__ = [
    "FIRST",
    "FREE",
    "PER_POPULATION",
    "SIZE",
    "add",
    "add_outer",
    "add_product",
    "add_squares",
    "add_sums",
    "add_transposed",
    "exp",
    "expm1",
    "flat",
    "helper",
    "log",
    "pair",
    "partners",
    "population",
    "rectangle",
    "row",
    "soften",
    "soften_change",
    "subtract",
    "units",
    "window",
]


@helper
def population(values, place, k):
    """The rows of the k-th population of a term, (size, b): a view."""
    return units(values, place[PER_POPULATION * k + FIRST], place[PER_POPULATION * k + SIZE])


@helper
def pair(values, place):
    """The rows of both populations of a term."""
    return population(values, place, 0), population(values, place, 1)


@helper
def partners(place, i):
    """From where on unit i meets those of the second population: within one population each pair meets once."""
    return i + 1 if place[FIRST] == place[PER_POPULATION + FIRST] else 0


@helper
def add_product(factor, w, values, out):
    """out (m, b) += factor w (m, n) values (n, b)."""
    for i in range(w.shape[0]):
        for k in range(w.shape[1]):
            for j in range(out.shape[1]):
                out[i, j] += factor * w[i, k] * values[k, j]


@helper
def add_transposed(factor, w, values, out):
    """out (n, b) += factor wᵀ values, w (m, n), values (m, b)."""
    for k in range(w.shape[0]):
        for i in range(w.shape[1]):
            for j in range(out.shape[1]):
                out[i, j] += factor * w[k, i] * values[k, j]


@helper
def add_outer(factor, u, v, out):
    """out (m, n), flat, += factor Σ u vᵀ over the samples of u (m, b) and v (n, b)."""
    for i in range(u.shape[0]):
        for k in range(v.shape[0]):
            for j in range(u.shape[1]):
                out[i * v.shape[0] + k] += factor * u[i, j] * v[k, j]


@helper
def add(u, out):
    """out += u, both (m, b)."""
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            out[i, j] += u[i, j]


@helper
def subtract(factor, u, out):
    """out -= factor u, both (m, b)."""
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            out[i, j] -= factor * u[i, j]


@helper
def add_squares(factor, u, out):
    """out (1, b) += factor Σ u² over the units of u (m, b)."""
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            out[0, j] += factor * u[i, j] * u[i, j]


@helper
def add_sums(factor, u, out, first):
    """out[first : first + m] += factor Σ u over the samples of u (m, b)."""
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            out[first + i] += factor * u[i, j]


def exp(x: Any) -> Any:
    """e^x of a real or complex number: in kernels the same bits wherever in a loop it is computed."""
    return np.exp(x)


def expm1(x: Any) -> Any:
    """e^x − 1, as `exp`."""
    return np.expm1(x)


if not numba.config.DISABLE_JIT:

    @overload(exp, strict=False)
    def _exp(x: Any) -> Any:
        if isinstance(x, types.Complex):
            return lambda x: complex_expm1_and_exp(x)[1]
        return lambda x: expm1_and_exp(x)[1]

    @overload(expm1, strict=False)
    def _expm1(x: Any) -> Any:
        if isinstance(x, types.Complex):
            return lambda x: complex_expm1_and_exp(x)[0]
        return lambda x: expm1_and_exp(x)[0]


@helper
def soften(z, top, total):
    """Replace z (m, b) by its softmax over the rows; the largest and Σ exp(z - largest) into the rows top and total."""
    top[:], total[:] = z[0], 0.0
    for k in range(z.shape[0]):
        for j in range(top.size):
            top[j] = z[k, j] if z[k, j].real > top[j].real else top[j]
    for k in range(z.shape[0]):
        for j in range(top.size):
            z[k, j] = exp(z[k, j] - top[j])
            total[j] += z[k, j]
    for k in range(z.shape[0]):
        for j in range(top.size):
            z[k, j] /= total[j]


@helper
def soften_change(p, v, mean, most):
    """Replace changes v (m, b) of what p is the softmax of by those of p, p ∘ (v - p·v); two rows are scratch.

    Counted from the change of the likeliest, as where that has nearly all, v - p·v would cancel.
    """
    mean[:], most[:] = p[0], v[0]
    for k in range(p.shape[0]):
        for j in range(mean.size):
            if p[k, j].real > mean[j].real:
                mean[j], most[j] = p[k, j], v[k, j]
    mean[:] = 0.0
    for k in range(p.shape[0]):
        for j in range(mean.size):
            v[k, j] -= most[j]
            mean[j] += p[k, j] * v[k, j]
    for k in range(p.shape[0]):
        for j in range(mean.size):
            v[k, j] = p[k, j] * (v[k, j] - mean[j])
