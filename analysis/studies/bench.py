"""A bench for devices: what their error signals, gradients and learning are, beside those of the network they hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.studies.averaging import estimated
from neurodyn.errors import NeurodynError
from neurodyn.learning.metrics import accuracy, are_classes
from neurodyn.numerics.arrays import Array, inward
from neurodyn.phases.nudge import default_times, nudge
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.side import side_network
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import Solver
from neurodyn.system.device import Device, shared_gradient
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Recorded times of the error signal.
TIMES = 25


class Measured(NamedTuple):
    """What is measured on one device."""

    error: Array
    cosine: float
    norm_ratio: float
    own_cosine: float


class Trained(NamedTuple):
    """What learning in the loop has reached: the cost over that before; the accuracy, or NaN without classes."""

    trained: float
    accuracy: float


class Bench:
    """What devices that hold a network are measured with.

    `has_classes`: whether an output and a target name a class each, the place of their largest number. They do where
    targets are labels or one-hot rows, and where the read-out is a softmax.
    """

    def __init__(self, network: Network, rest: Equilibrium, y: ArrayLike, beta: float, solver: Solver) -> None:
        self.network, self.rest, self.y, self.beta, self.solver = network, rest, y, beta, solver
        point = FixedPoint.of(network, np.atleast_2d(rest.state), None if rest.x is None else np.atleast_2d(rest.x))
        self.target = network.target(y, point.s.shape[1], rest.batched)
        softmax = network.graph.readout == "softmax" and network.n_out > 1
        self.has_classes = softmax or are_classes(self.target)
        self.exact = point.exact_gradient(self.target)
        self.times = np.linspace(0.0, float(default_times(point)[-1]) / 2.0, TIMES)

    def measure(self, device: Network) -> Measured:
        """A device: its error signal, and its gradient."""
        rest = self._at_rest(device)
        run = nudge(device, rest, self.y, beta=self.beta, t_eval=self.times, solver=self.solver)
        side = side_network(device, rest, self.y, t_eval=self.times, solver=self.solver)
        ours, theirs = with_batch(run.error_signal, 3), with_batch(side.error_signal, 3)
        error = np.abs(ours - theirs).max(axis=(1, 2)) / np.abs(theirs).max()
        found = shared_gradient(run.parameter_gradient(), self.network)
        point = FixedPoint.of(device, np.atleast_2d(rest.state), None if rest.x is None else np.atleast_2d(rest.x))
        own = shared_gradient(point.exact_gradient(self.target), self.network)
        return Measured(error, found.cosine(self.exact), found.norm / self.exact.norm, found.cosine(own))

    def noisy_cosine(self, device: Network, temperature: float, beta: float, time: float, seed: int) -> float:
        """The cosine with the exact gradient, where the states of a device are noisy and it averages for a time."""
        found = estimated(device, self._at_rest(device), self.y, (temperature, beta, time), seed)
        return shared_gradient(found, self.network).cosine(self.exact)

    def all(self, device: Device, count: int) -> list[Measured]:
        """Those devices that come to rest."""
        found = [self._tried(made) for made in device.networks(self.network, count, time=1.0)]
        return [m for m in found if m is not None]

    def trained(self, device: Device, number: int, steps: int, rate: float) -> Trained:
        """A device after learning in the loop."""
        held = self.network
        first, _ = self.performance(device.network(held, number, time=1.0))
        for _ in range(steps):
            made = device.network(held, number, time=1.0)
            run = nudge(made, self._at_rest(made), self.y, beta=self.beta, t_eval=self.times[-1:], solver=self.solver)
            step = rate * shared_gradient(run.parameter_gradient(), held)
            held = held.replace(parameters=Parameters(step.blocks, held.parameters.vector - step.vector))
        last, accuracy_reached = self.performance(device.network(held, number, time=1.0))
        return Trained(last / first, accuracy_reached)

    def performance(self, device: Network) -> tuple[float, float]:
        """Mean cost, and accuracy: the fraction of samples whose largest output is their target's, or NaN."""
        state = self._at_rest(device).state
        outputs = device.coordinate(inward(np.atleast_2d(state)))[device.outputs].T
        right = accuracy(outputs, self.target) if self.has_classes else np.nan
        return float(np.mean(device.cost(state, self.y))), right

    def _tried(self, device: Network) -> Measured | None:
        try:
            return self.measure(device)
        except NeurodynError:  # as one that oscillates, with feedback that is too unequal
            return None

    def _at_rest(self, device: Network) -> Equilibrium:
        return relax(device, self.rest.x, start=self.rest.state, solver=self.solver)


__all__ = ["TIMES", "Bench", "Measured", "Trained"]
