"""Integrate a problem: blocks of trajectories through the compiled loop, on threads; or SciPy, sample by sample."""

from __future__ import annotations

import os
import threading
import time as clocks
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np

from neurodyn import stepcontrol as control
from neurodyn import stepper
from neurodyn.errors import TooLargeError
from neurodyn.graph import Array
from neurodyn.problem import Problem, Solution
from neurodyn.product import NARROW
from neurodyn.progress import Bar
from neurodyn.solver import Solver
from neurodyn.status import Status
from neurodyn.tableau import TABLEAUS, Tableau

#: State entries of one block: large enough to amortise a call, small enough for the second-level cache.
BLOCK_ENTRIES = 8192
#: Wall time of one call into the compiled loop, after which limits, progress and interrupts are looked at.
SLICE_SECONDS = 0.1


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
    if solver.compiled:
        return _Compiled(problem, solver, t_eval, end, settle, dwell).run(what)
    from neurodyn.scipy_door import solve_with_scipy

    return solve_with_scipy(problem, solver, t_eval, end, settle, dwell, what)


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


def pack(tableau: Tableau) -> Array:
    """Lay out a tableau for the compiled loop: a, b, error weights, b minus last row of a, c; (m + 4, m + 1)."""
    m = len(tableau.b)
    table = np.zeros((m + 4, m + 1))
    table[:m, :m] = tableau.a
    table[m, :m] = tableau.b
    table[m + 1] = tableau.e
    table[m + 2, :m] = tableau.b - tableau.a[-1]
    table[m + 3] = [*tableau.c, 1.0]
    return table


def whole_tiles(width: int) -> int:
    """The width rounded up to whole tiles of the products, unless it is a single column."""
    return max(1, width) if width <= 1 else -(-width // NARROW) * NARROW


def next_width(width: int) -> int:
    """To how many columns a block of this width shrinks: about half, in whole tiles; then one; then none."""
    return 0 if width == 1 else max(1, width // (2 * NARROW) * NARROW)


def columns_to_keep(alive: Any, width: int) -> Any:
    """Indices of the running columns, filled up to the width with finished ones, which do nothing; none if all are."""
    running = np.flatnonzero(alive)
    if running.size <= 1:
        return running
    return np.concatenate([running, np.flatnonzero(~alive)])[:width]


class _Compiled:
    """One integration with a compiled method: shared settings, outputs, and the run over its blocks."""

    def __init__(
        self, problem: Problem, solver: Solver, t_eval: Array, end: float, settle: float, dwell: float
    ) -> None:
        m, batch = problem.start.shape
        self.problem = problem
        self.solver = solver
        self.times = np.ascontiguousarray(t_eval)
        self.table = pack(TABLEAUS[solver.method])
        self.numbers = np.array([end, solver.rtol, solver.atol, solver.step or 0.0, settle, dwell])
        self.y = np.full((t_eval.size, m, batch), np.nan)
        self.f = np.full((t_eval.size, m, batch), np.nan)
        self.last = problem.start.copy()
        self.clock = np.zeros((control.CLOCKS, batch))
        self.marks = np.zeros((control.MARKS, batch), dtype=np.int64)
        self.deadline = clocks.monotonic() + solver.max_seconds
        self.stop = threading.Event()

    def run(self, what: str) -> Solution:
        stepper.advance.compiled, self.problem.flow.compiled  # compile before threads and clocks start  # noqa: B018
        self.deadline = clocks.monotonic() + self.solver.max_seconds
        batch = self.last.shape[1]
        threads = max(1, min(numba.config.NUMBA_NUM_THREADS, batch))
        width = whole_tiles(min(BLOCK_ENTRIES // self.last.shape[0], -(-batch // threads)))
        blocks = [np.arange(a, min(a + width, batch)) for a in range(0, batch, width)]
        with Bar(what) as bar:
            self.bar = bar
            if len(blocks) == 1 or threads == 1:
                for block in blocks:
                    self.block(block)
            else:
                self.threaded(blocks, threads)
        marks, clock = self.marks, self.clock
        attempts = marks[control.STEPS] + marks[control.REJECTED]
        first = 1 if self.solver.fixed else 2
        return Solution(
            y=self.y,
            f=self.f,
            last=self.last,
            time=clock[control.T].copy(),
            calm=clock[control.CALM].copy(),
            step=clock[control.USED].copy(),
            status=marks[control.STATUS].copy(),
            counters={
                "steps": marks[control.STEPS].copy(),
                "rejected": marks[control.REJECTED].copy(),
                "nfev": attempts * len(TABLEAUS[self.solver.method].b) + first,
                "stability_limited": marks[control.STABILITY].copy(),
            },
        )

    def threaded(self, blocks: Sequence[Any], threads: int) -> None:
        """Blocks on threads (the compiled loop releases the interpreter); an interrupt stops all at their next look."""
        with ThreadPoolExecutor(threads) as pool:
            try:
                for future in [pool.submit(self.block, block) for block in blocks]:
                    future.result()
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def block(self, columns: Any) -> None:
        """Run one block to its end, taking finished columns out whenever about half of them are done."""
        problem = self.problem
        m = problem.start.shape[0]
        clock, marks = self.clock[:, columns].copy(order="C"), self.marks[:, columns].copy(order="C")
        clock[control.T] = -1.0
        marks[control.COLUMN] = columns
        y = np.ascontiguousarray(problem.start[:, columns])
        k = np.empty((len(self.table) - 3, m, columns.size))
        rows = np.ascontiguousarray(problem.rows[:, columns])
        counts = np.array([1, problem.units, problem.bounds, self.solver.max_steps, 0], dtype=np.int64)
        iterations = 1
        while columns.size:
            scratch = np.empty((control.SCRATCH, max(y.shape)))
            arrays = (y, np.empty_like(y), k, np.empty((problem.work_rows, columns.size)), scratch, clock, marks)
            running, enough = columns.size, next_width(columns.size)
            counts[control.ENOUGH] = enough
            while running > enough:
                counts[control.ITERATIONS] = iterations
                started = clocks.monotonic()
                running = stepper.advance(
                    problem.flow.compiled,
                    (rows, problem.theta, problem.layout),
                    arrays,
                    (self.times, self.y, self.f),
                    self.table,
                    self.numbers,
                    counts,
                )
                now = clocks.monotonic()
                if now - started < 0.5 * SLICE_SECONDS:
                    iterations *= 2
                elif now - started > 2.0 * SLICE_SECONDS:
                    iterations = max(1, iterations // 2)
                if self.stop.is_set():
                    return
                if now > self.deadline:
                    expired = marks[control.STATUS] == control.RUNNING
                    marks[control.STATUS, expired] = int(Status.MAX_SECONDS)
                    running = 0
                self.report(columns, clock)
            self.last[:, columns], self.clock[:, columns], self.marks[:, columns] = y, clock, marks
            keep = columns_to_keep(marks[control.STATUS] == control.RUNNING, enough)
            columns = columns[keep]  # take, as indexing promises no memory order
            clock, marks, k = np.take(clock, keep, axis=1), np.take(marks, keep, axis=1), np.take(k, keep, axis=2)
            y, rows = np.take(y, keep, axis=1), np.take(rows, keep, axis=1)

    def report(self, columns: Any, clock: Array) -> None:
        """Show how far all trajectories are, as a fraction of the time span."""
        self.clock[control.T, columns] = clock[control.T]
        self.bar.update(float(np.mean(self.clock[control.T])) / max(self.numbers[0], 1e-300))
