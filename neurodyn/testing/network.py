"""`check_network`: forces, derivatives, phases and gradients of a network against differences of each other."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from neurodyn.estimators.gradient import gradient
from neurodyn.flows.layout import RATES
from neurodyn.inputs import as_input
from neurodyn.numerics.arrays import Array, inward
from neurodyn.phases.correction import ANTISYMMETRIC
from neurodyn.phases.nudge import nudge
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.side import side_network
from neurodyn.solvers.solver import Solver
from neurodyn.system.graph import SOFTMAX
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters
from neurodyn.testing.check import TOLERANCE, CheckError, anywhere, compare, slope
from neurodyn.testing.term import check_term

SAMPLES = 2
#: Of what integrators and finite differences of a cost at rest leave.
LOOSE = 1e-5


def check_network(
    network: Network,
    x: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    *,
    start: npt.ArrayLike | None = None,
    seed: int = 0,
    tolerance: float = TOLERANCE,
) -> dict[str, float]:
    """Run the contract that the program's own networks keep on any network, and say where it is broken.

    Each term is checked on its own first (`check_term`). Then: the force is minus the slope of the energy, its Jacobian
    and the transposed one are right, dE/dtheta is, a network survives pickling. Where it has outputs: slope and
    curvature of the cost are its derivatives. And where it comes to rest: nudged velocities follow the side network (if
    there is an energy), and the exact gradient is the slope of the cost at rest along a random direction of the
    parameters.

    Parameters
    ----------
    network : Network
        Small: derivatives are taken unit by unit, and parameter by parameter.
    x : (samples, n_in) array, optional
        Inputs. Default: random ones in [0, 1].
    y : (samples, n_out) array, or labels, optional
        Targets. Default: random ones in [0, 1], for a softmax read-out labels.
    start : (samples, n) array, optional
        Where the free phase begins. Default: zeros.
    seed : int
    tolerance : float
        Of derivatives, relative to the largest number of the array.

    Returns
    -------
    dict
        The largest relative difference found by each check.

    Raises
    ------
    CheckError
        The message says what is wrong, at which unit or parameter, and by how much.
    ConvergenceError
        The free phase does not come to rest, so that there is nothing to nudge: give inputs or a start where it does.

    Examples
    --------
    >>> from neurodyn import models
    >>> from neurodyn.testing import check_network
    >>> check_network(models.Hopfield.layered([2, 3, 2], seed=1))["error signal"] < 1e-6
    True
    """
    rng = np.random.default_rng(seed)
    for term in network.own_terms:
        check_term(term, network.populations, seed=seed, tolerance=tolerance)
    inputs, _ = as_input(rng.uniform(size=(SAMPLES, network.n_in)) if x is None and network.n_in else x, network.n_in)
    checks = _Checks(network, inputs, rng, tolerance)
    checks.statics()
    if network.n_out:
        count = len(inputs) if inputs is not None else SAMPLES
        checks.phases(_targets(network, count, rng) if y is None else y, start)
    return checks.found


def _targets(network: Network, count: int, rng: np.random.Generator) -> Array:
    if network.graph.readout == SOFTMAX:
        return np.eye(network.n_out)[rng.integers(network.n_out, size=count)]
    return rng.uniform(size=(count, network.n_out))


class _Checks:
    """All checks of one network at inputs x, random states s and directions v, u, batch first."""

    def __init__(self, network: Network, x: Array | None, rng: np.random.Generator, tolerance: float) -> None:
        self.network, self.x, self.rng, self.tolerance = network, x, rng, tolerance
        samples = SAMPLES if x is None else len(x)
        self.s, self.v, self.u = 0.7 * rng.normal(size=(3, samples, network.n))
        self.s[:, network.box] = rng.uniform(0.1, 0.9, (samples, int(network.box.sum())))
        self.found: dict[str, float] = {}

    def _compare(self, what: str, found: Any, expected: Any, where: Any = anywhere, tolerance: float = 0.0) -> None:
        self.found[what] = compare(what, found, expected, where, tolerance or self.tolerance)

    def _unit(self, index: tuple[int, ...]) -> str:
        return f"at {self.network.graph.unit(index[1])} in sample {index[0]}"

    def statics(self) -> None:
        """What holds at any state."""
        net, s, v, u, x = self.network, self.s, self.v, self.u, self.x
        force = net.force(s, x)
        if net.has_energy:
            expected = np.stack([-slope(partial(self._energy, e)) for e in np.eye(net.n)], axis=1)
            if net.metric == RATES:  # the derivative by the rate is that by the state over its slope
                expected /= slope(lambda h: net.coordinate(np.ascontiguousarray((s + h).T)).T)
            self._compare("force", force, expected, self._unit)
        along = -slope(lambda h: net.force(s + h * v, x))
        self._compare("Jacobian of the force times a direction", net.jvp(s, v, x), along, self._unit)
        products = np.sum(u * net.jvp(s, v, x), axis=1), np.sum(v * net.vjp(s, u, x), axis=1)
        self._compare("transposed Jacobian of the force", products[1], products[0])
        if net.has_energy:
            self._compare("dE/dtheta", net.energy_gradient(s, x).vector, self._slopes(), self._parameter)
        if pickle.loads(pickle.dumps(net)) != net:
            raise CheckError(f"{type(net).__name__}: pickling gives another network")

    def _slopes(self) -> Array:
        """Slopes of the mean energy by each parameter."""
        return np.array([slope(partial(self._mean_energy, k)) for k in range(self.network.parameters.vector.size)])

    def _energy(self, direction: Array, step: float) -> Array:
        return self.network.energy(self.s + step * direction, self.x)

    def _mean_energy(self, parameter: int, step: float) -> Any:
        vector = np.array(self.network.parameters.vector)
        vector[parameter] += step
        near = self.network.replace(parameters=Parameters(self.network.parameters.blocks, vector))
        return np.mean(near.energy(self.s, self.x))

    def _parameter(self, index: tuple[int, ...]) -> str:
        place = index[0]
        for block in self.network.parameters.blocks:
            if place < block.size:
                return f"at entry {place} of the parameters {block.name!r}"
            place -= block.size
        return anywhere(index)

    def cost(self, rest: Equilibrium, y: Any) -> None:
        """What holds of the cost at any outputs: its slope and curvature are its derivatives."""
        net, readout = self.network, self.network.readout
        s = np.resize(self.s, np.atleast_2d(rest.state).shape)
        z, target = net.coordinate(inward(s))[net.outputs], net.target(y, len(s), rest.batched).T

        def along(function: Any, way: Array, step: float) -> Array:
            return np.asarray(function(z + step * way, target))

        slopes, bends = (
            np.stack([slope(partial(along, function, way)) for way in np.eye(net.n_out)[:, :, None]])
            for function in (readout.cost, readout.slope)
        )
        self._compare("slope of the cost", readout.slope(z, target), slopes, self._output)
        found = np.stack([readout.curvature(z[:, j], target[:, j]) for j in range(len(s))], axis=-1)
        self._compare("curvature of the cost", found, bends, self._output)

    def _output(self, index: tuple[int, ...]) -> str:
        return f"at output {index[-2]} in sample {index[-1]}"

    def phases(self, y: Any, start: Any) -> None:
        """What holds at rest, and while it is nudged."""
        net, x, solver = self.network, self.x, Solver(rtol=1e-11, atol=1e-13)
        rest = relax(net, x, start=np.zeros_like(self.s) if start is None and x is None else start, solver=solver)
        self.cost(rest, y)
        run = nudge(net, rest, y, beta=1e-4, correction=ANTISYMMETRIC, solver=solver)
        side = side_network(net, rest, y, t_eval=run.t, solver=solver)
        self._compare("error signal", run.error_signal, side.error_signal, self._of_phase, LOOSE)
        if net.box.any():  # at rest on a bound the cost has kinks
            return
        exact = gradient(net, x, y, method="implicit", start=rest.state)
        direction = self.rng.normal(size=exact.vector.size)
        direction /= np.linalg.norm(direction)

        def cost(step: float) -> Any:
            vector = self.network.parameters.vector + step * direction
            near = net.replace(parameters=Parameters(net.parameters.blocks, vector))
            return np.mean(near.cost(relax(near, x, start=rest.state, tol=1e-12, solver=solver).state, y))

        self._compare("exact gradient", exact.vector @ direction, slope(cost), anywhere, LOOSE)

    def _of_phase(self, index: tuple[int, ...]) -> str:
        return f"at {self.network.graph.unit(index[-1])} in sample {index[1]}, recorded time {index[0]}"
