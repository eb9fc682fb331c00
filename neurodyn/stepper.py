"""The compiled loop: explicit Runge-Kutta steps for a block of trajectories in lock step.

Every column of a block has its own time, step size, error control and end; one call of the flow serves all columns,
and no column reads another, so that a trajectory has the same bits whatever its company. Steps land on the recorded
times, so that states and velocities there are the method's own, not an interpolant's.

The loop stops after a number of iterations, or when half of its columns have finished, and can be called again: the
caller, in Python, then looks at the clock, shows progress, takes finished columns out.

Step size control: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.4 (first step,
error norm), and II (Stiff Problems), IV.2 (PI controller; detection of steps limited by stability).
"""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.kernel import (
    FLOW,
    Kernel,
    constant_integers,
    constant_matrix,
    constant_vector,
    cube,
    helper,
    integer_matrix,
    matrix,
)
from neurodyn.status import Status
from neurodyn.vectormath import expm1_and_exp, fma, log

# Rows of `clock` (floats) and `marks` (integers), one column per trajectory.
T, H, USED, ERROR, CALM, LIMIT, AT, TOTAL, BENT, MOVED, LARGEST, LOST, FORCE = range(13)
STATUS, NEXT, STEPS, REJECTED, STABILITY, COLUMN, LANDING, RETRY, ACCEPTED = range(9)
# Entries of `numbers` and `counts`.
T_END, RTOL, ATOL, STEP, SETTLE, DWELL = range(6)
ITERATIONS, UNITS, BOUNDS, MAX_STEPS = range(4)
#: Rows of `scratch`, each as long as a block is wide or a state is tall.
SCRATCH = 4

RUNNING, DONE, SETTLED = int(Status.RUNNING), int(Status.DONE), int(Status.SETTLED)
MOVING, DIVERGED, UNDERFLOW = int(Status.MOVING), int(Status.DIVERGED), int(Status.STEP_UNDERFLOW)
OUT_OF_STEPS = int(Status.MAX_STEPS)

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0
#: Powers of the error now and before, for an error estimate of order 4 (5 in the step).
ALPHA, BETA = 0.17, 0.04
#: h·|lambda| beyond which a step of a fifth-order pair is taken to be limited by stability.
STABILITY_BOUND = 3.25
#: A state this many times larger than the start (or than 1) has diverged.
EXPLOSION = 1e10


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
def combine(y, h, weights, k, count, out):
    """out = y + h sum_m weights[m] k[m], with h for each column."""
    for i in range(y.shape[0]):
        row, start = out[i], y[i]
        weigh(weights, k, i, count, row)
        for j in range(row.size):
            row[j] = fma(h[j], row[j], start[j])


@helper
def project(y, rows, bounds, units):
    """Clip the first `units` components of y to their box."""
    for i in range(units):
        for j in range(y.shape[1]):
            y[i, j] = min(max(y[i, j], rows[bounds + i, j]), rows[bounds + units + i, j])


@helper
def largest_force(f, rows, units, j):
    """Largest |tau dy/dt| of trajectory j over its first `units` components."""
    size = 0.0
    for i in range(units):
        size = max(size, abs(f[i, j] / rows[i, j]))
    return size


@helper
def scaled_norm(values, y, rtol, atol, j):
    """Root mean square of values, each over its tolerance at y."""
    total = 0.0
    for i in range(y.shape[0]):
        ratio = values[i, j] / (atol + rtol * abs(y[i, j]))
        total += ratio * ratio
    return np.sqrt(total / y.shape[0])


@helper
def first_step(flow, constants, block, numbers):
    """Choose the first step of every trajectory from its first two derivatives; needs k[0] = f(y)."""
    rows, theta, layout = constants
    y, trial, k, work, scratch, clock, marks = block
    h = clock[USED]
    rtol, atol = numbers[RTOL], numbers[ATOL]
    for j in range(y.shape[1]):
        size = scaled_norm(y, y, rtol, atol, j)
        speed = scaled_norm(k[0], y, rtol, atol, j)
        h[j] = 1e-6 if size < 1e-5 or speed < 1e-5 else 0.01 * size / speed
        h[j] = min(h[j], numbers[T_END])
    combine(y, h, np.ones(1), k, 1, trial)
    flow(h, trial, rows, theta, layout, work, k[1])
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            k[1, i, j] -= k[0, i, j]
    for j in range(y.shape[1]):
        speed = scaled_norm(k[0], y, rtol, atol, j)
        change = max(speed, scaled_norm(k[1], y, rtol, atol, j) / h[j])
        guess = max(1e-6, 1e-3 * h[j]) if change <= 1e-15 else (0.01 / change) ** 0.2
        if not np.isfinite(change):
            guess = h[j]
        clock[H, j] = min(100.0 * h[j], guess, numbers[T_END])


