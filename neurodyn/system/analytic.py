"""Which networks have a Taylor series that short recurrences give."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurodyn.system.network import Network

#: Activations whose coefficients follow from those of states and slopes by one product of series each.
ANALYTIC = ("tanh", "sigmoid", "linear")


def is_analytic(network: Network) -> bool:
    """Whether all units have one of these activations, and no term moves them."""
    return not network.attached and all(p.activation in ANALYTIC for p in network.graph.free)
