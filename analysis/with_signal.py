"""Samples of a batch: which have an error signal, and one alone."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import resting_point
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.solvers.solver import Solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network


def with_signal(point: FixedPoint, target: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which samples have an error signal at all, (batch,), for targets (batch, n_out): some active output is off."""
    return np.any(point.cost_slope(target) * point.local.active != 0.0, axis=0)


def single(equilibrium: Equilibrium, sample: int) -> Equilibrium:
    """Return one sample of an equilibrium, without a batch axis."""
    if not equilibrium.batched:
        return equilibrium
    fields = {f.name: getattr(equilibrium, f.name) for f in dataclasses.fields(equilibrium) if "dims" in f.metadata}
    parts = {name: value[sample] for name, value in fields.items() if value is not None}
    return dataclasses.replace(equilibrium, **parts)


def relax_with_signal(
    network: Network, x: AtRest, y: ArrayLike, start: ArrayLike | None, solver: Solver | None
) -> Equilibrium:
    """The equilibrium that studies of error signals begin with, given or of inputs; refuses data without any."""
    if isinstance(x, Equilibrium) and start is not None:
        raise ArgumentError("give an equilibrium, or inputs with a `start`, not both")
    rest = x if isinstance(x, Equilibrium) else relax(network, x, start=start, solver=solver)
    point = resting_point(network, rest)
    if not with_signal(point, network.target(y, point.s.shape[1], rest.batched)).any():
        raise ArgumentError("no sample has an error signal: all outputs sit on a bound or on their targets")
    return rest
