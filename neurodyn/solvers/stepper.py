"""The compiled loop: explicit Runge-Kutta steps for a block of trajectories in lock step.

Every column of a block has its own time, step size, error control and end; one call of the flow serves all columns,
and no column reads another, so that a trajectory has the same bits whatever its company. What needs no columns told
apart runs over a block as one long row.

The loop stops after a number of iterations, or when enough of its columns have finished, and can be called again: the
caller, in Python, then looks at the clock, shows progress, takes finished columns out.

First step: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.4.
"""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.numerics.kernel import (
    Kernel,
    call_flow,
    constant_integers,
    constant_matrix,
    constant_vector,
    cube,
    helper,
    integer_matrix,
    matrix,
)
from neurodyn.numerics.vectormath import fma
from neurodyn.numerics.view import row
from neurodyn.solvers.recorder import end_events, record_events, record_start
from neurodyn.solvers.stepcontrol import (
    AT,
    ATOL,
    BOUNDS,
    CALM,
    DENSE,
    DIVERGED,
    DONE,
    ENOUGH,
    FORCE,
    GAMMA,
    ITERATIONS,
    LARGEST,
    LEAST_BEFORE,
    LIMIT,
    LOG_ERROR,
    LOST,
    PAST,
    RTOL,
    RUNNING,
    SECOND,
    SETTLE,
    SHARE,
    SIZE,
    SPREAD,
    STAGES,
    STATUS,
    STEP,
    T_END,
    UNITS,
    USED,
    H,
    T,
    accept_fixed,
    choose_steps,
    combine,
    control,
    judge_error,
    judge_force,
    judge_size,
    keep_accounts,
    move,
    part,
)

#: A state this many times larger than the start, than its size, or than 1 has diverged.
EXPLOSION = 1e10


@helper
def spread(values, out):
    """Write a row of values, one per column, into every row of out."""
    for i in range(out.shape[0]):
        a = row(out, i)
        for j in range(a.size):
            a[j] = values[j]


@helper
def project(y, rows, bounds, units):
    """Clip the first `units` components of y to their box."""
    for i in range(units):
        for j in range(y.shape[1]):
            y[i, j] = min(max(y[i, j], rows[bounds + i, j]), rows[bounds + units + i, j])


@helper
def scaled_norm(values, y, sizes, rtol, atol, j):
    """Root mean square of values, each over its tolerance at y."""
    total = 0.0
    for i in range(y.shape[0]):
        ratio = values[i, j] / (atol * sizes[i, j] + rtol * abs(y[i, j]))
        total += ratio * ratio
    return np.sqrt(total / y.shape[0])


@helper
def first_step(flow, constants, block, numbers):
    """Choose the first step of every trajectory from its first two derivatives; needs k[0] = f(y)."""
    rows, theta, layout = constants
    y, trial, k, work, spare, clock, marks = block
    m, b = y.shape
    h = clock[USED]
    rtol, atol, sizes = numbers[RTOL], numbers[ATOL], part(spare, SIZE)
    for j in range(b):
        size = scaled_norm(y, y, sizes, rtol, atol, j)
        speed = scaled_norm(k[0], y, sizes, rtol, atol, j)
        h[j] = 1e-6 if size < 1e-5 or speed < 1e-5 else 0.01 * size / speed
        h[j] = min(h[j], numbers[T_END])
    for i in range(m):
        for j in range(b):
            trial[i, j] = fma(h[j], k[0, i, j], y[i, j])
    call_flow(flow, (h, trial, rows, theta, layout, work, k[1]))
    for i in range(m):
        for j in range(b):
            k[1, i, j] -= k[0, i, j]
    for j in range(b):
        speed = scaled_norm(k[0], y, sizes, rtol, atol, j)
        change = max(speed, scaled_norm(k[1], y, sizes, rtol, atol, j) / h[j])
        guess = max(1e-6, 1e-3 * h[j]) if change <= 1e-15 else (0.01 / change) ** (GAMMA * numbers[SHARE])
        if not np.isfinite(change):
            guess = h[j]
        clock[H, j] = min(100.0 * h[j], guess, numbers[T_END])


