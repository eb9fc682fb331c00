"""Changes of weights and biases after a minibatch: each thread changes those of its own units.

Sums run over samples or units in a fixed order, so that the weights come out the same on any number of threads.
"""

from __future__ import annotations

import numpy as np

from neurodyn.learning.euler_phases import ZERO
from neurodyn.learning.input_drive import start_drive
from neurodyn.learning.input_rows import change_and_drive, measure_inputs, note_rows
from neurodyn.learning.layout import (
    BIASES,
    CONNECTIONS,
    INPUTS,
    POPULATIONS,
    WIDTH,
    connection,
    input_connection,
    population,
    sample_states,
)
from neurodyn.learning.moves import corrections, measure_change, move, pace_of, square_of
from neurodyn.learning.tiles import LANES, WIDE, add_product
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, row, window


@helper
def share(whole, worker):
    """The part of `whole` things that a thread has, first and end; worker is (thread, threads)."""
    return whole * worker[0] // worker[1], whole * (worker[0] + 1) // worker[1]


@helper
def own_columns(plan, p, worker):
    """The units of a population that a thread has, as columns of states; the last may be padding."""
    first, last = share(population(plan, p)[1] // LANES, worker)
    return first * LANES, last * LANES


@helper
def first_square(plan, piece, unit):
    """Place of the sum of squares of a unit of a state, in the piece of the gradient with this number."""
    return piece * plan[WIDTH] + unit


@helper
def change_biases(circuit, p, columns, ends, pace, squares, sums):
    """biases change by Σ (s⁺ − s⁻) over samples, in some columns (first, end) of a population."""
    plan, (first, last) = circuit.plan, columns
    _, _, begin = population(plan, p)
    change = window(sums, 0, last - first)
    for j in range(change.size):
        change[j] = ZERO
    for i in range(ends.learned):
        a = window(sample_states(ends.plus, plan, p, ends.capacity, i), first, last - first)
        b = window(sample_states(ends.minus, plan, p, ends.capacity, i), first, last - first)
        for j in range(a.size):
            change[j] += ends.weight[i] * (a[j] - b[j])
    if squares.size:
        place = first_square(plan, plan[INPUTS] + plan[CONNECTIONS], begin + first)
        measure_change(change, window(squares, place, change.size))
    else:
        move(circuit, plan[BIASES] + begin + first, change, pace)


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
            up = window(sample_states(ends.plus, plan, b, capacity, i), j, wide)
            down = window(sample_states(ends.minus, plan, b, capacity, i), j, wide)
            plus, minus, root = row(other, i), row(other, count + i), np.sqrt(ends.weight[i])
            for c in range(wide):
                plus[c], minus[c] = root * up[c], root * down[c]
        flat = window(scratch.sums, 0, rows * wide)
        for i in range(flat.size):
            flat[i] = ZERO
        add_product(factor, other, total)
        for i in range(rows):
            change = window(scratch.sums, i * wide, wide)
            if a == b and j <= first + i < j + wide:
                change[first + i - j] = ZERO
            if squares.size:
                squares[first_square(plan, plan[INPUTS] + k, begin + first + i)] += share * square_of(
                    change, scratch.lanes
                )
            else:
                move(circuit, ahead + (first + i) * m_b + j, change, pace)
        if a != b and not squares.size:
            for c in range(min(wide, n_b - j)):
                for i in range(rows):
                    transposed[j + c, first + i] = w[first + i, j + c]


@helper
def learn_columns(worker, circuit, settings, ends, squares, scratch):
    """Change what a thread changes after a minibatch, its input connections apart."""
    plan, rates, rule = circuit.plan, settings.rates, settings.rule
    corrected = corrections(rule, ends.made)
    inputs, connections, divisor = plan[INPUTS], plan[CONNECTIONS], ends.span * ends.learned
    for p in range(plan[POPULATIONS]):
        pace = pace_of(rule, rates[inputs + connections + p], divisor, corrected, 0.0)
        change_biases(circuit, p, own_columns(plan, p, worker), ends, pace, squares, scratch.sums)
    for k in range(connections):
        pace = pace_of(rule, rates[inputs + k], divisor, corrected, 1.0)
        own = own_columns(plan, connection(plan, k)[0], worker)
        change_weights(circuit, k, own, ends, pace, squares, scratch)


@helper
def measure_columns(worker, circuit, settings, ends, rows, squares, scratch):
    """Write the sums of squares of what the minibatch before has left, in a thread's columns."""
    plan = circuit.plan
    for piece in range(plan[INPUTS] + plan[CONNECTIONS] + 1):
        for p in range(plan[POPULATIONS]):
            first, last = own_columns(plan, p, worker)
            place = first_square(plan, piece, population(plan, p)[2])
            for j in range(first, last):
                squares[place + j] = 0.0
    learn_columns(worker, circuit, settings, ends, squares, scratch)
    for k in range(plan[INPUTS]):
        p = input_connection(plan, k)[0]
        first, last = own_columns(plan, p, worker)
        place = first_square(plan, k, population(plan, p)[2] + first)
        measure_inputs(circuit, k, (first, last), ends, rows, window(squares, place, last - first), scratch)


@helper
def drive_and_learn(worker, circuit, settings, ends, rows, behind, drive, coming, scratch):
    """First half of a minibatch: change a thread's columns by the one before, drive the `coming` samples.

    `ends` are those of the minibatch before, with none `learned` if there was none; rows are the inputs of that one
    and of this.
    """
    plan = circuit.plan
    if ends.learned:
        learn_columns(worker, circuit, settings, ends, window(settings.rates, 0, 0), scratch)
    for p in range(plan[POPULATIONS]):
        start_drive(circuit, p, own_columns(plan, p, worker), ends.capacity, coming, drive)
    for k in range(plan[INPUTS]):
        columns = own_columns(plan, input_connection(plan, k)[0], worker)
        change_and_drive(circuit, k, columns, ends, settings, rows, behind, coming, drive, scratch)
    note_rows(rows, behind, ends.made, coming == 0)
