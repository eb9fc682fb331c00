"""Costs of a user's own, by the names that populations give; flows call their slopes by address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurodyn.numerics.kernel import Kernel


@dataclass(frozen=True)
class OwnCost:
    """The kernels of a cost, a sum over outputs of c(z, y): see `neurodyn.flows.cost` for what they take.

    Attributes
    ----------
    name : str
    source : str
        What they are made of: two of the same name and source are the same.
    text : mapping, optional
        The `expression` and its `constants`, of which another process can make it; None if it is made of functions.
    values, slopes, curvatures : Kernel
        c, dc/dz and d2c/dz2 of each output.
    """

    name: str
    source: str
    text: Mapping[str, Any] | None
    values: Kernel
    slopes: Kernel
    curvatures: Kernel


#: All that were made in this process.
OWN_COSTS: dict[str, OwnCost] = {}
