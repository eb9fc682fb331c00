"""Activations of a user's own, by the names that populations give; flows call them by their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurodyn.numerics.kernel import Kernel


@dataclass(frozen=True)
class OwnActivation:
    """The kernels of an activation: see `neurodyn.flows.populations` for what they take.

    Attributes
    ----------
    name : str
    source : str
        What they are made of: two of the same name and source are the same.
    text : mapping, optional
        The `expression` and its `constants`, of which another process can make it; None if it is made of functions.
    rates, curvatures, differences : Kernel
    """

    name: str
    source: str
    text: Mapping[str, Any] | None
    rates: Kernel
    curvatures: Kernel
    differences: Kernel


#: All that were made in this process.
OWN_ACTIVATIONS: dict[str, OwnActivation] = {}
