"""Run a problem through the compiled loop: trajectories in blocks, blocks on threads."""

from __future__ import annotations

import threading
import time as clocks
from typing import Any

import numpy as np

from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.compilation import compile_together
from neurodyn.numerics.product import NARROW
from neurodyn.progress import Bar
from neurodyn.solvers import stepcontrol as control
from neurodyn.solvers import stepper
from neurodyn.solvers.columns import FIRST_CALL, next_iterations, run_blocks
from neurodyn.solvers.problem import Problem
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.solvers.tableau import Tableau

#: State entries of one block: large enough to amortise a call, small enough for the second-level cache.
BLOCK_ENTRIES = 8192
#: A block of so few entries is not made smaller when columns finish: that would cost more than it saves.
FEW_ENTRIES = 256
#: Up to this order of the method is what is recorded between steps as accurate as their ends.
INTERPOLATED = 5
#: What remains of the accounts of a trajectory that has ended.
CLOCK_KEPT = (control.T, control.CALM, control.USED)
MARKS_KEPT = (control.STATUS, control.NEXT, control.STEPS, control.REJECTED, control.STABILITY)
#: A trajectory that settles is expected to do so within this many times its dwell time.
HORIZON = 50.0
#: Work, in steps times components, beyond which an implicit method is expected to be cheaper where it is stiff.
PATIENCE = 2e6
#: Components up to which an implicit method, with a dense Jacobian, is worth a thought.
LARGEST_IMPLICIT = 5000


def pack(tableau: Tableau) -> Array:
    """Lay out a tableau for the compiled loop: a, b, error weights, c, those of the second estimate; (m + 4, m + 1)."""
    m = len(tableau.b)
    table = np.zeros((m + 4, m + 1))
    table[:m, :m] = tableau.a
    table[m, :m] = tableau.b
    table[m + 1] = tableau.e
    table[m + 2] = [*tableau.c, 1.0]
    table[m + 3] = tableau.second
    return table


