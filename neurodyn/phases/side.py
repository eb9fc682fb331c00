"""The side network of recurrent backpropagation: a linear network whose state is the error signal.

It is integrated as it is written, through the transposed Hessian, and never through the linearised nudged flow: the
two have the same solution for a symmetric network, so a comparison of the nudged phase with itself would pass every
test and prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture
from neurodyn.flows.linear import side
from neurodyn.flows.side_series import side_series
from neurodyn.inputs import as_times, choice
from neurodyn.numerics.arrays import Array, Integers, inward, outward
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.nudge import default_times, resting_point
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.simulate import failure
from neurodyn.results.result import Result, array, check_on_failure, time_index
from neurodyn.solvers.integrate import check_recording, integrate
from neurodyn.solvers.problem import Problem, describe_counters
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.constants import linear_rows
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters
from neurodyn.system.sizes import signal_sizes


@dataclass(frozen=True, eq=False, repr=False)
class SidePhase(Result):
    """Error signals of recurrent backpropagation over time.

    Attributes
    ----------
    t : (T,)
    base : (batch, n)
        s*, where the network is linearised.
    error_signal : (T, batch, n)
        S-bar: derivative of the cost after a further time t by the state now (in the rate form by the rate); dC/ds
        at t = 0, 0 in the end. Inactive units have none.
    integral : (T, batch, n)
        Time integral of S-bar/tau, which solves H lambda = dC/ds in the end.
    active : (batch, n) bool
    status : (batch,)
    last_time, last_error_signal : (batch,), (batch, n), optional
        How far each sample came; None where all reached the end.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> side = nd.side_network(net, nd.relax(net, [0.5, 0.2]), [1.0, 0.0], t_eval=[0.0, 50.0])
    >>> side.parameter_gradient()["h1"].round(3)
    array([-0.196, -0.15 , -0.139])
    """

    t: Array = array("time", units="time")
    base: Array = array("batch", "unit")
    error_signal: Array = array("time", "batch", "unit")
    integral: Array = array("time", "batch", "unit")
    target: Array = array("batch", "output")
    active: Any = array("batch", "unit")
    status: Integers = array("batch", units="status")
    x: Array | None = array("batch", "input", default=None)
    method: str = "integrate"
    last_time: Array | None = array("batch", units="time", default=None)
    last_error_signal: Array | None = array("batch", "unit", default=None)
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    def _picture(self) -> Picture | None:
        return self._over_time("error_signal", "largest |error signal|")

    def parameter_gradient(self, t: float | None = None) -> Parameters:
        """Theta-bar: derivative by the parameters of the cost after a time t, averaged over the batch.

        t is a recorded time, by default the last; as t grows this becomes dJ/dtheta.
        """
        index = time_index(self.t, t)
        point = FixedPoint.of(self.network, self.base, self.x)
        return point.side_gradient(inward(np.atleast_2d(self.integral[index])))


@few_threads
def side_network(
    network: Network,
    equilibrium: Equilibrium,
    y: ArrayLike,
    *,
    t_eval: ArrayLike | None = None,
    solver: Solver | None = None,
    method: str = "integrate",
    on_failure: str = "raise",
) -> SidePhase:
    """Run the side network dS/dt = −Hᵀ T⁻¹ S from S(0) = dC/ds at the equilibrium.

    In the rate form S is the derivative by the rate r = ρ(u), and dS/dt = −(1 − Wᵀ ρ′) T⁻¹ S from S(0) = dC/dr.

    Parameters
    ----------
    network, equilibrium, y, t_eval, solver, on_failure
        As for `nudge`.
    method : {"integrate", "exact"}
        "exact" uses the eigenvectors of the symmetric T^-1/2 H T^-1/2, or without an energy the matrix exponential,
        instead of an integrator: a check.

    Raises
    ------
    ArgumentError, SimulationError

    References
    ----------
    Scellier & Bengio, Neural Computation 31:312 (2019), section 2.3, there with tau = 1; Almeida (1987), Pineda (1987).

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> rest = nd.relax(net, [0.5, 0.2])
    >>> side = nd.side_network(net, rest, [1.0, 0.0], t_eval=[0.0, 1.0, 5.0])
    >>> side.error_signal.shape
    (3, 5)
    """
    solver = chosen_solver(solver)
    check_on_failure(on_failure)
    choice(method, ("integrate", "exact"), "method")
    point = resting_point(network, equilibrium)
    batched, batch = equilibrium.batched, point.s.shape[1]
    target = network.target(y, batch, batched)
    times = as_times(default_times(point) if t_eval is None else t_eval)
    signal = point.cost_slope(target) * point.local.active
    solution, last = None, {}
    if method == "exact":
        error, integral = _exact(point, signal, times)
        status, counters = np.full(batch, int(Status.DONE)), {}
    else:
        solution = integrate(side_problem(point, signal), solver, times, what="side network")
        error, integral = solution.y[:, : network.n], solution.y[:, network.n :]
        status, counters = solution.status, describe_counters(solution.counters)
    pick: Any = slice(None) if batched else 0
    if solution is not None and np.any(status != Status.DONE):
        signals = np.ascontiguousarray(solution.last[: network.n].T)
        last = {"last_time": np.asarray(solution.time[pick]), "last_error_signal": signals[pick]}
    result = SidePhase(
        network,
        t=times,
        base=equilibrium.state,
        error_signal=outward(error, batched),
        integral=outward(integral, batched),
        target=target[pick],
        active=np.ascontiguousarray(point.local.active.T)[pick],
        status=np.asarray(status[pick]),
        x=equilibrium.x,
        method=method,
        **last,
        solver=solver.describe(),
        counters=counters,
    )
    if solution is not None and last and on_failure == "raise":
        raise failure(["side network"], network, solution, result)
    return result


def side_problem(point: FixedPoint, signal: Array) -> Problem:
    """S and the integral of S/tau, 2n components, for every sample."""
    network = point.network
    n, sizes = network.n, signal_sizes(point, signal)

    def jacobian(sample: int, t: float, z: Array) -> Array:
        matrix = np.zeros((2 * n, 2 * n))
        m = point.local.coordinate_slope[:, sample]
        matrix[:n, :n] = -network.linearized(point.local, sample).T * (m / m[:, None]) / network.tau
        matrix[n:, :n] = np.diag(1.0 / network.tau)
        return matrix

    return Problem(
        side,
        np.concatenate([signal, np.zeros_like(signal)]),
        linear_rows(network, point.local),
        network.theta,
        network.layout_for(side),
        network.work_rows(side),
        n,
        jacobian,
        lambda i: network.graph.unit(i % n),
        threads_inside=network.threads_inside,
        sizes=None if sizes is None else np.concatenate([sizes, sizes]),
        series=side_series,
    )


def _exact(point: FixedPoint, signal: Array, times: Array) -> tuple[Array, Array]:
    """S and the integral of S/tau in closed form, both (T, n, b)."""
    check_recording(len(times), *signal.shape)
    error, integral = np.zeros((len(times), *signal.shape)), np.zeros((len(times), *signal.shape))
    solve = _by_modes if point.network.has_energy else _by_exponential
    for j in range(signal.shape[1]):
        keep = point.local.active[:, j]
        if keep.any():
            error[:, keep, j], integral[:, keep, j] = solve(point, j, signal[keep, j], times)
    return error, integral


def _by_modes(point: FixedPoint, sample: int, signal: Array, times: Array) -> tuple[Array, Array]:
    """S = R exp(-M t) R^-1 S(0) with M = R^-1 adjoint T^-1 R symmetric, R = (T/m)^1/2; m as in `FixedPoint`."""
    keep = point.local.active[:, sample]
    m = point.local.coordinate_slope[keep, sample]
    rates, vectors = point.modes(sample)
    root = np.sqrt(point.network.tau[keep] / m)
    start = vectors.T @ (signal / root)
    decay = np.exp(-np.outer(times, rates))
    error = (decay * start) @ vectors.T * root
    integral = (-np.expm1(-np.outer(times, rates)) / rates * start) @ vectors.T / (root * m)
    return error, integral


def _by_exponential(point: FixedPoint, sample: int, signal: Array, times: Array) -> tuple[Array, Array]:
    """Both from one matrix exponential, of a network without energy: its matrix may lack eigenvectors."""
    from scipy.linalg import expm

    tau = point.network.tau[point.local.active[:, sample]]
    n = tau.size
    matrix = np.zeros((2 * n, 2 * n))
    matrix[:n, :n] = -point.adjoint(sample) / tau
    matrix[n:, :n] = np.diag(1.0 / tau)
    found = np.array([expm(t * matrix)[:, :n] @ signal for t in times])
    return found[:, :n], found[:, n:]
