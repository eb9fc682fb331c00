"""Step size control for a block of trajectories: choose steps, judge them, keep every column's account.

Everything here reads and writes rows with one entry per trajectory, in loops without branches, and no column reads
another's. What is rare (a time to record, the end, a failure) is marked as an event and left to `recorder`.
The loops are short because a compiler turns a loop into vector code only if it can tell a handful of arrays apart.

Step size control: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.4 (error norm),
and II (Stiff Problems), IV.2 (PI controller; detection of steps limited by stability).
"""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.kernel import helper
from neurodyn.numerics.vectormath import expm1_and_exp, fma, log
from neurodyn.numerics.view import rectangle, row, window
from neurodyn.solvers.status import Status

# Rows of `clock` (floats) and `marks` (integers), one column per trajectory.
T, FROM, H, USED, PAST, GOAL, SOON, CALM, LIMIT, AT, LARGEST, LOST, FORCE = range(13)
TOTAL, BENT, MOVED, LEVEL, LOG_ERROR, FACTOR = range(13, 19)
SECOND_TOTAL, WEIGHTS, CLOCKS = 19, 20, 25
STATUS, NEXT, STEPS, REJECTED, STABILITY, STIFFNESS, COLUMN, LANDING, RETRY, ACCEPTED, EVENT = range(11)
DUE, ARRIVED, MARKS = range(11, 14)
# Entries of `numbers` and `counts`.
T_END, RTOL, ATOL, STEP, SETTLE, DWELL, HORIZON, PATIENCE, BOUND, SHARE = range(10)
ITERATIONS, UNITS, BOUNDS, MAX_STEPS, ENOUGH, DENSE, STAGES, PAIRED = range(8)
# Arrays of `spare`, each as large as the state: the step of every entry, its error, the argument of the last stage but
# one, state and rate before the last step.
SPREAD, ERROR, SECOND, PAST_Y, PAST_F, SPARES = range(6)

RUNNING, DONE, SETTLED = int(Status.RUNNING), int(Status.DONE), int(Status.SETTLED)
MOVING, DIVERGED, UNDERFLOW = int(Status.MOVING), int(Status.DIVERGED), int(Status.STEP_UNDERFLOW)
OUT_OF_STEPS = int(Status.MAX_STEPS)
#: Status of a column that is left to an implicit method; never seen outside the integration.
STIFF = -1

SAFETY, SHRINK, COLLAPSE, GROW = 0.9, 0.2, 0.1, 10.0
#: Powers of the error now and before, and of that of a rejected step, for an error estimate of order 4 (5 in the step);
#: for one of order q in the step they are multiplied by 5/q, the SHARE of the method.
ALPHA, BETA, GAMMA = 0.17, 0.04, 0.2
#: Errors below these count as these: for the next step, and as the one before.
LEAST, LEAST_BEFORE = 1e-30, float(np.log(1e-4))
#: Part of a method's reach beyond which a step is taken to be limited by stability.
NEAR = 0.93
#: After this many steps limited by stability, nearly in a row, a trajectory is stiff; the mark of one given up.
STIFF_STEPS, GIVEN_UP = 15, 1 << 30
#: Entries of a state that are combined at a time: they stay in the first-level cache from stage to stage.
CHUNK = 1024


@helper
def weigh(weights, k, count, start, out):
    """Set out = sum_m weights[m] k[m] for m < count, from the flat entry `start` of the stages k on.

    Two stages at a time, each entry by one chain of fused multiply-adds.
    """
    stride, size = k.shape[1] * k.shape[2], out.size
    if count % 2 == 1:
        w, a = weights[0], window(k, start, size)
        for j in range(size):
            out[j] = w * a[j]
    else:
        w, v, a, b = weights[0], weights[1], window(k, start, size), window(k, stride + start, size)
        for j in range(size):
            out[j] = fma(v, b[j], w * a[j])
    for m in range(2 - count % 2, count, 2):
        w, v = weights[m], weights[m + 1]
        a, b = window(k, m * stride + start, size), window(k, (m + 1) * stride + start, size)
        for j in range(size):
            out[j] = fma(v, b[j], fma(w, a[j], out[j]))


