"""Step size control for a block of trajectories: choose steps, judge them, keep every column's account.

Everything here reads and writes rows with one entry per trajectory, in loops without branches, and no column reads
another's. What is rare (a time to record, the end, a failure) is left to `events`, column by column.

Step size control: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.4 (error norm),
and II (Stiff Problems), IV.2 (PI controller; detection of steps limited by stability).
"""

from __future__ import annotations

import numpy as np

from neurodyn.kernel import helper
from neurodyn.status import Status
from neurodyn.vectormath import expm1_and_exp, fma, log

# Rows of `clock` (floats) and `marks` (integers), one column per trajectory.
T, H, USED, GOAL, LOG_ERROR, CALM, LIMIT, AT, TOTAL, BENT, MOVED, LARGEST, LOST, FORCE, CLOCKS = range(15)
STATUS, NEXT, STEPS, REJECTED, STABILITY, COLUMN, LANDING, RETRY, ACCEPTED, EVENT, MARKS = range(11)
# Entries of `numbers` and `counts`.
T_END, RTOL, ATOL, STEP, SETTLE, DWELL = range(6)
ITERATIONS, UNITS, BOUNDS, MAX_STEPS, ENOUGH = range(5)
#: Rows of `scratch`, each as long as a block is wide or a state is tall.
SCRATCH = 4

RUNNING, DONE, SETTLED = int(Status.RUNNING), int(Status.DONE), int(Status.SETTLED)
MOVING, DIVERGED, UNDERFLOW = int(Status.MOVING), int(Status.DIVERGED), int(Status.STEP_UNDERFLOW)
OUT_OF_STEPS = int(Status.MAX_STEPS)

SAFETY, SHRINK, COLLAPSE, GROW = 0.9, 0.2, 0.1, 10.0
#: Powers of the error now and before, for an error estimate of order 4 (5 in the step).
ALPHA, BETA = 0.17, 0.04
#: Errors below these count as these: for the next step, and as the one before.
LEAST, LEAST_BEFORE = 1e-30, float(np.log(1e-4))
#: h·|lambda| beyond which a step of a fifth-order pair is taken to be limited by stability.
STABILITY_BOUND = 3.25


@helper
def weigh(weights, k, i, count, out):
    """Set out = sum_m weights[m] k[m, i] for m < count, two stages at a time; k (stages, rows, width), out (width,)."""
    if count % 2 == 1:
        w, a = weights[0], k[0, i]
        for j in range(out.size):
            out[j] = w * a[j]
    else:
        w, v, a, b = weights[0], weights[1], k[0, i], k[1, i]
        for j in range(out.size):
            out[j] = fma(v, b[j], w * a[j])
    for m in range(2 - count % 2, count, 2):
        w, v, a, b = weights[m], weights[m + 1], k[m, i], k[m + 1, i]
        for j in range(out.size):
            out[j] = fma(v, b[j], fma(w, a[j], out[j]))


@helper
def choose_steps(clock, marks, numbers):
    """Set the step of every running column so that steps land on its goal, without a tiny last one."""
    t, h, used, goal = clock[T], clock[H], clock[USED], clock[GOAL]
    status, landing = marks[STATUS], marks[LANDING]
    if numbers[STEP] > 0.0:
        for j in range(t.size):
            rest = goal[j] - t[j]
            pieces = max(np.ceil(rest / numbers[STEP] - 1e-9), 1.0)
            used[j] = rest / pieces if status[j] == RUNNING else 0.0
            landing[j] = 1 if pieces == 1.0 else 0
    else:
        for j in range(t.size):
            rest = goal[j] - t[j]
            step = 0.5 * rest if 2.0 * h[j] > rest else h[j]
            step = rest if h[j] >= rest else step
            used[j] = step if status[j] == RUNNING else 0.0
            landing[j] = 1 if h[j] >= rest else 0


@helper
def accumulate(values, total):
    """Add a row of values to the totals of the columns; a single trajectory's row is summed, in the same order."""
    if total.size == 1:
        for i in range(values.size):
            total[0] += values[i]
    else:
        for j in range(total.size):
            total[j] += values[j]


@helper
def judge_size(y, f, clock):
    """Largest |state| of every column, and a number that is not 0 where a state or force is not finite."""
    largest, lost = clock[LARGEST], clock[LOST]
    largest[:] = 0.0
    lost[:] = 0.0
    for i in range(y.shape[0]):
        a, b = y[i], f[i]
        for j in range(a.size):
            size = abs(a[j])
            largest[j] = size if size > largest[j] else largest[j]
            lost[j] += 0.0 * a[j] + 0.0 * b[j]


