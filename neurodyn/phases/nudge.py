"""The nudged phase: the network moves from s* under E + beta C, as real time evolution."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_times, choice, real_number
from neurodyn.numerics.arrays import Array, Integers, inward, outward
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.correction import check_correction
from neurodyn.phases.nudged_problem import displaced_gradient, nudged_problem
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.simulate import failure
from neurodyn.results.result import Result, array, check_on_failure, time_index
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution, describe_counters
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters

#: The strengths, in units of beta, of the phases that each kind of nudging runs.
SIGNS = {"positive": (1.0,), "negative": (-1.0,), "centered": (1.0, -1.0)}


@dataclass(frozen=True, eq=False, repr=False)
class NudgedPhase(Result):
    """Displacement from s* over time, per unit of nudging, for each phase that was run (one, or two if centered).

    What was integrated is delta = (s - s*)/beta, whose size does not shrink with beta; all else follows from it.

    Attributes
    ----------
    t : (T,)
    base : (batch, n)
        s*, where the phase began.
    displacement, displacement_rate : (branch, T, batch, n)
        delta and ddelta/dt, from the vector field.
    strengths : (branch,)
        Signed beta of each branch.
    beta : float
        Signed strength of the first branch. 0 is the linear limit.
    residual : (batch,)
        Largest active |force| at s*, which the flow of delta leaves out; `residual / |beta|` is its weight in delta.
    correction : str or None
        What restores the equality without an energy: see `nudge`.
    critical_beta : (batch,)
        beta_c: at beta <= -beta_c the nudged equilibrium is not the smooth continuation of s*. Of a cost that is not
        convex, at -beta_c or at beta_c.
    crossed : (batch, n) bool
        Units that were seen to leave or reach a bound of their box.
    status : (batch,)
    last_time, last_displacement : (branch, batch), (branch, batch, n), optional
        How far each sample came; None where all reached the end.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.nudge(net, nd.relax(net, [0.5, 0.2]), [1.0, 0.0], beta=0.01, t_eval=[0.0, 5.0])
    >>> run.nudging, run.positive.beta, run.negative.beta
    ('centered', 0.01, -0.01)
    >>> run.parameter_gradient()["h1"].round(3)
    array([-0.18 , -0.138, -0.136])
    """

    t: Array = array("time", units="time")
    base: Array = array("batch", "unit")
    displacement: Array = array("branch", "time", "batch", "unit")
    displacement_rate: Array = array("branch", "time", "batch", "unit", units="1/time")
    strengths: Array = array("branch")
    target: Array = array("batch", "output")
    residual: Array = array("batch")
    critical_beta: Array = array("batch")
    active: Any = array("batch", "unit")
    crossed: Any = array("batch", "unit")
    status: Integers = array("batch", units="status")
    x: Array | None = array("batch", "input", default=None)
    beta: float = 0.0
    nudging: str = "centered"
    correction: str | None = None
    last_time: Array | None = array("branch", "batch", units="time", default=None)
    last_displacement: Array | None = array("branch", "batch", "unit", default=None)
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    computed: ClassVar = {
        "state": (("time", "batch", "unit"), "1"),
        "velocity": (("time", "batch", "unit"), "1/time"),
        "error_signal": (("time", "batch", "unit"), "1"),
    }

    @property
    def state(self) -> Array:
        """S, (T, batch, n); centered: s* + (s+ - s-)/2."""
        return self.base + self.beta * np.mean(self.displacement, axis=0)

    @property
    def velocity(self) -> Array:
        """ds/dt, (T, batch, n), 1/time; centered: (v+ - v-)/2."""
        return self.beta * np.mean(self.displacement_rate, axis=0)

    @property
    def error_signal(self) -> Array:
        """-(tau/beta) ds/dt, (T, batch, n), per sample: equal to the side network's as beta -> 0."""
        return -self.network.tau * np.mean(self.displacement_rate, axis=0)

    def _picture(self) -> Picture | None:
        return self._over_time("velocity", "largest |ds/dt|")

    @property
    def residual_over_beta(self) -> Array:
        """residual/|beta|, (batch,): what an imperfect fixed point could add to the error signal at most, roughly."""
        with np.errstate(divide="ignore"):
            return self.residual / abs(self.beta)

    @property
    def positive(self) -> NudgedPhase | None:
        """The phase with +beta."""
        return self._branch("positive")

    @property
    def negative(self) -> NudgedPhase | None:
        """The phase with -beta."""
        return self._branch("negative")

    def _branch(self, nudging: str) -> NudgedPhase | None:
        if self.nudging == nudging:
            return self
        if self.nudging != "centered":
            return None
        k = slice(0, 1) if nudging == "positive" else slice(1, 2)
        names = ("last_time", "last_displacement")
        last = {name: value[k] for name in names if (value := getattr(self, name)) is not None}
        return dataclasses.replace(
            self,
            displacement=self.displacement[k],
            displacement_rate=self.displacement_rate[k],
            strengths=self.strengths[k],
            beta=float(self.strengths[k][0]),
            nudging=nudging,
            **last,
        )

    def parameter_gradient(self, t: float | None = None) -> Parameters:
        """Theta-tilde: (1/beta) [dF/dtheta(s at t) - dF/dtheta(s*)], averaged over the batch (and the branches).

        t is a recorded time, by default the last. Source: Scellier & Bengio (2019), section 4.
        """
        index = time_index(self.t, t)
        point = FixedPoint.of(self.network, self.base, self.x)
        total: Parameters | None = None
        for beta, path in zip(self.strengths, self.displacement, strict=True):
            part = displaced_gradient(point, inward(np.atleast_2d(path[index])), float(beta))
            total = part if total is None else total + part
        assert total is not None
        return total * (1.0 / len(self.strengths))


