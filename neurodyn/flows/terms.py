"""Terms that flows call by their addresses: gradients, second derivatives, and changes that do not cancel.

A term V(s, r) of states and rates has primitives over all units, unit-major (units, b): the free ones, then the clamped
ones of the input, whose state and rate are both what they are clamped at. `neurodyn.system.term` says what each does.

Where V is quadratic its gradient is an affine map: what the clamped units add to it is part of the constants of a flow,
and V″ (s, r) of the free units alone is left. Elsewhere the change of the gradient from a base is, over beta,

    [dV(base + beta v) - dV(base)] / beta = int_0^1 V″(base + u beta v) v du.

The right-hand side does not cancel, and six nodes of Gauss and Legendre give it to rounding where beta v is small; the
left-hand side loses 1/beta roundings, and is taken where beta is not small.
"""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.flows.layout import (
    CLAMPED,
    CURVE,
    ENERGY,
    GRADIENT,
    PER_TERM,
    PLACE,
    PLACE_SIZE,
    QUADRATIC,
    TERM_TABLE,
    TERMS,
    THETA,
    THETA_SIZE,
    N,
    zero,
)
from neurodyn.numerics.kernel import constant_integers, constant_matrix, constant_vector, helper, make_call, matrix
from neurodyn.numerics.view import flat, units, window

#: Of all primitives: states and rates, (units, b); of second derivatives also a direction of both.
_at = (constant_matrix, constant_matrix)
_own = (constant_vector, constant_integers, matrix)  # parameters, integers, scratch
ENERGY_OF = types.void(*_at, *_own, matrix)
GRADIENT_OF = types.void(*_at, *_own, matrix, matrix)
CURVE_OF = types.void(*_at, *_at, *_own, matrix, matrix)
call_energy, call_gradient, call_curve = make_call(ENERGY_OF), make_call(GRADIENT_OF), make_call(CURVE_OF)

#: What terms add to a flow: part(x, r, rows, theta, layout, scratch, out) of a variable and its rates (n, b), compiled
#: only where a network has terms, and called by its address in the layout.
TERM_PART = types.void(
    constant_matrix, constant_matrix, constant_matrix, constant_vector, constant_integers, matrix, matrix
)
call_part = make_call(TERM_PART)

#: Nodes and weights of Gauss and Legendre on [0, 1].
NODES = tuple(0.5 + 0.5 * x for x in np.polynomial.legendre.leggauss(6)[0])
WEIGHTS = tuple(0.5 * w for w in np.polynomial.legendre.leggauss(6)[1])
#: Up to this |beta| the change of a gradient is an integral, beyond it a difference.
SMALL = 1.0 / 32.0
#: Which terms: all, or those that are quadratic, or those that are not.
ALL, AFFINE, CURVED = range(3)
#: Arrays over all units in the scratch memory of a flow: states, rates, a direction of both, results for both, and
#: where changes are taken points on the way and their results.
S, R, V_S, V_R, OUT_S, OUT_R, ON_S, ON_R, MORE_S, MORE_R, ARRAYS = range(11)


@helper
def every(scratch, k, layout):
    """The k-th array over all units in scratch memory."""
    count = layout[N] + layout[CLAMPED]
    return units(scratch, k * count, count)


@helper
def own_scratch(scratch, layout):
    """What is left of the scratch memory for the terms themselves."""
    used = ARRAYS * (layout[N] + layout[CLAMPED])
    return units(scratch, used, scratch.shape[0] - used)


@helper
def extend(values, clamped, out):
    """out = values of the free units, then of the clamped ones."""
    a, b, total = flat(values, 0, values.shape[0]), flat(clamped, 0, clamped.shape[0]), flat(out, 0, out.shape[0])
    for j in range(a.size):
        total[j] = a[j]
    for j in range(b.size):
        total[a.size + j] = b[j]


@helper
def extend_by_zeros(values, out):
    """out = values of the free units, and zeros for the clamped ones."""
    a, total = flat(values, 0, values.shape[0]), flat(out, 0, out.shape[0])
    for j in range(a.size):
        total[j] = a[j]
    for j in range(a.size, total.size):
        total[j] = 0.0


@helper
def is_chosen(layout, o, which):
    """Whether the term at o in the layout is one of those asked for."""
    return which == ALL or (layout[o + QUADRATIC] != 0) == (which == AFFINE)


@helper
def add_energies(theta, layout, scratch, out):
    """out (1, b) += V of all terms at the states and rates in scratch memory."""
    for k in range(layout[TERMS]):
        o = layout[TERM_TABLE] + PER_TERM * k
        own = window(theta, layout[o + THETA], layout[o + THETA_SIZE])
        place = window(layout, layout[o + PLACE], layout[o + PLACE_SIZE])
        at = every(scratch, S, layout), every(scratch, R, layout)
        call_energy(layout[o + ENERGY], (*at, own, place, own_scratch(scratch, layout), out))