@helper
def combine(y, h, weights, k, count, out):
    """out = y + h sum_m weights[m] k[m] for all entries alike; k (stages, m, b)."""
    for start in range(0, y.size, CHUNK):
        size = min(CHUNK, y.size - start)
        target, old, step = window(out, start, size), window(y, start, size), window(h, start, size)
        weigh(weights, k, count, start, target)
        for j in range(size):
            target[j] = fma(step[j], target[j], old[j])


@helper
def choose_steps(clock, marks, numbers):
    """Set the step of every running column so that steps land on its goal, without a tiny last one."""
    t, h, used, goal = row(clock, T), row(clock, H), row(clock, USED), row(clock, GOAL)
    status, landing = row(marks, STATUS), row(marks, LANDING)
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
def judge_size(y, f, clock):
    """Largest |state| of every column, and a number that is not 0 where a state or force is not finite."""
    largest, lost = row(clock, LARGEST), row(clock, LOST)
    largest[:] = 0.0
    lost[:] = 0.0
    height, width = loops(y)
    for i in range(height):
        a, c = window(y, i * width, width), window(f, i * width, width)
        if largest.size == 1:
            most, wrong = 0.0, 0.0
            for j in range(width):
                size = abs(a[j])
                most = size if size > most else most
                wrong += 0.0 * a[j] + 0.0 * c[j]
            largest[0], lost[0] = most, wrong
        else:
            for j in range(width):
                size = abs(a[j])
                largest[j] = size if size > largest[j] else largest[j]
                lost[j] += 0.0 * a[j] + 0.0 * c[j]


@helper
def judge_force(f, rows, units, clock):
    """Largest |tau dy/dt| of every column over its first `units` components; those with 1/tau = 0, held, have none."""
    force = row(clock, FORCE)
    force[:] = 0.0
    for i in range(units):
        for j in range(f.shape[1]):
            size = abs(f[i, j] / rows[i, j])  # not a number, and so not larger, where a unit is held
            force[j] = size if size > force[j] else force[j]


@helper
def judge_error(block, rows, tableau, numbers, counts):
    """Sums over components, for every column: squared scaled errors, and how the last two stages differ.

    A unit that the step has put on a bound of its box, where its force holds it, is exact whatever its estimate.
    """
    y, trial, k, work, spare, clock, marks = block
    stages, second = counts[STAGES], part(spare, SECOND)
    add_errors(block, rows, row(tableau, stages + 1), numbers, counts, row(clock, TOTAL))
    if counts[PAIRED]:
        first, other = row(clock, TOTAL), row(clock, SECOND_TOTAL)
        add_errors(block, rows, row(tableau, stages + 3), numbers, counts, other)
        for j in range(first.size):
            both = fma(0.01, other[j], first[j])
            first[j] = first[j] * first[j] / both if both > 0.0 else both
    add_squares(trial, second, row(clock, MOVED))
    add_squares(part(k, stages), part(k, stages - 1), row(clock, BENT))


@helper
def add_errors(block, rows, weights, numbers, counts, total):
    """Set total to the sums of squared scaled errors of every column, by the estimate with these weights."""
    y, trial, k, work, spare, clock, marks = block
    stages, entries, error = counts[STAGES], y.size, part(spare, ERROR)
    rtol, atol = numbers[RTOL], numbers[ATOL]
    for start in range(0, entries, CHUNK):
        size = min(CHUNK, entries - start)
        e, h = window(error, start, size), window(spare, SPREAD * entries + start, size)
        a, c = window(y, start, size), window(trial, start, size)
        weigh(weights, k, stages + 1, start, e)
        for j in range(size):
            ratio = h[j] * e[j] / fma(rtol, max(abs(a[j]), abs(c[j])), atol)
            e[j] = ratio * ratio
    if counts[BOUNDS] >= 0:
        clear_on_bounds(error, trial, part(k, stages), rows, counts)
    add_rows(error, total)


@helper
def part(stack, i):
    """Matrix i of a stack of them."""
    m, b = stack.shape[1], stack.shape[2]
    return rectangle(stack, i * m * b, m, b)


