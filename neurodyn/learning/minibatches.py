"""Minibatches one after the other inside compiled code, on all threads.

A minibatch has two halves. In the first, each thread has some units: it changes their biases, and the weights to them
from clamped inputs and to populations further on, by what the minibatch before has left, and computes the drive of the
inputs, so that those weights come from memory once. In the second, each thread has some samples: free phase, nudged
phases. Sums run over samples or units in a fixed order, so the weights come out the same on any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.learning.barrier import meet
from neurodyn.learning.euler_phases import GROUP, ZERO, copy_sample, energy, fields, free_phase, nudge
from neurodyn.learning.layout import (
    BIASES,
    CONNECTIONS,
    FIRST_OUT,
    INPUTS,
    N_IN,
    N_OUT,
    OUTPUT,
    POPULATIONS,
    WIDTH,
    connection,
    input_connection,
    population,
    row,
)
from neurodyn.learning.tiles import LANES, STRETCH, WIDE, add_product, gather, scatter
from neurodyn.numerics.kernel import Kernel, helper, integer_matrix
from neurodyn.numerics.view import rectangle, window

#: Entries of a job: minibatches from FIRST to before LAST, of SIZE samples; numbers of steps; two nudged phases or one;
#: whether free phases go on from where they ended.
FIRST, LAST, SIZE, FREE_STEPS, NUDGED_STEPS, CENTERED, PERSISTENT = range(7)
#: Rows of the array of states that threads share.
DRIVE, REST, PLUS, MINUS = range(4)
#: Rows of what is measured in each sample.
COST, ENERGY, STEPS, WRONG = range(4)

singles = types.Array(types.float32, 1, "C")
single_matrix = types.Array(types.float32, 2, "C")
single_cube = types.Array(types.float32, 3, "C")
constant_singles = types.Array(types.float32, 1, "C", readonly=True)
constant_single_matrix = types.Array(types.float32, 2, "C", readonly=True)
constant_doubles = types.Array(types.float64, 1, "C", readonly=True)
double_matrix = types.Array(types.float64, 2, "C")
constant_words = types.Array(types.int64, 1, "C", readonly=True)
words = types.Array(types.int64, 1, "C")
short_cube = types.Array(types.int32, 3, "C")


@helper
def list_inputs(x, which, rate):
    """Write the inputs that are not zero, by number and value; returns how many there are."""
    count = 0
    for i in range(x.size):
        which[count], rate[count] = i, x[i]
        count += x[i] != ZERO
    return count


@helper
def states(shared, which, room, plan):
    """One of the arrays of states that threads share."""
    size = room * plan[WIDTH]
    return window(shared, which * size, size)


@helper
def share(whole, thread, threads):
    """The part of `whole` things that a thread has: first and end."""
    return whole * thread // threads, whole * (thread + 1) // threads


@helper
def own_columns(plan, p, thread, threads):
    """The units of a population that a thread has, as columns of states; the last may be padding."""
    first, last = share(population(plan, p)[1] // LANES, thread, threads)
    return first * LANES, last * LANES


@helper
def add_drive(theta, plan, k, first, last, lists, room, count, drive):
    """Add an input connection's columns to the drives of the samples listed."""
    which, rate, counts = lists
    p, place, _ = input_connection(plan, k)
    w = rectangle(theta, place, plan[N_IN], population(plan, p)[1])
    for i in range(count):
        gather(which[i], rate[i], counts[i], w, row(drive, plan, p, room, i), first, last)


@helper
def start_drive(theta, plan, p, first, last, room, count, drive):
    """Begin the drives of samples with the biases, in some columns of a population."""
    biases = window(theta, plan[BIASES] + population(plan, p)[2], population(plan, p)[1])
    for i in range(count):
        d = row(drive, plan, p, room, i)
        for j in range(first, last):
            d[j] = biases[j]


@helper
def change_biases(theta, plan, p, first, last, plus, minus, room, count, scale):
    """biases += scale Σ (s⁺ − s⁻) over samples, in some columns of a population."""
    biases = window(theta, plan[BIASES] + population(plan, p)[2], population(plan, p)[1])
    for i in range(count):
        a, b = row(plus, plan, p, room, i), row(minus, plan, p, room, i)
        for j in range(first, last):
            biases[j] += scale * (a[j] - b[j])


