"""Zero contours of a function over a plane: separate pieces, every vertex refined onto the zero.

Marching squares on a grid gives the pieces; a vertex lies on an edge of the grid, between values of opposite sign,
and is refined there with bisection's safety. A zero on a node counts as positive, so that a contour along a grid line
is found from one of its sides. Pieces are never joined through a cell in which they do not meet, and end where the
function jumps instead of vanishing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurodyn.numerics.arrays import Array, Integers, Mask

#: Function values (k,) at points (k, 2), each near the node with that number, which may serve as a first guess.
Function = Callable[[Array, Integers], Array]
#: A refined vertex is kept if the value fell to this fraction of the larger end's: at a jump it does not.
FALL = 1e-6
#: After as many steps a value that has not fallen to a hundredth belongs to a jump.
PATIENCE = 14
#: A bend is looked at more closely if it leaves the line by more than this part of a quarter of the line's length, and
#: as often as this at most: the distance of a smooth curve from a chord falls fourfold when the chord is halved.
NEAR, HALVINGS = 0.3, 3


@dataclass(frozen=True)
class _Edges:
    """Edges of the grid that a contour crosses: nodes at both ends (e, 2), and the refined points (e, 2)."""

    nodes: Integers
    points: Array
    good: Mask


def zero_contours(first: Array, second: Array, values: Array, function: Function) -> list[Array]:
    """Pieces, each (p, 2), of the set where `function` is zero.

    Parameters
    ----------
    first, second : (a,), (b,)
        Coordinates of the grid.
    values : (b, a)
        Values of the function on it.
    function : (points (k, 2), nearest node (k,)) -> (k,)
        Nodes are numbered like `values.ravel()`.
    """
    edges, number = _crossings(first, second, values, function)
    links: dict[int, list[int]] = {e: [] for e in range(len(edges.nodes))}
    for a, b in _segments(values, edges, number, first, second, function):
        links[a].append(b)
        links[b].append(a)
    for e in np.flatnonzero(~edges.good):
        for other in links.pop(int(e)):
            if other in links:
                links[other].remove(int(e))
    reach = max(np.ptp(first), np.ptp(second))
    pieces = [_without_repeats(edges.points[chain], 1e-12 * reach) for chain in _chains(links)]
    return [piece for piece in pieces if len(piece) > 1]


def _crossings(first: Array, second: Array, values: Array, function: Function) -> tuple[_Edges, dict]:
    """The crossed edges, and their numbers by their nodes."""
    rows, columns = values.shape
    node = np.arange(values.size).reshape(values.shape)
    across = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    up = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    every = np.concatenate([across, up])
    flat = values.ravel()
    positive = flat >= 0.0
    finite = np.isfinite(flat)
    change = (positive[every[:, 0]] != positive[every[:, 1]]) & finite[every].all(axis=1)
    nodes = every[change]
    where = np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)
    points, good = _refine(
        where[nodes[:, 0]], where[nodes[:, 1]], flat[nodes[:, 0]], flat[nodes[:, 1]], nodes, function
    )
    return _Edges(nodes, points, good), {(int(a), int(b)): k for k, (a, b) in enumerate(nodes)}


def _refine(
    low: Array, high: Array, at_low: Array, at_high: Array, nodes: Integers, function: Function
) -> tuple[Array, Mask]:
    """Points between `low` and `high` (e, 2) where the function vanishes, and whether it does, (e,).

    The method of Illinois: false position, with the value of an end that stays for a second time halved.
    """
    a, b = np.zeros(len(low)), np.ones(len(low))
    fa, fb = at_low.copy(), at_high.copy()
    size = np.maximum(np.abs(at_low), np.abs(at_high))
    t, value = np.where(fa == 0.0, 0.0, 1.0), np.where(fa == 0.0, fa, fb)
    side = np.zeros(len(low), dtype=int)
    for count in range(60):
        hopeful = np.abs(value) <= (np.inf if count < PATIENCE else 1e-2) * size
        todo = np.flatnonzero(hopeful & (np.abs(value) > 1e-15 * size) & (b - a > 1e-15))
        if not todo.size:
            break
        guess = a[todo] - fa[todo] * (b[todo] - a[todo]) / (fb[todo] - fa[todo])
        guess = np.clip(guess, a[todo], b[todo])
        near = np.where(guess < 0.5, nodes[todo, 0], nodes[todo, 1])
        found = function(low[todo] + guess[:, None] * (high - low)[todo], near)
        t[todo], value[todo] = guess, found
        left = (found >= 0.0) == (at_low[todo] >= 0.0)
        fb[todo] = np.where(left & (side[todo] == 1), 0.5 * fb[todo], fb[todo])
        fa[todo] = np.where(~left & (side[todo] == -1), 0.5 * fa[todo], fa[todo])
        a[todo], fa[todo] = np.where(left, guess, a[todo]), np.where(left, found, fa[todo])
        b[todo], fb[todo] = np.where(left, b[todo], guess), np.where(left, fb[todo], found)
        side[todo] = np.where(left, 1, -1)
    good: Mask = np.abs(value) <= FALL * size
    return low + t[:, None] * (high - low), good


def _segments(
    values: Array, edges: _Edges, number: dict[tuple[int, int], int], first: Array, second: Array, function: Function
) -> list[tuple[int, int]]:
    """Pairs of crossed edges that a contour joins within a cell.

    Where two branches come closer than a cell, its corners do not tell which edges they join: only pairs between
    which the contour can be followed are joined.
    """
    columns = values.shape[1]
    positive = values >= 0.0
    corners = np.stack([positive[:-1, :-1], positive[:-1, 1:], positive[1:, 1:], positive[1:, :-1]])
    mixed = corners.any(axis=0) & ~corners.all(axis=0) & np.isfinite(values[:-1, :-1] + values[1:, 1:])
    found: list[list[tuple[int, int]]] = []
    for j, i in np.argwhere(mixed):
        p = int(j * columns + i)
        cell = [(p, p + 1), (p + 1, p + columns + 1), (p + columns, p + columns + 1), (p, p + columns)]
        crossed = [number[edge] for edge in cell if edge in number]
        if len(crossed) == 2:
            found.append([(crossed[0], crossed[1])])
        elif len(crossed) == 4:
            bottom, right, top, left = crossed
            ways = [[(bottom, right), (top, left)], [(bottom, left), (top, right)]]
            center = np.array([[0.5 * (first[i] + first[i + 1]), 0.5 * (second[j] + second[j + 1])]])
            alike = bool(function(center, np.array([p]))[0] >= 0.0) == bool(positive[j, i])
            likely, other = ways if alike else ways[::-1]
            found += [likely] if _meet(likely, edges, function).all() else [other]
    pairs = [pair for group in found for pair in group]
    return [pair for pair, met in zip(pairs, _meet(pairs, edges, function), strict=True) if met]


def _meet(pairs: list[tuple[int, int]], edges: _Edges, function: Function) -> Mask:
    """Whether a contour leads from one point of each pair to the other."""
    a, b = np.array(pairs, dtype=int).reshape(-1, 2).T
    return _leads(edges.points[a], edges.points[b], edges.nodes[a], function, HALVINGS)


def _leads(low: Array, high: Array, nodes: Integers, function: Function, halvings: int) -> Mask:
    """Whether the function changes its sign across the middle of each line, within a quarter of the line's length.

    Where that is far from the line, both halves of a bend are looked at in the same way. Points that coincide meet.
    """
    along = 0.5 * (high - low)
    across = 0.5 * np.stack([-along[:, 1], along[:, 0]], axis=1)
    middle = low + along
    value, one, other = (function(middle + side * across, nodes[:, 0]) for side in (0.0, 1.0, -1.0))
    same = np.abs(along).max(axis=1, initial=0.0) <= 1e-9 * np.abs(low).max(initial=0.0)
    met: Mask = ((one >= 0.0) != (other >= 0.0)) | same
    bent = np.flatnonzero(met & ~same & (np.abs(value) > NEAR * 0.5 * np.abs(one - other)))
    if halvings and bent.size:
        left, right = middle[bent] - across[bent], middle[bent] + across[bent]
        point, _ = _refine(left, right, other[bent], one[bent], nodes[bent], function)
        for a, b in ((low[bent], point), (point, high[bent])):
            met[bent] &= _leads(a, b, nodes[bent], function, halvings - 1)
    return met


def _chains(links: dict[int, list[int]]) -> list[list[int]]:
    """The links in order: open chains from their ends, then the closed ones, whose first vertex comes again."""
    left = {e: list(others) for e, others in links.items()}
    chains = []
    for start in [*(e for e in links if len(links[e]) == 1), *links]:
        chain = [start]
        while left[chain[-1]]:
            here = chain[-1]
            there = left[here].pop()
            left[there].remove(here)
            chain.append(there)
        if len(chain) > 1:
            chains.append(chain)
    return chains


def _without_repeats(piece: Array, tol: float) -> Array:
    kept = piece[np.append(True, np.abs(np.diff(piece, axis=0)).max(axis=1) > tol)]
    kept[-1] = piece[-1]  # of a closed one, the first again
    return kept


def inside(pieces: list[Array], first: Array, second: Array) -> list[Array]:
    """The parts of the pieces within the window of the coordinates, cut where they leave it.

    The window's borders must be grid lines of the contours, so that a piece has vertices there.
    """
    tol = 1e-12 * np.array([np.ptp(first), np.ptp(second)])
    low, high = np.array([first[0], second[0]]) - tol, np.array([first[-1], second[-1]]) + tol
    parts = []
    for piece in pieces:
        within = np.all((piece >= low) & (piece <= high), axis=1)
        if np.array_equal(piece[0], piece[-1]) and not within.all():  # a closed one begins outside
            start = int(np.argmin(within))
            order = np.append(np.arange(start, len(piece) - 1), np.arange(start + 1))
            piece, within = piece[order], within[order]
        ends = np.flatnonzero(np.diff(within)) + 1
        for part, keep in zip(np.split(piece, ends), np.split(within, ends), strict=True):
            if keep[0] and len(part) > 1:
                parts.append(part)
    return parts