def next_width(width: int, components: int) -> int:
    """To how many columns a block of this width shrinks: about half, in whole tiles; then one; then none.

    A block of few entries costs about as much as its tail would: it runs to its end.
    """
    if width * components <= FEW_ENTRIES:
        return 0
    return 0 if width == 1 else max(1, width // (2 * NARROW) * NARROW)


def columns_to_keep(alive: Any, width: int) -> Any:
    """Indices of the running columns, filled up to the width with finished ones, which do nothing; none if all are."""
    running = np.flatnonzero(alive)
    if running.size <= 1:
        return running
    return np.concatenate([running, np.flatnonzero(~alive)])[:width]


class Blocks:
    """One integration with a compiled method: shared settings, outputs, and the run over its blocks.

    y (T, m, B) are recorded states, NaN where not reached; last (m, B) the last ones; clock and marks as in
    `stepcontrol`, of which only the rows in `CLOCK_KEPT` and `MARKS_KEPT` are written.
    """

    def __init__(
        self, problem: Problem, solver: Solver, t_eval: Array, end: float, settle: float, dwell: float
    ) -> None:
        m, batch = problem.start.shape
        self.problem = problem
        self.solver = solver
        self.times = np.ascontiguousarray(t_eval)
        self.tableau = solver.tableau_for(smooth_to_rest=problem.bounds < 0 and settle > 0.0 and not t_eval.size)
        self.table = pack(self.tableau)
        horizon = min(end, HORIZON * dwell) if settle > 0.0 else end
        patience = PATIENCE / m if solver.auto and m <= LARGEST_IMPLICIT else np.inf
        step = solver.step or 0.0
        bound = control.NEAR * self.tableau.reach
        share = 5.0 / self.tableau.error_power
        self.numbers = np.array([end, solver.rtol, solver.atol, step, settle, dwell, horizon, patience, bound, share])
        self.y = np.full((t_eval.size, m, batch), np.nan)
        interpolated = not solver.fixed and self.tableau.order <= INTERPOLATED
        self.dense = interpolated and problem.bounds < 0 and problem.smooth
        self.last = problem.start.copy()
        self.clock = np.zeros((control.CLOCKS, batch))
        self.marks = np.zeros((control.MARKS, batch), dtype=np.int64)
        self.deadline = clocks.monotonic() + solver.max_seconds
        self.stop = threading.Event()

    def run(self, bar: Bar) -> None:
        """Integrate all trajectories."""
        compile_together((stepper.advance, self.problem.flow))  # before threads and clocks start
        self.deadline = clocks.monotonic() + self.solver.max_seconds
        self.bar = bar
        run_blocks(
            self.block,
            *self.last.shape,
            entries=BLOCK_ENTRIES,
            stop=self.stop,
            alone=self.problem.threads_inside,
        )

    def block(self, together: slice) -> None:
        """Run one block to its end, taking finished columns out whenever about half of them are done."""
        columns = np.arange(together.start, together.stop)
        problem, solver, m = self.problem, self.solver, len(self.last)
        stages, clock = len(self.tableau.b), np.zeros((control.CLOCKS, columns.size))
        marks = np.zeros((control.MARKS, columns.size), dtype=np.int64)
        clock[control.T] = -1.0
        marks[control.COLUMN] = columns
        y, rows = aligned.copy(problem.start[:, together]), aligned.copy(problem.rows[:, together])
        sizes = np.ones_like(y) if problem.sizes is None else problem.sizes[:, together]
        past = np.empty((3, m, columns.size))  # the rate, and state and rate before the last step
        first = min(max(1, FIRST_CALL // y.size), 256)
        paired = self.tableau.second.any()
        counts = np.array(
            [first, problem.units, problem.bounds, solver.max_steps, 0, self.dense, stages, paired], dtype=np.int64
        )
        while True:
            trial, work = aligned.empty(y.shape), aligned.empty((problem.work_rows, columns.size))
            k = aligned.empty((stages + 1, *y.shape))
            spare = aligned.empty((control.SPARES, *y.shape))
            k[0], spare[control.PAST_Y], spare[control.PAST_F] = past
            spare[control.SIZE] = sizes
            counts[control.ENOUGH] = next_width(columns.size, m)
            if not self.slices((rows, problem.theta, problem.layout), (y, trial, k, work, spare, clock, marks), counts):
                return
            keep = columns_to_keep(marks[control.STATUS] == control.RUNNING, counts[control.ENOUGH])
            done = np.delete(np.arange(columns.size), keep) if keep.size else slice(None)
            self.put(done, columns, y, clock, marks)
            if not keep.size:
                return
            columns = columns[keep]  # take, as indexing promises no memory order
            clock, marks = np.take(clock, keep, axis=1), np.take(marks, keep, axis=1)
            y, rows = aligned.copy(np.take(y, keep, axis=1)), aligned.copy(np.take(rows, keep, axis=1))
            sizes = np.take(sizes, keep, axis=1)
            past = np.take(np.stack([k[0], spare[control.PAST_Y], spare[control.PAST_F]]), keep, axis=2)

    def put(self, done: Any, columns: Any, y: Array, clock: Array, marks: Any) -> None:
        """Put the last states of some columns of a block, and what is kept of their accounts, where results are."""
        to = columns[done]
        self.last[:, to] = y[:, done]
        for row in CLOCK_KEPT:
            self.clock[row, to] = clock[row, done]
        for row in MARKS_KEPT:
            self.marks[row, to] = marks[row, done]

    def slices(self, constants: Any, arrays: Any, counts: Any) -> bool:
        """Step on, slice by slice of wall time, until few enough columns run; False if an interrupt has come."""
        clock, marks = arrays[-2:]
        running = clock.shape[1]
        while running > counts[control.ENOUGH]:
            started = clocks.monotonic()
            running = stepper.advance(
                self.problem.flow.address,
                constants,
                arrays,
                (self.times, self.y),
                self.table,
                self.numbers,
                counts,
            )
            now = clocks.monotonic()
            counts[control.ITERATIONS] = next_iterations(int(counts[control.ITERATIONS]), now - started)
            if self.stop.is_set():
                return False
            if now > self.deadline:
                expired = marks[control.STATUS] == control.RUNNING
                marks[control.STATUS, expired] = int(Status.MAX_SECONDS)
                running = 0
            self.report(marks[control.COLUMN], clock)
        return True

    def report(self, columns: Any, clock: Array) -> None:
        """Show how far all trajectories are, as a fraction of the time span."""
        self.clock[control.T, columns] = clock[control.T]
        self.bar.update(float(np.mean(self.clock[control.T])) / max(self.numbers[0], 1e-300))