@helper
def add_gradients(at, theta, layout, which, scratch, out):
    """out, a pair (units, b), += V_s, V_r of some terms at a pair of states and rates (units, b)."""
    for k in range(layout[TERMS]):
        o = layout[TERM_TABLE] + PER_TERM * k
        if is_chosen(layout, o, which):
            own = window(theta, layout[o + THETA], layout[o + THETA_SIZE])
            place = window(layout, layout[o + PLACE], layout[o + PLACE_SIZE])
            call_gradient(layout[o + GRADIENT], (*at, own, place, own_scratch(scratch, layout), *out))


@helper
def add_curves(at, v, theta, layout, choice, scratch, out):
    """out, a pair (units, b), += V″ v of some terms at a pair of states and rates, along a pair v.

    `choice` is which terms, and which of their primitives: CURVE or TRANSPOSED.
    """
    which, primitive = choice
    for k in range(layout[TERMS]):
        o = layout[TERM_TABLE] + PER_TERM * k
        if is_chosen(layout, o, which):
            own = window(theta, layout[o + THETA], layout[o + THETA_SIZE])
            place = window(layout, layout[o + PLACE], layout[o + PLACE_SIZE])
            call_curve(layout[o + primitive], (*at, *v, own, place, own_scratch(scratch, layout), *out))


@helper
def results(scratch, layout):
    """The pair of results in scratch memory, set to zero."""
    out = every(scratch, OUT_S, layout), every(scratch, OUT_R, layout)
    zero(flat(out[0], 0, out[0].shape[0]))
    zero(flat(out[1], 0, out[1].shape[0]))
    return out


@helper
def gradients(s, r, clamped, theta, layout, scratch):
    """V_s, V_r (units, b) at s, r (n, b), but for the constant part of quadratic terms: views of scratch."""
    out = results(scratch, layout)
    at = every(scratch, S, layout), every(scratch, R, layout)
    extend_by_zeros(s, at[0])
    extend_by_zeros(r, at[1])
    add_curves(at, at, theta, layout, (AFFINE, CURVE), scratch, out)
    extend(s, clamped, at[0])
    extend(r, clamped, at[1])
    add_gradients(at, theta, layout, CURVED, scratch, out)
    return out


@helper
def all_gradients(s, r, clamped, theta, layout, scratch):
    """V_s, V_r (units, b) of all terms at s, r (n, b) and clamped rates that may move: views of scratch."""
    out = results(scratch, layout)
    at = every(scratch, S, layout), every(scratch, R, layout)
    extend(s, clamped, at[0])
    extend(r, clamped, at[1])
    add_gradients(at, theta, layout, ALL, scratch, out)
    return out


@helper
def products(at, v, theta, layout, primitive, scratch):
    """V″ v (units, b) of all terms at pairs (units, b), by CURVE or TRANSPOSED: views of scratch."""
    out = results(scratch, layout)
    add_curves(at, v, theta, layout, (ALL, primitive), scratch, out)
    return out


@helper
def extremes(beta):
    """The smallest and the largest |beta|."""
    low, high = abs(beta[0]), abs(beta[0])
    for j in range(beta.size):
        low, high = min(low, abs(beta[j])), max(high, abs(beta[j]))
    return low, high


@helper
def step_along(base, v, beta, u, out):
    """out = base + u beta v, (units, b), for beta (b,)."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = base[i, j] + u * beta[j] * v[i, j]


@helper
def changes(beta, before, theta, layout, scratch):
    """[dV(base + beta v) - dV(base)] / beta of all terms, by states and by rates, (units, b): views of scratch.

    Scratch memory holds the base and the direction v; beta (b,); `before` is the pair dV(base), (n, b) each, of the
    terms that are not quadratic.
    """
    at = every(scratch, S, layout), every(scratch, R, layout)
    v = every(scratch, V_S, layout), every(scratch, V_R, layout)
    on = every(scratch, ON_S, layout), every(scratch, ON_R, layout)
    out = results(scratch, layout)
    add_curves(at, v, theta, layout, (AFFINE, CURVE), scratch, out)
    more = every(scratch, MORE_S, layout), every(scratch, MORE_R, layout)
    low, high = extremes(beta)
    if low <= SMALL:
        for q in range(len(NODES)):
            for k in range(2):
                zero(flat(more[k], 0, more[k].shape[0]))
                step_along(at[k], v[k], beta, NODES[q], on[k])
            add_curves(on, v, theta, layout, (CURVED, CURVE), scratch, more)
            for k in range(2):
                for i in range(layout[N]):
                    for j in range(beta.size):
                        out[k][i, j] += WEIGHTS[q] * more[k][i, j] if abs(beta[j]) <= SMALL else 0.0
    if high > SMALL:
        for k in range(2):
            zero(flat(more[k], 0, more[k].shape[0]))
            step_along(at[k], v[k], beta, 1.0, on[k])
        add_gradients(on, theta, layout, CURVED, scratch, more)
        for k in range(2):
            for i in range(layout[N]):
                for j in range(beta.size):
                    if abs(beta[j]) > SMALL:
                        out[k][i, j] += (more[k][i, j] - before[k][i, j]) / beta[j]
    return out
