"""The compiled loop of the Taylor series method: steps of as many trajectories as there are lanes.

A step of a lane: the coefficients of its state, by the series of the problem; a step size from the last two of them;
the polynomial at the times to record and at the end of the step. No step is rejected, as its error is known before it
is taken. A lane whose trajectory has ended takes the next one of its block, so that all lanes work while there are any
left; and what a lane computes depends on nothing in the others.

Step size: A. Jorba, M. Zou, Experimental Mathematics 14:99 (2005), section 3: the terms of the series fall like a
geometric one, so that where its last terms are as small as the tolerance, what was left out is smaller.
"""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.numerics.kernel import (
    SERIES,
    Kernel,
    constant_integers,
    constant_matrix,
    constant_vector,
    cube,
    helper,
    integer_matrix,
    matrix,
    vector,
)
from neurodyn.numerics.vectormath import expm1_and_exp, log
from neurodyn.numerics.view import borrowed, flat, layer, row
from neurodyn.solvers.polynomial import evaluate, largest, weigh_last
from neurodyn.solvers.status import Status
from neurodyn.solvers.stepcontrol import vanished
from neurodyn.solvers.stepper import EXPLOSION

# Rows of `clock` (floats) and `marks` (integers), one column per lane.
T, CALM, USED, SOON, LIMIT, LARGEST, LOST, FORCE, LAST, BEFORE, AT, CLOCKS = range(12)
STATUS, NEXT, STEPS, COLUMN, DUE, MARKS = range(6)
#: The first rows of both that remain of a trajectory that has ended.
CLOCKS_KEPT, MARKS_KEPT = 3, 3
# Entries of `numbers` and `counts`.
RTOL, ATOL, T_END, SETTLE, DWELL = range(5)
ITERATIONS, UNITS, MAX_STEPS, FRESH, STOP = range(5)
RUNNING, DONE, SETTLED = int(Status.RUNNING), int(Status.DONE), int(Status.SETTLED)
MOVING, DIVERGED, UNDERFLOW = int(Status.MOVING), int(Status.DIVERGED), int(Status.STEP_UNDERFLOW)
OUT_OF_STEPS = int(Status.MAX_STEPS)
#: Status of a lane without a trajectory.
IDLE = -2
#: Sums of squares below this count as this.
LEAST = 1e-200
#: Steps are this much shorter than those at whose end the last terms are as large as the tolerance.
SAFETY = 0.9


@helper
def begin(problem, lanes, record, j, column):
    """Give lane j a trajectory."""
    start, constants, sizes, theta, layout = problem
    c, rows, size, work, value, clock, marks = lanes
    times, states = record
    most = 1.0
    for i in range(start.shape[0]):
        c[0, i, j] = start[i, column]
        size[i, j] = sizes[i, column]
        most = max(most, abs(start[i, column]), sizes[i, column])
    for i in range(constants.shape[0]):
        rows[i, j] = constants[i, column]
    clock[T, j], clock[CALM, j], clock[USED, j], clock[LIMIT, j] = 0.0, np.inf, 0.0, EXPLOSION * most
    marks[STATUS, j], marks[COLUMN, j], marks[STEPS, j], marks[NEXT, j] = RUNNING, column, 0, 0
    if times.size and times[0] == 0.0:
        for i in range(start.shape[0]):
            states[0, i, column] = start[i, column]
        marks[NEXT, j] = 1
    clock[SOON, j] = times[marks[NEXT, j]] if marks[NEXT, j] < times.size else np.inf


@helper
def end(lanes, ended, j):
    """Write down how the trajectory of lane j ended."""
    c, rows, size, work, value, clock, marks = lanes
    last, clocks, counts = ended
    column = marks[COLUMN, j]
    for i in range(last.shape[0]):
        last[i, column] = c[0, i, j]
    for i in range(CLOCKS_KEPT):
        clocks[i, column] = clock[i, j]
    for i in range(MARKS_KEPT):
        counts[i, column] = marks[i, j]


@helper
def take_over(problem, lanes, record, ended, numbers, counts):
    """Put away the trajectories that have ended and begin others; returns how many run."""
    marks, running = lanes[6], 0
    for j in range(marks.shape[1]):
        while marks[STATUS, j] != RUNNING:
            if marks[STATUS, j] != IDLE:
                end(lanes, ended, j)
                marks[STATUS, j] = IDLE
            if counts[FRESH] == counts[STOP]:
                break
            begin(problem, lanes, record, j, counts[FRESH])
            counts[FRESH] += 1
            if numbers[T_END] == 0.0:
                marks[STATUS, j] = DONE
        running += marks[STATUS, j] == RUNNING
    return running


@helper
def choose_steps(lanes, numbers):
    """Steps at whose end the last two terms of the series are nearly as large as the tolerance; none beyond the end."""
    c, rows, size, work, value, clock, marks = lanes
    order, share = c.shape[0] - 1, 1.0 / c.shape[1]
    weigh_last(c, size, numbers, LAST, BEFORE, clock)
    last, before, lost, used = row(clock, LAST), row(clock, BEFORE), row(clock, LOST), row(clock, USED)
    for j in range(used.size):
        a, b = share * last[j], share * before[j]
        lost[j] = 0.0 * a + 0.0 * b
        a, b = log(a if a > LEAST else LEAST) / order, log(b if b > LEAST else LEAST) / (order - 1)
        used[j] = SAFETY * expm1_and_exp(-0.5 * max(a, b))[1]
    t, status = row(clock, T), row(marks, STATUS)
    for j in range(used.size):
        rest, h = numbers[T_END] - t[j], used[j]
        h = 0.5 * rest if 2.0 * h > rest and h < rest else h
        h = rest if h >= rest else h
        used[j] = h if status[j] == RUNNING and lost[j] == 0.0 else 0.0


