"""Changes of weights and biases after a minibatch: each thread changes those of its own units.

Sums run over samples or units in a fixed order, so that the weights come out the same on any number of threads.
"""

from __future__ import annotations

import numpy as np

from neurodyn.learning.euler_phases import ZERO
from neurodyn.learning.input_drive import add_drive, start_drive
from neurodyn.learning.layout import (
    BIASES,
    CONNECTIONS,
    INPUTS,
    N_IN,
    POPULATIONS,
    WIDTH,
    connection,
    input_connection,
    population,
    sample_states,
)
from neurodyn.learning.moves import DECAY, KIND, LONGEST, PLAIN, measure_change, move, pace_of
from neurodyn.learning.tiles import LANES, STRETCH, WIDE, add_product, gather, scatter
from neurodyn.numerics.kernel import helper, inlined_helper
from neurodyn.numerics.view import rectangle, window


@helper
def share(whole, worker):
    """The part of `whole` things that a thread has, first and end; worker is (thread, threads)."""
    return whole * worker[0] // worker[1], whole * (worker[0] + 1) // worker[1]


@helper
def own_columns(plan, p, worker):
    """The units of a population that a thread has, as columns of states; the last may be padding."""
    first, last = share(population(plan, p)[1] // LANES, worker)
    return first * LANES, last * LANES


@inlined_helper
def use(circuit, place, change, pace, squares, chunk):
    """Move the parameters from a place on by their change; or, if there are sums of squares, add it to those."""
    if squares.size:
        measure_change(change, squares, chunk)
    else:
        move(circuit, place, change, pace)


@helper
def first_chunk(plan, piece, unit):
    """Number of the chunk of `LANES` units of a state, in the piece of the gradient with this number."""
    return (piece * plan[WIDTH] + unit) // LANES


@helper
def change_biases(circuit, p, columns, ends, pace, squares, sums):
    """biases change by Σ (s⁺ − s⁻) over samples, in some columns (first, end) of a population."""
    plan, (first, last) = circuit.plan, columns
    _, _, begin = population(plan, p)
    change = window(sums, 0, last - first)
    for j in range(change.size):
        change[j] = ZERO
    for i in range(ends.learned):
        a = sample_states(ends.plus, plan, p, ends.capacity, i)
        b = sample_states(ends.minus, plan, p, ends.capacity, i)
        for j in range(first, last):
            change[j - first] += ends.weight[i] * (a[j] - b[j])
    chunk = first_chunk(plan, plan[INPUTS] + plan[CONNECTIONS], begin + first)
    use(circuit, plan[BIASES] + begin + first, change, pace, squares, (chunk, 1, 1.0))


@helper
def scatter_inputs(circuit, k, columns, ends, lists, pace, change):
    """Weights of an input connection += scale Σ x (s⁺ − s⁻), in some columns; change is scratch for a sample."""
    plan = circuit.plan
    first, last = columns
    p, place, _ = input_connection(plan, k)
    w = rectangle(circuit.theta, place, plan[N_IN], population(plan, p)[1])
    for i in range(ends.learned):
        a = sample_states(ends.plus, plan, p, ends.capacity, i)
        b = sample_states(ends.minus, plan, p, ends.capacity, i)
        for j in range(first, last):
            change[j] = pace.scale * (ends.weight[i] * (a[j] - b[j]))
        scatter(lists.which[i], lists.rate[i], lists.counts[i], w, change, first, last)


@helper
def change_inputs(circuit, k, columns, ends, rows, pace, squares, scratch):
    """Weights of an input connection change by Σ x (s⁺ − s⁻), in some columns (first, end), one input at a time.

    An optimizer moves all of them, and reads and writes two or three arrays: in the order of memory, not by stretches.
    """
    plan, (first, last) = circuit.plan, columns
    p, place, _ = input_connection(plan, k)
    _, padded, begin = population(plan, p)
    width = last - first
    difference, change = rectangle(scratch.left, 0, ends.learned, width), window(scratch.sums, 0, width)
    for i in range(ends.learned):
        a = sample_states(ends.plus, plan, p, ends.capacity, i)
        b = sample_states(ends.minus, plan, p, ends.capacity, i)
        for j in range(width):
            difference[i, j] = ends.weight[i] * (a[first + j] - b[first + j])
    chunk = first_chunk(plan, k, begin + first)
    for r in range(plan[N_IN]):
        start, count = rows.starts[r], rows.starts[r + 1] - rows.starts[r]
        for j in range(width):
            change[j] = ZERO
        gather(window(rows.which, start, count), window(rows.rate, start, count), count, difference, change, 0, width)
        use(circuit, place + r * padded + first, change, pace, squares, (chunk, 1, 1.0))


@helper
def change_weights(circuit, k, own, ends, pace, squares, scratch):
    """Weights change by Σ s⁺ s⁺ᵀ − Σ s⁻ s⁻ᵀ, in some rows (first, end) of the first matrix, copied to the second.

    The scratch is [s⁺, −s⁻] by units of the first population, s⁺ above s⁻ of a few of the second, and their product.
    """
    plan, count, capacity = circuit.plan, ends.learned, ends.capacity
    first, last = own
    a, b, ahead, back, _ = connection(plan, k)
    n_a, m_a, begin = population(plan, a)
    n_b, m_b, _ = population(plan, b)
    w, transposed = rectangle(circuit.theta, ahead, n_a, m_b), rectangle(circuit.theta, back, n_b, m_a)
    rows = max(0, min(last, n_a) - first)
    factor = rectangle(scratch.left, 0, rows, 2 * count)
    for i in range(count):
        up, down = sample_states(ends.plus, plan, a, capacity, i), sample_states(ends.minus, plan, a, capacity, i)
        root = np.sqrt(ends.weight[i])  # of both factors, so that what is symmetric stays so to the last bit
        for j in range(rows):
            factor[j, i], factor[j, count + i] = root * up[first + j], -root * down[first + j]
    share = 0.5 if a == b else 1.0  # of weights that stand twice in the matrix
    for j in range(0, m_b, WIDE):
        wide = min(WIDE, m_b - j)
        other, total = rectangle(scratch.right, 0, 2 * count, wide), rectangle(scratch.sums, 0, rows, wide)
        for i in range(count):
            up, down = sample_states(ends.plus, plan, b, capacity, i), sample_states(ends.minus, plan, b, capacity, i)
            root = np.sqrt(ends.weight[i])
            for c in range(wide):
                other[i, c], other[count + i, c] = root * up[j + c], root * down[j + c]
        flat = window(scratch.sums, 0, rows * wide)
        for i in range(flat.size):
            flat[i] = ZERO
        add_product(factor, other, total)
        for i in range(rows):
            change = window(scratch.sums, i * wide, wide)
            if a == b and j <= first + i < j + wide:
                change[first + i - j] = ZERO
            chunk = first_chunk(plan, plan[INPUTS] + k, begin + first + i)
            use(circuit, ahead + (first + i) * m_b + j, change, pace, squares, (chunk, 0, share))
        if a != b and not squares.size:
            for c in range(min(wide, n_b - j)):
                for i in range(rows):
                    transposed[j + c, first + i] = w[first + i, j + c]


@helper
def learn_columns(worker, circuit, settings, ends, squares, scratch):
    """Change what a thread changes after a minibatch, its input connections apart."""
    plan, rates, rule = circuit.plan, settings.rates, settings.rule
    inputs, connections, divisor = plan[INPUTS], plan[CONNECTIONS], ends.span * ends.learned
    for p in range(plan[POPULATIONS]):
        pace = pace_of(rule, rates[inputs + connections + p], divisor, ends.made, 0.0)
        change_biases(circuit, p, own_columns(plan, p, worker), ends, pace, squares, scratch.sums)
    for k in range(connections):
        pace = pace_of(rule, rates[inputs + k], divisor, ends.made, 1.0)
        own = own_columns(plan, connection(plan, k)[0], worker)
        change_weights(circuit, k, own, ends, pace, squares, scratch)


@helper
def goes_by_rows(rule):
    """Whether all weights of inputs move after a minibatch, also of inputs that are zero, or are measured."""
    return rule[KIND] != PLAIN or rule[DECAY] > 0.0 or rule[LONGEST] > 0.0


@helper
def measure_columns(worker, circuit, settings, ends, rows, squares, scratch):
    """Write the sums of squares of what the minibatch before has left, in a thread's columns."""
    plan = circuit.plan
    for piece in range(plan[INPUTS] + plan[CONNECTIONS] + 1):
        for p in range(plan[POPULATIONS]):
            first, last = own_columns(plan, p, worker)
            for j in range(first, last, LANES):
                squares[first_chunk(plan, piece, population(plan, p)[2] + j)] = 0.0
    learn_columns(worker, circuit, settings, ends, squares, scratch)
    pace = pace_of(settings.rule, 0.0, 1.0, ends.made, 0.0)
    for k in range(plan[INPUTS]):
        columns = own_columns(plan, input_connection(plan, k)[0], worker)
        change_inputs(circuit, k, columns, ends, rows, pace, squares, scratch)


@helper
def drive_and_learn(worker, circuit, settings, ends, lists, drive, coming, scratch):
    """First half of a minibatch: change a thread's columns by the one before, drive the `coming` samples.

    `ends` are those of the minibatch before, with none `learned` if there was none; lists are of that one, by samples
    and by inputs, and of this.
    """
    plan, rule, nothing = circuit.plan, settings.rule, window(settings.rates, 0, 0)
    old, rows, new = lists
    if ends.learned:
        learn_columns(worker, circuit, settings, ends, nothing, scratch)
    for p in range(plan[POPULATIONS]):
        start_drive(circuit, p, own_columns(plan, p, worker), ends.capacity, coming, drive)
    for k in range(plan[INPUTS]):
        first, last = own_columns(plan, input_connection(plan, k)[0], worker)
        pace = pace_of(rule, settings.rates[k], ends.span * max(ends.learned, 1), ends.made, 1.0)
        by_rows = goes_by_rows(rule)
        if ends.learned and by_rows:
            change_inputs(circuit, k, (first, last), ends, rows, pace, nothing, scratch)
        for j in range(first, last, STRETCH):
            columns = j, min(j + STRETCH, last)
            if ends.learned and not by_rows:
                scatter_inputs(circuit, k, columns, ends, old, pace, scratch.sums)
            add_drive(circuit, k, columns, new, ends.capacity, coming, drive)
