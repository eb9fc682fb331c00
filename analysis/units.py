"""Names and numbers of free units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from neurodyn.errors import ArgumentError
from neurodyn.flows.layout import RATES
from neurodyn.inputs import is_whole
from neurodyn.system.graph import Graph
from neurodyn.system.network import Network

#: A free unit: its number, its name like "h1[3]", or (population, number).
Unit = int | str | tuple[str, int]
#: One unit, or several.
Units = Unit | Iterable[Unit]


def unit_index(graph: Graph, unit: object, argument: str) -> int:
    """Number of a free unit, given as `argument` by number, by name like "h1[3]", or as (population, number)."""
    if isinstance(unit, str):
        match = re.fullmatch(r"(\w+)\[(\d+)\]", unit)
        named: Any = (match[1], int(match[2])) if match else None
    else:
        named = unit if isinstance(unit, tuple) else None
    if named is not None and len(named) == 2 and is_whole(named[1]):
        where = graph.slices.get(named[0])
        if where is not None and 0 <= named[1] < where.stop - where.start:
            return int(where.start + named[1])
    elif is_whole(unit) and 0 <= unit < graph.n:
        return int(unit)
    names = ", ".join(f"{name}[0] to {name}[{w.stop - w.start - 1}]" for name, w in graph.slices.items())
    raise ArgumentError(f"`{argument}` must be free units, 0 to {graph.n - 1} or {names}; got {unit!r}")


def state_letter(network: Network) -> str:
    """What the state is called: s, or u where the network descends an energy of its rates."""
    return "u" if network.metric == RATES else "s"


def unit_name(graph: Graph, index: int) -> str:
    """Name of a free unit: "h1[3]"."""
    name = next(name for name, w in graph.slices.items() if w.start <= index < w.stop)
    return f"{name}[{index - graph.slices[name].start}]"
