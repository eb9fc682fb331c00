"""Hardware: from a network, the imperfect ones that a factory would deliver.

A network's parameters are what a device was asked to hold. What it holds is

    w·exp(m g − m²/2) of the value w as its few bits can write it, grown by exp(d t g') in the time t,

with g, g' standard normal, drawn for each weight, and m, d the mismatch and the drift. Time constants have the
mismatch, too. Factors are log-normal with mean 1, so that no weight changes its sign and no time constant is negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from neurodyn.errors import ArgumentError, ModelError
from neurodyn.flows.layout import RATES
from neurodyn.inputs import as_seed, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.system.graph import RANDOM, Connection
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters

N = TypeVar("N", bound=Network)

#: More bits than a double has are no limit; spreads beyond this leave nothing of a network.
MOST_BITS, WIDEST = 52, 10.0
#: What is drawn for a network has a stream of random numbers of its own, so that no knob moves the draws of another.
WEIGHTS, TAUS, BACK, DRIFT = range(4)


@dataclass(frozen=True, kw_only=True)
class Device:
    """What is imperfect in a device that holds a network; `networks` makes an ensemble of such devices.

    Parameters
    ----------
    mismatch : float
        Relative spread of weights and time constants from unit to unit: the standard deviation of their logarithms.
        Biases have none.
    bits : int, optional
        Weights are written as one of 2**bits even steps from the least to the largest weight of their connection.
    feedback : float
        Relative spread of the weights that lead back about those that lead there: the standard deviation of the
        logarithm of their ratio. Such a network has no energy, and is of the rate form, `models.Rate`.
    drift : float
        Spread of the rates, per unit of time, at which weights grow or shrink since they were written.
    noise : float
        Temperature of the states, for `simulate`, `stationary` and the estimators that have one; no network knows it.
    seed : int
        Root of all draws: the same seed and number give the same device, whatever else is asked for.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Rate.layered([4, 3, 2])
    >>> device = nd.Device(mismatch=0.1, bits=4, feedback=0.05, seed=1)
    >>> [made.has_energy for made in device.networks(net, 2)]
    [False, False]
    """

    mismatch: float = 0.0
    bits: int | None = None
    feedback: float = 0.0
    drift: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("mismatch", "feedback", "drift", "noise"):
            found = real_number(getattr(self, name), name, 0.0)
            if found > WIDEST and name != "noise":
                raise ArgumentError(f"`{name}` must be at most {WIDEST:g}, a relative spread; got {found:g}")
        if self.bits is not None:
            whole_number(self.bits, "bits", 1, MOST_BITS)
        as_seed(self.seed)

    def networks(self, network: N, count: int, *, time: float = 0.0) -> tuple[N, ...]:
        """So many devices that hold a network, at a time since it was written. Each has draws of its own.

        Raises
        ------
        ArgumentError
        ModelError
            Unequal feedback is asked of a network whose weights are one for both directions.
        """
        as_network(network)
        return tuple(self.network(network, k, time=time) for k in range(whole_number(count, "count", 1)))

    def network(self, network: N, number: int = 0, *, time: float = 0.0) -> N:
        """The device of this number."""
        number, age = whole_number(number, "number", 0), real_number(time, "time", 0.0)
        held = {}
        for place, name in enumerate(weights_of(network)):
            written = self.written(network, name)
            grown = self.drift * age * self._normal((number, DRIFT, place), written.size)
            held[name] = written * self._factors(self.mismatch, (number, WEIGHTS, place), written.size) * np.exp(grown)
        made = network.replace(
            parameters=_with_parts(network, held),
            tau=network.tau * self._factors(self.mismatch, (number, TAUS), network.n),
        )
        return self._with_unequal_feedback(made, number) if self.feedback else made

    def written(self, network: Network, name: str) -> Array:
        """The weights of a connection as its few bits write them, as a vector: see `Parameters.part`."""
        values = network.parameters.part(name)
        if self.bits is None or not values.size or values.min() == values.max():
            return values.copy()
        low, step = values.min(), np.ptp(values) / (2**self.bits - 1)
        return np.asarray(low + step * np.round((values - low) / step))

    def _factors(self, spread: float, key: tuple[int, ...], size: int) -> Array:
        """Log-normal factors with mean 1."""
        return np.asarray(np.exp(spread * self._normal(key, size) - 0.5 * spread**2))

    def _normal(self, key: tuple[int, ...], size: int) -> Array:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key)).standard_normal(size)

    def _with_unequal_feedback(self, network: N, number: int) -> N:
        """The network with a factor of its own on each weight that leads back."""
        if network.metric != RATES or network.own_terms:
            raise ModelError(
                f"`feedback`: {type(network).__name__} has one weight for both directions, so that they cannot differ: "
                "take models.Rate, or feedback 0"
            )
        inner = [c for c in network.graph.connections if c.first in network.graph.slices and c.feedback == 1.0]
        inner = [c for c in inner if c.second in network.graph.slices]
        changed = [replace(c, feedback=RANDOM) if c in inner else c for c in network.graph.connections]
        made, arrays = network.with_connections(changed), {}
        for place, c in enumerate(inner):
            weights = np.array(network.parameters[c.name])
            factor = self._factors(self.feedback, (number, BACK, place), weights.size).reshape(weights.shape)
            if c.first == c.second:  # one block has both directions: the feedback is what stands below the diagonal
                arrays[c.name] = np.where(np.tri(len(weights), k=-1) > 0.0, weights * factor, weights)
            else:
                arrays[f"{c.second}-{c.first}"] = np.ascontiguousarray((weights * factor).T)
        return made.replace(parameters=arrays)


def weights_of(network: Network) -> list[str]:
    """The names of the blocks of parameters that are weights, and not biases."""
    return [b.name for b in network.parameters.blocks if b.name not in network.graph.slices]


def shared_gradient(gradient: Parameters, network: Network) -> Parameters:
    """A gradient of a device as one by the parameters of the network that it holds.

    A weight that both directions share there gets the sum of what its two directions get here.
    """
    parts = []
    for block in network.parameters.blocks:
        found = gradient.part(block.name)
        if block.symmetric and next(b for b in gradient.blocks if b.name == block.name).hollow:
            full = np.array(gradient[block.name])
            found = (full + full.T)[np.triu_indices(len(full), 1)]
        connection = _connection(network, block.name)
        if connection is not None and (back := f"{connection.second}-{connection.first}") not in network.parameters:
            found = found + (np.array(gradient[back]).T.ravel() if back in gradient else 0.0)
        parts.append(found)
    return Parameters(network.parameters.blocks, np.concatenate([*parts, np.zeros(0)]))


def _connection(network: Network, name: str) -> Connection | None:
    return next((c for c in network.graph.connections if c.name == name and c.first != c.second), None)


def _with_parts(network: Network, parts: Mapping[str, Array]) -> Parameters:
    blocks = network.parameters.blocks
    vectors = [parts.get(b.name, network.parameters.part(b.name)) for b in blocks]
    return Parameters(blocks, np.concatenate([*vectors, np.zeros(0)]))


__all__ = ["Device", "shared_gradient"]
