"""What the Taylor series of all flows share: sums of products of coefficients, and the fields of all units.

Scratch memory holds, order after order, the coefficients r of the rates, q of their slopes, u of the fields, and v of
the velocities, each (orders, at least n, samples). Entries are counted along memory, units first, and many are taken at
a time: as many as the vector `like` has, which must be 0.

Source of the recurrences: A. Griewank, A. Walther, Evaluating Derivatives, 2nd edition (2008), section 13.2.
"""

from __future__ import annotations

from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import (
    ARROWS,
    HEADER,
    LEAK,
    MATRIX,
    METRIC,
    PER_ARROW,
    PER_POPULATION,
    POPULATIONS,
    RATES,
    SOURCE,
    TO,
    N,
    population,
    zero,
)
from neurodyn.numerics.kernel import call_flow, helper, inlined_helper
from neurodyn.numerics.product import TALL, tall_narrow, tall_wide
from neurodyn.numerics.vectors import (
    NARROW,
    WIDE,
    all_of,
    load,
    narrow_zeros,
    plus,
    plus_times,
    store,
    wide_zeros,
)
from neurodyn.numerics.view import constant, flat, layer, rectangle, row

#: What series call by an address at the end of the layout: the velocities of the phase.
VELOCITY = 0
#: Coefficients in scratch memory, of each order: rates, slopes, fields, velocities.
STACKS = 4
#: Units of a network up to which products are made here: beyond, the general one is as fast.
FEW = 32


@inlined_helper
def call(which, s, rows, theta, layout, spare, out):
    """Call the flow whose address is the last of the layout but `which`."""
    call_flow(layout[layout.size - 1 - which], (row(rows, 0), constant(s), rows, theta, layout, spare, out))


@inlined_helper
def in_vectors(coefficients, k, p, c, rows, work, layout):
    """Call `coefficients` for all entries of population p, as many at a time as fill vectors.

    It is told the order, what the population is like, and how many entries a block of the rows has.
    """
    o, start, stop, code = population(layout, p)
    how = k, code, layout[METRIC] != RATES, float(layout[o + LEAK]), layout[N] * work.shape[2]
    e, last = start * work.shape[2], stop * work.shape[2]
    while e + WIDE <= last:
        coefficients(how, e, c, rows, work, wide_zeros())
        e += WIDE
    while e + NARROW <= last:
        coefficients(how, e, c, rows, work, narrow_zeros())
        e += NARROW
    while e < last:
        coefficients(how, e, c, rows, work, 0.0)
        e += 1


@inlined_helper
def sums(k, work, places, like):
    """sum_{0<j<k} of q_j v_(k-1-j), of q_j u_(k-j) and of r_j r_(k-j); `places` of r_0, q_0, u_0, v_0, and the step.

    Terms come in pairs, j and k - j: the last sum has each product twice.
    """
    r, q, u, v, size = places
    by_velocity, by_field, by_rate = like, like, like
    low, high = size, (k - 1) * size
    while low < high:
        early, late = load(work, q + low, like), load(work, q + high, like)
        by_velocity = plus_times(early, load(work, v + high - size, like), by_velocity)
        by_field = plus_times(early, load(work, u + high, like), by_field)
        by_rate = plus_times(load(work, r + low, like), load(work, r + high, like), by_rate)
        by_velocity = plus_times(late, load(work, v + low - size, like), by_velocity)
        by_field = plus_times(late, load(work, u + low, like), by_field)
        low += size
        high -= size
    by_rate = plus(by_rate, by_rate)
    if low == high:
        slope, rate = load(work, q + low, like), load(work, r + low, like)
        by_velocity = plus_times(slope, load(work, v + low - size, like), by_velocity)
        by_field = plus_times(slope, load(work, u + low, like), by_field)
        by_rate = plus_times(rate, rate, by_rate)
    return by_velocity, by_field, by_rate


@inlined_helper
def fields(k, few, work, rows, theta, layout, orders):
    """u_k = W r_k, where `few` is whether `are_few`."""
    if not few:
        u = layer(work, 2 * orders + k)
        zero(flat(u, 0, layout[N]))
        couple(layer(work, k), theta, layout, u)
        return
    samples = work.shape[2]
    size = work.shape[1] * samples
    rates, out = k * size, (2 * orders + k) * size
    for e in range(out, out + layout[N] * samples, NARROW):
        store(work, e, narrow_zeros())
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for a in range(layout[ARROWS]):
        o = first + PER_ARROW * a
        to, source = out + layout[o + TO] * samples, rates + layout[o + SOURCE] * samples
        add_arrow(work, theta, to, source, layout[o + MATRIX], layout[o + TO + 1], layout[o + SOURCE + 1])


@helper
def are_few(work, layout):
    """Whether the products of a network are made here: it is small, samples fill vectors, and no pattern is sparse."""
    first, sparse = HEADER + PER_POPULATION * layout[POPULATIONS], False
    for a in range(layout[ARROWS]):
        sparse = sparse or layout[first + PER_ARROW * a + MATRIX + 2] != 0
    return work.shape[2] % NARROW == 0 and layout[N] <= FEW and not sparse


@inlined_helper
def add_arrow(work, theta, to, source, weights, height, width):
    """Add the product of a small matrix with the rates at `source` to the fields at `to`, tile by tile."""
    samples, tall = work.shape[2], height - height % TALL
    matrix = rectangle(theta, weights, height, width)
    rates, out = rectangle(work, source, width, samples), rectangle(work, to, height, samples)
    for i in range(0, tall, TALL):
        e = 0
        while e + 2 * NARROW <= samples:
            tall_wide(matrix, rates, out, i, 0, e, e)
            e += 2 * NARROW
        while e < samples:
            tall_narrow(matrix, rates, out, i, 0, e, e)
            e += NARROW
    for i in range(tall, height - 1, 2):
        e, row = 0, weights + i * width
        while e + WIDE <= samples:
            add_two(work, theta, to + i * samples + e, source + e, row, width, wide_zeros())
            e += WIDE
        while e < samples:
            add_two(work, theta, to + i * samples + e, source + e, row, width, narrow_zeros())
            e += NARROW
    if height % 2 == 1:
        i = height - 1
        for e in range(0, samples, NARROW):
            add_one(work, theta, to + i * samples + e, source + e, weights + i * width, width, narrow_zeros())


@inlined_helper
def add_two(work, theta, to, source, weights, width, like):
    """Two rows of a matrix, in some samples."""
    samples = work.shape[2]
    first, second = load(work, to, like), load(work, to + samples, like)
    for j in range(width):
        rate = load(work, source, like)
        first = plus_times(all_of(theta[weights + j], like), rate, first)
        second = plus_times(all_of(theta[weights + width + j], like), rate, second)
        source += samples
    store(work, to, first)
    store(work, to + samples, second)


@inlined_helper
def add_one(work, theta, to, source, weights, width, like):
    """One row of a matrix, in some samples."""
    total = load(work, to, like)
    for j in range(width):
        total = plus_times(all_of(theta[weights + j], like), load(work, source, like), total)
        source += work.shape[2]
    store(work, to, total)