@helper
def loops(values):
    """Rows and columns to loop over: a single trajectory is one long row."""
    m, b = values.shape
    return (1, m) if b == 1 else (m, b)


@helper
def add_rows(values, total):
    """Set total to the sum over components."""
    total[:] = 0.0
    height, width = loops(values)
    for i in range(height):
        a = window(values, i * width, width)
        if total.size == 1:
            value = 0.0
            for j in range(width):
                value += a[j]
            total[0] = value
        else:
            for j in range(width):
                total[j] += a[j]


@helper
def add_squares(a, b, total):
    """Set total to the sum over components of (a - b)^2."""
    total[:] = 0.0
    height, width = loops(a)
    for i in range(height):
        c, d = window(a, i * width, width), window(b, i * width, width)
        if total.size == 1:
            value = 0.0
            for j in range(width):
                value += (c[j] - d[j]) ** 2
            total[0] = value
        else:
            for j in range(width):
                total[j] += (c[j] - d[j]) ** 2


@helper
def clear_on_bounds(error, trial, f, rows, counts):
    """Set the errors of units that rest on a bound to 0."""
    low, units = counts[BOUNDS], counts[UNITS]
    for i in range(units):
        for j in range(trial.shape[1]):
            held = trial[i, j] <= rows[low + i, j] or trial[i, j] >= rows[low + units + i, j]
            error[i, j] = 0.0 if held and f[i, j] == 0.0 else error[i, j]


@helper
def control(clock, marks, components, numbers, dense):
    """Judge the adaptive steps by their errors: which are accepted, and how long the next ones are."""
    total, lost, level = row(clock, TOTAL), row(clock, LOST), row(clock, LEVEL)
    retry, accepted = row(marks, RETRY), row(marks, ACCEPTED)
    for j in range(total.size):
        error = np.sqrt(total[j] / components)
        level[j] = log(error if error > LEAST else LEAST)
        total[j] = error if lost[j] == 0.0 else np.inf
        accepted[j] = 1 if total[j] <= 1.0 else 0
    used, before, factor = row(clock, USED), row(clock, LOG_ERROR), row(clock, FACTOR)
    for j in range(used.size):
        exponent = BETA * before[j] - ALPHA * level[j] if accepted[j] == 1 else -GAMMA * level[j]
        exponent *= numbers[SHARE]
        growth = max(SAFETY * expm1_and_exp(exponent)[1], SHRINK)
        growth = growth if total[j] < np.inf else COLLAPSE
        factor[j] = min(growth, 1.0 if retry[j] == 1 else GROW)
    h = row(clock, H)
    reach = GROW if dense else np.inf  # an interpolant through steps of very different lengths loses digits
    for j in range(used.size):
        cut = (accepted[j] == 1) & (used[j] < h[j]) & (retry[j] == 0)  # to land: nothing learnt about H
        kept = min(max(h[j], used[j] * factor[j]), reach * used[j])
        before[j] = max(level[j], LEAST_BEFORE) if (accepted[j] == 1) & (not cut) else before[j]
        h[j] = kept if cut else used[j] * factor[j]
    status = row(marks, STATUS)
    for j in range(used.size):
        retry[j] = 1 - accepted[j]
        accepted[j] = accepted[j] if status[j] == RUNNING else 0


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
    t, since, used, goal = row(clock, T), row(clock, FROM), row(clock, USED), row(clock, GOAL)
    accepted, landing, event = row(marks, ACCEPTED), row(marks, LANDING), row(marks, EVENT)
    adaptive = numbers[STEP] == 0.0
    for j in range(t.size):
        since[j] = t[j]
        arrived = goal[j] if landing[j] == 1 else t[j] + used[j]
        t[j] = arrived if accepted[j] == 1 else t[j]
    if counts[DENSE]:
        for j in range(t.size):
            goal[j] = numbers[T_END] if accepted[j] == 1 else goal[j]
    count(clock, marks, adaptive, numbers[BOUND])
    soon, h, largest, limit = row(clock, SOON), row(clock, H), row(clock, LARGEST), row(clock, LIMIT)
    for j in range(t.size):
        due = t[j] >= soon[j] or t[j] >= numbers[T_END] or largest[j] > limit[j]
        failed = not adaptive or vanished(h[j], t[j])
        event[j] = 1 if (due if accepted[j] == 1 else failed) else 0
    status, steps, rejected = row(marks, STATUS), row(marks, STEPS), row(marks, REJECTED)
    for j in range(t.size):
        spent = steps[j] + rejected[j] >= counts[MAX_STEPS]
        event[j] = event[j] if status[j] == RUNNING else 0
        event[j] = 1 if spent and status[j] == RUNNING else event[j]
    if numbers[SETTLE] > 0.0:
        calm, force = row(clock, CALM), row(clock, FORCE)
        for j in range(t.size):
            early = calm[j] if calm[j] < t[j] else t[j]
            now = early if force[j] <= numbers[SETTLE] else np.inf
            calm[j] = now if accepted[j] == 1 else calm[j]
        for j in range(t.size):
            settled = t[j] - calm[j] >= numbers[DWELL] and accepted[j] == 1
            event[j] = 1 if settled else event[j]
    if numbers[PATIENCE] < np.inf:
        find_stiff(clock, marks, numbers, counts)


