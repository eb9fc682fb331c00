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

# Rows of `clock` (floats) and `marks` (integers), one column per trajectory.
T, H, USED, ERROR, CALM, LIMIT, AT = range(7)
STATUS, NEXT, STEPS, REJECTED, STABILITY, COLUMN, LANDING, RETRY = range(8)
# Entries of `numbers` and `counts`.
T_END, RTOL, ATOL, STEP, SETTLE, DWELL = range(6)
ITERATIONS, UNITS, BOUNDS, MAX_STEPS = range(4)

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
def combine(y, h, weights, k, count, out):
    """out = y + h sum_l weights[l] k[l], with h for each column."""
    for i in range(y.shape[0]):
        row = out[i]
        for j in range(row.size):
            row[j] = 0.0
        for m in range(count):
            weight = weights[m]
            if weight != 0.0:
                slope = k[m, i]
                for j in range(row.size):
                    row[j] += weight * slope[j]
        start = y[i]
        for j in range(row.size):
            row[j] = start[j] + h[j] * row[j]


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
    y, trial, k, work, clock, marks = block
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
    y, trial, k, work, clock, marks = block
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
    """Take one step of every column: the new state in trial, its force in the last stage of k."""
    rows, theta, layout = constants
    y, trial, k, work, clock, marks = block
    stages = k.shape[0] - 1
    h, at = clock[USED], clock[AT]
    for m in range(1, stages + 1):
        # rows of the tableau: a, then b, the error weights, the last stage's difference, c
        combine(y, h, tableau[m], k, m, trial)
        if m == stages and counts[BOUNDS] >= 0:
            project(trial, rows, counts[BOUNDS], counts[UNITS])
        for j in range(h.size):
            at[j] = clock[T, j] + tableau[stages + 3, m] * h[j]
        flow(at, trial, rows, theta, layout, work, k[m])


@helper
def local_error(block, rows, tableau, numbers, counts, j):
    """Scaled error of the step of column j, and h·|lambda| as its last two stages show it.

    A unit that the step has put on a bound of its box, where its force holds it, is exact whatever its estimate.
    """
    y, trial, k, work, clock, marks = block
    stages = k.shape[0] - 1
    h = clock[USED, j]
    total, bent, moved = 0.0, 0.0, 0.0
    for i in range(y.shape[0]):
        error, shift = 0.0, 0.0
        for m in range(stages + 1):
            error += tableau[stages + 1, m] * k[m, i, j]
            shift += tableau[stages + 2, m] * k[m, i, j]
        if counts[BOUNDS] >= 0 and i < counts[UNITS] and k[stages, i, j] == 0.0:
            low, high = rows[counts[BOUNDS] + i, j], rows[counts[BOUNDS] + counts[UNITS] + i, j]
            if trial[i, j] <= low or trial[i, j] >= high:
                error = 0.0
        scale = numbers[ATOL] + numbers[RTOL] * max(abs(y[i, j]), abs(trial[i, j]))
        total += (h * error / scale) ** 2
        bent += (k[stages, i, j] - k[stages - 1, i, j]) ** 2
        moved += shift**2
    stiffness = np.sqrt(bent / moved) if moved > 0.0 else 0.0
    return np.sqrt(total / y.shape[0]), stiffness


@helper
def finite_and_small(y, f, limit, j):
    """0: all finite and below the limit; 1: beyond the limit; 2: not finite."""
    verdict = 0
    for i in range(y.shape[0]):
        if not np.isfinite(y[i, j]) or not np.isfinite(f[i, j]):
            return 2
        if abs(y[i, j]) > limit:
            verdict = 1
    return verdict


@helper
def reject(clock, marks, j, factor):
    """Shorten the step of column j; give up where it is lost in the rounding of t."""
    marks[REJECTED, j] += 1
    marks[RETRY, j] = 1
    clock[H, j] = clock[USED, j] * factor
    if clock[H, j] < 1e-15 * max(clock[T, j], 1e-3):
        marks[STATUS, j] = DIVERGED if factor < SHRINK else UNDERFLOW


@helper
def control(block, rows, tableau, numbers, counts, j):
    """Judge the step of column j: choose its next step; True if it is accepted."""
    y, trial, k, work, clock, marks = block
    stages = k.shape[0] - 1
    verdict = finite_and_small(trial, k[stages], clock[LIMIT, j], j)
    if numbers[STEP] > 0.0:
        if verdict > 0:
            marks[STATUS, j] = DIVERGED
        return verdict < 2
    if verdict == 2:
        reject(clock, marks, j, 0.1)
        return False
    error, stiffness = local_error(block, rows, tableau, numbers, counts, j)
    if not np.isfinite(error):  # a stage without weight in the solution may not be a number
        reject(clock, marks, j, 0.1)
        return False
    if error > 1.0:
        reject(clock, marks, j, max(SHRINK, SAFETY * error ** (-0.2)))
        return False
    factor = GROW
    if error > 0.0:
        factor = SAFETY * error ** (-ALPHA) * clock[ERROR, j] ** BETA
        factor = min(max(factor, SHRINK), GROW)
    if marks[RETRY, j]:
        factor = min(factor, 1.0)
    if clock[USED, j] < clock[H, j] and marks[RETRY, j] == 0:  # cut short to land: nothing learnt about H
        clock[H, j] = max(clock[H, j], clock[USED, j] * factor)
    else:
        clock[H, j] = clock[USED, j] * factor
        clock[ERROR, j] = max(error, 1e-4)
    marks[RETRY, j] = 0
    marks[STABILITY, j] += stiffness > STABILITY_BOUND
    if verdict == 1:
        marks[STATUS, j] = DIVERGED
    return True


@helper
def accept(block, rows, record, numbers, counts, j):
    """Move column j to the end of its step; record, and look whether it has settled or come to the end."""
    times, states, rates = record
    y, trial, k, work, clock, marks = block
    stages = k.shape[0] - 1
    marks[STEPS, j] += 1
    clock[T, j] += clock[USED, j]
    for i in range(y.shape[0]):
        y[i, j] = trial[i, j]
        k[0, i, j] = k[stages, i, j]
    if numbers[SETTLE] > 0.0:
        if largest_force(k[0], rows, counts[UNITS], j) > numbers[SETTLE]:
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


def _advance(flow, constants, block, record, tableau, numbers, counts):
    """Step a block on; returns the number of columns that still run.

    constants: rows (k, b), theta, layout. block: y (m, b), trial (m, b), stages k (s + 1, m, b) with k[0] = f(y),
    work, clock (7, b), marks (8, b). record: times (T,), states and rates (T, m, B). A clock at -1 has not begun.
    """
    y, trial, k, work, clock, marks = block
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
        for j in range(b):
            if marks[STATUS, j] == RUNNING:
                if control(block, constants[0], tableau, numbers, counts, j):
                    accept(block, constants[0], record, numbers, counts, j)
                if marks[STATUS, j] == RUNNING and marks[STEPS, j] + marks[REJECTED, j] >= counts[MAX_STEPS]:
                    marks[STATUS, j] = OUT_OF_STEPS
                running -= marks[STATUS, j] != RUNNING
    return running


advance = Kernel(
    _advance,
    types.int64(
        types.FunctionType(FLOW),
        types.Tuple([constant_matrix, constant_vector, constant_integers]),
        types.Tuple([matrix, matrix, cube, matrix, matrix, integer_matrix]),
        types.Tuple([constant_vector, cube, cube]),
        constant_matrix,
        constant_vector,
        constant_integers,
    ),
)
