"""Weights that move during the nudged phase, in continuous time: the network learns while it is nudged.

Every sample is followed by a network of its own, whose weights and biases theta move with it:

    tau ds/dt = -dE/ds(theta, s) - beta dC/ds,   dtheta/dt = -1/(beta tau_theta) d/dt dE/dtheta(s),   theta(0) = theta

As dE/dtheta depends on s alone, theta(t) = theta - [dE/dtheta(s_t) - dE/dtheta(s*)] / (beta tau_theta) exactly, and the
joint motion descends E + beta C - |dE/dtheta(s) - dE/dtheta(s*)|^2 / (2 beta tau_theta). What is integrated is
delta = (s - s*)/beta and the gain (theta(t) - theta)·tau_theta, neither of which shrinks with beta:

    tau ddelta/dt = (nudged flow) + kappa·(field of the gains),   d gain_ij/dt = d/dt [rho_i rho_j - rho_i* rho_j*]/beta

with kappa = 1/(beta tau_theta). Minus the gain is the estimate of dJ/dtheta. At kappa = 0 it is the nudged phase's own;
the weights' motion adds an error O(kappa), until at a critical kappa the joint flow runs away from s*.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture
from neurodyn.errors import ArgumentError
from neurodyn.flows.plastic import plastic
from neurodyn.inputs import as_times, choice, is_number, is_positive
from neurodyn.numerics.arrays import Array, Integers, outward
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.nudge import default_times, resting_point
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.simulate import failure
from neurodyn.phases.synapses import Synapses
from neurodyn.results.result import Result, array, check_on_failure, time_index
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution, describe_counters
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters

#: Rules by which weights move: both halves of d/dt(rho_i rho_j), or the half of each direction of a synapse.
RULES = ("tied", "stdp")
#: At so many recorded times it is looked whether the motion of the weights makes the network unstable.
LOOKS = 24


@dataclass(frozen=True, eq=False, repr=False)
class PlasticPhase(Result):
    """A nudged phase during which weights and biases moved, those of each sample for themselves.

    Attributes
    ----------
    t : (T,)
    base : (batch, n)
        s*, where the phase began.
    displacement, displacement_rate : (T, batch, n)
        delta = (s - s*)/beta and its velocity, from the vector field.
    gain, gain_rate : (T, batch, p)
        (theta(t) - theta(0))·tau_theta, laid out like `network.parameters.vector`, and its velocity. Minus the gain is
        an estimate of each sample's dJ/dtheta.
    back_gain : (T, batch, q), optional
        Rule "stdp": the same for the weights from second to first population (or from the later to the earlier unit)
        of the q weights between free units, in the order of the vector; `gain` is then that from first to second.
    critical_kappa : (batch,)
        The 1/(beta tau_theta) beyond which s* is not stable under the joint motion.
    status : (batch,)
        RUNAWAY beyond it, or where on the way the weights' motion made the network unstable.
    residual : (batch,)
        Largest active |force| at s*, which the flow of delta leaves out.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> rest = nd.relax(net, [0.5, 0.2])
    >>> run = nd.plastic_phase(net, rest, [1.0, 0.0], beta=1e-3, tau_theta=1e6, t_eval=[0.0, 5.0])
    >>> round(run.kappa, 6), run.learned().n
    (0.001, 5)
    """

    t: Array = array("time", units="time")
    base: Array = array("batch", "unit")
    displacement: Array = array("time", "batch", "unit")
    displacement_rate: Array = array("time", "batch", "unit", units="1/time")
    gain: Array = array("time", "batch", "parameter")
    gain_rate: Array = array("time", "batch", "parameter", units="1/time")
    target: Array = array("batch", "output")
    residual: Array = array("batch")
    critical_kappa: Array = array("batch")
    status: Integers = array("batch", units="status")
    back_gain: Array | None = array("time", "batch", "shared", default=None)
    x: Array | None = array("batch", "input", default=None)
    beta: float = 0.0
    tau_theta: float = 0.0
    rule: str = "tied"
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    computed: ClassVar = {"state": (("time", "batch", "unit"), "1"), "velocity": (("time", "batch", "unit"), "1/time")}

    def _picture(self) -> Picture | None:
        return self._over_time("velocity", "largest |ds/dt|")

    @property
    def kappa(self) -> float:
        """1/(beta tau_theta), which says how much the weights' motion acts back."""
        return 1.0 / (self.beta * self.tau_theta)

    @property
    def state(self) -> Array:
        """S, (T, batch, n)."""
        return self.base + self.beta * self.displacement

    @property
    def velocity(self) -> Array:
        """ds/dt, (T, batch, n), 1/time."""
        return self.beta * self.displacement_rate

    @property
    def parameters(self) -> Array:
        """theta(t) of every sample, (T, batch, p)."""
        return self.network.parameters.vector + self.gain / self.tau_theta

    def parameter_gradient(self, t: float | None = None) -> Parameters:
        """Minus the gain at a recorded time, by default the last, averaged over the batch: what approaches dJ/dtheta.

        With the rule "stdp" a weight's entry is the sum of its two directions.
        """
        k = time_index(self.t, t)
        total = np.atleast_2d(self.gain[k]).mean(axis=0)
        if self.back_gain is not None:
            shared = Synapses.of(self.network).shared
            total[shared] += np.atleast_2d(self.back_gain[k]).mean(axis=0)
        return Parameters(self.network.parameters.blocks, -total)

    def learned(self, t: float | None = None) -> Network:
        """The network with the parameters at a recorded time, by default the last, averaged over the batch."""
        change = self.parameter_gradient(t) * (-1.0 / self.tau_theta)
        return self.network.replace(parameters=self.network.parameters + change)


