"""The compiled loop: explicit Runge-Kutta steps for a block of trajectories in lock step.

Every column of a block has its own time, step size, error control and end; one call of the flow serves all columns,
and no column reads another, so that a trajectory has the same bits whatever its company. Steps land on the recorded
times, so that states and velocities there are the method's own, not an interpolant's.

The loop stops after a number of iterations, or when enough of its columns have finished, and can be called again: the
caller, in Python, then looks at the clock, shows progress, takes finished columns out.

First step: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.4.
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
from neurodyn.stepcontrol import (
    AT,
    ATOL,
    BOUNDS,
    CALM,
    DIVERGED,
    DONE,
    ENOUGH,
    FORCE,
    ITERATIONS,
    LARGEST,
    LEAST_BEFORE,
    LIMIT,
    LOG_ERROR,
    LOST,
    RTOL,
    RUNNING,
    SETTLE,
    STATUS,
    STEP,
    T_END,
    UNITS,
    USED,
    H,
    T,
    accept_fixed,
    choose_steps,
    control,
    events,
    judge_error,
    judge_force,
    judge_size,
    keep_accounts,
    move,
    set_goal,
    weigh,
)
from neurodyn.vectormath import fma

#: A state this many times larger than the start (or than 1) has diverged.
EXPLOSION = 1e10


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
    y, trial, k, work, scratch, clock, marks = block
    clock[T, :] = 0.0
    flow(clock[T], y, rows, theta, layout, work, k[0])
    judge_size(y, k[0], clock)
    judge_force(k[0], rows, counts[UNITS], clock)
    for j in range(y.shape[1]):
        clock[LIMIT, j] = EXPLOSION * max(1.0, clock[LARGEST, j])
        clock[LOG_ERROR, j] = LEAST_BEFORE
        clock[CALM, j] = 0.0 if clock[FORCE, j] <= numbers[SETTLE] else np.inf
        clock[H, j] = numbers[STEP]
        if clock[LOST, j] != 0.0:
            marks[STATUS, j] = DIVERGED
        elif not set_goal(block, record, numbers, j):
            marks[STATUS, j] = DONE
    if numbers[STEP] == 0.0:
        first_step(flow, constants, block, numbers)


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


def _advance(flow, constants, block, record, tableau, numbers, counts):
    """Step a block on; returns the number of columns that still run.

    constants: rows (k, b), theta, layout. block: y (m, b), trial (m, b), stages k (s + 1, m, b) with k[0] = f(y), work,
    scratch (SCRATCH, max(m, b)), clock (CLOCKS, b), marks (MARKS, b). record: times (T,), states and rates (T, m, B).
    A clock at -1 has not begun.
    """
    y, trial, k, work, scratch, clock, marks = block
    b = y.shape[1]
    if clock[T, 0] < 0.0:
        begin(flow, constants, block, record, numbers, counts)
    running = 0
    for j in range(b):
        running += marks[STATUS, j] == RUNNING
    for _ in range(counts[ITERATIONS]):
        if running <= counts[ENOUGH]:
            break
        choose_steps(clock, marks, numbers)
        attempt(flow, constants, block, tableau, counts)
        judge_size(trial, k[k.shape[0] - 1], clock)
        if numbers[SETTLE] > 0.0:
            judge_force(k[k.shape[0] - 1], constants[0], counts[UNITS], clock)
        if numbers[STEP] > 0.0:
            accept_fixed(clock, marks)
        else:
            judge_error(block, constants[0], tableau, numbers, counts)
            control(clock, marks, y.shape[0])
        keep_accounts(clock, marks, numbers, counts)
        move(block)
        running -= events(block, record, numbers, counts)
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
