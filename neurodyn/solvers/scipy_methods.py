"""SciPy's solvers behind one door: their step classes, driven by a loop that cannot hang.

`solve_ivp` is not used: it loops for ever on a force that is NaN, reports success on a state of NaN, and has no limit
on steps or time (scipy issues 17846, 11700, 9686). Every force is checked to be finite, and after every step the
progress of t, the size of the state, the step count and the clock.
"""

from __future__ import annotations

import time as clocks
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar
from neurodyn.solvers.problem import Problem, Solution
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.solvers.stepper import EXPLOSION

#: Multistep methods interpolate with their own polynomial; a step of the others is cut to land on a recorded time.
INTERPOLATING = ("BDF", "LSODA")
IMPLICIT = ("Radau", "BDF", "LSODA")
#: A state that has grown this much when steps vanish is on its way to infinity.
GROWTH = 1e3


class _NotFinite(ArithmeticError):
    """The force is NaN or infinite."""


class _OutOfTime(Exception):
    """The clock ran out inside a step."""


def solve_with_scipy(
    problem: Problem, solver: Solver, t_eval: Array, end: float, settle: float, dwell: float, bar: Bar
) -> Solution:
    """Solve every trajectory in turn; see `integrate`."""
    m, batch = problem.start.shape
    y, f = np.full((t_eval.size, m, batch), np.nan), np.full((t_eval.size, m, batch), np.nan)
    last, time, calm = problem.start.copy(), np.zeros(batch), np.full(batch, np.inf)
    step, status = np.zeros(batch), np.zeros(batch, dtype=np.int64)
    counters = {
        name: np.zeros(batch, dtype=np.int64) for name in ("steps", "rejected", "nfev", "njev", "stability_limited")
    }
    solution = Solution(y, f, last, time, calm, step, status, counters)
    problem.flow.compiled  # noqa: B018  (compiled before the clock starts)
    if solver.method in IMPLICIT:
        problem.jacobian(0, 0.0, np.ascontiguousarray(problem.start[:, 0]))
    deadline = clocks.monotonic() + solver.max_seconds
    for j in range(batch):
        one = Stepping(problem, solver, j, end, deadline)
        one.run(t_eval, settle, dwell, bar.part(j, batch, end))
        one.write(solution, j, 0)
    return solution