@few_threads
def plastic_phase(
    network: Network,
    equilibrium: Equilibrium,
    y: ArrayLike,
    *,
    beta: float = 1e-3,
    tau_theta: float,
    rule: str = "tied",
    t_eval: ArrayLike | None = None,
    solver: Solver | None = None,
    on_failure: str = "raise",
) -> PlasticPhase:
    """Nudge the outputs towards y from an equilibrium, with weights and biases that move meanwhile.

    Parameters
    ----------
    network, equilibrium, y
        As for `nudge`; the network must have an energy.
    beta : float
        Nudging strength, not 0; the nudging is one-sided. Its error is O(beta).
    tau_theta : float
        Time constant of the weights: a whole phase changes them by −1/tau_theta times about dJ/dtheta.
    rule : {"tied", "stdp"}
        "tied": dW_ij/dt ∝ d/dt(ρ_i ρ_j), one weight for both directions. "stdp": each direction has a weight of its
        own and learns by one half of that derivative, dW/dt ∝ ρ_pre dρ_post/dt; the two part by the antisymmetric
        ∫(ρ_i dρ_j − ρ_j dρ_i), and the motion has no energy any more.
    t_eval, solver, on_failure
        As for `nudge`.

    Raises
    ------
    ArgumentError, ModelError
        For what does not fit, and for a network without energy.
    TooLargeError
        More than 100,000 parameters.
    SimulationError
        Some sample ran away or did not reach the end; `.result` is the PlasticPhase as far as it came.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), section 2.3 and appendix.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> rest = nd.relax(net, [0.5, 0.2])
    >>> run = nd.plastic_phase(net, rest, [1.0, 0.0], beta=1e-3, tau_theta=1e6, t_eval=[0.0, 50.0])
    >>> exact = nd.gradient(net, [0.5, 0.2], [1.0, 0.0], method="implicit")
    >>> round(run.parameter_gradient().cosine(exact), 4)
    1.0
    """
    as_network(network)
    solver = chosen_solver(solver)
    check_on_failure(on_failure)
    choice(rule, RULES, "rule")
    if not is_number(beta) or beta == 0.0:
        raise ArgumentError(f"`beta` must be a finite number, not 0; got {beta!r}")
    if not is_positive(tau_theta):
        raise ArgumentError(f"`tau_theta` must be positive and finite; got {tau_theta!r}")
    network.require_energy("dE/dtheta by which weights could move")
    point = resting_point(network, equilibrium)
    synapses = Synapses.of(network, own=rule == "stdp")
    target = network.target(y, point.s.shape[1], equilibrium.batched)
    times = as_times(default_times(point) if t_eval is None else t_eval)
    kappa = 1.0 / (float(beta) * float(tau_theta))
    problem = plastic_problem(point, target, float(beta), kappa, synapses)
    solution = integrate(problem, solver, times, what="plastic phase")
    critical = critical_kappa(point, synapses)
    status = _status(problem, solution, point, synapses, float(beta))
    status[(kappa >= critical) & np.isin(status, (Status.DONE, Status.DIVERGED))] = Status.RUNAWAY
    n, p, batched = network.n, synapses.parameters, equilibrium.batched
    pick: Any = slice(None) if batched else 0
    result = PlasticPhase(
        network,
        t=times,
        base=equilibrium.state,
        displacement=outward(solution.y[:, :n], batched),
        displacement_rate=outward(solution.f[:, :n], batched),
        gain=outward(solution.y[:, n : n + p], batched),
        gain_rate=outward(solution.f[:, n : n + p], batched),
        target=target[pick],
        residual=np.asarray(point.residual[pick]),
        critical_kappa=np.asarray(critical[pick]),
        status=np.asarray(status[pick]),
        back_gain=outward(solution.y[:, n + p :], batched) if rule == "stdp" else None,
        x=equilibrium.x,
        beta=float(beta),
        tau_theta=float(tau_theta),
        rule=rule,
        solver=solver.describe(),
        counters=describe_counters(solution.counters),
    )
    if on_failure == "raise" and np.any(status != Status.DONE):
        more = f"; 1/(beta tau_theta) is {kappa:.3g}, its critical value {critical.min():.3g}"
        raise failure(["plastic phase"], network, dataclasses.replace(solution, status=status), result, more)
    return result


