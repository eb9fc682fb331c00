"""Free dynamics, side network and weights running at once, each on a time scale of its own.

    T ds/dt = -dE/ds,   tau_side dlambda/dt = dC/ds - H lambda,   tau_theta dtheta/dt = (d2E/dtheta ds) lambda

No phases, nothing waits for anything: lambda relaxes towards H^-1 dC/ds, of which the present s, y and weights have
their own, and the weights move by what lambda says now. As the scales separate, tau << tau_side << tau_theta, theta
follows the gradient flow tau_theta dtheta/dt = -dJ/dtheta. In the rate form s is u, dC/dr stands for dC/ds, and
1 - W rho' for H.

Source: T. Flynn, Timescale separation in recurrent neural networks, Neural Computation 27 (2015).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture
from neurodyn.errors import ArgumentError, ModelError
from neurodyn.flows.concurrent import concurrent as flow
from neurodyn.inputs import as_input, as_times, is_positive
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.phases.driven import integrate_pieces
from neurodyn.phases.plasticity import clamped_rates, differences
from neurodyn.phases.simulate import failure
from neurodyn.phases.synapses import Synapses
from neurodyn.results.result import Result, array, check_on_failure, time_index
from neurodyn.solvers.problem import Problem, describe_counters
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, eq=False, repr=False)
class ConcurrentLearning(Result):
    """One network that learned while it ran.

    Attributes
    ----------
    t : (T,)
    state, error_signal : (T, n)
        s, and lambda, which follows H^-1 dC/ds.
    theta : (T, p)
        Weights and biases, laid out like `network.parameters.vector`.
    shown : (T,)
        Index of the sample that was presented.
    status : Status

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.concurrent(net, [0.5, 0.2], [1.0, 0.0], tau_side=10.0, tau_theta=1e3, t_eval=[0.0, 500.0])
    >>> before, after = (nd.evaluate(n, [[0.5, 0.2]], [[1.0, 0.0]]).cost[0] for n in (net, run.learned()))
    >>> bool(after < before)
    True
    """

    t: Array = array("time", units="time")
    state: Array = array("time", "unit")
    error_signal: Array = array("time", "unit")
    theta: Array = array("time", "parameter")
    shown: Integers = array("time")
    target: Array = array("sample", "output")
    status: Integers = array(units="status")
    x: Array | None = array("sample", "input", default=None)
    tau_side: float = 0.0
    tau_theta: float = 0.0
    dwell: float | None = None
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    def _picture(self) -> Picture | None:
        return self._over_time("error_signal", "largest |error signal|")

    def parameters(self, t: float | None = None) -> Parameters:
        """Weights and biases at a recorded time, by default the last."""
        return Parameters(self.network.parameters.blocks, self.theta[time_index(self.t, t)])

    def learned(self, t: float | None = None) -> Network:
        """The network at a recorded time, by default the last."""
        return self.network.replace(parameters=self.parameters(t))


def concurrent(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    *,
    tau_side: float,
    tau_theta: float,
    dwell: float | None = None,
    start: ArrayLike | None = None,
    signal: Any = None,
    t_eval: ArrayLike,
    solver: Solver | None = None,
    on_failure: str = "raise",
) -> ConcurrentLearning:
    """Let one network run, with its side network, and learn, all at once.

    Parameters
    ----------
    network : Network
        With an energy, and without hard sigmoids.
    x, y : (samples, n_in), (samples, n_out) arrays, or one sample without the first axis; y may be labels
        Samples are presented in turn.
    tau_side, tau_theta : float
        Time constants of side network and weights, in the units of `network.tau`.
    dwell : float, optional
        How long each sample is shown, round and round; needed for more than one.
    start, signal : (n,) arrays, optional
        s and lambda at t = 0. Default: zeros.
    t_eval : (T,) array
    solver, on_failure
        As for `simulate`.

    Raises
    ------
    ArgumentError, ModelError, TooLargeError
        For what does not fit.
    DivergenceError, SimulationError
        It did not reach the end; `.result` is the ConcurrentLearning as far as it came.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.concurrent(net, [0.5, 0.2], [1.0, 0.0], tau_side=10.0, tau_theta=1e4, t_eval=[0.0, 100.0])
    >>> run.theta.shape
    (2, 17)
    """
    as_network(network)
    solver = chosen_solver(solver)
    check_on_failure(on_failure)
    network.require_energy("weights that could descend it")
    if network.box.any():
        raise ModelError("concurrent learning needs smooth activations: units with the hard sigmoid live in a box")
    for name, value in (("tau_side", tau_side), ("tau_theta", tau_theta)):
        if not is_positive(value):
            raise ArgumentError(f"`{name}` must be positive and finite; got {value!r}")
    inputs, batched = as_input(x, network.n_in)
    if inputs is None:
        batched = np.ndim(y) == 2
    target = network.target(y, len(inputs) if inputs is not None else len(np.atleast_2d(y)), batched)
    times, synapses = as_times(t_eval), Synapses.of(network)
    begin = np.concatenate([_vector(start, network.n, "start"), _vector(signal, network.n, "signal")])
    z = np.concatenate([begin, network.parameters.vector])[:, None]
    begins = _changes(len(target), dwell, float(times[-1]))

    def problem(k: int, start: Array, samples: Any) -> Problem:
        j = k % len(target)
        one = None if inputs is None else inputs[j : j + 1]
        return concurrent_problem(network, start, one, target[j], (tau_side, tau_theta), synapses)

    solution = integrate_pieces(problem, z, begins, solver, times, what="concurrent learning")
    n = network.n
    result = ConcurrentLearning(
        network,
        t=times,
        state=solution.y[:, :n, 0].copy(),
        error_signal=solution.y[:, n : 2 * n, 0].copy(),
        theta=solution.y[:, 2 * n :, 0].copy(),
        shown=np.searchsorted(begins, times, side="right") % len(target),
        target=target,
        status=np.asarray(solution.status[0]),
        x=inputs,
        tau_side=float(tau_side),
        tau_theta=float(tau_theta),
        dwell=dwell,
        solver=solver.describe(),
        counters=describe_counters(solution.counters),
    )
    if on_failure == "raise" and solution.status[0] != Status.DONE:
        raise failure(["concurrent learning"], network, solution, result)
    return result


def concurrent_problem(
    network: Network, start: Array, x: Array | None, target: Array, scales: tuple[float, float], synapses: Synapses
) -> Problem:
    """The joint flow for one sample x (1, n_in), target (n_out,), from start (2n + p, 1)."""
    n = network.n
    output, wanted = np.zeros((2, n, 1))
    output[network.outputs], wanted[network.outputs, 0] = 1.0, target
    constants = np.array([[1.0 / scales[0]], [-1.0 / scales[1]]])
    rows = np.concatenate([1.0 / network.tau[:, None], output, wanted, constants, clamped_rates(network, x, 1)])

    def jacobian(sample: int, t: float, z: Array) -> Array:
        return differences(problem, np.eye(z.size), z[:, None], [sample])[0]

    def unit(index: int) -> str:
        if index < 2 * n:
            return ("", "the error signal of ")[index // n] + network.graph.unit(index % n)
        return f"parameter {index - 2 * n}"

    problem = Problem(
        flow,
        start,
        rows,
        network.theta,
        synapses.layout(network, flow, 2 * n, 3 * n),
        network.work_rows(flow),
        n,
        jacobian,
        unit,
    )
    return problem


def _vector(values: Any, size: int, name: str) -> Array:
    if values is None:
        return np.zeros(size)
    found = np.array(values, dtype=float)
    if found.shape != (size,) or not np.isfinite(found).all():
        raise ArgumentError(f"`{name}` must be {size} finite numbers; got shape {found.shape}")
    return found


def _changes(samples: int, dwell: float | None, end: float) -> Array:
    """Times at which the next sample is presented."""
    if samples == 1 and dwell is None:
        return np.zeros(0)
    if not is_positive(dwell):
        raise ArgumentError(f"`dwell`, how long each of {samples} samples is shown, must be positive; got {dwell!r}")
    return np.arange(1, int(end / float(dwell)) + 1) * float(dwell)  # type: ignore[arg-type]


__all__ = ["ConcurrentLearning", "concurrent", "concurrent_problem"]
