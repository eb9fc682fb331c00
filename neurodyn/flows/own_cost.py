"""Costs of a user's own, by the names that populations give; flows call their slopes by address."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.flows.own_kernels import OwnKernels
from neurodyn.numerics.kernel import Kernel


@dataclass(frozen=True)
class OwnCost(OwnKernels):
    """The kernels of a cost, a sum over outputs of c(z, y): see `neurodyn.flows.cost` for what they take.

    Attributes
    ----------
    values, slopes, curvatures : Kernel
        c, dc/dz and d2c/dz2 of each output.
    """

    values: Kernel
    slopes: Kernel
    curvatures: Kernel


#: All that were made in this process.
OWN_COSTS: dict[str, OwnCost] = {}