def plastic_problem(point: FixedPoint, target: Array, beta: float, kappa: float, synapses: Synapses) -> Problem:
    """The flow of delta (n rows) and of what the weights gain, for every sample."""
    network, batch = point.network, point.s.shape[1]
    nudged = nudged_problem(point, target, np.array([beta]))
    constants = np.repeat([[kappa], [1.0]], batch, axis=1)
    rows = np.concatenate([nudged.rows, constants, clamped_rates(network, point.x, batch)])
    n, size = network.n, network.n + synapses.size

    def jacobian(sample: int, t: float, z: Array) -> Array:
        return differences(problem, np.eye(size), z[:, None], [sample])[0]

    def unit(index: int) -> str:
        return network.graph.unit(index) if index < n else f"parameter {index - n}"

    problem = dataclasses.replace(
        nudged,
        flow=plastic,
        start=np.zeros((size, batch)),
        rows=rows,
        layout=synapses.layout(network, plastic, n, len(nudged.rows)),
        work_rows=network.work_rows(plastic),
        jacobian=jacobian,
        unit=unit,
        sizes=None if nudged.sizes is None else _with_weights(nudged.sizes, synapses.size),
    )
    return problem


def _with_weights(sizes: Array, weights: int) -> Array:
    """Sizes of the signals (n, b), and for what the weights gain, which is excited by them, the largest of them."""
    return np.concatenate([sizes, np.repeat(sizes.max(axis=0, keepdims=True), weights, axis=0)])


def clamped_rates(network: Network, x: Array | None, batch: int) -> Array:
    """Rates of the input population, (n_in, batch)."""
    return np.zeros((0, batch)) if x is None else network.input_rates(x)


