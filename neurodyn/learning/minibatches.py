"""Minibatches one after the other inside compiled code, on all threads.

A minibatch has two halves. In the first, each thread has some units: it changes their biases, and the weights to them
from clamped inputs and to populations further on, by what the minibatch before has left, and computes the drive of the
inputs, so that those weights come from memory once. In the second, each thread has some samples: free phase, nudged
phases.
"""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.learning.arguments import (
    Behind,
    Group,
    InputLists,
    InputRows,
    PhaseEnds,
    Scratch,
    circuit_type,
    epoch_type,
    exchange_type,
    samples_type,
    settings_type,
)
from neurodyn.learning.barrier import meet
from neurodyn.learning.euler_phases import (
    GROUP,
    copy_sample,
    fields,
    free_phase,
    load_group,
    nudged_phase,
    store_group,
)
from neurodyn.learning.input_drive import list_samples
from neurodyn.learning.input_rows import turn_lists
from neurodyn.learning.layout import N_IN, N_OUT, WIDTH
from neurodyn.learning.measures import ENERGY, STEPS, energy, measure
from neurodyn.learning.moves import LONGEST, corrections, excess
from neurodyn.learning.tiles import LANES, WIDE
from neurodyn.learning.weight_changes import drive_and_learn, measure_columns, share
from neurodyn.numerics.kernel import Kernel, helper
from neurodyn.numerics.view import window

#: Entries of a job: minibatches from FIRST to before LAST, of SIZE samples; numbers of steps; two nudged phases or one;
#: whether free phases go on from where they ended; how many minibatches there were before this epoch.
FIRST, LAST, SIZE, FREE_STEPS, NUDGED_STEPS, CENTERED, PERSISTENT, BEFORE = range(8)
#: Entries of the numbers: the speed below which a unit rests; the pull of the target on outputs; the cost in units of
#: ½‖s_out − y‖²; beta.
LIMIT, PULL, COST_SCALE, BETA = range(4)
#: The arrays of states that threads share.
DRIVE, REST, PLUS, MINUS = range(4)


@helper
def shared_states(states, which, capacity, plan):
    """One of the arrays of states that threads share."""
    size = capacity * plan[WIDTH]
    return window(states, which * size, size)


@helper
def new_group(plan, places):
    """Room for the samples that settle together, each of which has one of so many places."""
    size = GROUP * plan[WIDTH]
    return Group(
        np.zeros(size, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size, np.float32),
        np.zeros((GROUP, plan[N_OUT]), np.float32),
        np.zeros(GROUP, np.int64),
        np.zeros(places, np.int64),
        np.zeros(LANES, np.float32),
    )


@helper
def new_rows(plan, capacity):
    """Room for the inputs of so many samples; there are none yet."""
    room = capacity * plan[N_IN]
    return InputRows(np.zeros(plan[N_IN] + 2, np.int64), np.zeros(room, np.int32), np.zeros(room, np.float32))


@helper
def settle_group(circuit, settings, samples, states, group, minibatch, part):
    """Free and nudged phases of some samples of a minibatch.

    A minibatch is the numbers of its samples and the sign of beta; a part of it is its first and its count of samples.
    """
    (picks, sign), (first, count) = minibatch, part
    plan, job, numbers = circuit.plan, settings.job, settings.numbers
    width, capacity = plan[WIDTH], job[SIZE]
    drive, rest = shared_states(states, DRIVE, capacity, plan), shared_states(states, REST, capacity, plan)
    load_group(drive, capacity, first, count, group.drive, plan)
    for i in range(count):
        group.places[i] = first + i
        start = window(samples.particles, picks[first + i] * width * job[PERSISTENT], width)
        copy_sample(start, 1, 0, group.s, GROUP, i, plan)
    free_phase(circuit, group, count, numbers[LIMIT], job[FREE_STEPS], rest, capacity)
    load_group(drive, capacity, first, count, group.drive, plan)
    load_group(rest, capacity, first, count, group.s, plan)
    fields(circuit, group.s, group.drive, count, group.field)
    for i in range(count):
        sample = picks[first + i]
        for j in range(plan[N_OUT]):
            group.target[i, j] = samples.target[sample, j]
        measure(plan, group.s, i, group.target[i], numbers[COST_SCALE], samples.measured, sample)
        samples.measured[ENERGY, sample] = energy(plan, group.s, group.drive, group.field, i, group.lanes)
        samples.measured[STEPS, sample] = group.steps[first + i]
        if job[PERSISTENT]:
            copy_sample(group.s, GROUP, i, window(samples.particles, sample * width, width), 1, 0, plan)
    nudged_phase(circuit, group, count, np.float32(sign) * numbers[PULL], job[NUDGED_STEPS])
    store_group(group.s, count, shared_states(states, PLUS, capacity, plan), capacity, first, plan)
    if job[CENTERED]:
        load_group(rest, capacity, first, count, group.s, plan)
        fields(circuit, group.s, group.drive, count, group.field)
        nudged_phase(circuit, group, count, -numbers[PULL], job[NUDGED_STEPS])
        store_group(group.s, count, shared_states(states, MINUS, capacity, plan), capacity, first, plan)