@helper
def judge_force(lanes, numbers, units):
    """Since when the largest |tau dy/dt| over its size has been small, as `stepcontrol.judge_force` has it."""
    c, rows, size, work, value, clock, marks = lanes
    force, most, calm, t = row(clock, FORCE), row(clock, LARGEST), row(clock, CALM), row(clock, T)
    largest(layer(c, 0), clock, LARGEST)
    force[:] = 0.0
    for i in range(units):
        for j in range(force.size):
            scale = max(size[i, j], min(most[j], 1.0))
            one = abs(c[1, i, j] / (rows[i, j] * scale))  # not a number, and so not larger, where a unit is held
            force[j] = one if one > force[j] else force[j]
    for j in range(force.size):
        early = calm[j] if calm[j] < t[j] else t[j]
        calm[j] = early if force[j] <= numbers[SETTLE] else np.inf


@helper
def record_due(lanes, record, numbers):
    """Record all times within the steps."""
    c, rows, size, work, value, clock, marks = lanes
    times, states = record
    t, used, soon, at = row(clock, T), row(clock, USED), row(clock, SOON), row(clock, AT)
    status, following, column, due = row(marks, STATUS), row(marks, NEXT), row(marks, COLUMN), row(marks, DUE)
    while True:
        found = 0
        for j in range(t.size):
            reached = t[j] + used[j] if used[j] < numbers[T_END] - t[j] else numbers[T_END]
            due[j] = status[j] == RUNNING and soon[j] <= reached and clock[LOST, j] == 0.0
            at[j] = soon[j] - t[j] if due[j] else 0.0
            found += due[j]
        if found == 0:
            return
        evaluate(c, clock, AT, value)
        for i in range(value.shape[0]):
            for j in range(t.size):
                if due[j]:
                    states[following[j], i, column[j]] = value[i, j]
        for j in range(t.size):
            if due[j]:
                following[j] += 1
                soon[j] = times[following[j]] if following[j] < times.size else np.inf


@helper
def moves_on(c, j):
    """Whether the velocity of lane j is finite, though some later coefficient is not: its steps would be tiny."""
    total = 0.0
    for i in range(c.shape[1]):
        total += 0.0 * c[1, i, j]
    return total == 0.0


@helper
def step(lanes, numbers, counts, recorded):
    """Go on to the ends of the steps, and see which trajectories end there."""
    c, rows, size, work, value, clock, marks = lanes
    evaluate(c, clock, USED, value)
    largest(value, clock, LARGEST)
    old, new = flat(layer(c, 0), 0, c.shape[1]), flat(value, 0, c.shape[1])
    t, status, steps, used = row(clock, T), row(marks, STATUS), row(marks, STEPS), row(clock, USED)
    for j in range(t.size):
        if clock[LOST, j] != 0.0:  # it stays at its last finite state
            for i in range(value.shape[0]):
                value[i, j] = c[0, i, j]
    for j in range(old.size):
        old[j] = new[j]
    for j in range(t.size):
        if status[j] != RUNNING:
            continue
        arrived = used[j] >= numbers[T_END] - t[j]
        t[j] = numbers[T_END] if arrived else t[j] + used[j]
        steps[j] += 1
        if clock[LOST, j] != 0.0 or clock[LARGEST, j] > clock[LIMIT, j]:
            status[j] = UNDERFLOW if clock[LOST, j] != 0.0 and moves_on(c, j) else DIVERGED
        elif numbers[SETTLE] > 0.0 and t[j] - clock[CALM, j] >= numbers[DWELL]:
            status[j] = SETTLED
        elif arrived:
            status[j] = DONE if recorded else MOVING
        elif vanished(used[j], t[j]):
            status[j] = UNDERFLOW
        elif steps[j] >= counts[MAX_STEPS]:
            status[j] = OUT_OF_STEPS


def _advance_lanes(series, problem, lanes, record, ended, numbers, counts):
    """Step on; returns the number of trajectories that are under way.

    problem: start (m, B), rows (k, B), sizes (m, B), theta, layout. lanes: coefficients (orders, m, b), rows (k, b),
    sizes (m, b), scratch (w, m, b), values (m, b), clock (CLOCKS, b), marks (MARKS, b). record: times (T,), states
    (T, m, B). ended: last states (m, B), and what is kept of clocks and marks. counts[FRESH] is the next trajectory of
    the block to begin, counts[STOP] where the block ends.
    """
    c, rows, size, work, value, clock, marks = lanes
    theta, layout, m = problem[3], problem[4], borrowed(marks)
    here = borrowed(c), borrowed(rows), borrowed(size), borrowed(work), borrowed(value), borrowed(clock), m
    running = take_over(problem, here, record, ended, numbers, counts)
    for _ in range(counts[ITERATIONS]):
        if running == 0:
            break
        series(c, rows, theta, layout, work)
        if numbers[SETTLE] > 0.0:
            judge_force(here, numbers, counts[UNITS])
        choose_steps(here, numbers)
        record_due(here, record, numbers)
        step(here, numbers, counts, record[0].size)
        running = take_over(problem, here, record, ended, numbers, counts)
    return running


advance_lanes = Kernel(
    _advance_lanes,
    types.int64(
        types.FunctionType(SERIES),
        types.Tuple([constant_matrix, constant_matrix, constant_matrix, constant_vector, constant_integers]),
        types.Tuple([cube, matrix, matrix, cube, matrix, matrix, integer_matrix]),
        types.Tuple([constant_vector, cube]),
        types.Tuple([matrix, matrix, integer_matrix]),
        vector,
        types.Array(types.int64, 1, "C"),
    ),
)
