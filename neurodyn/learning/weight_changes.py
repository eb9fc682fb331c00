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
    connection,
    input_connection,
    population,
    sample_states,
)
from neurodyn.learning.tiles import LANES, STRETCH, WIDE, add_product, scatter
from neurodyn.numerics.kernel import helper
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


@helper
def change_biases(circuit, p, columns, ends, scale):
    """biases += scale Σ (s⁺ − s⁻) over samples, in some columns (first, end) of a population."""
    plan = circuit.plan
    biases = window(circuit.theta, plan[BIASES] + population(plan, p)[2], population(plan, p)[1])
    for i in range(ends.learned):
        a = sample_states(ends.plus, plan, p, ends.capacity, i)
        b = sample_states(ends.minus, plan, p, ends.capacity, i)
        for j in range(columns[0], columns[1]):
            biases[j] += scale * (a[j] - b[j])


@helper
def change_inputs(circuit, k, columns, ends, lists, scale, change):
    """Weights of an input connection += scale Σ x (s⁺ − s⁻), in some columns; change is scratch for a sample."""
    plan = circuit.plan
    first, last = columns
    p, place, _ = input_connection(plan, k)
    w = rectangle(circuit.theta, place, plan[N_IN], population(plan, p)[1])
    for i in range(ends.learned):
        a = sample_states(ends.plus, plan, p, ends.capacity, i)
        b = sample_states(ends.minus, plan, p, ends.capacity, i)
        for j in range(first, last):
            change[j] = scale * (a[j] - b[j])
        scatter(lists.which[i], lists.rate[i], lists.counts[i], w, change, first, last)


@helper
def change_weights(circuit, k, own, ends, scale, scratch):
    """Weights += scale (Σ s⁺ s⁺ᵀ − Σ s⁻ s⁻ᵀ), in some rows (first, end) of the first matrix, copied to the second.

    The scratch is [s⁺, −s⁻] by units of the first population, s⁺ above s⁻ of a few of the second, and their product.
    """
    plan, count, capacity = circuit.plan, ends.learned, ends.capacity
    first, last = own
    a, b, ahead, back, _ = connection(plan, k)
    n_a, m_a, _ = population(plan, a)
    n_b, m_b, _ = population(plan, b)
    w, transposed = rectangle(circuit.theta, ahead, n_a, m_b), rectangle(circuit.theta, back, n_b, m_a)
    rows = max(0, min(last, n_a) - first)
    factor = rectangle(scratch.left, 0, rows, 2 * count)
    for i in range(count):
        up, down = sample_states(ends.plus, plan, a, capacity, i), sample_states(ends.minus, plan, a, capacity, i)
        for j in range(rows):
            factor[j, i], factor[j, count + i] = up[first + j], -down[first + j]
    for j in range(0, m_b, WIDE):
        wide = min(WIDE, m_b - j)
        other, total = rectangle(scratch.right, 0, 2 * count, wide), rectangle(scratch.sums, 0, rows, wide)
        for i in range(count):
            up, down = sample_states(ends.plus, plan, b, capacity, i), sample_states(ends.minus, plan, b, capacity, i)
            for c in range(wide):
                other[i, c], other[count + i, c] = up[j + c], down[j + c]
        flat = window(scratch.sums, 0, rows * wide)
        for i in range(flat.size):
            flat[i] = ZERO
        add_product(factor, other, total)
        for i in range(rows):
            here, change = window(w, (first + i) * m_b + j, wide), window(scratch.sums, i * wide, wide)
            for c in range(wide):
                here[c] += scale * change[c]
            if a == b and j <= first + i < j + wide:
                here[first + i - j] = ZERO
        if a != b:
            for c in range(min(wide, n_b - j)):
                for i in range(rows):
                    transposed[j + c, first + i] = w[first + i, j + c]


@helper
def learn_columns(worker, circuit, rates, ends, scratch):
    """Change what a thread changes after a minibatch, its input connections apart."""
    plan = circuit.plan
    inputs, connections = plan[INPUTS], plan[CONNECTIONS]
    for p in range(plan[POPULATIONS]):
        scale = np.float32(rates[inputs + connections + p] / (ends.span * ends.learned))
        change_biases(circuit, p, own_columns(plan, p, worker), ends, scale)
    for k in range(connections):
        scale = np.float32(rates[inputs + k] / (ends.span * ends.learned))
        change_weights(circuit, k, own_columns(plan, connection(plan, k)[0], worker), ends, scale, scratch)


@helper
def drive_and_learn(worker, circuit, rates, ends, lists, drive, coming, scratch):
    """First half of a minibatch: change a thread's columns by the one before, drive the `coming` samples.

    `ends` are those of the minibatch before, with none `learned` if there was none; lists are of that one, and of this.
    """
    plan = circuit.plan
    old, new = lists
    if ends.learned:
        learn_columns(worker, circuit, rates, ends, scratch)
    for p in range(plan[POPULATIONS]):
        start_drive(circuit, p, own_columns(plan, p, worker), ends.capacity, coming, drive)
    for k in range(plan[INPUTS]):
        first, last = own_columns(plan, input_connection(plan, k)[0], worker)
        for j in range(first, last, STRETCH):
            columns = j, min(j + STRETCH, last)
            if ends.learned:
                scale = np.float32(rates[k] / (ends.span * ends.learned))
                change_inputs(circuit, k, columns, ends, old, scale, scratch.sums)
            add_drive(circuit, k, columns, new, ends.capacity, coming, drive)
