"""Weights that fluctuate: a network whose every weight is multiplied by 1 + a eta(t), eta of its own for each."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.numerics.random import draw, key_of
from neurodyn.solvers.problem import Problem
from neurodyn.solvers.walk import Gaps, Noise, Place, walk
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

if TYPE_CHECKING:
    from neurodyn.phases.langevin import Langevin

#: Weights change after this part of their correlation time.
CHANGE_PART = 0.1
#: What their random numbers are for.
WEIGHTS = 1


class FluctuatingWeights:
    """A network whose weights fluctuate: eta, one for each, is an Ornstein-Uhlenbeck process, constant for a while.

    Weights change every `hold`, a whole number of steps; each change takes the draw of its number, as units do. Two
    devices have different fluctuations; the first has those of `simulate`.
    """

    def __init__(self, network: Network, noise: Langevin, step: float, device: int = 0) -> None:
        self.network, self.noise = network, noise
        self.steps = max(1, round(CHANGE_PART * noise.weight_correlation_time / step))
        self.hold = step * self.steps
        self.key = key_of(noise.seed, WEIGHTS, *([device] if device else []))
        blocks = network.parameters.blocks
        self.fluctuates = np.concatenate([np.zeros(0, bool), *(np.full(b.size, len(b.shape) > 1) for b in blocks)])
        self.eta, self.count = np.zeros(0), 0

    def changes(self, end: float) -> Array:
        """The times at which weights change, from 0 on; none where they do not."""
        if self.noise.weight_noise == 0.0:
            return np.zeros(0)
        return np.asarray(self.hold * np.arange(math.ceil(end / self.hold)), dtype=np.float64)

    def at(self, t: float) -> Network:
        """The network from a time on; ask for increasing times."""
        if self.noise.weight_noise == 0.0:
            return self.network
        while self.count <= math.floor(t / self.hold + 1e-6):
            xi = draw(self.key, self.count, self.fluctuates.size, [0])[:, 0]
            kept = math.exp(-self.hold / self.noise.weight_correlation_time)
            self.eta = xi if self.count == 0 else kept * self.eta + math.sqrt(1.0 - kept * kept) * xi
            self.count += 1
        factor = 1.0 + self.noise.weight_noise * np.where(self.fluctuates, self.eta, 0.0)
        parameters = self.network.parameters
        return self.network.replace(parameters=Parameters(parameters.blocks, factor * parameters.vector))


def walk_with(
    weights: FluctuatingWeights,
    problem: Callable[[Network], Problem],
    noise: Noise,
    place: Place,
    gaps: Gaps,
    step: float,
) -> tuple[Array, Place]:
    """The same as `walk`, by steps of one size, with weights that change on the way; `problem` is that of a network."""
    begun = round(place.time / step)
    records = begun + np.cumsum(gaps.lengths)
    first = begun // weights.steps + 1
    changes = weights.steps * np.arange(first, -(-int(records[-1]) // weights.steps))
    found = []
    for since, end in pairwise([begun, *changes.tolist(), int(records[-1])]):
        here = records[(records > since) & (records <= end)]
        stops = here if here.size and here[-1] == end else np.append(here, end)
        times: Array = step * np.asarray(stops, dtype=np.float64)
        part = Gaps(times, np.diff(stops, prepend=since), np.full(stops.size, step))
        states, place = walk(problem(weights.at(step * since)), noise, place, part)
        found.append(states[: here.size])
    return np.concatenate(found), place


__all__ = ["FluctuatingWeights", "walk_with"]