@helper
def change_inputs(theta, plan, k, first, last, plus, minus, lists, room, count, scale, change):
    """Weights of an input connection += scale Σ x (s⁺ − s⁻), in some columns; change is scratch for a sample."""
    which, rate, counts = lists
    p, place, _ = input_connection(plan, k)
    w = rectangle(theta, place, plan[N_IN], population(plan, p)[1])
    for i in range(count):
        a, b = row(plus, plan, p, room, i), row(minus, plan, p, room, i)
        for j in range(first, last):
            change[j] = scale * (a[j] - b[j])
        scatter(which[i], rate[i], counts[i], w, change, first, last)


@helper
def change_weights(theta, plan, k, first, last, plus, minus, room, count, scale, left, right, sums):
    """Weights += scale (Σ s⁺ s⁺ᵀ − Σ s⁻ s⁻ᵀ), in some rows of the first matrix, and their copies in the second.

    left, right, sums are scratch: [s⁺, −s⁻] by units of the first population, s⁺ above s⁻ of a few of the second.
    """
    a, b, ahead, back, _ = connection(plan, k)
    n_a, m_a, _ = population(plan, a)
    n_b, m_b, _ = population(plan, b)
    w, turned = rectangle(theta, ahead, n_a, m_b), rectangle(theta, back, n_b, m_a)
    rows = max(0, min(last, n_a) - first)
    factor = rectangle(left, 0, rows, 2 * count)
    for i in range(count):
        up, down = row(plus, plan, a, room, i), row(minus, plan, a, room, i)
        for j in range(rows):
            factor[j, i], factor[j, count + i] = up[first + j], -down[first + j]
    for j in range(0, m_b, WIDE):
        wide = min(WIDE, m_b - j)
        other, total = rectangle(right, 0, 2 * count, wide), rectangle(sums, 0, rows, wide)
        for i in range(count):
            up, down = row(plus, plan, b, room, i), row(minus, plan, b, room, i)
            for c in range(wide):
                other[i, c], other[count + i, c] = up[j + c], down[j + c]
        flat = window(sums, 0, rows * wide)
        for i in range(flat.size):
            flat[i] = ZERO
        add_product(factor, other, total)
        for i in range(rows):
            here, change = window(w, (first + i) * m_b + j, wide), window(sums, i * wide, wide)
            for c in range(wide):
                here[c] += scale * change[c]
            if a == b and j <= first + i < j + wide:
                here[first + i - j] = ZERO
        if a != b:
            for c in range(min(wide, n_b - j)):
                for i in range(rows):
                    turned[j + c, first + i] = w[first + i, j + c]


@helper
def learn_columns(thread, threads, theta, plan, rates, span, plus, minus, lists, room, count, scratch):
    """What a thread does with its columns after a minibatch, inputs apart; span is beta times what divides it."""
    left, right, sums = scratch
    inputs, connections = plan[INPUTS], plan[CONNECTIONS]
    for p in range(plan[POPULATIONS]):
        first, last = own_columns(plan, p, thread, threads)
        scale = np.float32(rates[inputs + connections + p] / (span * count))
        change_biases(theta, plan, p, first, last, plus, minus, room, count, scale)
    for k in range(connections):
        first, last = own_columns(plan, connection(plan, k)[0], thread, threads)
        scale = np.float32(rates[inputs + k] / (span * count))
        change_weights(theta, plan, k, first, last, plus, minus, room, count, scale, left, right, sums)


@helper
def drive_columns(theta, plan, lists, room, count, drive):
    """The drives of the samples listed, in all columns."""
    for p in range(plan[POPULATIONS]):
        start_drive(theta, plan, p, 0, population(plan, p)[1], room, count, drive)
    for k in range(plan[INPUTS]):
        columns = population(plan, input_connection(plan, k)[0])[1]
        for j in range(0, columns, STRETCH):
            add_drive(theta, plan, k, j, min(j + STRETCH, columns), lists, room, count, drive)