@few_threads
def nudge(
    network: Network,
    equilibrium: Equilibrium,
    y: ArrayLike,
    *,
    beta: float = 1e-3,
    nudging: str = "centered",
    correction: str | None = None,
    t_eval: ArrayLike | None = None,
    solver: Solver | None = None,
    on_failure: str = "raise",
) -> NudgedPhase:
    """Nudge the outputs towards y and follow the network in time from its equilibrium.

    tau ds/dt = -d(E + beta C)/ds with s(0) = s* and the cost of the outputs' read-out (`Network.cost`), integrated for
    delta = (s − s*)/beta. In the rate form the derivative is by the rates.

    Parameters
    ----------
    network : Network
        The one that was relaxed, or one with other time constants.
    equilibrium : Equilibrium
        All its samples must be stable.
    y : (batch, n_out) array, or (batch,) integer labels
        Targets; labels are made one-hot.
    beta : float
        Nudging strength, either sign; 0 integrates the linear limit.
    nudging : {"centered", "positive", "negative"}
        Centered runs +beta and -beta and takes half their difference: error O(beta²) instead of O(beta).
    correction : {None, "antisymmetric"}
        "antisymmetric" restores the equality with the side network where there is no energy: a further force
        -2A(s - s*), where A = (J - Jᵀ)/2 and J is the Jacobian of the force at s*; in the rate form
        -(W - Wᵀ) rho'(u*) (u - u*). It is 0, and costs nothing, where there is an energy. What it exchanges has the
        same eigenvalues as what was there: `critical_beta` and the default times are the same.
    t_eval : (T,) array, optional
        Times to record. Default: 201 times, dense at first, to where the slowest mode has decayed to 1e-10.
    solver : Solver, optional
    on_failure : {"raise", "return"}

    Raises
    ------
    ArgumentError
        No outputs, targets that do not fit, an equilibrium that is none.
    DivergenceError, SimulationError
        Some sample did not reach the end; `.result` is the NudgedPhase as far as it came.

    References
    ----------
    Scellier & Bengio, Neural Computation 31:312 (2019), section 3.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> rest = nd.relax(net, [0.5, 0.2])
    >>> run = nd.nudge(net, rest, [1.0, 0.0], t_eval=[0.0, 1.0, 5.0])
    >>> run.error_signal.shape
    (3, 5)
    >>> run.population(run.error_signal[0], "y").round(3)  # dC/ds
    array([-0.637,  0.105])
    """
    solver = chosen_solver(solver)
    check_on_failure(on_failure)
    choice(nudging, SIGNS, "nudging")
    check_correction(correction)
    strength = real_number(beta, "beta")
    point = resting_point(network, equilibrium)
    target = network.target(y, point.s.shape[1], equilibrium.batched)
    times = as_times(default_times(point) if t_eval is None else t_eval)
    strengths = np.array([sign * strength for sign in SIGNS[nudging]]) + 0.0
    problem = nudged_problem(point, target, strengths, correction=correction)
    solution = integrate(problem, solver, times, what="nudged phase")
    batched, batch, shape = equilibrium.batched, point.s.shape[1], (len(times), network.n, len(strengths), -1)
    delta, rate = (np.moveaxis(a.reshape(shape), 2, 0) for a in (solution.y, solution.f))
    status = solution.status.reshape(len(strengths), batch)
    ended = np.where(np.all(status == Status.DONE, axis=0), int(Status.DONE), status.max(axis=0))
    critical = point.critical_beta(target)
    crossed = _crossed(problem, solution.y, network, point).reshape(network.n, len(strengths), batch).any(axis=1)
    pick: Any = slice(None) if batched else 0
    result = NudgedPhase(
        network,
        t=times,
        base=equilibrium.state,
        displacement=outward(delta, batched),
        displacement_rate=outward(rate, batched),
        strengths=strengths,
        target=target[pick],
        residual=np.asarray(point.residual[pick]),
        critical_beta=np.asarray(critical[pick]),
        active=np.ascontiguousarray(point.local.active.T)[pick],
        crossed=np.ascontiguousarray(crossed.T)[pick],
        status=np.asarray(ended[pick]),
        x=equilibrium.x,
        beta=float(strengths[0]),
        nudging=nudging,
        correction=correction,
        **_last(solution, network.n, len(strengths), pick),
        solver=solver.describe(),
        counters=describe_counters(solution.counters),
    )
    if on_failure == "raise" and np.any(ended != Status.DONE):
        more = f" (displacement over beta; beta_c is {critical.min():.3g} here, beta is {beta:g}, {nudging})"
        names = [f"nudged phase with {'-' if sign < 0 else '+'}beta" for sign in SIGNS[nudging]]
        raise failure(names, network, solution, result, more)
    return result