@helper
def begin(flow, constants, block, record, numbers, counts):
    """Evaluate and record the first force, look for trajectories that are lost already, choose first steps."""
    rows, theta, layout = constants
    times, states, rates = record
    y, trial, k, work, scratch, clock, marks = block
    flow(clock[T], y, rows, theta, layout, work, k[0])
    for j in range(y.shape[1]):
        largest = 1.0
        finite = True
        for i in range(y.shape[0]):
            largest = max(largest, abs(y[i, j]))
            finite = finite and np.isfinite(k[0, i, j])
        clock[LIMIT, j] = EXPLOSION * largest
        clock[ERROR, j] = 1e-4
        clock[CALM, j] = np.inf
        if numbers[SETTLE] > 0.0 and largest_force(k[0], rows, counts[UNITS], j) <= numbers[SETTLE]:
            clock[CALM, j] = 0.0
        clock[H, j] = numbers[STEP]
        if not finite:
            marks[STATUS, j] = DIVERGED
        elif times.size and times[0] == 0.0:
            for i in range(y.shape[0]):
                states[0, i, marks[COLUMN, j]] = y[i, j]
                rates[0, i, marks[COLUMN, j]] = k[0, i, j]
            marks[NEXT, j] = 1
            if times.size == 1:
                marks[STATUS, j] = DONE
    if numbers[STEP] == 0.0:
        first_step(flow, constants, block, numbers)


@helper
def choose_steps(times, clock, marks, numbers):
    """Set the step of every running column so that steps land on the next time to record, without a tiny last one."""
    for j in range(clock.shape[1]):
        if marks[STATUS, j] != RUNNING:
            clock[USED, j] = 0.0
            continue
        goal = numbers[T_END]
        if marks[NEXT, j] < times.size:
            goal = times[marks[NEXT, j]]
        rest = goal - clock[T, j]
        h = clock[H, j]
        marks[LANDING, j] = 0
        if numbers[STEP] > 0.0:
            pieces = np.ceil(rest / numbers[STEP] - 1e-9)
            h = rest / max(pieces, 1.0)
            if pieces <= 1.0:
                marks[LANDING, j] = 1
        elif h >= rest:
            h = rest
            marks[LANDING, j] = 1
        elif 2.0 * h > rest:
            h = 0.5 * rest
        clock[USED, j] = h


@helper
def attempt(flow, constants, block, tableau, counts):
    """Take one step of every column: the new state in trial, its force in the last stage of k.

    A single trajectory is combined as one long row, so that its loops are as long as its state.
    """
    rows, theta, layout = constants
    y, trial, k, work, scratch, clock, marks = block
    stages = k.shape[0] - 1
    m, b = y.shape
    h, at = clock[USED], clock[AT]
    height, width, step = m, b, h
    if b == 1:
        height, width, step = 1, m, scratch[0, :m]
        step[:] = h[0]
    for stage in range(1, stages + 1):
        # rows of the tableau: a, then b, the error weights, the last stage's difference, c
        combine(
            y.reshape(height, width),
            step,
            tableau[stage],
            k.reshape(stages + 1, height, width),
            stage,
            trial.reshape(height, width),
        )
        if stage == stages and counts[BOUNDS] >= 0:
            project(trial, rows, counts[BOUNDS], counts[UNITS])
        for j in range(b):
            at[j] = clock[T, j] + tableau[stages + 3, stage] * h[j]
        flow(at, trial, rows, theta, layout, work, k[stage])


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
def reject(clock, marks, j, factor):
    """Shorten the step of column j; give up where it is lost in the rounding of t."""
    marks[REJECTED, j] += 1
    marks[RETRY, j] = 1
    clock[H, j] = clock[USED, j] * factor
    if clock[H, j] < 1e-15 * max(clock[T, j], 1e-3):
        marks[STATUS, j] = DIVERGED if factor < SHRINK else UNDERFLOW


