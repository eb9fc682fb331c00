"""Run a problem by Taylor series: trajectories in lanes, blocks of them on threads."""

from __future__ import annotations

import math
import threading
import time as clocks
from typing import Any

import numpy as np

from neurodyn.numerics import aligned
from neurodyn.numerics.aligned import LINE
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.compilation import compile_together
from neurodyn.numerics.kernel import Series
from neurodyn.numerics.vectors import NARROW, WIDE
from neurodyn.progress import Bar
from neurodyn.solvers import taylor
from neurodyn.solvers.columns import FIRST_CALL, next_iterations, run_blocks
from neurodyn.solvers.problem import Problem
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status

#: Bytes of coefficients that the lanes of one block have: a first-level cache, the smallest there is.
LANE_BYTES = 32_768
#: Two vectors of lanes have no more than this, or a trajectory is solved alone.
MOST_BYTES = 1 << 26
#: State entries of the trajectories of one block.
BLOCK_ENTRIES = 65_536
#: The order of the series at a tolerance of 1, and how many orders there are for each decade below.
ORDER_AT_ONE, ORDERS_PER_DECADE = 4.5, 0.8


def order_for(rtol: float) -> int:
    """The order of the series at a relative tolerance: what a step costs grows with it, and how far it leads.

    Were the cost the square of the order alone, 1.15 orders for each decade would be best (Jorba and Zou, section 3);
    a part that grows more slowly, as here, makes them fewer. Around the best one the time hardly changes.
    """
    return round(ORDER_AT_ONE - ORDERS_PER_DECADE * math.log10(rtol))


def lanes_for(batch: int, entries: int) -> int:
    """How many lanes a batch has, if a trajectory has so many entries of coefficients: whole vectors, or one lane."""
    if batch == 1:
        return 1
    if 8 * entries * 2 * NARROW > MOST_BYTES:
        return 1
    fitting = LANE_BYTES // (8 * entries) // NARROW * NARROW
    needed = -(-batch // NARROW) * NARROW
    return min(max(fitting, 2 * NARROW), WIDE, needed)


def spaced(components: int, lanes: int) -> int:
    """How many rows coefficients of one order have: some more than components, where these would all meet in a cache.

    A step passes along the coefficients of all orders at once. If an order is a multiple of eight cache lines, those of
    the same unit lie in an eighth of the places of a cache, or fewer, and drive each other out.
    """
    return components + (-(-LINE // (8 * lanes)) if components * lanes * 8 % (8 * LINE) == 0 else 0)


class Lanes:
    """One integration by Taylor series: shared settings, outputs, and the run over its blocks.

    y (T, m, B) are recorded states, NaN where not reached; last (m, B) the last ones; clock and marks are the rows of
    `taylor` that are kept.
    """

    def __init__(
        self,
        problem: Problem,
        series: Series,
        solver: Solver,
        t_eval: Array,
        end: float,
        settle: float,
        dwell: float,
    ) -> None:
        m, batch = problem.start.shape
        self.problem, self.series, self.solver = problem, series, solver
        self.times = np.ascontiguousarray(t_eval)
        self.order = order_for(solver.rtol)
        self.numbers = np.array([solver.rtol, solver.atol, end, settle, dwell])
        self.sizes = np.ones((m, batch)) if problem.sizes is None else np.ascontiguousarray(problem.sizes)
        self.y = np.full((t_eval.size, m, batch), np.nan)
        self.last = problem.start.copy()
        self.clock = np.zeros((taylor.CLOCKS_KEPT, batch))
        self.clock[taylor.CALM] = np.inf
        self.marks = np.zeros((taylor.MARKS_KEPT, batch), dtype=np.int64)
        self.marks[taylor.STATUS] = int(Status.MAX_SECONDS)  # of those that never begin
        self.deadline = clocks.monotonic() + solver.max_seconds
        self.stop = threading.Event()

    def run(self, bar: Bar) -> None:
        """Integrate all trajectories."""
        called = self.series.calls
        compile_together((taylor.advance_lanes, self.series, self.problem.flow, *called))  # before threads and clocks
        self.layout = np.concatenate([self.problem.layout, np.array([k.address for k in called], dtype=np.int64)])
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
        """Run the trajectories of one block to their ends."""
        problem, solver, m = self.problem, self.solver, len(self.last)
        orders, stacks = self.order + 1, self.series.stacks
        lanes = lanes_for(together.stop - together.start, m * orders * stacks)
        scratch, height = max(stacks * orders, -(-problem.work_rows // m)), spaced(m, lanes)
        c, work = aligned.empty((orders, height, lanes)), aligned.empty((scratch, height, lanes))
        rows, sizes = aligned.empty((len(problem.rows), lanes)), aligned.empty((m, lanes))
        for values, filled in ((c, 0.0), (work, 0.0), (rows, 1.0), (sizes, 1.0)):
            values[...] = filled  # what idle lanes compute with
        clock, marks = np.zeros((taylor.CLOCKS, lanes)), np.zeros((taylor.MARKS, lanes), dtype=np.int64)
        marks[taylor.STATUS], clock[taylor.SOON] = taylor.IDLE, np.inf
        first = max(1, FIRST_CALL // (orders * m * lanes))
        counts = np.array([first, problem.units, solver.max_steps, together.start, together.stop], dtype=np.int64)
        given = problem.start, problem.rows, self.sizes, problem.theta, self.layout
        arrays = c, rows, sizes, work, aligned.empty((m, lanes)), clock, marks
        running = lanes
        while running:
            started = clocks.monotonic()
            running = self.advance(given, arrays, counts)
            now = clocks.monotonic()
            counts[taylor.ITERATIONS] = next_iterations(int(counts[taylor.ITERATIONS]), now - started)
            if self.stop.is_set():
                return
            if running and now > self.deadline:
                marks[taylor.STATUS, marks[taylor.STATUS] == taylor.RUNNING] = int(Status.MAX_SECONDS)
                counts[[taylor.ITERATIONS, taylor.STOP]] = 0, counts[taylor.FRESH]
                running = self.advance(given, arrays, counts)
            if running:
                self.report(clock, marks)

    def advance(self, given: Any, arrays: Any, counts: Any) -> int:
        """Call the compiled loop."""
        ended = self.last, self.clock, self.marks
        running: int = taylor.advance_lanes(
            self.series.address, given, arrays, (self.times, self.y), ended, self.numbers, counts
        )
        return running

    def report(self, clock: Array, marks: Any) -> None:
        """Show how far all trajectories are, as a fraction of the time span."""
        busy = marks[taylor.STATUS] == taylor.RUNNING
        self.clock[taylor.T, marks[taylor.COLUMN, busy]] = clock[taylor.T, busy]
        self.bar.update(float(np.mean(self.clock[taylor.T])) / max(self.numbers[taylor.T_END], 1e-300))
