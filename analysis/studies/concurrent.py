"""Free dynamics, side network and weights running at once: when do the weights follow the gradient flow."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.studies.study import Study
from neurodyn.analysis.with_signal import relax_with_signal, with_signal
from neurodyn.inputs import as_positives
from neurodyn.numerics.arrays import Array
from neurodyn.phases.concurrent import ConcurrentLearning
from neurodyn.phases.concurrent import concurrent as run_concurrently
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

if TYPE_CHECKING:
    import xarray

#: Default separations: tau/tau_side, tau_side over the time of learning; tau/tau_side again, for the side network's
#: lag; and each scale to the next when samples take turns.
SIDES, THETAS = np.logspace(-1.0, 0.5, 4), np.logspace(-2.5, 0.0, 6)
LAGS, TURNS = np.logspace(-3.5, -1.5, 5), 1.0 / np.array([3.0, 4.0, 6.0, 8.0])
#: Samples that take turns; recorded times; steps of the reference; how far off s begins; frozen weights.
SHOWN, TIMES, FINE, OFF, FROZEN = 3, 9, 96, 0.1, 1e14
MAX_STEPS = 10_000_000
#: Two rests closer than this are one.
SAME = 1e-6


def concurrent(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    sides: ArrayLike | None = None,
    thetas: ArrayLike | None = None,
    turns: ArrayLike | None = None,
    solver: Solver | None = None,
) -> Study:
    """Let a network learn without phases, over the separations of its time scales, and compare it with gradient flow.

    The time of learning is that in which gradient flow at its first speed would remove the whole cost, J/|dJ/dθ|²·τ_θ.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax`, and what `nd.concurrent` can do. The first sample with an error signal is learned,
        and the first three in turns.
    sides, thetas, turns : arrays, optional
        τ_s/τ_side, with τ_s = max τ; τ_side over the time of learning; and the ratio of each scale to the next when
        samples take turns: τ_s, τ_side, a third of the time that each is shown over the side network's slowest rate,
        the time of learning.
    solver : Solver, optional

    Returns
    -------
    study : Study
        Over `side` and `theta`, for one sample: `error`, the largest distance of θ from the gradient flow's path,
        relative to its length; `cost`, J in the end relative to the beginning (gradient flow: `flow_cost` in the
        summary). Both are NaN where it did not reach the end. Over `lag_side`, another τ_s/τ_side: `lag`, of the side
        network behind one whose s is at rest, after s began off its rest. Over `turn`: `turn_error`, in the end;
        NaN unless `forgets`: a sample comes to the same rest after another one.
        Summary: `theta_order`, of the error for the best separated side network; `lag_order`; `turn_order`. All are 1
        in theory, as long as gradient flow keeps away from soft modes and folds, where no separation is enough.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.concurrent(net, [0.5, 0.2], [1.0, 0.0], sides=[0.5], thetas=[0.1], turns=[3.0])
    >>> list(study.data.sizes)
    ['side', 'theta', 'lag_side', 'turn']
    """
    solver = dataclasses.replace(chosen_solver(solver, SOLVER), max_steps=MAX_STEPS)
    sides = SIDES if sides is None else as_positives(sides, "sides")
    thetas = THETAS if thetas is None else as_positives(thetas, "thetas")
    turns = TURNS if turns is None else as_positives(turns, "turns")
    rest = relax_with_signal(network, x, y, start, solver)
    task = _Task(network, rest, y, solver)
    error, cost = np.full((2, sides.size, thetas.size), np.nan)
    lag, turn = np.array([task.lag(float(side)) for side in LAGS]), np.full(turns.size, np.nan)
    with Bar("concurrent") as bar:
        path = task.flow(1)
        for i, side in enumerate(sides):
            for k, theta in enumerate(thetas):
                bar.update((i * thetas.size + k) / error.size)
                error[i, k], cost[i, k] = task.cell(path, float(side), float(theta))
        forgets = task.samples > 1 and task.forgets(min(SHOWN, task.samples))
        if forgets:
            path = task.flow(min(SHOWN, task.samples))
            turn = np.array([task.in_turns(path, float(ratio)) for ratio in turns])
    fine = (error[np.argmin(sides)] < 0.1) & (thetas <= 0.1)
    kept = np.isfinite(turn)
    return Study(
        network,
        "concurrent",
        "Free dynamics, side network and weights at once: distance from gradient flow",
        _table(sides, thetas, turns, error, cost, lag, turn),
        {
            "theta_order": power_law(thetas[fine], error[np.argmin(sides)][fine])[0],
            "lag_order": power_law(LAGS, lag)[0],
            "turn_order": power_law(turns[kept], turn[kept])[0],
            "forgets": forgets,
            "learning_time": task.duration,
            "flow_cost": task.flow_cost,
        },
    )


class _Task:
    """The samples that have an error signal, and gradient flow on them."""

    def __init__(self, network: Network, rest: Equilibrium, y: ArrayLike, solver: Solver) -> None:
        self.network, self.solver = network, solver
        point = FixedPoint.of(network, rest.state, rest.x)
        target = network.target(y, point.s.shape[1], rest.batched)
        told = with_signal(point, target)
        self.point = FixedPoint.of(network, point.s.T[told], None if point.x is None else point.x[told])
        self.target, self.samples = target[told], int(told.sum())
        self.tau = float(network.tau.max())
        self.signal = self.point.solve(self.point.cost_slope(self.target))[0]
        #: Slowest rate of the side network, times tau_side.
        self.slowest = float(np.min(np.linalg.eigvals(self.point.adjoint(0)).real))
        first = self.at(network, 1)
        slope = first.exact_gradient(self.target[:1]).norm
        self.cost = self.costs(first)
        #: Time of learning, in units of tau_theta.
        self.duration = self.cost / slope**2
        self.flow_cost = float("nan")

    def at(self, network: Network, count: int, near: Array | None = None) -> FixedPoint:
        """The rest of the first samples, with the weights of a network, near where it was."""
        s = self.point.s[:, :count] if near is None else near
        x = None if self.point.x is None else self.point.x[:count]
        found = FixedPoint(network, np.ascontiguousarray(s), x).polished(1e-11, np.full(count, 1e6))
        if np.max(found.residual) > 1e-8:
            rest = relax(network, x, start=s.T, solver=self.solver)
            found = FixedPoint.of(network, rest.state, rest.x)
        return found

    def forgets(self, count: int) -> bool:
        """Whether each of the first samples rests where it does, also if it begins where the one before rests."""
        s, x = np.roll(self.point.s[:, :count], 1, axis=1), None if self.point.x is None else self.point.x[:count]
        after = relax(self.network, x, start=s.T, solver=self.solver, on_failure="return")
        return bool(np.abs(after.state.T - self.point.s[:, :count]).max() < SAME)

    def costs(self, point: FixedPoint) -> float:
        """Return J of the first samples."""
        return float(np.mean(point.network.cost(point.s.T, self.target[: point.s.shape[1]])))

    def flow(self, count: int) -> Array:
        """Parameters along the gradient flow of the first samples, (TIMES, p), by Runge-Kutta's method of order 4."""
        network, step = self.network, self.duration / FINE
        near = self.point.s[:, :count]

        def speed(theta: Array) -> Array:
            nonlocal near
            moved = network.replace(parameters=Parameters(network.parameters.blocks, theta))
            found = self.at(moved, count, near)
            near = found.s
            return -found.exact_gradient(self.target[:count]).vector

        theta, path = network.parameters.vector, [network.parameters.vector]
        for k in range(FINE):
            a = speed(theta)
            b = speed(theta + 0.5 * step * a)
            c = speed(theta + 0.5 * step * b)
            d = speed(theta + step * c)
            theta = theta + step / 6.0 * (a + 2.0 * b + 2.0 * c + d)
            if (k + 1) % (FINE // (TIMES - 1)) == 0:
                path.append(theta)
        if count == 1:
            moved = network.replace(parameters=Parameters(network.parameters.blocks, theta))
            self.flow_cost = self.costs(self.at(moved, 1, near)) / self.cost
        return np.array(path)

    def learn(self, count: int, tau_side: float, time: float, dwell: float | None) -> ConcurrentLearning:
        """Run everything at once, from the rest of the first sample and its error signal."""
        x = None if self.point.x is None else self.point.x[:count]
        return run_concurrently(
            self.network,
            x,
            self.target[:count],
            tau_side=tau_side,
            tau_theta=time / self.duration,
            dwell=dwell,
            start=self.point.s[:, 0],
            signal=self.signal[:, 0],
            t_eval=np.linspace(0.0, time, TIMES),
            solver=self.solver,
            on_failure="return",
        )

    def cell(self, path: Array, side: float, theta: float) -> tuple[float, float]:
        """Distance from the gradient flow's path, and the cost in the end."""
        tau_side = self.tau / side
        run = self.learn(1, tau_side, tau_side / theta, None)
        if run.status != Status.DONE:
            return float("nan"), float("nan")
        found = self.at(run.learned(), 1, run.state[-1:].T)
        return _distance(run.theta, path), self.costs(found) / self.cost

    def in_turns(self, path: Array, ratio: float) -> float:
        """Distance from where gradient flow of all samples ends, when all were shown equally long."""
        count = min(SHOWN, self.samples)
        tau_side = self.tau / ratio
        dwell = 3.0 * tau_side / self.slowest / ratio
        run = self.learn(count, tau_side, round(1.0 / ratio) * count * dwell, dwell)
        return _distance(run.theta[[0, -1]], path[[0, -1]]) if run.status == Status.DONE else float("nan")

    def lag(self, side: float) -> float:
        """Largest distance of the side network from one whose s is at rest, while s comes to rest; weights frozen."""
        tau_side = self.tau / side
        adjoint = self.point.adjoint(0)
        times = np.linspace(0.0, 1.0, 101) ** 2 * 6.0 * tau_side / self.slowest
        x = None if self.point.x is None else self.point.x[0]
        run = run_concurrently(
            self.network,
            x,
            self.target[0] if x is not None else self.target[:1],
            tau_side=tau_side,
            tau_theta=FROZEN,
            start=(1.0 - OFF) * self.point.s[:, 0],
            t_eval=times,
            solver=self.solver,
        )
        values, right = np.linalg.eig(adjoint)
        parts = np.linalg.solve(right, self.signal[:, 0].astype(complex))
        ideal = ((-np.expm1(-np.outer(times, values) / tau_side)) * parts) @ right.T
        return float(np.abs(run.error_signal - ideal.real).max() / np.abs(self.signal[:, 0]).max())


def _distance(theta: Array, path: Array) -> float:
    """Largest distance of two paths, relative to the largest from where the second began."""
    away = np.linalg.norm(path - path[0], axis=1).max()
    return float(np.linalg.norm(theta - path, axis=1).max() / away)


def _table(
    sides: Array, thetas: Array, turns: Array, error: Array, cost: Array, lag: Array, turn: Array
) -> xarray.Dataset:
    import xarray

    one = {"units": "1"}
    return xarray.Dataset(
        {
            "error": (("side", "theta"), error, one),
            "cost": (("side", "theta"), cost, one),
            "lag": ("lag_side", lag, one),
            "turn_error": ("turn", turn, one),
        },
        {
            "side": ("side", sides, one),
            "theta": ("theta", thetas, one),
            "lag_side": ("lag_side", LAGS, one),
            "turn": ("turn", turns, one),
        },
    )
