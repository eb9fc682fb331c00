"""Two coupled copies of the network instead of two phases: their mean relaxes, their difference carries the error."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurodyn.errors import ArgumentError, ConvergenceError, DivergenceError, ModelError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.second_phase import check_duration
from neurodyn.estimators.task import Task
from neurodyn.flows.dyadic import BETA, CURRENT, STRENGTH, TARGET, dyadic
from neurodyn.flows.layout import RATES
from neurodyn.flows.rows import DRIVE, RATE, stack
from neurodyn.inputs import as_duration, real_number
from neurodyn.numerics.arrays import Array, inward
from neurodyn.phases.relax import NOISE, longest
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.constants import free_rows
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import pairwise_change, whole
from neurodyn.system.parameters import Parameters

#: The finest relative tolerance that a solver can keep.
FINEST = 3e-14
#: The copies rest where forces are below this part of the task's tolerance, as nothing polishes them; and no lower than
#: rounding lets their difference over beta come, so many times the last digit over beta.
REST, ROUNDING = 0.03, 30.0


@dataclass(frozen=True, kw_only=True)
class Dyadic(Estimator):
    """-D_i r_j of two copies u± of a network in the rate form, pushed apart by beta and at rest together.

    In each unit the copies have a mean, which moves like the free network, and a difference, which moves like the side
    network: with r the mean rates and D their difference over beta,

        tau du±/dt = W r + b - u± ± (beta/2) (Wᵀ D - dC/dr).

    Its distance from dJ/dtheta is O(beta²), without an energy too: errors go back through the transposed weights. There
    is one phase and no free phase before it. With shared weights each copy moves like the network alone, with its
    outputs pulled by ∓(beta/2) dC/dr at the mean rates.

    Parameters
    ----------
    beta : float
        How far the copies are pushed apart, not 0.
    duration : float, optional
        Time for which they run from the start. Default: to rest.

    References
    ----------
    Pairs of states in each unit: Hoier, Staudt & Zach, Dual Propagation, ICML (2023).
    """

    strength: ClassVar = "beta"
    schemes: ClassVar = {"two copies": {}}

    beta: float = 1e-3
    duration: float | None = None

    def __post_init__(self) -> None:
        if real_number(self.beta, "beta") == 0.0:
            raise ArgumentError("`beta` must not be 0: the copies would have no difference")
        check_duration(self.duration)

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`. Refuses what is not of the rate form."""
        network = task.network
        if network.metric != RATES or not network.is_pairwise:
            raise ModelError(
                "coupled copies are for networks of leaks, biases and weighted connections in the rate form, as "
                f"models.Rate makes them; got {network!r}"
            )
        solution = self._run(task)
        mean, difference = np.split(solution.last, 2)
        one, other = (network.coordinate(mean + half * difference) for half in (0.5 * self.beta, -0.5 * self.beta))
        rate, change = 0.5 * (one + other), (one - other) / self.beta
        clamped = network.input_rates(task.x, mean.shape[1])
        return whole(network, pairwise_change(network, clamped, rate, change, rate), [], mean.shape[1])

    def _run(self, task: Task) -> Solution:
        """Both copies from the start, for the duration or until nothing moves."""
        network, solver = task.network, task.solver
        problem = dyadic_problem(network, inward(task.start), task.x, task.target, self.beta)
        if self.duration is not None:
            times = np.array([as_duration(self.duration, float(network.tau.min()))])
            solution, ends = integrate(problem, solver, times, what="coupled copies"), (Status.DONE,)
        else:
            dwell, end = float(network.tau.max()), longest(network)
            settle = max(REST * task.tol, ROUNDING * float(np.finfo(float).eps) / abs(self.beta))
            calm = _calm(solver, settle)
            solution = integrate(
                problem, calm, np.zeros(0), t_end=end, settle=settle, dwell=dwell, what="coupled copies"
            )
            ends = (Status.SETTLED,)
        task.count(force_evaluations=2 * int(solution.counters["nfev"].sum()), time=2.0 * solution.time)
        bad = np.flatnonzero(~np.isin(solution.status, ends))
        if bad.size:
            status = Status(int(solution.status[bad[0]]))
            kind = DivergenceError if status is Status.DIVERGED else ConvergenceError
            raise kind(f"coupled copies: sample {bad[0]} {status.sentence}; at t = {solution.time[bad[0]]:.4g}")
        return solution


def _calm(solver: Solver, settle: float) -> Solver:
    """The solver, tight enough for the force to fall to `settle` at its stability limit."""
    if solver.fixed:
        return solver
    rtol = max(FINEST, settle / NOISE)
    return dataclasses.replace(solver, rtol=min(solver.rtol, rtol), atol=min(solver.atol, 0.1 * rtol))


def dyadic_problem(network: Network, start: Array, x: Array | None, target: Array, beta: float) -> Problem:
    """The flow of mean and difference, from start (n, b) and none, towards targets (b, n_out)."""
    n, batch = start.shape
    free = free_rows(network, x, batch)
    strength, aims = np.zeros((2, n, batch))
    strength[network.outputs], aims[network.outputs] = 1.0, target.T
    rate, current = free[RATE * n : (RATE + 1) * n], free[DRIVE * n : (DRIVE + 1) * n]
    blocks = {RATE: rate, RATE + 1: rate, CURRENT: current, STRENGTH: strength, TARGET: aims}
    blocks[BETA] = np.full((n, batch), beta)

    def jacobian(sample: int, t: float, z: Array) -> Array:
        mean, difference = z[:n, None], z[n:, None]
        half = 0.5 * beta * difference
        copies = np.concatenate([mean + half, mean - half], axis=1)
        local = network.local(copies, np.repeat(free[:, sample : sample + 1], 2, axis=1))
        mean_slope, slope_change = local.slope.mean(axis=1), (local.slope[:, 0] - local.slope[:, 1]) / beta
        by_mean, by_difference = np.diag(mean_slope), np.diag(0.25 * beta**2 * slope_change)
        change_by_mean, change_by_difference = np.diag(slope_change), np.diag(mean_slope)
        w, leak = network.coupling, np.diag(network.leak)
        matrix = np.block(
            [
                [w @ by_mean - leak, w @ by_difference],
                [w.T @ change_by_mean, w.T @ change_by_difference - leak],
            ]
        )
        outputs = network.outputs
        curvature = network.readout.curvature(local.rate.mean(axis=1)[outputs], target[sample])
        matrix[n:][outputs, :n] -= curvature @ by_mean[outputs]
        matrix[n:][outputs, n:] -= curvature @ by_difference[outputs]
        return np.asarray(matrix / np.tile(network.tau, 2)[:, None])

    return Problem(
        dyadic,
        np.concatenate([start, np.zeros_like(start)]),
        stack(blocks),
        network.theta,
        network.layout_for(dyadic),
        network.work_rows(dyadic),
        2 * n,
        jacobian,
        lambda i: network.graph.unit(i % n),
        threads_inside=network.threads_inside,
    )
