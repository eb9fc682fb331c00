"""Populations coupled by weights: where things lie in a network's layout, and the kernels that read it.

What every model of rate units has in common, whatever its energy: rates, the field g_i = sum_j W_ij r_j that they
make through all connections, and the constant current from the clamped input.

An *arrow* is one direction of a connection: out[to] += M r[from]. Two populations are joined by two arrows, whose
matrices are each other's transpose if they share their weights; a population's connection to itself is one.
"""

from __future__ import annotations

import math

from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.product import add_product
from neurodyn.numerics.sparse_product import add_sparse
from neurodyn.numerics.vectormath import expm1_and_exp
from neurodyn.numerics.view import rectangle, window
from neurodyn.system.activation import bend, rate_and_slope
from neurodyn.system.stimulus import CONSTANT, SINE

# Layout: a header, then a few integers per free population, per arrow between free populations, and per connection of
# the input; then the patterns of sparse connections. Where a pattern begins is 0 for a dense one; SPARSE is the address
# of the sparse product in this process. SOFT_FIRST and SOFT_COUNT say which units have a softmax read-out, if any.
N, POPULATIONS, ARROWS, INPUTS, BIASES, INPUT_CODE, SPARSE, SOFT_FIRST, SOFT_COUNT, HEADER = range(10)
PER_POPULATION, PER_ARROW, PER_INPUT = 3, 8, 4
# After the layout of a driven flow: kind of the stimulus; the row after those of the free flow; where the stimulus
# begins in theta; how many times it has; its samples and inputs.
KIND, EXTRA, PLACE, COUNT, SAMPLES, WIDTH, DRIVEN = range(7)


@helper
def flat(array, start, stop):
    """Rows start ... stop as one long row: all samples of a population, or all units of a single sample."""
    return window(array, start * array.shape[1], (stop - start) * array.shape[1])


@helper
def units(array, first, count):
    """The rows of some units."""
    return rectangle(array, first * array.shape[1], count, array.shape[1])


@helper
def row(array, i):
    """One row."""
    return window(array, i * array.shape[1], array.shape[1])


@helper
def population(layout, p):
    """First unit, end, and activation of a free population."""
    o = HEADER + PER_POPULATION * p
    return layout[o], layout[o + 1], layout[o + 2]


@helper
def activate(s, layout, r, d):
    """Rates and slopes of all free units."""
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        rate_and_slope(code, flat(s, start, stop), flat(r, start, stop), flat(d, start, stop))


@helper
def couple(r, theta, layout, out):
    """out += W r, over all arrows between free populations."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for c in range(layout[ARROWS]):
        o = first + PER_ARROW * c
        arrow(r, theta, layout, o, o + 2, o + 4, o + 5, out)


@helper
def couple_transposed(r, theta, layout, out):
    """out += Wᵀ r: every arrow backwards."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for c in range(layout[ARROWS]):
        o = first + PER_ARROW * c
        arrow(r, theta, layout, o + 2, o, o + 5, o + 4, out)


@helper
def arrow(r, theta, layout, to, source, matrix, transpose, out):
    """out[to] += M r[from]; the arguments are addresses in layout, a pattern's two after that of its weights.

    theta holds each matrix and its transpose, so that both directions run along memory. A single sample is a row: its
    product is taken from the other side, which gives the same chains of additions.
    """
    a, m, b, n = layout[to], layout[to + 1], layout[source], layout[source + 1]
    if layout[matrix + 2]:
        pattern = layout[matrix + 2]
        add_sparse(layout[SPARSE], theta, layout[matrix], layout, pattern, units(r, b, n), units(out, a, m))
    elif r.shape[1] == 1:
        add_product(rectangle(r, b, 1, n), rectangle(theta, layout[transpose], n, m), rectangle(out, a, 1, m))
    else:
        add_product(rectangle(theta, layout[matrix], m, n), units(r, b, n), units(out, a, m))


@helper
def soften(x, beta, rows, layout, out):
    """Write softmax(z* + beta x) - softmax(z*) into out, for x, beta and out of the outputs; rows end with softmax(z*).

    It is p (e - sum p e) / (1 + sum p e), e = expm1(beta x), whatever is added to all of x: here, so that no power
    overflows, the largest is 0.
    """
    count = layout[SOFT_COUNT]
    p = units(rows, rows.shape[0] - count, count)
    for j in range(x.shape[1]):
        top = beta[0, j] * x[0, j]
        for i in range(count):
            top = max(top, beta[i, j] * x[i, j])
        mean, total = 0.0, 0.0
        for i in range(count):
            growth, factor = expm1_and_exp(beta[i, j] * x[i, j] - top)
            out[i, j] = growth
            mean += p[i, j] * growth
            total += p[i, j] * factor
        for i in range(count):
            out[i, j] = p[i, j] * (out[i, j] - mean) / total


