"""Integrate a problem: through the compiled loop; by SciPy, sample by sample; or by both, where it is stiff."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numba
import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.kernel import Series
from neurodyn.numerics.memory import check_memory
from neurodyn.numerics.sparse_product import threads_lock
from neurodyn.progress import Bar
from neurodyn.solvers import stepcontrol as control
from neurodyn.solvers import taylor
from neurodyn.solvers.blocks import Blocks
from neurodyn.solvers.lanes import Lanes
from neurodyn.solvers.problem import Problem, Solution
from neurodyn.solvers.solver import ADAPTIVE, TAYLOR, Solver

#: The implicit method that `auto` goes over to.
IMPLICIT = "Radau"
#: Beyond so many units a step of the series costs more than it gains, unless the tolerance is tight.
MANY, TIGHT = 512, 1e-7
#: State entries for which rates are evaluated in one call, and at least in one task.
CALL_ENTRIES, TASK_ENTRIES = 4096, 200_000


def integrate(
    problem: Problem,
    solver: Solver,
    t_eval: Array,
    *,
    t_end: float | None = None,
    settle: float = 0.0,
    dwell: float = 0.0,
    landings: Array | None = None,
    what: str = "integrating",
) -> Solution:
    """Solve to the last of `t_eval`, or without any to `t_end`, recording states and rates at `t_eval`.

    With settle > 0 a trajectory ends as soon as its largest force stayed at most `settle` for a time `dwell`. Steps
    land on the times `landings`, at which the flow is not smooth.
    """
    end = float(t_eval[-1]) if t_eval.size else float(t_end or 0.0)
    if landings is not None and landings.size:
        return _landing(problem, solver, t_eval, landings, what)
    check_recording(t_eval.size, *problem.start.shape)
    guard: AbstractContextManager[Any] = threads_lock if problem.threads_inside else nullcontext()
    with guard, Bar(what) as bar:
        series = series_for(problem, solver)
        if series is not None:
            return run_lanes(Lanes(problem, series, solver, t_eval, end, settle, dwell), bar)
        if solver.compiled:
            return run_blocks(Blocks(problem, solver, t_eval, end, settle, dwell), bar)
        from neurodyn.solvers.scipy_methods import solve_with_scipy

        return solve_with_scipy(problem, solver, t_eval, end, settle, dwell, bar)


def _landing(problem: Problem, solver: Solver, t_eval: Array, landings: Array, what: str) -> Solution:
    """Record at the landings, too, with steps that land on all recorded times; and forget them again."""
    times = np.union1d(t_eval, landings[(landings > 0.0) & (landings < t_eval[-1])])
    found = integrate(dataclasses.replace(problem, smooth=False), solver, times, what=what)
    kept = np.isin(times, t_eval)
    return dataclasses.replace(found, y=found.y[kept], f=found.f[kept])


def series_for(problem: Problem, solver: Solver) -> Series | None:
    """The series of a problem, where it is to be integrated by it.

    Raises `ArgumentError` where that is asked for and there is none.
    """
    series = problem.series
    if series is not None and series.flow is problem.flow and problem.smooth:
        return series if uses_series(problem.units, solver) else None
    if solver.method == TAYLOR:
        raise ArgumentError(
            "solver method 'taylor' needs a motion whose series is known: of tanh, sigmoid or linear units, without "
            "terms, under a constant input, nudged by the squared error; take Solver() instead"
        )
    return None


def uses_series(units: int, solver: Solver) -> bool:
    """Whether the solver takes the series of a motion of so many units, if there is one."""
    pays = units <= MANY or solver.rtol <= TIGHT
    return solver.method == TAYLOR or (solver.method == ADAPTIVE and not solver.fixed and pays)


def check_recording(times: int, components: int, batch: int) -> None:
    """Refuse a recording of states and velocities that would not fit into memory, before anything is computed."""
    what = f"recording {times} times x {components} components x {batch} samples"
    check_memory(2 * 8 * times * components * batch, what, "thin `t_eval` or split the batch")


def run_blocks(blocks: Blocks, bar: Bar) -> Solution:
    """Integrate with a compiled method, and what `auto` finds stiff with an implicit one from there on."""
    blocks.run(bar)
    clock, marks = blocks.clock, blocks.marks
    recorded = marks[control.NEXT].copy()
    attempts, tableau = marks[control.STEPS] + marks[control.REJECTED], blocks.tableau
    forces = attempts * len(tableau.b) + (1 if blocks.solver.fixed else 2) + recorded
    solution = Solution(
        y=blocks.y,
        f=recorded_rates(blocks.problem, blocks.times, blocks.y),
        last=blocks.last,
        time=clock[control.T].copy(),
        calm=clock[control.CALM].copy(),
        step=clock[control.USED].copy(),
        status=marks[control.STATUS].copy(),
        counters={
            "steps": marks[control.STEPS].copy(),
            "rejected": marks[control.REJECTED].copy(),
            "nfev": forces,
            "stability_limited": marks[control.STABILITY].copy(),
        },
    )
    if blocks.solver.auto:
        go_over(blocks, solution, recorded, bar)
    return solution


def run_lanes(lanes: Lanes, bar: Bar) -> Solution:
    """Integrate by Taylor series. A step of order p takes p products with the weights, counted as forces."""
    lanes.run(bar)
    steps, recorded, none = lanes.marks[taylor.STEPS], lanes.marks[taylor.NEXT], np.zeros_like(lanes.marks[0])
    counters = {
        "steps": steps,
        "rejected": none,
        "nfev": steps * lanes.order + recorded,
        "stability_limited": none.copy(),
    }
    return Solution(
        y=lanes.y,
        f=recorded_rates(lanes.problem, lanes.times, lanes.y),
        last=lanes.last,
        time=lanes.clock[taylor.T],
        calm=lanes.clock[taylor.CALM],
        step=lanes.clock[taylor.USED],
        status=lanes.marks[taylor.STATUS],
        counters=counters,
    )


def go_over(blocks: Blocks, solution: Solution, recorded: Integers, bar: Bar) -> None:
    """Solve stiff trajectories to their end with an implicit method; writes into the solution and its counters."""
    from neurodyn.solvers.scipy_methods import Stepping

    stiff = [int(j) for j in np.flatnonzero(solution.status == control.STIFF)]
    solution.counters["implicit"] = np.isin(np.arange(solution.status.size), stiff).astype(np.int64)
    solution.counters["njev"] = np.zeros_like(solution.status)
    solver = dataclasses.replace(blocks.solver, method=IMPLICIT)
    end, settle, dwell = (float(blocks.numbers[k]) for k in (control.T_END, control.SETTLE, control.DWELL))
    for done, j in enumerate(stiff):
        first = int(recorded[j])
        one = Stepping(blocks.problem, solver, j, end, blocks.deadline)
        steps = int(solution.counters["steps"][j])
        one.begin(solution.last[:, j], float(solution.time[j]), float(solution.calm[j]), steps)
        one.run(blocks.times[first:], settle, dwell, bar.part(done, len(stiff), end))
        one.write(solution, j, first)


def recorded_rates(problem: Problem, times: Array, y: Array) -> Array:
    """The flow at recorded states (T, m, B), NaN where nothing was; several calls at a time, on threads."""
    f = np.empty_like(y)
    tasks = [partial(task, problem, times, y, f) for task in _rate_tasks(*y.shape)]
    if problem.threads_inside or len(tasks) <= 1:
        for task in tasks:
            task()
    else:
        with ThreadPoolExecutor(numba.config.NUMBA_NUM_THREADS) as pool:
            for future in [pool.submit(task) for task in tasks]:
                future.result()
    return f


def _rate_tasks(count: int, components: int, batch: int) -> list[Callable[..., None]]:
    """Calls that fill f: all samples at some times each, or some times of one sample, whichever are more."""
    tasks = min(numba.config.NUMBA_NUM_THREADS, count * components * batch // TASK_ENTRIES)
    if batch >= count:
        return [partial(_rates_of_samples, some) for some in _pieces(count, tasks)]
    return [partial(_rates_of_times, j, some) for j in range(batch) for some in _pieces(count, tasks // batch)]


def _pieces(count: int, number: int) -> list[slice]:
    """Cut 0 ... count into about that many pieces of equal length."""
    length = max(1, -(-count // max(1, number)))
    return [slice(k, min(k + length, count)) for k in range(0, count, length)]


def _rates_of_samples(some: slice, problem: Problem, times: Array, y: Array, f: Array) -> None:
    work = aligned.empty((problem.work_rows, y.shape[2]))
    for t, state, rate in zip(times[some], y[some], f[some], strict=True):
        problem.flow(np.full(y.shape[2], t), state, problem.rows, problem.theta, problem.layout, work, rate)
        if np.isnan(state[0]).any():
            rate[np.isnan(state)] = np.nan


def _rates_of_times(j: int, some: slice, problem: Problem, times: Array, y: Array, f: Array) -> None:
    """Many times of one trajectory side by side, in calls that stay in the cache; the last repeats some times.

    Memory is asked for once: fresh pages cost more than what is computed in them.
    """
    components = y.shape[1]
    width = min(some.stop - some.start, max(1, CALL_ENTRIES // components))
    state, out = aligned.empty((components, width)), aligned.empty((components, width))
    rows, work = aligned.empty((len(problem.rows), width)), aligned.empty((problem.work_rows, width))
    rows[...] = problem.rows[:, j : j + 1]
    for first in range(some.start, some.stop, width):
        at = slice(min(first, some.stop - width), min(first + width, some.stop))
        state[...] = y[at, :, j].T
        problem.flow(times[at], state, rows, problem.theta, problem.layout, work, out)
        f[at, :, j] = out.T
    missing = np.isnan(y[some, 0, j])
    if missing.any():
        f[some, :, j][missing] = np.nan
