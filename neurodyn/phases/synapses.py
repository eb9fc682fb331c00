"""The synapses of a network one by one, for flows whose weights are part of the state (`flows.moving_weights`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.errors import ModelError, TooLargeError
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.kernel import Flow
from neurodyn.system.network import Network
from neurodyn.system.parameters import Block

#: More moving parameters than these are refused: every sample has its own.
LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class Synapses:
    """Each direction of each connection: field[target] += weights[weight] rate[source].

    source, target, weight : (K,) integers
        Clamped units are numbered -1, -2, .... `weight` is an index into the parameter vector or, for those with a way
        back of their own, goes on after its end, in the order of `shared`.
    shared : (q,) integers
        Indices in the parameter vector of the weights between free units, which both directions share.
    parameters, units : int
        Length of the parameter vector, at the end of which the biases are; number of free units.
    """

    source: Integers
    target: Integers
    weight: Integers
    shared: Integers
    parameters: int
    units: int

    @classmethod
    def of(cls, network: Network, *, own: bool = False) -> Synapses:
        """Those of a network with an energy; with `own` each way back has a weight of its own.

        Raises `ModelError` for a network that is more, or less, than leaks, biases and weighted connections.
        """
        if not network.is_pairwise:
            raise ModelError(
                "weights that move are for networks whose energy is that of leaks, biases and weighted connections; "
                f"got {network!r}"
            )
        size = network.parameters.vector.size
        if size > LARGEST:
            raise TooLargeError(
                f"weights that move are for networks of up to {LARGEST:,} parameters, which each sample has for "
                f"itself; this one has {size:,}"
            )
        parts: list[tuple[Any, Any, Any]] = []
        back: list[tuple[Any, Any, Any]] = []
        place = 0
        for c, block in zip(network.graph.connections, network.parameters.blocks, strict=False):
            first, second = _pairs(block)
            index = np.arange(place, place + block.size)
            place += block.size
            a, b = _numbered(network, c.first, first), _numbered(network, c.second, second)
            into = [(a, b, index)] if c.second in network.graph.slices else [(b, a, index)]
            parts += into
            if c.first in network.graph.slices and c.second in network.graph.slices:
                back.append((b, a, index))
        shared = np.concatenate([np.zeros(0, dtype=np.int64), *(index for _, _, index in back)])
        if own:
            numbers = size + np.arange(shared.size)
            ends = np.cumsum([0, *(len(index) for _, _, index in back)])
            back = [(s, t, numbers[ends[k] : ends[k + 1]]) for k, (s, t, _) in enumerate(back)]
        source, target, weight = (np.concatenate(x).astype(np.int64) for x in zip(*parts, *back, strict=True))
        return cls(source, target, weight, shared, size, network.n)

    @property
    def size(self) -> int:
        """How many weights and biases move."""
        return max(self.parameters, int(self.weight.max(initial=-1)) + 1)

    def layout(self, network: Network, flow: Flow, first: int, constants: int) -> Integers:
        """The network's layout for a flow, with the synapses after it; weights from the row `first` of the state on."""
        table = np.stack([self.source, self.target, first + self.weight], axis=1).ravel()
        footer = [self.source.size, constants, first + self.parameters - self.units]
        return np.concatenate([network.layout_for(flow), table, np.array(footer, dtype=np.int64)])

    def gains(self, rate: Array, clamped: Array) -> Array:
        """d field/d weights, (n, size), of one sample with rates of free units (n,) and clamped ones."""
        out = np.zeros((self.units, self.size))
        rates = np.concatenate([rate, clamped[::-1]])  # so that -1 - i finds the i-th clamped one
        out[self.target, self.weight] = rates[self.source]
        out[np.arange(self.units), self.parameters - self.units + np.arange(self.units)] = 1.0
        return out


def _pairs(block: Block) -> tuple[Any, Any]:
    """First and second unit of each weight of a block, in the order of the parameter vector."""
    if block.pattern is not None:
        first, second = block.pattern.pairs
        return first.astype(np.int64), second.astype(np.int64)
    if block.symmetric:
        return np.triu_indices(block.shape[0], 1)
    first, second = np.indices(block.shape).reshape(2, -1)
    return first, second


def _numbered(network: Network, population: str, index: Any) -> Any:
    """Units of a population as synapses number them."""
    if population in network.graph.slices:
        return network.graph.slices[population].start + index
    return -1 - index
