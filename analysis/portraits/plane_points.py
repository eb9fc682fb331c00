"""The fixed points of a phase plane: every one in the window, from the nodes of a grid that are candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurodyn.analysis.portraits.algebra import Rates, active
from neurodyn.analysis.portraits.fixed_points import SAME, classify, search, stability
from neurodyn.analysis.portraits.newton import roots
from neurodyn.analysis.portraits.plane import Section
from neurodyn.analysis.portraits.plane_flow import PlaneFlow
from neurodyn.numerics.arrays import Array, Integers, Mask


@dataclass(frozen=True, eq=False, repr=False)
class PlanePoints:
    """Fixed points in the window of a phase plane, by rising energy; all arrays are over the k points.

    position (k, 2): coordinates in the plane. state (k, n). energy (k,): NaN without one.
    rates (k, 2), directions (k, 2, 2): eigenvalues, by rising real part, and unit eigenvectors, in columns, of the flow
    in the plane with the sign turned: a positive rate returns. NaN for a coordinate stuck on a bound. Complex numbers
    where the flow in the plane descends no energy: a pair of rates a ± ib turns with b while it returns with a.
    index (k,): directions that leave, in the plane; of the full flow if sliced. kind (k,): as in `FixedPoints`.
    off_plane (k,): distance of the state from the plane.
    """

    position: Array
    state: Array
    energy: Array
    rates: Rates
    directions: Rates
    index: Integers
    kind: npt.NDArray[np.str_]
    off_plane: Array

    def __len__(self) -> int:
        return len(self.energy)

    def __repr__(self) -> str:
        return f"PlanePoints({', '.join(str(kind) for kind in self.kind) or 'none'})"


def plane_points(
    flow: PlaneFlow, states: Array, first: Array, second: Array, *, everywhere: bool = True
) -> PlanePoints:
    """Every fixed point in the window, from the nodes of the grid that are candidates.

    If not `everywhere`, only from nodes beside which both velocities change sign.
    """
    landscape, plane = flow.landscape, flow.plane
    start = states[_candidates(flow, states, len(first) + 2, everywhere)]
    start = np.where(landscape.boxed, np.clip(start, 0.0, 1.0), start)
    if flow.others == "sliced":
        found = search(landscape, start).state
    elif flow.relaxes:
        found = classify(landscape, roots(landscape, start)[0]).state
        found = found[[flow.rests(s) for s in found]].reshape(-1, found.shape[1])
    else:
        section = Section(landscape, plane.origin, plane.basis, plane.box)
        u, residual = roots(section, plane.coordinates(start))
        found = plane.states(_distinct(u[residual <= 1e-10]))
    within = window_test(first, second)
    found = found[within(plane.coordinates(found))]
    return _described(flow, found[np.argsort(landscape.energy(found), kind="stable")])


def _candidates(flow: PlaneFlow, states: Array, columns: int, everywhere: bool) -> Integers:
    """Nodes beside which both velocities change sign, and about 9 x 9 nodes all over."""
    velocity = flow.velocity(states, projected=False)[0].reshape(-1, columns, 2)
    positive = velocity >= 0.0
    corners = np.stack([positive[:-1, :-1], positive[:-1, 1:], positive[1:, 1:], positive[1:, :-1]])
    both = np.all(corners.any(axis=0) & ~corners.all(axis=0), axis=-1)
    wanted = np.zeros(velocity.shape[:2], dtype=bool)
    wanted[:-1, :-1] |= both
    wanted[1:, 1:] |= both
    every = [np.linspace(0, size - 1, 9).astype(int) for size in wanted.shape]
    wanted[np.ix_(*every)] |= everywhere
    return np.flatnonzero(wanted)


def _distinct(u: Array) -> Array:
    """Each point (k, 2) once."""
    kept: list[Array] = []
    for point in u:
        if all(np.abs(point - other).max() > SAME for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _described(flow: PlaneFlow, state: Array) -> PlanePoints:
    """What is known of fixed points (k, n) in the window."""
    landscape, plane = flow.landscape, flow.plane
    if not len(state):
        empty = np.zeros((0, 2))
        return PlanePoints(
            empty, state, np.zeros(0), empty, np.zeros((0, 2, 2)), np.zeros(0, int), np.zeros(0, str), np.zeros(0)
        )
    position = plane.coordinates(state)
    moving = np.ones((len(state), 2), dtype=bool)
    if plane.units:
        moving = active(landscape.boxed, state, landscape.force(state))[:, list(plane.units)]
    rates, directions = flow.modes(state, moving)
    index, kind = stability(landscape.rates(state) if flow.others == "sliced" else rates)
    off = np.linalg.norm(state - plane.states(position), axis=1)
    return PlanePoints(position, state, landscape.energy(state), rates, directions, index, kind, off)


def window_test(first: Array, second: Array) -> Callable[[Array], Mask]:
    """A function that tells which points (k, 2) lie in the window, its border included."""
    tol = 1e-9 * np.array([np.ptp(first), np.ptp(second)])
    low, high = np.array([first[0], second[0]]) - tol, np.array([first[-1], second[-1]]) + tol

    def within(u: Array) -> Mask:
        return np.asarray(np.all((u >= low) & (u <= high), axis=1))

    return within