@helper
def begin(flow, constants, block, record, numbers, counts):
    """Evaluate the first force, record, look for trajectories that are lost already, choose first steps."""
    rows, theta, layout = constants
    y, trial, k, work, spare, clock, marks = block
    clock[T, :] = 0.0
    call_flow(flow, (clock[T], y, rows, theta, layout, work, k[0]))
    judge_size(y, k[0], clock)
    judge_force(k[0], rows, part(spare, SIZE), counts[UNITS], clock)
    for j in range(y.shape[1]):
        largest = max(1.0, clock[LARGEST, j])
        for i in range(y.shape[0]):
            largest = max(largest, spare[SIZE, i, j])
        clock[LIMIT, j] = EXPLOSION * largest
        clock[LOG_ERROR, j] = LEAST_BEFORE
        clock[CALM, j] = 0.0 if clock[FORCE, j] <= numbers[SETTLE] else np.inf
        clock[PAST, j] = 0.0
        clock[H, j] = numbers[STEP]
        if clock[LOST, j] != 0.0:
            marks[STATUS, j] = DIVERGED
        elif not record_start(block, record, numbers, j):
            marks[STATUS, j] = DONE
    if numbers[STEP] == 0.0:
        first_step(flow, constants, block, numbers)


@helper
def attempt(flow, constants, block, tableau, counts):
    """Take one step of every column: the new state in trial, its force in the last stage of k."""
    rows, theta, layout = constants
    y, trial, k, work, spare, clock, marks = block
    stages = counts[STAGES]
    t, h, at, step = row(clock, T), row(clock, USED), row(clock, AT), part(spare, SPREAD)
    spread(h, step)
    for stage in range(1, stages + 1):
        # rows of the tableau: a, then b, the error weights, c
        where = part(spare, SECOND) if stage == stages - 1 else trial
        combine(y, step, row(tableau, stage), k, stage, where)
        if stage == stages and counts[BOUNDS] >= 0:
            project(trial, rows, counts[BOUNDS], counts[UNITS])
        for j in range(at.size):
            at[j] = t[j] + tableau[stages + 2, stage] * h[j]
        call_flow(flow, (at, where, rows, theta, layout, work, part(k, stage)))


def _advance(flow, constants, block, record, tableau, numbers, counts):
    """Step a block on; returns the number of columns that still run. `flow` is the address of a compiled one.

    constants: rows (k, b), theta, layout. block: y (m, b), trial (m, b), stages k (s + 1, m, b) with k[0] = f(y), work,
    spare (SPARES, m, b), clock (CLOCKS, b), marks (MARKS, b). record: times (T,), states (T, m, B). A clock at -1 has
    not begun.
    """
    y, trial, k, work, spare, clock, marks = block
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
        force = part(k, counts[STAGES])
        judge_size(trial, force, clock)
        if numbers[SETTLE] > 0.0:
            judge_force(force, constants[0], part(spare, SIZE), counts[UNITS], clock)
        if numbers[STEP] > 0.0:
            accept_fixed(clock, marks)
        else:
            judge_error(block, constants[0], tableau, numbers, counts)
            control(clock, marks, y.shape[0], numbers, counts[DENSE])
        keep_accounts(clock, marks, numbers, counts)
        record_events(block, record, counts)
        move(block, counts)
        running -= end_events(clock, marks, record[0].size, numbers, counts)
    return running


advance = Kernel(
    _advance,
    types.int64(
        types.int64,
        types.Tuple([constant_matrix, constant_vector, constant_integers]),
        types.Tuple([matrix, matrix, cube, matrix, cube, matrix, integer_matrix]),
        types.Tuple([constant_vector, cube]),
        constant_matrix,
        constant_vector,
        constant_integers,
    ),
)
