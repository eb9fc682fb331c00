"""Bonds between nodes in the plane, as terms have them: nodes have places R and two units, displacements along x and y.

Nodes are numbered through the populations of the term. `place` has for each bond the population and the number in it of
the node at either end, then how many bonds there are; the constants end with R_i − R_j of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.inputs import is_number
from neurodyn.models.terms import products as pr
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import helper

Places = tuple[tuple[float, ...], ...]
Bonds = tuple[tuple[int, ...], ...]


@helper
def count(place):
    """How many bonds there are."""
    return place[place.size - 1]


@helper
def ends(place, b):
    """The first rows of both nodes of bond b."""
    at = place.size - 1 - 4 * (count(place) - b)
    first = place[pr.PER_POPULATION * place[at] + pr.FIRST] + 2 * place[at + 1]
    second = place[pr.PER_POPULATION * place[at + 2] + pr.FIRST] + 2 * place[at + 3]
    return first, second


@helper
def arrow(s, theta, place, b, j):
    """From the second node of bond b to the first in sample j: the distance, and both parts of the unit vector."""
    (first, second), at = ends(place, b), theta.size - 2 * (count(place) - b)
    x, y = theta[at] + s[first, j] - s[second, j], theta[at + 1] + s[first + 1, j] - s[second + 1, j]
    distance = np.sqrt(x * x + y * y)
    return distance, x / distance, y / distance


@helper
def pull(x, y, first, second, j, out):
    """Add (x, y) to the node at the row `first` in sample j, and subtract it from that at `second`."""
    out[first, j] += x
    out[first + 1, j] += y
    out[second, j] -= x
    out[second + 1, j] -= y


def as_tuples(values: Any) -> Any:
    """A list of lists, as model files have them, as tuples."""
    return tuple(as_tuples(v) for v in values) if isinstance(values, (list, tuple)) else values


def check_bonds(places: Places, bonds: Bonds) -> None:
    """Raise `ModelError` unless places are points (x, y), and bonds join pairs of them, each pair once."""
    for at in places:
        if not (_is_pair(at) and all(is_number(v) for v in at)):
            raise ModelError(f"`places` must be pairs (x, y) of finite numbers; got {at!r}")
    for bond in bonds:
        if not (_is_pair(bond) and all(type(i) is int and 0 <= i < len(places) for i in bond)):
            raise ModelError(f"`bonds` must be pairs of nodes, numbers from 0 to {len(places) - 1}; got {bond!r}")
        first, second = (places[i] for i in bond)
        if first == second:
            raise ModelError(f"`bonds` must join different places; got {bond!r}, from {first} to {second}")
    if not bonds or len({frozenset(bond) for bond in bonds}) < len(bonds):
        raise ModelError(f"`bonds` must be pairs of nodes, at least one and each once; got {bonds!r}")


def check_nodes(places: Places, sizes: Mapping[str, int]) -> None:
    """Raise `ModelError` unless populations of some sizes are two units for each place."""
    if any(size % 2 for size in sizes.values()) or sum(sizes.values()) != 2 * len(places):
        raise ModelError(f"`places` are {len(places)} nodes of two units; the populations have {dict(sizes)}")


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def vectors(places: Places, bonds: Bonds) -> Array:
    """R_i − R_j of each bond (i, j), an array (bonds, 2).

    Examples
    --------
    >>> from neurodyn.models.terms.bonds import vectors
    >>> vectors(((0.0, 0.0), (3.0, 4.0)), ((0, 1),))
    array([[-3., -4.]])
    """
    ends = np.array(places, dtype=float)[np.array(bonds)]
    return np.asarray(ends[:, 0] - ends[:, 1])


def table(bonds: Bonds, sizes: Sequence[int]) -> list[int]:
    """The integers of a term with these bonds, whose populations have so many units."""
    at = [(k, i) for k, size in enumerate(sizes) for i in range(size // 2)]
    return [part for bond in bonds for i in bond for part in at[i]] + [len(bonds)]
