"""Weights of clamped inputs, one input at a time: each row comes from memory once, to be changed and to drive.

A row whose input is zero in a minibatch and in the next is left alone. With momentum, Adam or weight decay it should
have moved all the same: it makes up for that when it is next needed, or when the run ends, step by step as it would
have been, to the same bits.
"""

from __future__ import annotations

import numpy as np

from neurodyn.learning.euler_phases import ZERO
from neurodyn.learning.layout import N_IN, input_connection, population, sample_states
from neurodyn.learning.moves import catch_up, measure_change, move, noted, pace_of
from neurodyn.learning.tiles import LANES, WIDE, add_product, gather, scatter
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, row, window

#: So many samples are a few: their products are less work than the changes of weights.
FEW = min(64, 2 * WIDE)


@helper
def turn_lists(lists, count, rows):
    """Turn the lists of inputs of `count` samples into lists of samples for each input, as `rows`."""
    starts, n_in = rows.starts, rows.starts.size - 2
    for i in range(n_in + 2):
        starts[i] = 0
    for i in range(count):
        for e in range(lists.counts[i]):
            starts[lists.which[i, e] + 2] += 1
    for i in range(2, n_in + 2):
        starts[i] += starts[i - 1]
    for i in range(count):
        for e in range(lists.counts[i]):
            place = starts[lists.which[i, e] + 1]
            rows.which[place], rows.rate[place] = i, lists.rate[i, e]
            starts[lists.which[i, e] + 1] += 1


@helper
def differences(circuit, p, columns, ends, out):
    """Write weight (s⁺ − s⁻) of the samples that are learned, in some columns (first, end) of a population."""
    first, last = columns
    for i in range(ends.learned):
        up = sample_states(ends.plus, circuit.plan, p, ends.capacity, i)
        down = sample_states(ends.minus, circuit.plan, p, ends.capacity, i)
        a, b, difference = window(up, first, last - first), window(down, first, last - first), row(out, i)
        for j in range(a.size):
            difference[j] = ends.weight[i] * (a[j] - b[j])


@helper
def sum_row(rows, r, difference, change):
    """Write the change of the weights of one input, Σ x (s⁺ − s⁻)."""
    start, count = rows.starts[r], rows.starts[r + 1] - rows.starts[r]
    for j in range(change.size):
        change[j] = ZERO
    gather(window(rows.which, start, count), window(rows.rate, start, count), count, difference, change, 0, change.size)


@helper
def overlaps(rows, out, dense):
    """Write the products x·x' of the inputs of any two samples, out (samples, samples and padding).

    dense is scratch for the inputs of one row.
    """
    flat = window(out, 0, out.size)
    for i in range(flat.size):
        flat[i] = ZERO
    for r in range(rows.starts.size - 2):
        start, count = rows.starts[r], rows.starts[r + 1] - rows.starts[r]
        if count:
            for i in range(dense.size):
                dense[i] = ZERO
            for e in range(start, start + count):
                dense[rows.which[e]] = rows.rate[e]
            which, rate = window(rows.which, start, count), window(rows.rate, start, count)
            scatter(which, rate, count, out, dense, 0, dense.size)


@helper
def measure_inputs(circuit, k, columns, ends, rows, squares, scratch):
    """Add the squares of the changes of an input connection to those of its columns (first, end), from 0 on.

    Of a few samples by their products: with d = s⁺ − s⁻ the sum over inputs of (Σ x d)² is Σ d (x·x') d', over pairs.
    """
    plan, (first, last) = circuit.plan, columns
    count, width = ends.learned, last - first
    difference = rectangle(scratch.left, 0, count, width)
    differences(circuit, input_connection(plan, k)[0], columns, ends, difference)
    if count <= FEW:
        padded = count + -count % LANES
        products, total = (
            rectangle(scratch.right, 0, count, padded),
            rectangle(scratch.left, count * width, count, width),
        )
        overlaps(rows, products, window(scratch.sums, 0, padded))
        flat = window(total, 0, total.size)
        for i in range(flat.size):
            flat[i] = ZERO
        add_product(products, difference, total)
        for i in range(count):
            a, b = row(difference, i), row(total, i)
            for j in range(a.size):
                squares[j] += np.float64(a[j]) * np.float64(b[j])
        return
    change = window(scratch.sums, 0, width)
    for r in range(plan[N_IN]):
        if rows.starts[r + 1] > rows.starts[r]:
            sum_row(rows, r, difference, change)
            measure_change(change, squares)


@helper
def change_and_drive(circuit, k, columns, ends, settings, rows, behind, coming, drive, scratch):
    """Change the weights of an input connection that the samples `coming` need, in some columns (first, end).

    And drive these samples; if there are none, change all weights. Rows are those of the samples learned, and of these.
    """
    plan, rule, rate, (first, last) = circuit.plan, settings.rule, settings.rates[k], columns
    p, place, _ = input_connection(plan, k)
    _, padded, begin = population(plan, p)
    old, new, width = rows[0], rows[1], last - first
    pace = pace_of(rule, rate, ends.span * max(ends.learned, 1), noted(behind, ends.made), 1.0)
    difference, change = rectangle(scratch.left, 0, ends.learned, width), window(scratch.sums, 0, width)
    differences(circuit, p, columns, ends, difference)
    drives = rectangle(drive, ends.capacity * begin + first, ends.capacity, padded)
    for r in range(plan[N_IN]):
        moves, begins, count = old.starts[r + 1] > old.starts[r], new.starts[r], new.starts[r + 1] - new.starts[r]
        if not (moves or count or coming == 0):
            continue
        here = place + r * padded + first
        catch_up(circuit, here, (behind.since[r] + 1, ends.made - moves), rule, rate, behind, width)
        if moves:
            sum_row(old, r, difference, change)
            move(circuit, here, change, pace)
        which, x = window(new.which, begins, count), window(new.rate, begins, count)
        scatter(which, x, count, drives, window(circuit.theta, here, width), 0, width)


@helper
def note_rows(rows, behind, made, all_rows):
    """Note which inputs have weights up to date with the minibatch of this number: those of rows, or all."""
    old, new = rows
    for r in range(behind.since.size):
        if all_rows or old.starts[r + 1] > old.starts[r] or new.starts[r + 1] > new.starts[r]:
            behind.since[r] = made
