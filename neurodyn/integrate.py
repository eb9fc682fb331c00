"""Integrate a problem: through the compiled loop; by SciPy, sample by sample; or by both, where it is stiff."""

from __future__ import annotations

import dataclasses
import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from neurodyn import aligned
from neurodyn import stepcontrol as control
from neurodyn.blocks import Blocks
from neurodyn.errors import TooLargeError
from neurodyn.graph import Array
from neurodyn.problem import Integers, Problem, Solution
from neurodyn.progress import Bar
from neurodyn.solver import Solver
from neurodyn.sparse_product import threads_lock

#: The implicit method that `auto` goes over to.
IMPLICIT = "Radau"
#: State entries for which rates are evaluated at once.
RATE_ENTRIES = 200_000


def integrate(
    problem: Problem,
    solver: Solver,
    t_eval: Array,
    *,
    t_end: float | None = None,
    settle: float = 0.0,
    dwell: float = 0.0,
    what: str = "integrating",
) -> Solution:
    """Solve to the last of `t_eval`, or without any to `t_end`, recording states and rates at `t_eval`.

    With settle > 0 a trajectory ends as soon as its largest force stayed at most `settle` for a time `dwell`.
    """
    end = float(t_eval[-1]) if t_eval.size else float(t_end or 0.0)
    check_memory(t_eval.size, *problem.start.shape)
    guard: AbstractContextManager[Any] = threads_lock if problem.threads_inside else nullcontext()
    with guard, Bar(what) as bar:
        if solver.compiled:
            return run_blocks(Blocks(problem, solver, t_eval, end, settle, dwell), bar)
        from neurodyn.scipy_door import solve_with_scipy

        return solve_with_scipy(problem, solver, t_eval, end, settle, dwell, bar)


def check_memory(times: int, components: int, batch: int) -> None:
    """Refuse a recording that would not fit into half of the machine's memory, before anything is computed."""
    wanted = 2 * 8 * times * components * batch
    try:
        present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system tells
        present = 8 << 30
    if wanted > present / 2:
        raise TooLargeError(
            f"recording {times} times x {components} components x {batch} samples needs {wanted / 2**30:.1f} GiB of "
            f"{present / 2**30:.1f} GiB: thin `t_eval` or split the batch"
        )


def run_blocks(blocks: Blocks, bar: Bar) -> Solution:
    """Integrate with a compiled method, and what `auto` finds stiff with an implicit one from there on."""
    blocks.run(bar)
    clock, marks = blocks.clock, blocks.marks
    recorded = marks[control.NEXT].copy()
    attempts = marks[control.STEPS] + marks[control.REJECTED]
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
            "nfev": attempts * len(blocks.solver.tableau.b) + (1 if blocks.solver.fixed else 2) + recorded,
            "stability_limited": marks[control.STABILITY].copy(),
        },
    )
    if blocks.solver.auto:
        go_over(blocks, solution, recorded, bar)
    return solution


def go_over(blocks: Blocks, solution: Solution, recorded: Integers, bar: Bar) -> None:
    """Solve stiff trajectories to their end with an implicit method; writes into the solution and its counters."""
    from neurodyn.scipy_door import Stepping

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
    """The flow at recorded states (T, m, B), NaN where nothing was.

    One call serves all samples at a time, or many times of a sample, whichever are more.
    """
    count, m, batch = y.shape
    f = np.empty_like(y)
    constants = (problem.theta, problem.layout)
    if batch >= count:
        work = aligned.empty((problem.work_rows, batch))
        for k, t in enumerate(times):
            problem.flow(np.full(batch, t), y[k], problem.rows, *constants, work, f[k])
    else:
        width = max(1, min(count, RATE_ENTRIES // m))
        for j in range(batch):
            for first in range(0, count, width):
                some = slice(first, min(first + width, count))
                t, state = times[some], aligned.copy(y[some, :, j].T)
                rows = np.repeat(problem.rows[:, j : j + 1], t.size, axis=1)
                out, work = aligned.empty(state.shape), aligned.empty((problem.work_rows, t.size))
                problem.flow(t, state, rows, *constants, work, out)
                f[some, :, j] = out.T
    f[np.isnan(y)] = np.nan
    return f