def _run_minibatches(thread, threads, circuit, settings, samples, epoch, exchange):
    """One thread's part of minibatches FIRST ... LAST; all threads must run it at once."""
    plan, job, numbers, order = circuit.plan, settings.job, settings.numbers, epoch.order
    states, meeting, capacity, worker = exchange.states, exchange.meeting, job[SIZE], (thread, threads)
    group = new_group(plan, capacity)
    scratch = Scratch(
        np.zeros(2 * capacity * plan[WIDTH], np.float32),
        np.zeros(2 * capacity * WIDE, np.float32),
        np.zeros(plan[WIDTH] * WIDE, np.float32),
        np.zeros(LANES),
    )
    clips, made = settings.rule[LONGEST] > 0.0, job[BEFORE] + job[FIRST]
    old, new = new_rows(plan, capacity), new_rows(plan, capacity)
    behind = Behind(np.full(plan[N_IN], made), np.zeros((job[LAST] - job[FIRST] + 1, 2)), made)
    drive, plus = shared_states(states, DRIVE, capacity, plan), shared_states(states, PLUS, capacity, plan)
    minus = shared_states(states, MINUS if job[CENTERED] else REST, capacity, plan)
    met, learned, span = 0, 0, 1.0
    for k in range(job[FIRST], job[LAST] + 1):
        begin = min(k * capacity, order.size) if k < job[LAST] else 0
        picks = window(order, begin, min(capacity, order.size - begin) if k < job[LAST] else 0)
        now, last = k % 2, (k + 1) % 2
        lists = (
            InputLists(exchange.which[last], exchange.rate[last], exchange.counts[last]),
            InputLists(exchange.which[now], exchange.rate[now], exchange.counts[now]),
        )
        first, end = share(picks.size, worker)
        if k == job[FIRST]:
            list_samples(samples.x, picks, first, end, lists[1])
            met += threads
            meet(meeting, met)
        ends = PhaseEnds(plus, minus, exchange.weight, capacity, learned, span, job[BEFORE] + k)
        step, floor = corrections(settings.rule, ends.made)
        behind.corrections[k - job[FIRST], 0], behind.corrections[k - job[FIRST], 1] = step, floor
        old, new = new, old
        turn_lists(lists[1], picks.size, new)
        if learned and clips:
            measure_columns(worker, circuit, settings, ends, old, exchange.squares, scratch)
            met += threads
            meet(meeting, met)
            span *= excess(settings.rule, exchange.squares, span * learned)
            ends = PhaseEnds(plus, minus, exchange.weight, capacity, learned, span, job[BEFORE] + k)
        drive_and_learn(worker, circuit, settings, ends, (old, new), behind, drive, picks.size, scratch)
        met += threads
        meet(meeting, met)
        if k == job[LAST]:
            break
        for i in range(first, end):
            exchange.weight[i] = samples.weight[picks[i]]
        for i in range(first, end, GROUP):
            part = i, min(GROUP, end - i)
            settle_group(circuit, settings, samples, states, group, (picks, epoch.signs[k]), part)
        span = 2.0 * numbers[BETA] if job[CENTERED] else epoch.signs[k] * numbers[BETA]
        learned = picks.size
        if k + 1 < job[LAST]:
            coming = window(order, (k + 1) * capacity, min(capacity, order.size - (k + 1) * capacity))
            first, end = share(coming.size, worker)
            list_samples(samples.x, coming, first, end, lists[0])
        met += threads
        meet(meeting, met)


run_minibatches = Kernel(
    _run_minibatches,
    types.void(types.int64, types.int64, circuit_type, settings_type, samples_type, epoch_type, exchange_type),
)