@helper
def feed(x, theta, layout, out):
    """out = biases + W x, the current into each free unit from the clamped rates x (n_in, b)."""
    for i in range(layout[N]):
        for j in range(x.shape[1]):
            out[i, j] = theta[layout[BIASES] + i]
    first = HEADER + PER_POPULATION * layout[POPULATIONS] + PER_ARROW * layout[ARROWS]
    m = x.shape[0]
    for c in range(layout[INPUTS]):
        o = first + PER_INPUT * c
        b, n, where = layout[o], layout[o + 1], layout[o + 2]
        if layout[o + 3]:
            add_sparse(layout[SPARSE], theta, where, layout, layout[o + 3], x, units(out, b, n))
        else:
            add_product(rectangle(theta, where, n, m), x, units(out, b, n))


@flow_kernel
def drive(t, x, rows, theta, layout, work, out):
    """Constant current of each free unit: biases and the clamped rates x (n_in, b) through their weights."""
    feed(x, theta, layout, out)


@helper
def interval(theta, first, count, t):
    """Index k of the interval between the increasing times theta[first + k], theta[first + k + 1] that t lies in."""
    low, high = 0, count - 1
    while high - low > 1:
        middle = (low + high) // 2
        if theta[first + middle] <= t:
            low = middle
        else:
            high = middle
    return low


@helper
def stimulate(t, rows, theta, layout, x):
    """What the clamped units are held at, x (n_in, b) at the times t (b,).

    theta holds, from PLACE on, COUNT times, and a table of rows of (SAMPLES, WIDTH) numbers; the first row after those
    of the free flow and of the nudge says which sample each trajectory is.
    """
    o = layout.size - DRIVEN
    first, count, width = layout[o + PLACE], layout[o + COUNT], layout[o + WIDTH]
    size, where = layout[o + SAMPLES] * width, layout[o + EXTRA] + 2 * layout[N]
    for j in range(t.size):
        a = first + count + int(rows[where, j]) * width
        if layout[o + KIND] == SINE:
            for i in range(width):
                turns = theta[a + 2 * size + i] * t[j]
                angle = 2.0 * math.pi * (turns - math.floor(turns)) + theta[a + 3 * size + i]
                x[i, j] = theta[a + i] + theta[a + size + i] * math.sin(angle)
        else:
            k = interval(theta, first, count, t[j])
            begin, end = theta[first + k], theta[first + k + 1]
            part = (min(max(t[j], begin), end) - begin) / (end - begin)
            a += k * size
            for i in range(width):
                x[i, j] = theta[a + i] + part * (theta[a + size + i] - theta[a + i])


@helper
def currents(t, rows, theta, layout, work, out):
    """out = the current from biases and the input at the times t; work has 2 WIDTH + 1 rows."""
    o, n = layout.size - DRIVEN, layout[N]
    if layout[o + KIND] == CONSTANT:
        field, current = flat(out, 0, n), flat(rows, n, 2 * n)
        for j in range(field.size):
            field[j] = current[j]
    else:
        width = layout[o + WIDTH]
        x, rate, slope = units(work, 0, width), units(work, width, width), row(work, 2 * width)
        stimulate(t, rows, theta, layout, x)
        for i in range(width):
            rate_and_slope(layout[INPUT_CODE], row(x, i), row(rate, i), slope)
        feed(rate, theta, layout, out)


@helper
def pull(argument, rows, first, layout, out):
    """out = -beta dC/d argument (n, b), from the nudge's strengths and targets, the rows from `first` on."""
    n = layout[N]
    a, strength, target = flat(argument, 0, n), flat(rows, first, first + n), flat(rows, first + n, first + 2 * n)
    force = flat(out, 0, n)
    for j in range(force.size):
        force[j] = strength[j] * (target[j] - a[j])
    if layout[SOFT_COUNT]:
        soft_pull(argument, rows, first, layout, out)


@helper
def soft_pull(argument, rows, begin, layout, out):
    """The same at the outputs of a softmax read-out: beta (y - softmax)."""
    first, count = layout[SOFT_FIRST], layout[SOFT_COUNT]
    to = begin + first
    z, force = units(argument, first, count), units(out, first, count)
    strength, target = units(rows, to, count), units(rows, to + layout[N], count)
    for j in range(z.shape[1]):
        top = z[0, j]
        for i in range(count):
            top = max(top, z[i, j])
        total = 0.0
        for i in range(count):
            force[i, j] = expm1_and_exp(z[i, j] - top)[1]
            total += force[i, j]
        for i in range(count):
            force[i, j] = strength[i, j] * (target[i, j] - force[i, j] / total)


@flow_kernel
def clamped(t, x, rows, theta, layout, work, out):
    """Rates rho(x) of the input population; x and out are (n_in, b)."""
    for i in range(x.shape[0]):
        rate_and_slope(layout[INPUT_CODE], x[i], out[i], work[0])


@flow_kernel
def local(t, s, rows, theta, layout, work, out):
    """Rates, slopes, bends and fields at s; rows n ... 2n are the drive."""
    n = layout[N]
    r, d, c, g = out[:n], out[n : 2 * n], out[2 * n : 3 * n], out[3 * n :]
    activate(s, layout, r, d)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        for i in range(start, stop):
            for j in range(s.shape[1]):
                c[i, j] = bend(code, r[i, j], d[i, j])
                g[i, j] = rows[n + i, j]
    couple(r, theta, layout, g)
