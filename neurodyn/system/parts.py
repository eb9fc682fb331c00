"""What flows contain alike, compiled once: kernels that they call by their addresses in the header of a layout.

A flow needs those whose places in the header its code, or that of the helpers it is made of, reads by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurodyn.flows import layout as at
from neurodyn.flows.cost import cost_changes
from neurodyn.flows.coupling import products
from neurodyn.flows.driven import moving_terms
from neurodyn.flows.free import free_terms
from neurodyn.flows.linear import curve_terms, jacobian, transposed_terms
from neurodyn.flows.local import term_energies
from neurodyn.flows.nudged import nudged_terms
from neurodyn.flows.populations import activations, all_differences
from neurodyn.flows.response import term_forces
from neurodyn.numerics.kernel import Kernel

if TYPE_CHECKING:
    from neurodyn.system.network import Network

#: Of all networks, by what their places in the header are called in `neurodyn.flows.layout`.
ALWAYS: dict[str, Kernel] = {
    "PRODUCTS": products,
    "JACOBIAN": jacobian,
    "ACTIVATIONS": activations,
    "DIFFERENCES": all_differences,
}
#: Of those whose cost is curved.
CURVED: dict[str, Kernel] = {"COST_CHANGES": cost_changes}
#: Of those that have terms beside leaks, biases and weighted connections.
OF_TERMS: dict[str, Kernel] = {
    "TERM_ENERGIES": term_energies,
    "FREE_TERMS": free_terms,
    "MOVING_TERMS": moving_terms,
    "NUDGED_TERMS": nudged_terms,
    "CURVE_TERMS": curve_terms,
    "TRANSPOSED_TERMS": transposed_terms,
    "TERM_FORCES": term_forces,
}


def parts_of(network: Network, kernel: Kernel) -> dict[int, Kernel]:
    """What a kernel calls on a network, and what that calls, by the places in the header."""
    known = dict(ALWAYS)
    if not network.readout.is_quadratic:
        known |= CURVED
    if network.attached:
        known |= OF_TERMS
    found: dict[int, Kernel] = {}
    todo = [kernel]
    while todo:
        for name in todo.pop().names & known.keys():
            place = getattr(at, name)
            if place not in found:
                found[place] = known[name]
                todo.append(known[name])
    return found
