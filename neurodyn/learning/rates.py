"""Learning rates: one for all, one for each connection, or by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError, nearest
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

#: Learning rates: one for all, one for each connection, or by name.
Rates = float | Sequence[float] | Array | Mapping[str, float]


def rates_by_block(rates: Rates | None, network: Network) -> dict[str, float]:
    """The learning rate of every block of parameters, by name."""
    own = [block.name for term in network.own_terms for block in term.blocks(network.graph)]
    connections = [*(c.name for c in network.graph.connections), *own]
    blocks = [b.name for b in network.parameters.blocks]
    if isinstance(rates, dict):
        for name in rates:
            if name not in blocks:
                raise ArgumentError(f"unknown name {name!r} in `rates`; {nearest(name, blocks)}")
        missing = [name for name in connections if name not in rates]
        if missing:
            raise ArgumentError(f"`rates` by name lacks {', '.join(missing)}")
        given = dict(rates)
    elif isinstance(rates, list):
        if len(rates) != len(connections):
            raise ArgumentError(
                f"`rates` must be one number, or one for each of the {len(connections)} connections "
                f"({', '.join(connections)}); got {len(rates)}"
            )
        given = dict(zip(connections, rates, strict=True))
    else:
        given = dict.fromkeys(connections, rates)
    for block in blocks:
        if block not in given:
            given[block] = next((given[c] for c in connections if block in c.split("-")), 0.0)
            if "-" in block:  # feedback weights of their own
                given[block] = given["-".join(reversed(block.split("-")))]
    return given


def plain_rates(rates: Rates) -> Any:
    """Rates as a float, a list or a dict of floats."""
    if isinstance(rates, Mapping):
        return {str(name): real_number(rate, "rates", 0.0) for name, rate in rates.items()}
    if isinstance(rates, (list, tuple)) or (isinstance(rates, np.ndarray) and rates.ndim == 1):
        return [real_number(rate, "rates", 0.0) for rate in rates]
    return real_number(rates, "rates", 0.0)
