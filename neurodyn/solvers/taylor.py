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
    Kernel,
    call_series,
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
from neurodyn.numerics.view import borrowed, layer, row
from neurodyn.solvers.polynomial import evaluate, largest, weigh_last
from neurodyn.solvers.status import Status
from neurodyn.solvers.stepcontrol import vanished
from neurodyn.solvers.stepper import EXPLOSION

# Rows of `clock` (floats) and `marks` (integers), one column per lane.
T, CALM, USED, SOON, LIMIT, LARGEST, LOST, FORCE, LAST, BEFORE, AT, CLOCKS = range(12)
STATUS, NEXT, STEPS, COLUMN, ARRIVED, MARKS = range(6)
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
    """Steps at whose end the last two terms of the series are nearly as large as the tolerance; none beyond the end.

    Returns whether some series is not finite.
    """
    c, rows, size, work, value, clock, marks = lanes
    order, share = c.shape[0] - 1, 1.0 / size.shape[0]
    weigh_last(c, size, numbers, LAST, BEFORE, clock)
    last, before, lost, used = row(clock, LAST), row(clock, BEFORE), row(clock, LOST), row(clock, USED)
    total = 0.0
    for j in range(used.size):
        lost[j] = 0.0 * last[j] + 0.0 * before[j]
    for j in range(used.size):
        total += lost[j]
    logarithms(last, share, 1.0 / order)
    logarithms(before, share, 1.0 / (order - 1))
    for j in range(used.size):
        a, b = last[j], before[j]
        used[j] = SAFETY * expm1_and_exp(-0.5 * (a if a > b else b))[1]
    t, status = row(clock, T), row(marks, STATUS)
    for j in range(used.size):
        rest, h = numbers[T_END] - t[j], used[j]
        h = 0.5 * rest if (2.0 * h > rest) & (h < rest) else h
        h = rest if h >= rest else h
        used[j] = h if (status[j] == RUNNING) & (lost[j] == 0.0) else 0.0
    return total != 0.0


@helper
def logarithms(sums, share, power):
    """Replace sums by the logarithms of (share sum)^power; a loop of its own, as one of two logarithms is slower."""
    for j in range(sums.size):
        x = share * sums[j]
        sums[j] = log(x if x > LEAST else LEAST) * power


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
    following, column = row(marks, NEXT), row(marks, COLUMN)
    while True:
        found = 0
        for j in range(t.size):  # no time is due where no step is made: it would have been recorded
            rest = numbers[T_END] - t[j]
            reached = t[j] + used[j] if used[j] < rest else numbers[T_END]
            due = soon[j] <= reached
            at[j] = soon[j] - t[j] if due else 0.0
            found += due
        if found == 0:
            return
        evaluate(c, at, value)
        for j in range(t.size):
            if at[j] > 0.0:
                for i in range(value.shape[0]):
                    states[following[j], i, column[j]] = value[i, j]
                following[j] += 1
                soon[j] = times[following[j]] if following[j] < times.size else np.inf


@helper
def give_up(lanes):
    """End trajectories whose series is not finite: they stay where they are."""
    c, clock, marks = lanes[0], lanes[5], lanes[6]
    lost, status, steps = row(clock, LOST), row(marks, STATUS), row(marks, STEPS)
    for j in range(lost.size):
        if lost[j] != 0.0:
            if status[j] == RUNNING:  # a finite velocity tells that some later coefficient is not: steps would be tiny
                status[j] = UNDERFLOW if is_finite(layer(c, 1), j) else DIVERGED
                steps[j] += 1
            for k in range(1, c.shape[0]):
                for i in range(c.shape[1]):
                    c[k, i, j] = 0.0


@helper
def is_finite(values, j):
    """Whether all values of lane j are finite."""
    total = 0.0
    for i in range(values.shape[0]):
        total += 0.0 * values[i, j]
    return total == 0.0


@helper
def step(lanes, numbers, counts, recorded):
    """Count steps at whose ends the states are, and see which trajectories end there; returns whether any may."""
    clock, marks = lanes[5], lanes[6]
    t, used, most, limit = row(clock, T), row(clock, USED), row(clock, LARGEST), row(clock, LIMIT)
    status, steps, arrived = row(marks, STATUS), row(marks, STEPS), row(marks, ARRIVED)
    ending = 0
    for j in range(t.size):
        there, running = used[j] >= numbers[T_END] - t[j], status[j] == RUNNING
        arrived[j] = there
        t[j] = numbers[T_END] if there else t[j] + used[j]
        steps[j] += running
        ends = there | (most[j] > limit[j]) | vanished(used[j], t[j]) | (steps[j] >= counts[MAX_STEPS])
        ending += running & ends
    if ending == 0 and numbers[SETTLE] == 0.0:
        return False
    for j in range(t.size):
        if status[j] != RUNNING:
            continue
        if most[j] > limit[j]:
            status[j] = DIVERGED
        elif numbers[SETTLE] > 0.0 and t[j] - clock[CALM, j] >= numbers[DWELL]:
            status[j] = SETTLED
        elif arrived[j]:
            status[j] = DONE if recorded else MOVING
        elif vanished(used[j], t[j]):
            status[j] = UNDERFLOW
        elif steps[j] >= counts[MAX_STEPS]:
            status[j] = OUT_OF_STEPS
    return True


def _advance_lanes(series, problem, lanes, record, ended, numbers, counts):
    """Step on; returns the number of trajectories that are under way. `series` is the address of a compiled one.

    problem: start (m, B), rows (k, B), sizes (m, B), theta, layout. lanes: coefficients (orders, m, b), rows (k, b),
    sizes (m, b), scratch (w, m, b), values (m, b), clock (CLOCKS, b), marks (MARKS, b). record: times (T,), states
    (T, m, B). ended: last states (m, B), and what is kept of clocks and marks. counts[FRESH] is the next trajectory of
    the block to begin, counts[STOP] where the block ends. Coefficients and scratch may have more rows than m, which
    stay 0.
    """
    c, rows, size, work, value, clock, marks = lanes
    theta, layout, m = problem[3], problem[4], borrowed(marks)
    here = borrowed(c), borrowed(rows), borrowed(size), borrowed(work), borrowed(value), borrowed(clock), m
    times, states = borrowed(record[0]), borrowed(record[1])
    running = take_over(problem, here, record, ended, numbers, counts)
    for _ in range(counts[ITERATIONS]):
        if running == 0:
            break
        call_series(series, (c, rows, theta, layout, work))
        if numbers[SETTLE] > 0.0:
            judge_force(here, numbers, counts[UNITS])
        lost = choose_steps(here, numbers)
        record_due(here, (times, states), numbers)
        if lost:
            give_up(here)
        evaluate(here[0], row(here[5], USED), layer(here[0], 0))
        largest(layer(here[0], 0), here[5], LARGEST)
        if step(here, numbers, counts, times.size):
            running = take_over(problem, here, record, ended, numbers, counts)
    return running


advance_lanes = Kernel(
    _advance_lanes,
    types.int64(
        types.int64,
        types.Tuple([constant_matrix, constant_matrix, constant_matrix, constant_vector, constant_integers]),
        types.Tuple([cube, matrix, matrix, cube, matrix, matrix, integer_matrix]),
        types.Tuple([constant_vector, cube]),
        types.Tuple([matrix, matrix, integer_matrix]),
        vector,
        types.Array(types.int64, 1, "C"),
    ),
)
