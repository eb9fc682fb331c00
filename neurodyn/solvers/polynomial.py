"""Taylor polynomials of trajectories side by side, in lanes: their values, and how far each of them can be trusted.

Coefficients are (orders, at least m, lanes). What is summed over the components of a lane is one chain in their order,
so that it has the same bits whatever lies in the other lanes.
"""

from __future__ import annotations

from neurodyn.numerics.kernel import helper, inlined_helper
from neurodyn.numerics.vectors import (
    NARROW,
    all_of,
    larger,
    load,
    narrow_zeros,
    over,
    plus_times,
    size_of,
    store,
    times,
)


@helper
def evaluate(c, steps, out):
    """Values (m, lanes) of the polynomials at the steps (lanes,), by Horner's rule; out may be the states c[0]."""
    m, lanes = out.shape
    if lanes == 1:
        along(c, steps[0], out)
        return
    whole = lanes - lanes % NARROW
    for i in range(m):
        for j in range(0, whole, NARROW):
            horner(c, load(steps, j, narrow_zeros()), i * lanes + j, out)
        for j in range(whole, lanes):
            horner(c, steps[j], i * lanes + j, out)


@inlined_helper
def along(c, step, out):
    """The same of a single lane, along its components."""
    m = out.shape[0]
    whole = m - m % NARROW
    for e in range(0, whole, NARROW):
        horner(c, all_of(step, narrow_zeros()), e, out)
    for e in range(whole, m):
        horner(c, step, e, out)


@inlined_helper
def horner(c, h, e, out):
    """The polynomials of some entries from e on, at h."""
    stride = c.shape[1] * c.shape[2]
    at = e + (c.shape[0] - 1) * stride
    total = load(c, at, h)
    for _ in range(c.shape[0] - 1):
        at -= stride
        total = plus_times(total, h, load(c, at, h))
    store(out, e, total)


@helper
def weigh_last(c, sizes, tolerances, last, before, sums):
    """Write the sums over components of the squares of the last two coefficients, over the tolerance, into two rows.

    `tolerances` are the relative and the absolute one; the latter is multiplied by the sizes (m, lanes).
    """
    lanes = c.shape[2]
    whole = lanes - lanes % NARROW
    for j in range(0, whole, NARROW):
        weigh(c, sizes, tolerances, last, before, j, sums, narrow_zeros())
    for j in range(whole, lanes):
        weigh(c, sizes, tolerances, last, before, j, sums, 0.0)


@inlined_helper
def weigh(c, sizes, tolerances, last, before, j, sums, like):
    """The same of some lanes from j on."""
    order, lanes, stride = c.shape[0] - 1, c.shape[2], c.shape[1] * c.shape[2]
    rtol, atol, one = all_of(tolerances[0], like), all_of(tolerances[1], like), all_of(1.0, like)
    highest, second, at = like, like, j
    for _ in range(sizes.shape[0]):
        tolerance = plus_times(rtol, size_of(load(c, at, like)), times(atol, load(sizes, at, like)))
        share = over(one, tolerance)
        a = times(share, load(c, at + order * stride, like))
        b = times(share, load(c, at + (order - 1) * stride, like))
        highest, second = plus_times(a, a, highest), plus_times(b, b, second)
        at += lanes
    store(sums, last * lanes + j, highest)
    store(sums, before * lanes + j, second)


@helper
def largest(y, out, at):
    """Write the largest |y| of every lane into the row `at` of out."""
    lanes = y.shape[1]
    whole = lanes - lanes % NARROW
    for j in range(0, whole, NARROW):
        largest_of(y, out, at, j, narrow_zeros())
    for j in range(whole, lanes):
        largest_of(y, out, at, j, 0.0)


@inlined_helper
def largest_of(y, out, at, j, like):
    """The same of some lanes from j on."""
    most, e = like, j
    for _ in range(y.shape[0]):
        most = larger(size_of(load(y, e, like)), most)
        e += y.shape[1]
    store(out, at * y.shape[1] + j, most)