@helper
def drive_and_learn(thread, threads, theta, plan, rates, span, shared, before, lists, room, learned, coming, scratch):
    """First half of a minibatch: change a thread's columns by the `learned` samples before, drive the `coming` ones."""
    old, new = lists
    drive, plus, minus = (
        states(shared, DRIVE, room, plan), states(shared, PLUS, room, plan), states(shared, before, room, plan),
    )  # fmt: skip
    if learned:
        learn_columns(thread, threads, theta, plan, rates, span, plus, minus, old, room, learned, scratch)
    for p in range(plan[POPULATIONS]):
        first, last = own_columns(plan, p, thread, threads)
        start_drive(theta, plan, p, first, last, room, coming, drive)
    for k in range(plan[INPUTS]):
        first, last = own_columns(plan, input_connection(plan, k)[0], thread, threads)
        for j in range(first, last, STRETCH):
            end = min(j + STRETCH, last)
            if learned:
                scale = np.float32(rates[k] / (span * learned))
                change_inputs(theta, plan, k, j, end, plus, minus, old, room, learned, scale, scratch[2])
            add_drive(theta, plan, k, j, end, new, room, coming, drive)


@helper
def measure(s, plan, room, i, target, scale, measured, sample):
    """Cost of a sample at the end of its free phase, and whether its largest output is not the target's."""
    y = row(s, plan, plan[OUTPUT], room, i)
    cost, best, wanted = 0.0, 0, 0
    for j in range(plan[N_OUT]):
        gap = y[plan[FIRST_OUT] + j] - target[j]
        cost += gap * gap
        if y[plan[FIRST_OUT] + j] > y[plan[FIRST_OUT] + best]:
            best = j
        if target[j] > target[wanted]:
            wanted = j
    measured[COST, sample] = 0.5 * scale * cost
    measured[WRONG, sample] = best != wanted


@helper
def load_group(source, room, first, count, s, plan):
    """Copy `count` samples, from number `first` on, into a group."""
    for i in range(count):
        copy_sample(source, room, first + i, s, GROUP, i, plan)


@helper
def store_group(s, count, target, room, first, plan):
    """Copy the `count` samples of a group to the places from number `first` on."""
    for i in range(count):
        copy_sample(s, GROUP, i, target, room, first + i, plan)


@helper
def settle_group(first, count, picks, job, numbers, plan, pace, theta, target, particles, shared, sign, own, measured):
    """Free and nudged phases of `count` samples of a minibatch, from its number `first` on."""
    s, d, f, goal, who, steps, lanes = own
    width, room = plan[WIDTH], job[SIZE]
    drive, rest = states(shared, DRIVE, room, plan), states(shared, REST, room, plan)
    limit, beta, scale = numbers[0], numbers[1], numbers[2]
    load_group(drive, room, first, count, d, plan)
    for i in range(count):
        who[i] = first + i
        copy_sample(window(particles, picks[first + i] * width * job[PERSISTENT], width), 1, 0, s, GROUP, i, plan)
    free_phase(s, d, f, theta, plan, pace, limit, job[FREE_STEPS], who, rest, room, count, steps)
    load_group(drive, room, first, count, d, plan)
    load_group(rest, room, first, count, s, plan)
    fields(s, d, theta, plan, count, f)
    for i in range(count):
        sample = picks[first + i]
        for j in range(plan[N_OUT]):
            goal[i, j] = target[sample, j]
        measure(s, plan, GROUP, i, goal[i], scale, measured, sample)
        measured[ENERGY, sample] = energy(s, d, f, plan, i, lanes)
        measured[STEPS, sample] = steps[first + i]
        if job[PERSISTENT]:
            copy_sample(s, GROUP, i, window(particles, sample * width, width), 1, 0, plan)
    most = job[NUDGED_STEPS]
    nudge(s, d, f, theta, plan, pace, np.float32(sign) * beta, goal, most, count)
    store_group(s, count, states(shared, PLUS, room, plan), room, first, plan)
    if job[CENTERED]:
        load_group(rest, room, first, count, s, plan)
        fields(s, d, theta, plan, count, f)
        nudge(s, d, f, theta, plan, pace, -beta, goal, most, count)
        store_group(s, count, states(shared, MINUS, room, plan), room, first, plan)


@helper
def list_samples(x, picks, first, last, which, rate, counts):
    """List the inputs of some samples of a minibatch."""
    for i in range(first, last):
        counts[i] = list_inputs(x[picks[i]], which[i], rate[i])


