"""Source text of the primitives of a user's functions: what is missing is derived by complex steps.

The functions are called by primitives of a module of its own, which numba can serve from its disk cache. Its text names
them by a hash of all that they are made of.
"""

from __future__ import annotations

HEAD = '''"""Primitives of a term by a user's functions; neurodyn has written this, and an edit here is lost."""

from neurodyn.models.terms.complex_step import *
from neurodyn.models.terms.own_functions import compiled
from neurodyn.numerics.kernel import helper
'''

ENERGY = """
value = compiled({energy!r})


def energy(s, r, theta, place, work, out):
    t, u = parameters(theta, work), reals(0, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    clear(u)
    for j in range(s.shape[1]):
        load(s, r, place, j, u, 0.0, x, y)
        out[0, j] += value(x, y, t).real


@helper
def add_by_parameters(x, y, t, factor, out):
    for k in range(out.size):
        before = t[k]
        t[k] = complex(before.real, STEP)
        out[k] += factor * (value(x, y, t).imag / STEP)
        t[k] = before


def parameter_gradient(s, r, theta, place, work, out):
    t, u = parameters(theta, work), reals(0, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    clear(u)
    for j in range(s.shape[1]):
        load(s, r, place, j, u, 0.0, x, y)
        add_by_parameters(x, y, t, 1.0, out)
"""

FROM_ENERGY = """
@helper
def add_slopes(x, y, t, factor, out):
    n = x.size
    for k in range(n):
        if {by_states}:
            before = x[k]
            x[k] = complex(before.real, STEP)
            out[k] += factor * (value(x, y, t).imag / STEP)
            x[k] = before
        if {by_rates}:
            before = y[k]
            y[k] = complex(before.real, STEP)
            out[n + k] += factor * (value(x, y, t).imag / STEP)
            y[k] = before


def gradient(s, r, theta, place, work, out_s, out_r):
    t, u, g = parameters(theta, work), reals(0, theta, place, work), reals(1, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    clear(u)
    for j in range(s.shape[1]):
        load(s, r, place, j, u, 0.0, x, y)
        clear(g)
        add_slopes(x, y, t, 1.0, g)
        add(g[: x.size], place, j, out_s)
        add(g[x.size :], place, j, out_r)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    t, u = parameters(theta, work), reals(0, theta, place, work)
    g, total = reals(1, theta, place, work), reals(2, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    for j in range(s.shape[1]):
        scale = direction(v_s, v_r, place, j, u)
        if scale == 0.0:
            continue
        clear(total)
        for m in range(len(PAIR_WEIGHTS)):
            clear(g)
            for side in (1.0, -1.0):
                load(s, r, place, j, u, side * (m + 1) * SPACING, x, y)
                add_slopes(x, y, t, side, g)
            for k in range(g.size):
                total[k] += PAIR_WEIGHTS[m] * g[k] * (scale / SPACING)
        add(total[: x.size], place, j, out_s)
        add(total[x.size :], place, j, out_r)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    t, u = parameters(theta, work), reals(0, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    for j in range(s.shape[1]):
        scale = direction(v_s, v_r, place, j, u)
        if scale == 0.0:
            continue
        for m in range(len(PAIR_WEIGHTS)):
            for side in (1.0, -1.0):
                load(s, r, place, j, u, side * (m + 1) * SPACING, x, y)
                add_by_parameters(x, y, t, side * PAIR_WEIGHTS[m] * (scale / SPACING), out)
"""

#: `write` is the user's gradient, or force: `sign` is -1 for a force, which stands for minus a gradient.
FROM_GRADIENT = """
write = compiled({gradient!r})


@helper
def evaluate(x, y, t, f, g):
    clear(f)
    clear(g)
    {call}


def gradient(s, r, theta, place, work, out_s, out_r):
    t, u, h = parameters(theta, work), reals(0, theta, place, work), reals(1, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    f, g = complexes(2, theta, place, work), complexes(3, theta, place, work)
    clear(u)
    for j in range(s.shape[1]):
        load(s, r, place, j, u, 0.0, x, y)
        evaluate(x, y, t, f, g)
        for k in range(x.size):
            h[k], h[x.size + k] = {sign} * f[k].real, {sign} * g[k].real
        add(h[: x.size], place, j, out_s)
        add(h[x.size :], place, j, out_r)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    t, u, h = parameters(theta, work), reals(0, theta, place, work), reals(1, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    f, g = complexes(2, theta, place, work), complexes(3, theta, place, work)
    for j in range(s.shape[1]):
        scale = {sign} * direction(v_s, v_r, place, j, u)
        if scale == 0.0:
            continue
        load(s, r, place, j, u, STEP * 1j, x, y)
        evaluate(x, y, t, f, g)
        for k in range(x.size):
            h[k], h[x.size + k] = scale * (f[k].imag / STEP), scale * (g[k].imag / STEP)
        add(h[: x.size], place, j, out_s)
        add(h[x.size :], place, j, out_r)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    t, u, h = parameters(theta, work), reals(0, theta, place, work), reals(1, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    f, g = complexes(2, theta, place, work), complexes(3, theta, place, work)
    clear(h)
    for j in range(s.shape[1]):
        scale = {sign} * direction(v_s, v_r, place, j, u)
        load(s, r, place, j, h, 0.0, x, y)
        for m in range(out.size):
            before = t[m]
            t[m] = complex(before.real, STEP)
            evaluate(x, y, t, f, g)
            t[m] = before
            for k in range(x.size):
                out[m] += scale * (u[k] * (f[k].imag / STEP) + u[x.size + k] * (g[k].imag / STEP))
"""

TRANSPOSED = """
@helper
def along(x, y, t, f, g, u):
    evaluate(x, y, t, f, g)
    total = 0.0
    for k in range(x.size):
        total -= u[k] * (f[k].imag / STEP)
    return total


def curve_transposed(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    t, u = parameters(theta, work), reals(0, theta, place, work)
    h, still = reals(1, theta, place, work), reals(2, theta, place, work)
    x, y = complexes(0, theta, place, work), complexes(1, theta, place, work)
    f, g = complexes(2, theta, place, work), complexes(3, theta, place, work)
    clear(still)
    for j in range(s.shape[1]):
        scale = direction(v_s, v_r, place, j, u)
        clear(h)
        load(s, r, place, j, still, 0.0, x, y)
        for k in range(x.size):
            if {by_states}:
                before = x[k]
                x[k] = complex(before.real, STEP)
                h[k] = scale * along(x, y, t, f, g, u)
                x[k] = before
            if {by_rates}:
                before = y[k]
                y[k] = complex(before.real, STEP)
                h[x.size + k] = scale * along(x, y, t, f, g, u)
                y[k] = before
        add(h[: x.size], place, j, out_s)
        add(h[x.size :], place, j, out_r)
"""


def text(energy: str, gradient: str, force: str, of: str) -> str:
    """The module for functions by their hashes, '' for what is not given, of the variables that they depend on."""
    which = {"by_states": of in ("states", "both"), "by_rates": of in ("rates", "both")}
    if force:
        body = FROM_GRADIENT.format(gradient=force, sign="-1.0", call="write(x, y, t, f)")
        return HEAD + body + TRANSPOSED.format(**which)
    if gradient:
        calls = {"gradient": gradient, "sign": "1.0", "call": "write(x, y, t, f, g)"}
        return HEAD + ENERGY.format(energy=energy) + FROM_GRADIENT.format(**calls)
    return HEAD + ENERGY.format(energy=energy) + FROM_ENERGY.format(**which)
