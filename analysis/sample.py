"""One sample out of a batch: which, and its equilibrium alone."""

from __future__ import annotations

import dataclasses

import numpy as np

from neurodyn.fixed_point import FixedPoint
from neurodyn.graph import Array
from neurodyn.relax import Equilibrium


def with_signal(point: FixedPoint, target: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which samples have an error signal at all, (batch,), for targets (batch, n_out): some active output is off."""
    return np.any(point.gap(target) * point.local.active != 0.0, axis=0)


def single(equilibrium: Equilibrium, sample: int) -> Equilibrium:
    """One sample of an equilibrium, without a batch axis."""
    if not equilibrium.batched:
        return equilibrium
    fields = {f.name: getattr(equilibrium, f.name) for f in dataclasses.fields(equilibrium) if "dims" in f.metadata}
    parts = {name: value[sample] for name, value in fields.items() if value is not None}
    return dataclasses.replace(equilibrium, **parts)