@helper
def count(clock, marks, adaptive, bound):
    """Count steps: taken, rejected, and limited by stability."""
    status, accepted = row(marks, STATUS), row(marks, ACCEPTED)
    steps, rejected = row(marks, STEPS), row(marks, REJECTED)
    for j in range(steps.size):
        steps[j] += accepted[j]
        rejected[j] += 1 - accepted[j] if status[j] == RUNNING else 0
    if adaptive:
        used, bent, moved, stability = row(clock, USED), row(clock, BENT), row(clock, MOVED), row(marks, STABILITY)
        for j in range(steps.size):
            stability[j] += accepted[j] if limited(used[j], bent[j], moved[j], bound) else 0


@helper
def limited(h, bent, moved, bound):
    """Whether stability, not accuracy, bounded a step: h times the size of an eigenvalue, along the last stages."""
    return (h * h * bent > bound * bound * moved) & (moved > 0.0)


@helper
def find_stiff(clock, marks, numbers, counts):
    """Mark columns whose steps stability has limited for a while, and will for too many more of them."""
    t, used, bent, moved = row(clock, T), row(clock, USED), row(clock, BENT), row(clock, MOVED)
    accepted, stiffness, event = row(marks, ACCEPTED), row(marks, STIFFNESS), row(marks, EVENT)
    steps, rejected = row(marks, STEPS), row(marks, REJECTED)
    for j in range(t.size):
        if accepted[j] == 1:
            stiffness[j] = (
                stiffness[j] + 1 if limited(used[j], bent[j], moved[j], numbers[BOUND]) else stiffness[j] // 2
            )
            left = min(numbers[T_END] - t[j], numbers[HORIZON]) / used[j]
            patience = min(numbers[PATIENCE], counts[MAX_STEPS] - steps[j] - rejected[j])
            if stiffness[j] >= STIFF_STEPS and left > patience:
                stiffness[j] = GIVEN_UP
                event[j] = 1


@helper
def move(block, counts):
    """Take the new state and its force for the old ones in every column whose step was accepted."""
    y, trial, k, work, spare, clock, marks = block
    taken, used, past = row(marks, ACCEPTED), row(clock, USED), row(clock, PAST)
    all_taken = taken.size > 0
    for j in range(taken.size):
        all_taken = all_taken and taken[j] == 1
        past[j] = used[j] if taken[j] == 1 else past[j]
    if counts[DENSE]:
        take(taken, all_taken, y, part(spare, PAST_Y))
        take(taken, all_taken, part(k, 0), part(spare, PAST_F))
    take(taken, all_taken, trial, y)
    take(taken, all_taken, part(k, counts[STAGES]), part(k, 0))


@helper
def take(taken, all_taken, new, old):
    """Copy the marked columns."""
    if all_taken:
        a, c = window(old, 0, old.size), window(new, 0, new.size)
        for j in range(a.size):
            a[j] = c[j]
    else:
        for i in range(old.shape[0]):
            a, c = row(old, i), row(new, i)
            for j in range(a.size):
                a[j] = c[j] if taken[j] == 1 else a[j]