@helper
def judge_force(f, rows, units, clock):
    """Largest |tau dy/dt| of every column over its first `units` components."""
    force = clock[FORCE]
    force[:] = 0.0
    for i in range(units):
        a, rate = f[i], rows[i]
        for j in range(a.size):
            size = abs(a[j] / rate[j])
            force[j] = size if size > force[j] else force[j]


@helper
def judge_error(block, rows, tableau, numbers, counts):
    """Sums over components, for every column: squared scaled errors, and the last two stages' squared distances.

    A unit that the step has put on a bound of its box, where its force holds it, is exact whatever its estimate.
    """
    y, trial, k, work, scratch, clock, marks = block
    stages = k.shape[0] - 1
    m, b = y.shape
    height, width = (1, m) if b == 1 else (m, b)
    old, new = y.reshape(height, width), trial.reshape(height, width)
    ks = k.reshape(stages + 1, height, width)
    step, error, moved, bent = scratch[0, :width], scratch[1, :width], scratch[2, :width], scratch[3, :width]
    if b == 1:
        step[:] = clock[USED, 0]
    else:
        step[:] = clock[USED]
    clock[TOTAL], clock[BENT], clock[MOVED] = 0.0, 0.0, 0.0
    for i in range(height):
        weigh(tableau[stages + 1], ks, i, stages + 1, error)
        weigh(tableau[stages + 2], ks, i, stages, moved)
        last, before, a, c = ks[stages, i], ks[stages - 1, i], old[i], new[i]
        for j in range(width):
            size = max(abs(a[j]), abs(c[j]))
            ratio = step[j] * error[j] / fma(numbers[RTOL], size, numbers[ATOL])
            error[j] = ratio * ratio
            moved[j] = moved[j] * moved[j]
            bent[j] = (last[j] - before[j]) ** 2
        if counts[BOUNDS] >= 0:
            excuse(error, trial, k[stages], rows, counts, i)
        accumulate(error, clock[TOTAL])
        accumulate(moved, clock[MOVED])
        accumulate(bent, clock[BENT])


@helper
def excuse(error, trial, f, rows, counts, i):
    """Set the errors of units that rest on a bound to 0; i is the unit, or 0 for the one row of a single trajectory."""
    low, units = counts[BOUNDS], counts[UNITS]
    single = trial.shape[1] == 1
    for j in range(min(error.size, units) if single else error.size):
        unit, column = (j, 0) if single else (i, j)
        if unit < units and f[unit, column] == 0.0:
            value = trial[unit, column]
            if value <= rows[low + unit, column] or value >= rows[low + units + unit, column]:
                error[j] = 0.0


@helper
def control(clock, marks, components):
    """Judge the adaptive steps by their errors: which are accepted, and how long the next ones are."""
    total, lost, used, h, before = clock[TOTAL], clock[LOST], clock[USED], clock[H], clock[LOG_ERROR]
    retry, accepted, status = marks[RETRY], marks[ACCEPTED], marks[STATUS]
    for j in range(used.size):
        error = np.sqrt(total[j] / components)
        sound = lost[j] == 0.0 and error < np.inf
        good = sound and error <= 1.0
        level = log(error if error > LEAST else LEAST)
        growth = SAFETY * expm1_and_exp(BETA * before[j] - ALPHA * level)[1]
        growth = min(max(growth, SHRINK), 1.0 if retry[j] else GROW)
        fall = max(SHRINK, SAFETY * expm1_and_exp(-0.2 * level)[1])
        fall = fall if sound else COLLAPSE
        cut = used[j] < h[j] and retry[j] == 0  # to land: nothing learnt about H
        longer = max(h[j], used[j] * growth) if cut else used[j] * growth
        h[j] = longer if good else used[j] * fall
        before[j] = max(level, LEAST_BEFORE) if good and not cut else before[j]
        retry[j] = 0 if good else 1
        accepted[j] = 1 if good and status[j] == RUNNING else 0


@helper
def accept_fixed(clock, marks):
    """Accept the fixed steps that led somewhere."""
    for j in range(clock.shape[1]):
        marks[ACCEPTED, j] = 1 if clock[LOST, j] == 0.0 and marks[STATUS, j] == RUNNING else 0


