"""The common shapes of a graph: a chain of layers, and one fully connected population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from neurodyn.errors import ModelError, shown
from neurodyn.inputs import is_whole
from neurodyn.models.cost import Cost
from neurodyn.system.graph import Connection, Population

Shape = tuple[tuple[Population, ...], tuple[Connection, ...]]


def layered(sizes: Sequence[int], activation: str | Sequence[str], readout: str | Cost) -> Shape:
    """A chain x, h1, h2, ..., y of layers; one activation for all, or one per free layer; the read-out of y."""
    if isinstance(sizes, str) or not isinstance(sizes, (Sequence, np.ndarray)) or not all(map(is_whole, sizes)):
        raise ModelError(f"`sizes` must be a list of the sizes of layers, like [64, 32, 10]; got {shown(sizes)}")
    if len(sizes) < 2:
        raise ModelError(f"`sizes` must name at least an input and an output layer; got {list(sizes)}")
    names = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "y"]
    if not isinstance(activation, (str, Sequence)):
        raise ModelError(f"`activation` must be a name, or a list of one per free layer; got {shown(activation)}")
    kinds = [activation] * (len(sizes) - 1) if isinstance(activation, str) else list(activation)
    if len(kinds) != len(sizes) - 1:
        raise ModelError(f"`activation` must be one name or one per free layer ({len(sizes) - 1}); got {len(kinds)}")
    roles = ["input", *["hidden"] * (len(sizes) - 2), "output"]
    populations = [Population(*fields) for fields in zip(names, sizes, ["linear", *kinds], roles, strict=True)]
    populations[-1] = replace(populations[-1], readout=str(readout))
    return tuple(populations), tuple(Connection(a, b) for a, b in pairwise(names))


def recurrent(n: int, n_in: int, n_out: int, activation: str, readout: str | Cost, sparsity: float) -> Shape:
    """One population `s`, driven by `x` if n_in > 0; its last n_out units are the outputs."""
    for name, count in (("n_in", n_in), ("n_out", n_out)):
        if not is_whole(count) or count < 0:
            raise ModelError(f"`{name}` must be a whole number >= 0; got {shown(count)}")
    populations: tuple[Population, ...] = (Population("s", n, activation, outputs=n_out, readout=str(readout)),)
    connections: tuple[Connection, ...] = (Connection("s", "s", sparsity),)
    if n_in:
        populations = (Population("x", n_in, role="input"), *populations)
        connections = (Connection("x", "s"), *connections)
    return populations, connections
