"""The nudged phase for complex beta, of the Hopfield energy and of the rate form: the flows of `hopfield` and `rate`.

A fixed point s*(beta) is analytic in beta near 0 if rho is, and so its flow is followed off the real line. With
s = s* + x, x = beta delta, R = rho(s* + x) - rho(s*) and R' = rho'(s* + x) - rho'(s*) by formulas that do not cancel,

    tau ddelta/dt = [(rho'(s*) + R') W R + g* R'] / beta - delta - dC/ds(s* + x)        (Hopfield)
    tau ddelta/dt = W R / beta - delta - dC/dr(r* + R)                                  (rate form)

where dC/dz(z* + z) = dC/dz(z*) + C'' z, or with a softmax read-out dC/dz(z*) + softmax(z* + z) - softmax(z*).

Complex arrays (2n, b) hold n rows of real parts, then n of imaginary ones: W is real, and multiplies each half.

Rows of all kernels, n each: 1/tau twice, rho(s*), rho'(s*), g*, dC/dz(z*), C'', Re beta, Im beta; with a softmax
read-out, for which C'' stands as 0, then the outputs' softmax at z*.

Source: A. Laborieux, F. Zenke, NeurIPS 35 (2022).
"""

from __future__ import annotations

import numpy as np

from neurodyn.models.coupling import POPULATIONS, SOFT_COUNT, SOFT_FIRST, N, couple, flat, population, units
from neurodyn.numerics.arrays import Complex
from neurodyn.numerics.complexmath import complex_expm1_and_exp, divide, times
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.system.complex_activation import change_rates, slope_changes
from neurodyn.system.graph import Graph


@helper
def pair(array, n, start, stop):
    """Real and imaginary parts of units start ... stop, each as one long row."""
    return flat(array, start, stop), flat(array, n + start, n + stop)


@helper
def times_beta(delta, rows, layout, out):
    """out = beta delta, complex (2n, b)."""
    n = layout[N]
    (real, imaginary), (c, d), (x, y) = pair(delta, n, 0, n), pair(rows, n, 7 * n, 8 * n), pair(out, n, 0, n)
    for j in range(x.size):
        u = times(complex(c[j], d[j]), complex(real[j], imaginary[j]))
        x[j], y[j] = u.real, u.imag


@helper
def over_beta(rows, layout, out):
    """Divide a complex array by beta."""
    n = layout[N]
    (x, y), (c, d) = pair(out, n, 0, n), pair(rows, n, 7 * n, 8 * n)
    for j in range(x.size):
        u = divide(complex(x[j], y[j]), complex(c[j], d[j]))
        x[j], y[j] = u.real, u.imag


@helper
def moves(delta, rows, layout, moved, bent):
    """R and R' of all units; all complex (2n, b)."""
    n = layout[N]
    times_beta(delta, rows, layout, moved)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        part, a = pair(moved, n, start, stop), flat(rows, 2 * n + start, 2 * n + stop)
        change_rates(code, a, flat(rows, 3 * n + start, 3 * n + stop), part)
        slope_changes(code, a, part, pair(bent, n, start, stop))


@helper
def couple_complex(r, theta, layout, out):
    """out = W r, both complex (2n, b)."""
    n = layout[N]
    sums = flat(out, 0, 2 * n)
    for j in range(sums.size):
        sums[j] = 0.0
    for half in (0, n):
        couple(units(r, half, n), theta, layout, units(out, half, n))


@helper
def soften(z, rows, layout):
    """Replace the changes z of the outputs, complex (2n, b), by softmax(z* + z) - softmax(z*).

    See `neurodyn.models.coupling.soften`; here it is the largest real part that is made 0.
    """
    n, first, count = layout[N], layout[SOFT_FIRST], layout[SOFT_COUNT]
    p, x, y = units(rows, rows.shape[0] - count, count), units(z, first, count), units(z, n + first, count)
    for j in range(z.shape[1]):
        top = x[0, j]
        for i in range(count):
            top = max(top, x[i, j])
        mean, total = 0.0j, 0.0j
        for i in range(count):
            growth, factor = complex_expm1_and_exp(complex(x[i, j] - top, y[i, j]))
            x[i, j], y[i, j] = growth.real, growth.imag
            mean += p[i, j] * growth
            total += p[i, j] * factor
        for i in range(count):
            change = divide(complex(x[i, j], y[i, j]) - mean, total)
            x[i, j], y[i, j] = p[i, j] * change.real, p[i, j] * change.imag