@helper
def vanished(h, t):
    """Whether a step is lost in the rounding of t."""
    return h < 1e-15 * max(t, 1e-3)


@helper
def keep_accounts(clock, marks, numbers, counts):
    """Move the clocks of accepted columns, count, and mark the columns at which something has happened."""
    t, used, calm, force = clock[T], clock[USED], clock[CALM], clock[FORCE]
    h, largest, limit, bent, moved = clock[H], clock[LARGEST], clock[LIMIT], clock[BENT], clock[MOVED]
    status, accepted, landing, event = marks[STATUS], marks[ACCEPTED], marks[LANDING], marks[EVENT]
    steps, rejected, stability = marks[STEPS], marks[REJECTED], marks[STABILITY]
    adaptive = numbers[STEP] == 0.0
    for j in range(t.size):
        here = accepted[j] == 1
        running = status[j] == RUNNING
        t[j] += used[j] if here else 0.0
        steps[j] += 1 if here else 0
        rejected[j] += 1 if running and not here else 0
        limited = adaptive and here and bent[j] > STABILITY_BOUND**2 * moved[j]
        stability[j] += 1 if limited and moved[j] > 0.0 else 0
        early = calm[j] if calm[j] < t[j] else t[j]
        now = early if force[j] <= numbers[SETTLE] else np.inf
        calm[j] = now if here else calm[j]
        settled = t[j] - calm[j] >= numbers[DWELL] and numbers[SETTLE] > 0.0
        arrived = here and (landing[j] == 1 or settled or largest[j] > limit[j])
        failed = not here and (not adaptive or vanished(h[j], t[j]))
        spent = steps[j] + rejected[j] >= counts[MAX_STEPS]
        event[j] = 1 if running and (arrived or failed or spent) else 0


@helper
def move(block):
    """Take the new state and its force for the old ones in every column whose step was accepted."""
    y, trial, k, work, scratch, clock, marks = block
    stages = k.shape[0] - 1
    taken = marks[ACCEPTED]
    for i in range(y.shape[0]):
        a, b, f, g = y[i], trial[i], k[0, i], k[stages, i]
        for j in range(a.size):
            a[j] = b[j] if taken[j] else a[j]
            f[j] = g[j] if taken[j] else f[j]


@helper
def events(block, record, numbers, counts):
    """Record columns that have reached a time to record, and end those that are done, or lost; returns how many."""
    clock, marks = block[5], block[6]
    ended = 0
    for j in range(clock.shape[1]):
        if marks[EVENT, j]:
            marks[STATUS, j] = end_of(block, record, numbers, counts, j)
            ended += marks[STATUS, j] != RUNNING
    return ended


@helper
def end_of(block, record, numbers, counts, j):
    """Status of column j after its step."""
    clock, marks = block[5], block[6]
    if not marks[ACCEPTED, j]:
        if numbers[STEP] > 0.0:
            return DIVERGED
        if vanished(clock[H, j], clock[T, j]):
            return DIVERGED if clock[LOST, j] != 0.0 else UNDERFLOW
        return OUT_OF_STEPS
    if clock[LARGEST, j] > clock[LIMIT, j]:
        return DIVERGED
    if numbers[SETTLE] > 0.0 and clock[T, j] - clock[CALM, j] >= numbers[DWELL]:
        return SETTLED
    if marks[LANDING, j]:
        clock[T, j] = clock[GOAL, j]
        if not set_goal(block, record, numbers, j):
            return DONE if record[0].size else MOVING
    return OUT_OF_STEPS if marks[STEPS, j] + marks[REJECTED, j] >= counts[MAX_STEPS] else RUNNING


@helper
def set_goal(block, record, numbers, j):
    """Record column j if it is at a time to record, and set its next goal; False if there is none."""
    times, states, rates = record
    y, trial, k, work, scratch, clock, marks = block
    here = marks[NEXT, j]
    if here < times.size and clock[T, j] == times[here]:
        for i in range(y.shape[0]):
            states[here, i, marks[COLUMN, j]] = y[i, j]
            rates[here, i, marks[COLUMN, j]] = k[0, i, j]
        here += 1
        marks[NEXT, j] = here
    clock[GOAL, j] = times[here] if here < times.size else numbers[T_END]
    return clock[T, j] < clock[GOAL, j]
