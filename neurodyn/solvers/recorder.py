"""What happens to single trajectories of a block between steps: recording them, and ending them.

A method with error control records by interpolation: through the states and rates at the last three ends of steps
runs one polynomial of degree five, whose error is of sixth order in the step, like the method's own, and which costs
no evaluation of the flow. Its first step, steps of fixed size, those of a method of higher order, and steps of units in
a box (whose rates jump) land on the times to record instead.

Rates at the recorded times are not recorded but evaluated from the recorded states: the derivative of an interpolant
is less accurate than the vector field.
"""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import row
from neurodyn.solvers.stepcontrol import (
    ACCEPTED,
    ARRIVED,
    CALM,
    COLUMN,
    DENSE,
    DIVERGED,
    DONE,
    DUE,
    DWELL,
    EVENT,
    FROM,
    GIVEN_UP,
    GOAL,
    LARGEST,
    LIMIT,
    LOST,
    MAX_STEPS,
    MOVING,
    NEXT,
    OUT_OF_STEPS,
    PAST,
    PAST_F,
    PAST_Y,
    REJECTED,
    RUNNING,
    SETTLE,
    SETTLED,
    SOON,
    STAGES,
    STATUS,
    STEP,
    STEPS,
    STIFF,
    STIFFNESS,
    T_END,
    UNDERFLOW,
    USED,
    WEIGHTS,
    H,
    T,
    part,
    vanished,
)


@helper
def hermite(x, r):
    """Weights of y(1) - y(0), y(-r) - y(0), f(0), f(1), f(-r) at x in the quintic through y and f at -r, 0 and 1.

    Lengths are in units of the step from 0 to 1. Each weight is the square of Lagrange's polynomial of its node times
    a linear factor (Hermite 1878).
    """
    at_0, at_1, at_r = (x - 1.0) * (x + r) / -r, x * (x + r) / (1.0 + r), x * (x - 1.0) / (r * (1.0 + r))
    slope_1, slope_r = 1.0 + 1.0 / (1.0 + r), -1.0 / r - 1.0 / (1.0 + r)
    y_1 = (1.0 - 2.0 * slope_1 * (x - 1.0)) * at_1 * at_1
    y_r = (1.0 - 2.0 * slope_r * (x + r)) * at_r * at_r
    return y_1, y_r, x * at_0 * at_0, (x - 1.0) * at_1 * at_1, (x + r) * at_r * at_r


@helper
def record_events(block, record, counts):
    """Record the columns whose accepted step has reached or passed times to record; comes before `move`."""
    clock, marks = block[5], block[6]
    event, accepted, due = row(marks, EVENT), row(marks, ACCEPTED), row(marks, DUE)
    found = np.int64(0)  # of one type from the first call of `next_due` on
    for j in range(event.size):
        if event[j] and accepted[j] and clock[LARGEST, j] <= clock[LIMIT, j]:
            due[found] = j
            found += 1
    while found:
        found = next_due(record[0], clock, marks, found, counts)
        record_due(block, record[1], found, counts)


@helper
def next_due(times, clock, marks, found, counts):
    """Of the first `found` columns in DUE, keep those with a time to record, and prepare it; returns how many."""
    t, since, used, past = row(clock, T), row(clock, FROM), row(clock, USED), row(clock, PAST)
    following, due, arrived = row(marks, NEXT), row(marks, DUE), row(marks, ARRIVED)
    left = 0
    for q in range(found):
        j, here = due[q], following[due[q]]
        if here < times.size and times[here] <= t[j]:
            due[left], arrived[left], following[j] = j, times[here] == t[j], here + 1
            if not arrived[left]:
                h = used[j]
                weights = hermite((times[here] - since[j]) / h, past[j] / h)
                for w in range(len(weights)):
                    clock[WEIGHTS + w, left] = weights[w] if w < 2 else h * weights[w]
            left += 1
        else:
            clock[SOON, j] = times[here] if here < times.size else np.inf
            if here < times.size and not counts[DENSE]:
                clock[GOAL, j] = times[here]
    return left


@helper
def record_due(block, states, found, counts):
    """Write one state of each of the first `found` columns in DUE, along memory: unit by unit."""
    y, trial, k, work, spare, clock, marks = block
    f, f_new, y_past, f_past = part(k, 0), part(k, counts[STAGES]), part(spare, PAST_Y), part(spare, PAST_F)
    y1, yr, f0 = row(clock, WEIGHTS), row(clock, WEIGHTS + 1), row(clock, WEIGHTS + 2)
    f1, fr = row(clock, WEIGHTS + 3), row(clock, WEIGHTS + 4)
    due, arrived, following, column = row(marks, DUE), row(marks, ARRIVED), row(marks, NEXT), row(marks, COLUMN)
    if y.shape[1] == 1 and found:  # one loop over the units of the only trajectory, with its weights at hand
        a, b, c, d, e, exact = y1[0], yr[0], f0[0], f1[0], fr[0], arrived[0]
        here, to = following[0] - 1, column[0]
        for i in range(y.shape[0]):
            slopes = c * f[i, 0] + d * f_new[i, 0] + e * f_past[i, 0]
            value = y[i, 0] + (a * (trial[i, 0] - y[i, 0]) + b * (y_past[i, 0] - y[i, 0]) + slopes)
            states[here, i, to] = trial[i, 0] if exact else value
        return
    for i in range(y.shape[0]):
        for q in range(found):
            j = due[q]
            old, new = y[i, j], trial[i, j]
            slopes = f0[q] * f[i, j] + f1[q] * f_new[i, j] + fr[q] * f_past[i, j]
            value = old + (y1[q] * (new - old) + yr[q] * (y_past[i, j] - old) + slopes)
            states[following[j] - 1, i, column[j]] = new if arrived[q] else value


@helper
def end_events(clock, marks, recorded, numbers, counts):
    """End the columns that are done, settled or lost; returns how many."""
    status, event, accepted = row(marks, STATUS), row(marks, EVENT), row(marks, ACCEPTED)
    ended = 0
    for j in range(status.size):
        if not event[j]:
            continue
        if not accepted[j]:
            if numbers[STEP] > 0.0:
                status[j] = DIVERGED
            elif vanished(clock[H, j], clock[T, j]):
                status[j] = DIVERGED if clock[LOST, j] != 0.0 else UNDERFLOW
        elif clock[LARGEST, j] > clock[LIMIT, j]:
            status[j] = DIVERGED
        elif numbers[SETTLE] > 0.0 and clock[T, j] - clock[CALM, j] >= numbers[DWELL]:
            status[j] = SETTLED
        elif clock[T, j] >= numbers[T_END]:
            status[j] = DONE if recorded else MOVING
        elif marks[STIFFNESS, j] == GIVEN_UP:
            status[j] = STIFF
        if status[j] == RUNNING and marks[STEPS, j] + marks[REJECTED, j] >= counts[MAX_STEPS]:
            status[j] = OUT_OF_STEPS
        ended += status[j] != RUNNING
    return ended


@helper
def record_start(block, record, numbers, j):
    """Record column j at t = 0 if that is asked for, and set its first goal; False if there is none."""
    times, states = record
    y, clock, marks = block[0], block[5], block[6]
    here = 0
    if times.size and times[0] == 0.0:
        for i in range(y.shape[0]):
            states[0, i, marks[COLUMN, j]] = y[i, j]
        here = 1
    marks[NEXT, j] = here
    clock[SOON, j] = times[here] if here < times.size else np.inf
    clock[GOAL, j] = min(clock[SOON, j], numbers[T_END])
    return clock[GOAL, j] > 0.0