def differences(problem: Problem, directions: Array, z: Array, samples: Any) -> Array:
    """Derivatives of the flow at states z (m, b) along directions (m, k) or (b, m, k), of some samples, (b, m, k).

    Central differences, all in one call of the flow.
    """
    step = 1e-5
    m, batch = z.shape
    along = np.broadcast_to(directions, (batch, *directions.shape[-2:]))
    ways = step * np.moveaxis(along, 0, 1)  # (m, b, k)
    states = np.concatenate([z[:, :, None] + ways, z[:, :, None] - ways], axis=2)
    columns = states.shape[2]
    flat = np.ascontiguousarray(states.reshape(m, -1))
    rows = np.repeat(problem.rows[:, samples], columns, axis=1)
    out, work = np.empty_like(flat), np.empty((problem.work_rows, flat.shape[1]))
    problem.flow(np.zeros(flat.shape[1]), flat, rows, problem.theta, problem.layout, work, out)
    plus, minus = np.split(out.reshape(m, batch, columns), 2, axis=2)
    return np.asarray(np.moveaxis((plus - minus) / (2.0 * step), 1, 0))


def critical_kappa(point: FixedPoint, synapses: Synapses) -> Array:
    """The 1/(beta tau_theta) at which s* loses its stability under the joint motion, (b,); infinite if it never does.

    Linearised at s*, T ddelta/dt = -(K - kappa P) delta - dC/ds, P = L G M with G = d field/d weights and
    M = d weights/d delta of the rule, L from fields to forces.
    """
    local, clamped = point.local, clamped_rates(point.network, point.x, point.s.shape[1])
    out = np.full(point.s.shape[1], np.inf)
    for j in range(out.size):
        keep = local.active[:, j]
        if not keep.any():
            continue
        gains = synapses.gains(local.rate[:, j], clamped[:, j])
        slope = local.slope[:, j]
        p = (slope / local.coordinate_slope[:, j])[:, None] * (gains @ gains.T) * slope
        values = np.linalg.eigvals(np.linalg.solve(point.linearized(j), p[np.ix_(keep, keep)]))
        largest = float(values.real.max())
        out[j] = 1.0 / largest if largest > 0.0 else np.inf
    return out


def _status(problem: Problem, solution: Solution, point: FixedPoint, synapses: Synapses, beta: float) -> Integers:
    """How each sample ended; RUNAWAY where on its way weights that follow made unstable what was stable."""
    status = solution.status.copy()
    if problem.bounds >= 0:  # on the bounds of a box the flow has no derivative
        return status
    for k in np.unique(np.linspace(0, len(solution.y) - 1, LOOKS).round().astype(int)):
        todo = np.flatnonzero(status == Status.DONE)
        if todo.size:
            z = np.ascontiguousarray(solution.y[k][:, todo])
            state = np.ascontiguousarray(point.s[:, todo] + beta * z[: problem.units])
            frozen, joint = _growth(problem, z, FixedPoint(point.network, state, _of(point.x, todo)), synapses, todo)
            status[todo[(joint > 0.0) & (frozen <= 0.0)]] = Status.RUNAWAY
    return status


def _of(x: Array | None, samples: Any) -> Array | None:
    return None if x is None else x[samples]


def _growth(problem: Problem, z: Array, at: FixedPoint, synapses: Synapses, samples: Any) -> tuple[Array, Array]:
    """Largest growth rates of delta at z (m, b), the states `at`: with weights frozen, and following as they learn."""
    n, local, clamped = problem.units, at.local, clamped_rates(at.network, at.x, z.shape[1])
    along = np.zeros((z.shape[1], len(z), 2 * n))
    along[:, :n] = np.tile(np.eye(n), 2)
    for j in range(z.shape[1]):
        along[j, n:, n:] = synapses.gains(local.rate[:, j], clamped[:, j]).T * local.slope[:, j]
    frozen, joint = np.split(differences(problem, along, z, samples)[:, :n], 2, axis=2)
    return np.linalg.eigvals(frozen).real.max(axis=1), np.linalg.eigvals(joint).real.max(axis=1)