class Stepping:
    """One trajectory: the force and its Jacobian as SciPy wants them, the guarded loop, what it recorded."""

    def __init__(self, problem: Problem, solver: Solver, sample: int, end: float, deadline: float) -> None:
        self.problem, self.solver, self.sample, self.end = problem, solver, sample, end
        self.deadline = deadline
        self.rows = np.ascontiguousarray(problem.rows[:, sample : sample + 1])
        self.y = np.array(problem.start[:, sample])
        self.rate = np.zeros_like(self.y)
        self.sizes = np.ones_like(self.y) if problem.sizes is None else problem.sizes[:, sample]
        self.limit = EXPLOSION * max(1.0, float(np.abs(self.y).max()), float(self.sizes.max()))
        self.work = np.empty((problem.work_rows, 1))
        self.out = np.empty((self.y.size, 1))
        self.t, self.calm, self.step = 0.0, np.inf, 0.0
        self.steps = self.nfev = self.njev = 0
        self.status = Status.RUNNING
        self.recorded: list[tuple[Array, Array]] = []

    def begin(self, y: Array, t: float, calm: float, steps: int) -> None:
        """Go on from a state at a time, after some steps, calm since a time."""
        self.y, self.t, self.calm, self.steps = np.array(y), t, calm, steps

    def write(self, solution: Solution, sample: int, recorded: int) -> None:
        """Write what was found into a solution of which `recorded` times are there, and add to its counters."""
        for k, (y, f) in enumerate(self.recorded, recorded):
            solution.y[k, :, sample], solution.f[k, :, sample] = y, f
        solution.last[:, sample], solution.time[sample], solution.calm[sample] = self.y, self.t, self.calm
        solution.step[sample], solution.status[sample] = self.step, self.status
        solution.counters["steps"][sample] = self.steps
        solution.counters["nfev"][sample] += self.nfev
        solution.counters["njev"][sample] += self.njev

    def force(self, t: float, y: Array) -> Array:
        """dy/dt, a new array; raises where it is not finite, or the time is up."""
        p = self.problem
        self.nfev += 1
        state = np.ascontiguousarray(y, dtype=float).reshape(-1, 1)
        p.flow(np.array([t]), state, self.rows, p.theta, p.layout, self.work, self.out)
        if not np.isfinite(self.out).all():
            raise _NotFinite
        if clocks.monotonic() > self.deadline:
            raise _OutOfTime
        return self.out[:, 0].copy()

    def jacobian(self, t: float, y: Array) -> Array:
        """Analytic d flow/dy at y."""
        self.njev += 1
        found = self.problem.jacobian(self.sample, t, self.clip(y))
        if not np.isfinite(found).all():
            raise _NotFinite
        return found

    def clip(self, y: Array) -> Array:
        """Y on its box: inside a step SciPy's state may overshoot a bound by its tolerance."""
        p = self.problem
        if p.bounds < 0:
            return y
        clipped = np.array(y)
        low, high = self.rows[p.bounds :, 0], self.rows[p.bounds + p.units :, 0]
        clipped[: p.units] = np.clip(y[: p.units], low[: p.units], high[: p.units])
        return clipped

    def run(self, t_eval: Array, settle: float, dwell: float, report: Callable[[float], None]) -> None:
        """Step to the end, unless the trajectory settles, is lost, or a limit is reached."""
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # LSODA warns of what the status tells
                self.rate = self.force(self.t, self.y)
                self.settled(settle, dwell)
                self.loop(t_eval, settle, dwell, report)
        except _NotFinite:
            self.status = Status.DIVERGED
        except _OutOfTime:
            self.status = Status.MAX_SECONDS

    def method(self, bound: float) -> Any:
        """SciPy's stepping object, from here to a bound."""
        import scipy.integrate

        options: dict[str, Any] = {"rtol": self.solver.rtol, "atol": self.solver.atol * self.sizes}
        if self.solver.method in IMPLICIT:
            options["jac"] = self.jacobian
        kind = getattr(scipy.integrate, str(self.solver.method))
        return kind(self.force, self.t, self.y, bound, **options)

    def loop(self, t_eval: Array, settle: float, dwell: float, report: Callable[[float], None]) -> None:
        """Step and record until there is a status."""
        multistep = self.solver.method in INTERPOLATING
        interpolate, lands = multistep and self.problem.smooth, multistep and not self.problem.smooth
        pending = list(t_eval)
        if pending and pending[0] == 0.0:
            self.record(pending.pop(0), self.y)
        stepping = self.method(pending[0] if lands and pending else self.end)
        while self.status is Status.RUNNING:
            if t_eval.size and not pending:
                self.status = Status.DONE
                return
            if self.steps >= self.solver.max_steps:
                self.status = Status.MAX_STEPS
                return
            if not interpolate:
                stepping.t_bound, stepping.status = (pending[0] if pending else self.end), "running"
            _step(stepping)
            self.steps += 1
            if stepping.status == "failed" or stepping.t <= self.t:
                growing = np.abs(self.y).max() > GROWTH * self.limit / EXPLOSION
                self.status = Status.DIVERGED if growing else Status.STEP_UNDERFLOW
                return
            self.step, self.t, self.y = stepping.t - self.t, stepping.t, self.clip(stepping.y)
            report(self.t)
            if not np.abs(self.y).max() <= self.limit:
                self.status = Status.DIVERGED
                return
            dense = stepping.dense_output() if interpolate and pending and pending[0] <= self.t else None
            while pending and pending[0] <= self.t:
                t = pending.pop(0)
                self.record(t, self.y if dense is None or t == self.t else self.clip(dense(t)))
            bent = lands and self.t == stepping.t_bound  # its past is of another flow
            if (self.landed(stepping.y) or bent) and self.t < self.end:  # begin again from there
                stepping = self.method(pending[0] if lands and pending else self.end)
            if settle > 0.0:
                self.rate = self.force(self.t, self.y)
                if self.settled(settle, dwell):
                    self.status = Status.SETTLED
            if not t_eval.size and self.t >= self.end and self.status is Status.RUNNING:
                self.status = Status.MOVING

    def landed(self, unclipped: Array) -> bool:
        """Whether a unit has hit its bound, or creeps up to it, on which it is put.

        The force jumps to zero on a bound: a corrector may find no solution across the jump and stop short of it.
        """
        p = self.problem
        if p.bounds < 0:
            return False
        low, high = self.rows[p.bounds : p.bounds + p.units, 0], self.rows[p.bounds + p.units :, 0][: p.units]
        y, rate = self.y[: p.units], self.force(self.t, self.y)[: p.units]
        near = self.solver.atol * self.sizes[: p.units] + self.solver.rtol
        down, up = (y > low) & (y <= low + near) & (rate < 0.0), (y < high) & (y >= high - near) & (rate > 0.0)
        self.y = self.y.copy()
        self.y[: p.units] = np.where(down, low, np.where(up, high, y))
        return not np.array_equal(self.y, unclipped)

    def settled(self, settle: float, dwell: float) -> bool:
        """Whether the largest force has stayed small for the dwell time."""
        n = self.problem.units
        scale = np.maximum(self.sizes[:n], min(1.0, float(np.abs(self.y).max())))
        if settle <= 0.0 or np.any(np.abs(self.rate[:n]) > settle * scale * self.rows[:n, 0]):
            self.calm = np.inf
            return False
        self.calm = min(self.calm, self.t)
        return self.t - self.calm >= dwell

    def record(self, t: float, y: Array) -> None:
        """Keep a state and the force there, from the vector field."""
        self.recorded.append((y, self.force(t, y)))


def _step(stepping: Any) -> None:
    """One step; where SciPy refuses a matrix, as the inverse of a tiny step is infinite, the step has failed."""
    try:
        stepping.step()
    except ValueError as error:
        if "infs or NaNs" not in str(error):
            raise
        stepping.status = "failed"