def _last(solution: Solution, n: int, branches: int, pick: Any) -> dict[str, Array]:
    """How far the samples came, unless all reached the end."""
    if np.all(solution.status == Status.DONE):
        return {}
    shape = (n, branches, -1)
    return {
        "last_time": solution.time.reshape(shape[1:])[:, pick],
        "last_displacement": np.moveaxis(solution.last[:n].reshape(shape), 0, -1)[:, pick],
    }


def resting_point(network: Network, equilibrium: Equilibrium) -> FixedPoint:
    """The equilibrium seen by `network`; refuses samples that are not stable, and other networks' equilibria."""
    as_network(network)
    if not isinstance(equilibrium, Equilibrium):
        raise ArgumentError(f"expected the Equilibrium that `relax` returns; got {type(equilibrium).__name__}")
    bad = np.flatnonzero(np.atleast_1d(equilibrium.status) != Status.STABLE)
    if len(bad):
        status = Status(int(np.atleast_1d(equilibrium.status)[bad[0]]))
        raise ArgumentError(f"sample {bad[0]} of the equilibrium {status.sentence}")
    if network.graph != equilibrium.network.graph or network.parameters != equilibrium.network.parameters:
        raise ArgumentError("the equilibrium belongs to another network: relax this one (only `tau` may differ)")
    return FixedPoint.of(network, equilibrium.state, equilibrium.x)


def default_times(point: FixedPoint) -> Array:
    """201 times, quadratically spaced, until the slowest mode of all samples has decayed by 1e-10."""
    end = np.log(1e10) / max(point.slowest_rate(), 1e-12)
    times: Array = end * np.linspace(0.0, 1.0, 201) ** 2
    return times


def _crossed(problem: Problem, path: Array, network: Network, point: FixedPoint) -> Any:
    """Units that at some recorded time were off the bound where they began, or on a bound where they began inside."""
    n = network.n
    if problem.bounds < 0:
        return np.zeros(problem.start.shape, dtype=bool)
    low, high = problem.rows[problem.bounds : problem.bounds + 2 * n].reshape(2, n, -1)
    on_bound = (path <= low) | (path >= high)
    began = np.tile(~point.local.active, problem.start.shape[1] // point.s.shape[1])
    return network.box[:, None] & np.any(on_bound != began, axis=0)


__all__ = ["SIGNS", "NudgedPhase", "nudge"]
