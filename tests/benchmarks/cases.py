"""The problems that are timed: recurrent tanh networks whose time constants spread over a factor of 10."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.numerics.arrays import Array


@dataclass(frozen=True)
class Case:
    """`batch` trajectories of a recurrent network of `units` units, from normal starts, recorded at `outputs` times.

    `target` is the largest error allowed over all recorded times, trajectories and units. `sparsity` is the fraction
    of connections that are absent, `tight` the relative tolerance of the reference.
    """

    name: str
    units: int
    batch: int
    outputs: int
    end: float = 50.0
    target: float = 1e-6
    sparsity: float = 0.0
    seed: int = 0
    tight: float = 1e-12

    @property
    def title(self) -> str:
        """What a table calls it."""
        many = "1 trajectory" if self.batch == 1 else f"{self.batch:,} trajectories"
        sparse = f", {self.connections_per_unit:.0f} connections each" if self.sparsity else ""
        return f"{many} of {self.units:,} units{sparse}"

    @property
    def connections_per_unit(self) -> float:
        """Connections that a unit has on average."""
        return (self.units - 1) * (1.0 - self.sparsity)

    @cached_property
    def network(self) -> Any:
        """The network."""
        tau = np.geomspace(0.3, 3.0, self.units)
        return models.Hopfield.recurrent(
            self.units, activation="tanh", gain=0.9, tau=tau, seed=self.seed, sparsity=self.sparsity
        )

    @cached_property
    def weights(self) -> Any:
        """W, (units, units): dense, or SciPy's CSR with 32-bit indices, its fastest, where the network is sparse."""
        weights = self.network.parameters["s-s"]
        if self.sparsity:
            weights.indices, weights.indptr = weights.indices.astype(np.int32), weights.indptr.astype(np.int32)
        return weights

    @cached_property
    def start(self) -> Array:
        """Initial states, (batch, units)."""
        return np.random.default_rng(self.seed).normal(size=(self.batch, self.units))

    @cached_property
    def times(self) -> Array:
        """Recorded times, (outputs,)."""
        return np.linspace(self.end / self.outputs, self.end, self.outputs)

    def replace(self, **changes: Any) -> Case:
        """The same with other fields."""
        return dataclasses.replace(self, **changes)

    def quick(self) -> Case:
        """An eighth of the batch, for a first look; the sparse network has a tenth of the units."""
        if self.sparsity:
            return self.replace(units=self.units // 10, sparsity=1.0 - 10.0 * (1.0 - self.sparsity))
        return self.replace(batch=max(1, self.batch // 8))


CASES = {
    case.name: case
    for case in (
        Case("pairs", units=2, batch=10_000, outputs=20),
        Case("small", units=16, batch=2_000, outputs=20),
        Case("medium", units=128, batch=256, outputs=20),
        Case("single", units=128, batch=1, outputs=200),
        Case("sparse", units=100_000, batch=1, outputs=2, end=1.0, sparsity=0.999, tight=1e-10),
    )
}
