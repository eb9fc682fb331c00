"""What is explored: a network with samples, and the settings with which its phases run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_condition
from neurodyn.models import Model
from neurodyn.models import read as read_model
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import TOL, check_box
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network, as_network

#: More samples are left out of the menu.
MOST_SAMPLES = 200
#: So many trajectories are drawn.
MOST_STARTS = 8


@dataclass(frozen=True, eq=False)
class Subject:
    """A network and its samples.

    x (k, n_in), y (k, n_out) and start (k, n) are those of k samples; x is None without an input population, y without
    outputs or targets. `tol`, `solver` and `correction` are those of the phases.
    """

    name: str
    title: str
    network: Network
    x: Array | None
    y: Array | None
    start: Array
    tol: float = TOL
    solver: Solver = field(default_factory=Solver)
    correction: str | None = None

    @classmethod
    def of_model(cls, model: Model) -> Subject:
        """A model of the library, or of a file, with its samples."""
        network = model.network
        if network.n_in and model.x is None:
            raise ArgumentError(f"model {model.name!r} has no inputs: give it [data] with a `name`, or with `x`")
        settings: dict[str, Any] = {"tol": model.tol, "solver": model.solver, "correction": model.correction}
        return cls.of(network, model.x, model.y, model.start, model.name, model.title, **settings)

    @classmethod
    def of(
        cls,
        network: Network,
        x: ArrayLike | None = None,
        y: ArrayLike | None = None,
        start: ArrayLike | None = None,
        name: str = "network",
        title: str = "A network",
        **settings: Any,
    ) -> Subject:
        """A network with inputs and targets, as `relax` and `nudge` take them; checked."""
        if as_network(network).n < 2:
            raise ArgumentError(f"{name!r} has one free unit: a phase plane needs two")
        rates, begin, batched = as_condition(x, start, network.n_in, network.n)
        check_box(network, begin)
        count = len(begin)
        target = None
        if y is not None and network.n_out:
            several = batched or np.ndim(y) == 2
            count = max(count, len(np.atleast_1d(y))) if several and count == 1 else count
            target = network.target(y, count, several)
        kept = min(count, MOST_SAMPLES)
        begin = np.broadcast_to(begin, (count, network.n))[:kept]
        rates = None if rates is None else np.broadcast_to(rates, (count, network.n_in))[:kept]
        return cls(name, title, network, rates, None if target is None else target[:kept], begin, **settings)

    def __len__(self) -> int:
        return len(self.start)

    def together(self, sample: int) -> Array:
        """The starts (k, n) of all samples with the same input and target, that of the sample first."""
        same = np.ones(len(self), dtype=bool)
        for part in (self.x, self.y):
            if part is not None:
                same &= np.all(part == part[sample], axis=1)
        same[sample] = False
        found = [self.start[sample]]
        for state in self.start[same]:
            if len(found) < MOST_STARTS and not any(np.array_equal(state, other) for other in found):
                found.append(state)
        return np.array(found)


def read(name: str, overrides: tuple[str, ...] = (), data: str | None = None) -> Subject:
    """Read a model of the library, or a model file."""
    return Subject.of_model(read_model(name, overrides=overrides, data=data))