def _sweep(thread, threads, job, plan, numbers, pace, rates, theta, x, target, particles, order, signs, shared, which,
           rate, counts, meeting, measured):  # fmt: skip
    """One thread's part of minibatches FIRST ... LAST; all threads must run it at once."""
    room = job[SIZE]
    size = GROUP * plan[WIDTH]
    s, d, f = np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)
    goal, lanes = np.zeros((GROUP, plan[N_OUT]), np.float32), np.zeros(LANES, np.float32)
    who, steps = np.zeros(GROUP, np.int64), np.zeros(room, np.int64)
    own = s, d, f, goal, who, steps, lanes
    left, right = np.zeros(2 * room * plan[WIDTH], np.float32), np.zeros(2 * room * WIDE, np.float32)
    scratch = left, right, np.zeros(plan[WIDTH] * WIDE, np.float32)
    before = MINUS if job[CENTERED] else REST
    met, learned, span = 0, 0, 1.0
    for k in range(job[FIRST], job[LAST] + 1):
        picks = (
            window(order, k * room, max(0, min(room, order.size - k * room))) if k < job[LAST] else window(order, 0, 0)
        )
        now, last = k % 2, (k + 1) % 2
        first, end = share(picks.size, thread, threads)
        if k == job[FIRST]:
            list_samples(x, picks, first, end, which[now], rate[now], counts[now])
            met += threads
            meet(meeting, met)
        lists = (which[last], rate[last], counts[last]), (which[now], rate[now], counts[now])
        drive_and_learn(thread, threads, theta, plan, rates, span, shared, before, lists, room, learned, picks.size,
                        scratch)  # fmt: skip
        met += threads
        meet(meeting, met)
        if k == job[LAST]:
            break
        for i in range(first, end, GROUP):
            count = min(GROUP, end - i)
            settle_group(i, count, picks, job, numbers, plan, pace, theta, target, particles, shared, signs[k], own,
                         measured)  # fmt: skip
        span = 2.0 * numbers[3] if job[CENTERED] else signs[k] * numbers[3]
        learned = picks.size
        if k + 1 < job[LAST]:
            coming = window(order, (k + 1) * room, min(room, order.size - (k + 1) * room))
            first, end = share(coming.size, thread, threads)
            list_samples(x, coming, first, end, which[last], rate[last], counts[last])
        met += threads
        meet(meeting, met)


sweep = Kernel(
    _sweep,
    types.void(
        types.int64, types.int64, constant_words, constant_words, constant_singles, constant_singles, constant_doubles,
        singles, constant_single_matrix, constant_single_matrix, singles, constant_words, constant_doubles, singles,
        short_cube, single_cube, integer_matrix, words, double_matrix,
    ),
)  # fmt: skip


def _answer(first, last, job, plan, numbers, pace, theta, x, target, outputs, measured):
    """Free phases from zero of samples `first` to before `last`; their outputs (samples, n_out)."""
    size = GROUP * plan[WIDTH]
    s, d, f = np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)
    drive, rest = np.zeros(size, np.float32), np.zeros(size, np.float32)
    which, rate = np.zeros((GROUP, plan[N_IN]), np.int32), np.zeros((GROUP, plan[N_IN]), np.float32)
    counts, who, steps = np.zeros(GROUP, np.int64), np.zeros(GROUP, np.int64), np.zeros(GROUP, np.int64)
    lanes, picks = np.zeros(LANES, np.float32), np.zeros(GROUP, np.int64)
    for start in range(first, last, GROUP):
        count = min(GROUP, last - start)
        for i in range(count):
            picks[i], who[i] = start + i, i
        list_samples(x, picks, 0, count, which, rate, counts)
        drive_columns(theta, plan, (which, rate, counts), GROUP, count, drive)
        load_group(drive, GROUP, 0, count, d, plan)
        for j in range(size):
            s[j] = ZERO
        free_phase(s, d, f, theta, plan, pace, numbers[0], job[FREE_STEPS], who, rest, GROUP, count, steps)
        fields(rest, drive, theta, plan, count, f)
        for i in range(count):
            y = row(rest, plan, plan[OUTPUT], GROUP, i)
            for j in range(plan[N_OUT]):
                outputs[start + i, j] = y[plan[FIRST_OUT] + j]
            measure(rest, plan, GROUP, i, target[start + i], numbers[2], measured, start + i)
            measured[ENERGY, start + i] = energy(rest, drive, f, plan, i, lanes)
            measured[STEPS, start + i] = steps[i]


answer = Kernel(
    _answer,
    types.void(
        types.int64, types.int64, constant_words, constant_words, constant_singles, constant_singles, constant_singles,
        constant_single_matrix, constant_single_matrix, single_matrix, double_matrix,
    ),
)  # fmt: skip
