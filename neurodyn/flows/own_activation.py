"""Activations of a user's own, by the names that populations give; flows call them by their addresses."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.flows.own_kernels import OwnKernels
from neurodyn.numerics.kernel import Kernel


@dataclass(frozen=True)
class OwnActivation(OwnKernels):
    """The kernels of an activation: see `neurodyn.flows.populations` for what they take.

    Attributes
    ----------
    rates, curvatures, differences : Kernel
    """

    rates: Kernel
    curvatures: Kernel
    differences: Kernel


#: All that were made in this process.
OWN_ACTIVATIONS: dict[str, OwnActivation] = {}