@helper
def control(clock, marks, components, j):
    """Judge the adaptive step of column j by its error: choose its next step; True if it is accepted."""
    error = np.sqrt(clock[TOTAL, j] / components)
    if clock[LOST, j] != 0.0 or not np.isfinite(error):
        reject(clock, marks, j, 0.1)
        return False
    if error > 1.0:
        reject(clock, marks, j, max(SHRINK, SAFETY * expm1_and_exp(-0.2 * log(error))[1]))
        return False
    factor = GROW
    if error > 1e-30:
        factor = SAFETY * expm1_and_exp(BETA * log(clock[ERROR, j]) - ALPHA * log(error))[1]
        factor = min(max(factor, SHRINK), GROW)
    if marks[RETRY, j]:
        factor = min(factor, 1.0)
    if clock[USED, j] < clock[H, j] and marks[RETRY, j] == 0:  # cut short to land: nothing learnt about H
        clock[H, j] = max(clock[H, j], clock[USED, j] * factor)
    else:
        clock[H, j] = clock[USED, j] * factor
        clock[ERROR, j] = max(error, 1e-4)
    marks[RETRY, j] = 0
    marks[STABILITY, j] += clock[BENT, j] > STABILITY_BOUND**2 * clock[MOVED, j] > 0.0
    return True


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
def arrive(block, record, numbers, j):
    """Move the clock of column j to the end of its step; record, and see whether it has settled or is at the end."""
    times, states, rates = record
    y, trial, k, work, scratch, clock, marks = block
    marks[STEPS, j] += 1
    clock[T, j] += clock[USED, j]
    if numbers[SETTLE] > 0.0:
        if clock[FORCE, j] > numbers[SETTLE]:
            clock[CALM, j] = np.inf
        elif clock[CALM, j] == np.inf:
            clock[CALM, j] = clock[T, j]
        elif clock[T, j] - clock[CALM, j] >= numbers[DWELL]:
            marks[STATUS, j] = SETTLED
    if marks[LANDING, j] and marks[STATUS, j] == RUNNING:
        if marks[NEXT, j] < times.size:
            clock[T, j] = times[marks[NEXT, j]]
            for i in range(y.shape[0]):
                states[marks[NEXT, j], i, marks[COLUMN, j]] = y[i, j]
                rates[marks[NEXT, j], i, marks[COLUMN, j]] = k[0, i, j]
            marks[NEXT, j] += 1
            if marks[NEXT, j] == times.size:
                marks[STATUS, j] = DONE
        else:
            clock[T, j] = numbers[T_END]
            marks[STATUS, j] = MOVING


@helper
def settle_accounts(block, rows, record, tableau, numbers, counts):
    """Judge the step that all columns have tried, and move those on whose step is good; returns how many ended."""
    y, trial, k, work, scratch, clock, marks = block
    stages = k.shape[0] - 1
    judge_size(trial, k[stages], clock)
    if numbers[STEP] == 0.0:
        judge_error(block, rows, tableau, numbers, counts)
    if numbers[SETTLE] > 0.0:
        judge_force(k[stages], rows, counts[UNITS], clock)
    for j in range(y.shape[1]):
        marks[ACCEPTED, j] = 0
        if marks[STATUS, j] != RUNNING:
            continue
        if numbers[STEP] > 0.0:
            marks[ACCEPTED, j] = clock[LOST, j] == 0.0
            if clock[LOST, j] != 0.0:
                marks[STATUS, j] = DIVERGED
        else:
            marks[ACCEPTED, j] = control(clock, marks, y.shape[0], j)
    move(block)
    ended = 0
    for j in range(y.shape[1]):
        if marks[ACCEPTED, j]:
            if clock[LARGEST, j] > clock[LIMIT, j]:
                marks[STATUS, j] = DIVERGED
            arrive(block, record, numbers, j)
        if marks[STATUS, j] == RUNNING and marks[STEPS, j] + marks[REJECTED, j] >= counts[MAX_STEPS]:
            marks[STATUS, j] = OUT_OF_STEPS
        ended += marks[STATUS, j] != RUNNING and clock[USED, j] > 0.0
    return ended


def _advance(flow, constants, block, record, tableau, numbers, counts):
    """Step a block on; returns the number of columns that still run.

    constants: rows (k, b), theta, layout. block: y (m, b), trial (m, b), stages k (s + 1, m, b) with k[0] = f(y), work,
    scratch (SCRATCH, max(m, b)), clock (13, b), marks (9, b). record: times (T,), states and rates (T, m, B).
    A clock at -1 has not begun.
    """
    y, trial, k, work, scratch, clock, marks = block
    b = y.shape[1]
    if clock[T, 0] < 0.0:
        clock[T, :] = 0.0
        begin(flow, constants, block, record, numbers, counts)
    running = 0
    for j in range(b):
        running += marks[STATUS, j] == RUNNING
    for _ in range(counts[ITERATIONS]):
        if 2 * running <= b:
            break
        choose_steps(record[0], clock, marks, numbers)
        attempt(flow, constants, block, tableau, counts)
        running -= settle_accounts(block, constants[0], record, tableau, numbers, counts)
    return running


advance = Kernel(
    _advance,
    types.int64(
        types.FunctionType(FLOW),
        types.Tuple([constant_matrix, constant_vector, constant_integers]),
        types.Tuple([matrix, matrix, cube, matrix, matrix, matrix, integer_matrix]),
        types.Tuple([constant_vector, cube, cube]),
        constant_matrix,
        constant_vector,
        constant_integers,
    ),
)
