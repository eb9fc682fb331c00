"""The nudged phase for complex strengths beta, from s* to a time or to rest: s = s* + beta delta, delta complex.

The flow is the analytic continuation of the nudged phase's, carried as real and imaginary parts: 2n rows. Its fixed
points continue s*(beta) as long as beta stays within the disk about 0 in which that is analytic. The flow finds them,
as a network would, and so chooses the branch; Newton's method adds the last digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neurodyn.errors import ConvergenceError, DivergenceError, SimulationError
from neurodyn.flows.complex_nudged import complex_changes, complex_nudged
from neurodyn.flows.layout import STATES
from neurodyn.flows.rows import (
    BETA_IMAGINARY,
    BETA_REAL,
    COMPLEX_COST_CURVATURE,
    COMPLEX_COST_SLOPE,
    COMPLEX_FIELD,
    COMPLEX_RATE,
    COMPLEX_SLOPE,
    RATE,
    stack,
)
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.phases.nudge import default_times
from neurodyn.phases.nudged_problem import constant_curvature
from neurodyn.phases.relax import NOISE
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.constants import every, repeated_rate
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.graph import Graph
from neurodyn.system.local import Local
from neurodyn.system.network import Network

#: Without a duration a phase may last so many times as long as the slowest mode at s* takes to decay by 1e-10.
PATIENCE = 50.0
#: In networks of more units a Newton step takes longer than it saves: their accuracy is the solver's tolerance.
NEWTON_UNITS = 500
#: Newton steps at most, and their longest length, relative to delta.
NEWTON_STEPS, NEWTON_REACH = 6, 0.1


@dataclass(frozen=True)
class ComplexPhase:
    """Where nudged phases of some strengths have come to, for every sample.

    Attributes
    ----------
    changes, moves : (strength, n, batch) complex
        (rho(s) - rho(s*)) / beta, and (s - s*) / beta.
    force : (strength, batch)
        Largest |tau ddelta/dt|.
    time : (strength, batch)
        How long they lasted.
    nfev : int
        Evaluations of the complex force.
    """

    changes: Complex
    moves: Complex
    force: Array
    time: Array
    nfev: int


@dataclass(frozen=True)
class ComplexNudging:
    """Nudging by complex beta (strength,) from fixed points s* (n, batch) towards targets (batch, n_out).

    Inside, trajectories are those of all samples at the first strength, then at the next.
    """

    point: FixedPoint
    target: Array
    strengths: Complex

    def run(self, solver: Solver, duration: float | None = None) -> ComplexPhase:
        """Nudge for a time, or to rest.

        Raises
        ------
        ConvergenceError, DivergenceError
            A phase did not come to rest.
        SimulationError
            A phase did not last for its duration, or the wall time ran out.
        """
        what, n = "complex nudged phase", self.point.network.n
        if duration is None:
            settle, end = NOISE * (solver.atol + solver.rtol), PATIENCE * float(default_times(self.point)[-1])
            dwell = float(self.point.network.tau.max())
            solution = integrate(self.problem, solver, np.zeros(0), t_end=end, settle=settle, dwell=dwell, what=what)
        else:
            solution = integrate(self.problem, solver, np.array([duration]), what=what)
        self._check(solution, Status.SETTLED if duration is None else Status.DONE)
        delta = self._polished(solution.last) if duration is None and n <= NEWTON_UNITS else solution.last
        shape = (n, len(self.strengths), -1)
        return ComplexPhase(
            np.moveaxis((self._changes(delta)[0] / self.beta).reshape(shape), 1, 0),
            np.moveaxis(_join(delta).reshape(shape), 1, 0),
            np.abs(self._force(delta)).max(axis=0).reshape(shape[1:]),
            solution.time.reshape(shape[1:]),
            int(solution.counters["nfev"].sum()),
        )

    @property
    def beta(self) -> Complex:
        """The strength of every trajectory."""
        return np.repeat(self.strengths, self.point.s.shape[1])

    @property
    def _aims(self) -> Array:
        """The targets of every trajectory, (n_out, ...)."""
        return np.tile(self.target.T, len(self.strengths))

    @cached_property
    def problem(self) -> Problem:
        """The flow of delta, real parts (n, ...), then imaginary ones."""
        point, network = self.point, self.point.network
        n, copies = network.n, len(self.strengths)
        local = point.local.columns(np.tile(np.arange(point.s.shape[1]), copies))
        return Problem(
            complex_nudged,
            np.zeros((2 * n, len(self.beta))),
            complex_rows(network, local, self.beta, (np.tile(point.cost_slope(self.target), copies), self._aims)),
            network.theta,
            network.layout_for(complex_nudged),
            network.work_rows(complex_nudged),
            2 * n,
            self._jacobian,
            lambda i: f"{('real', 'imaginary')[i // n]} part of {network.graph.unit(i % n)}",
            threads_inside=network.threads_inside,
        )

    def _jacobian(self, trajectory: int, t: float, delta: Array) -> Array:
        a = -self._linearized(trajectory, delta) / self.point.network.tau[:, None]
        return np.block([[a.real, -a.imag], [a.imag, a.real]])

    def _linearized(self, trajectory: int, delta: Array) -> Complex:
        """Minus the Jacobian of the force, (n, n), at delta (2n,)."""
        network, beta = self.point.network, complex(self.beta[trajectory])
        local = self.point.local.columns([trajectory % self.point.s.shape[1]])
        rates, slopes = (change[:, 0] for change in self._changes(np.ascontiguousarray(delta[:, None]), trajectory))
        moved = Moved(beta * _join(delta), rates, slopes)
        return _complex_linearized(network, local, moved, beta, self._aims[:, trajectory])

    def _changes(self, delta: Array, trajectory: int | None = None) -> tuple[Complex, Complex]:
        """Changes of rates and of slopes, (n, b) each, of all trajectories or of one."""
        network, rows = self.point.network, self.problem.rows
        rows = rows if trajectory is None else np.ascontiguousarray(rows[:, trajectory : trajectory + 1])
        parts = network.evaluate(complex_changes, delta, rows, 2 * len(delta))
        rates, slopes = np.split(parts, 2)
        return _join(rates), _join(slopes)

    def _force(self, delta: Array) -> Complex:
        """Tau ddelta/dt of all trajectories, (n, b)."""
        problem, out = self.problem, np.empty_like(delta)
        work = np.empty((problem.work_rows, delta.shape[1]))
        problem.flow(np.zeros(delta.shape[1]), delta, problem.rows, problem.theta, problem.layout, work, out)
        return _join(out / problem.rows[: len(out)])

    def _polished(self, delta: Array) -> Array:
        """Newton steps, each taken only if it is short against delta and makes the force smaller."""
        force = self._force(delta)
        for _ in range(NEWTON_STEPS):
            residual = np.abs(force).max(axis=0)
            trial = delta.copy()
            for j in np.flatnonzero(residual > 1e-15 * np.abs(delta).max(axis=0)):
                step = np.linalg.solve(self._linearized(int(j), delta[:, j]), force[:, j])
                if np.linalg.norm(step) <= NEWTON_REACH * np.linalg.norm(delta[:, j]):
                    trial[:, j] += np.concatenate([step.real, step.imag])
            found = self._force(trial)
            better = np.abs(found).max(axis=0) < residual
            if not better.any():
                break
            delta, force = np.where(better, trial, delta), np.where(better, found, force)
        return delta

    def _check(self, solution: Solution, wanted: Status) -> None:
        """Raise for the first trajectory that did not end as wanted."""
        failed = np.flatnonzero(solution.status != wanted)
        if not failed.size:
            return
        copy, sample = divmod(int(failed[0]), self.point.s.shape[1])
        status, beta = Status(int(solution.status[failed[0]])), self.strengths[copy]
        what = f"nudging by beta = {beta:.3g}: sample {sample}"
        when = f"t = {solution.time[failed[0]]:.4g} ({len(failed)} of {len(solution.status)} phases failed)"
        if status is Status.MAX_SECONDS:
            raise SimulationError(f"{what} {status.sentence}; it came to {when}", solution)
        kind = DivergenceError if status is Status.DIVERGED else ConvergenceError
        raise kind(
            f"{what} {'does not come to rest' if wanted is Status.SETTLED else 'breaks off'} at {when}: the radius "
            f"{abs(beta):.3g} is most likely outside the domain of convergence (its beta_c is "
            f"{self.point.critical_beta(self.target)[sample]:.3g}, and complex singularities may be nearer); choose a "
            "smaller one",
            solution,
        )


def complex_rows(network: Network, local: Local, beta: Complex, pull: tuple[Array, Array]) -> Array:
    """Constants of the nudged flow for complex beta (b,): see `neurodyn.phases.nudge.nudged_rows`."""
    n, batch = local.state.shape
    rate = repeated_rate(network, batch)
    blocks = {RATE: rate, RATE + 1: rate, COMPLEX_RATE: local.rate, COMPLEX_SLOPE: local.slope}
    blocks |= {COMPLEX_FIELD: local.field, COMPLEX_COST_SLOPE: pull[0]}
    blocks[COMPLEX_COST_CURVATURE] = constant_curvature(network, batch)
    blocks |= {BETA_REAL: np.repeat(beta.real[None], n, axis=0), BETA_IMAGINARY: np.repeat(beta.imag[None], n, axis=0)}
    base: list[Array] = []
    if network.attached:
        at = every(local.state, local.clamped), every(local.rate, local.clamped)
        found = [attached.gradient(at) for attached in network.attached]
        base = [local.state, *(sum((g[k][:n] for g in found), np.zeros((n, batch))) for k in (0, 1)), local.clamped]
    return stack(blocks, *base, network.readout.rows(local.coordinate[network.outputs], pull[1]))


class Moved(NamedTuple):
    """Changes of the state, the rates and the slopes of one sample since its fixed point, (n,) each."""

    state: Complex
    rate: Complex
    slope: Complex


def _complex_linearized(network: Network, local: Local, moved: Moved, beta: complex, target: Array) -> Complex:
    """Minus the Jacobian of the force by the state, (n, n), of one sample nudged by complex beta to its target."""
    n, outputs = network.n, network.outputs
    rate, slope = local.rate[:, 0] + moved.rate, local.slope[:, 0] + moved.slope
    states, rates = (
        np.repeat(np.concatenate([values, local.clamped[:, 0]])[:, None], n, axis=1)
        for values in (local.state[:, 0] + moved.state, rate)
    )
    base = every(local.state, local.clamped), every(local.rate, local.clamped)
    field = local.field[:, 0] + network.coupling @ moved.rate
    matrix = np.diag(network.leak.astype(complex))
    by_rate = -network.coupling * slope
    for attached in network.attached:
        v = np.zeros((2, n + network.n_in, n), dtype=complex)
        v[0, :n], v[1, :n] = np.eye(n), np.diag(slope)
        curves = attached.complex_curve((states, rates), (v[0], v[1]))
        matrix, by_rate = matrix + curves[0][:n], by_rate + curves[1][:n]
        now = attached.complex_gradient((states[:, :1].copy(), rates[:, :1].copy()))
        field = field - (now[1] - attached.gradient(base)[1])[:n, 0]
    if network.metric == STATES:
        matrix = matrix - np.diag(_curvatures(network.graph, rate, slope) * field) + slope[:, None] * by_rate
        z = local.coordinate[outputs, 0] + moved.state[outputs]
    else:
        matrix, z = matrix + by_rate, rate[outputs]
    cost = beta * network.readout.curvature(z, target)
    matrix[outputs, outputs] += cost if network.metric == STATES else cost * slope[outputs]
    return matrix


def _curvatures(graph: Graph, rate: Complex, slope: Complex) -> Complex:
    """rho''(s) of all free units, (n,), from rho(s) and rho'(s)."""
    out = np.zeros_like(slope)
    for p in graph.free:
        where = graph.slices[p.name]
        r, d = rate[where], slope[where]
        if p.activation == "tanh":
            out[where] = -2.0 * r * d
        elif p.activation == "sigmoid":
            out[where] = d * (1.0 - 2.0 * r)
        elif p.activation == "softplus":
            out[where] = d * (1.0 - d)
    return out


def _join(parts: Array) -> Complex:
    """Real parts (n, ...), then imaginary ones, as complex numbers."""
    real, imaginary = np.split(parts, 2)
    return np.asarray(real + 1j * imaginary)