@helper
def resist(delta, z, rows, layout, out):
    """Subtract delta and dC/dz(z* + z) from what is in `out`, and turn forces into rates; z is lost."""
    n = layout[N]
    gap, spring = flat(rows, 5 * n, 6 * n), flat(rows, 6 * n, 7 * n)
    for half in (0, n):
        f, x, pull = flat(out, half, half + n), flat(delta, half, half + n), flat(z, half, half + n)
        for j in range(f.size):
            f[j] -= x[j] + spring[j] * pull[j]
    f = flat(out, 0, n)
    for j in range(f.size):
        f[j] -= gap[j]
    if layout[SOFT_COUNT] > 0:
        soften(z, rows, layout)
        for half in (layout[SOFT_FIRST], n + layout[SOFT_FIRST]):
            f, pull = flat(out, half, half + layout[SOFT_COUNT]), flat(z, half, half + layout[SOFT_COUNT])
            for j in range(f.size):
                f[j] -= pull[j]
    f, rate = flat(out, 0, 2 * n), flat(rows, 0, 2 * n)
    for j in range(f.size):
        f[j] *= rate[j]


@flow_kernel
def changes(t, delta, rows, theta, layout, work, out):
    """R and R', out (4n, b)."""
    n = layout[N]
    moves(delta, rows, layout, units(out, 0, 2 * n), units(out, 2 * n, 2 * n))


@flow_kernel
def coupled(t, r, rows, theta, layout, work, out):
    """W r for real r (n, b)."""
    for i in range(layout[N]):
        for j in range(r.shape[1]):
            out[i, j] = 0.0
    couple(r, theta, layout, out)


@flow_kernel
def hopfield(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase of the Hopfield energy; delta and out complex (2n, b), work (4n, b)."""
    n = layout[N]
    moved, bent = units(work, 0, 2 * n), units(work, 2 * n, 2 * n)
    moves(delta, rows, layout, moved, bent)
    couple_complex(moved, theta, layout, out)
    (x, y), (real, imaginary) = pair(out, n, 0, n), pair(bent, n, 0, n)
    d, g = flat(rows, 3 * n, 4 * n), flat(rows, 4 * n, 5 * n)
    for j in range(x.size):
        u = times(complex(d[j] + real[j], imaginary[j]), complex(x[j], y[j]))
        x[j], y[j] = u.real + g[j] * real[j], u.imag + g[j] * imaginary[j]
    over_beta(rows, layout, out)
    times_beta(delta, rows, layout, moved)
    resist(delta, moved, rows, layout, out)


@flow_kernel
def rate(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase of the rate form; delta and out complex (2n, b), work (4n, b)."""
    n = layout[N]
    moved = units(work, 0, 2 * n)
    moves(delta, rows, layout, moved, units(work, 2 * n, 2 * n))
    couple_complex(moved, theta, layout, out)
    over_beta(rows, layout, out)
    resist(delta, moved, rows, layout, out)


def bends(graph: Graph, rate: Complex, slope: Complex) -> Complex:
    """rho''(s) of all free units, (n,), from rho(s) and rho'(s)."""
    out = np.zeros_like(slope)
    for p in graph.free:
        where = graph.slices[p.name]
        r, d = rate[where], slope[where]
        if p.activation == "tanh":
            out[where] = -2.0 * r * d
        elif p.activation == "sigmoid":
            out[where] = d * (1.0 - 2.0 * r)
        elif p.activation == "softplus":
            out[where] = d * (1.0 - d)
    return out
