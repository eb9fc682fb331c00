"""Curves in a phase plane: the stable and unstable manifolds of its saddles, and trajectories from chosen starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.portraits.algebra import active
from neurodyn.analysis.portraits.manifolds import STEPS, follow
from neurodyn.analysis.portraits.plane_flow import PlaneFlow
from neurodyn.analysis.portraits.plane_points import PlanePoints, window_test
from neurodyn.numerics.arrays import Array


@dataclass(frozen=True, eq=False, repr=False)
class Manifold:
    """A branch of a saddle's stable or unstable manifold: points (p, 2) in the plane, from the saddle on."""

    points: Array
    saddle: int
    stable: bool

    def __repr__(self) -> str:
        return (
            f"Manifold({'stable' if self.stable else 'unstable'}, of saddle {self.saddle}, {len(self.points)} points)"
        )


def manifolds(
    flow: PlaneFlow, found: PlanePoints, first: Array, second: Array, steps: int = STEPS
) -> tuple[Manifold, ...]:
    """Both branches of every saddle's manifolds that are curves, as far as the window, so many `steps` wide."""
    starts = [way for j in np.flatnonzero(found.kind == "saddle") for way in _departures(flow, found, int(j))]
    owner = np.array([j for j, _, _ in starts], dtype=int)
    if not owner.size:
        return ()
    sign = np.array([sign for _, sign, _ in starts])
    within = window_test(first, second)
    curves = follow(
        flow.slaved if flow.relaxes else flow.full,
        found.state[owner],
        np.array([leave for _, _, leave in starts]),
        sign,
        found.state,
        found.kind != "saddle",
        lambda s: within(flow.plane.coordinates(s)),
        flow.landscape.boxed,
        float(min(np.ptp(first), np.ptp(second))),
        steps,
    )
    return tuple(
        Manifold(flow.plane.coordinates(curve), int(j), bool(side < 0.0))
        for curve, j, side in zip(curves, owner, sign, strict=True)
    )


def trajectories(flow: PlaneFlow, found: PlanePoints, begin: Array, first: Array, second: Array) -> tuple[Array, ...]:
    """Curves (p, 2) of the flow from coordinates `begin` (k, 2), as far as the window or a fixed point."""
    landscape, plane = flow.landscape, flow.plane
    field = flow.slaved if flow.relaxes else flow.full
    start = landscape.states(flow.lift(begin), "the starts' states")
    within = window_test(first, second)
    width = float(min(np.ptp(first), np.ptp(second)))
    heading = field(start)
    moving = np.linalg.norm(heading, axis=1) > 0.0
    curves = follow(
        field,
        start[moving],
        heading[moving],
        np.ones(int(moving.sum())),
        found.state,
        found.kind != "saddle",
        lambda s: within(plane.coordinates(s)),
        landscape.boxed,
        width,
    )
    return tuple(plane.coordinates(curve) for curve in curves)


def _departures(flow: PlaneFlow, found: PlanePoints, saddle: int) -> list[tuple[int, float, Array]]:
    """(saddle, sign of time, direction (n,)) of each branch of a saddle's manifolds."""
    state = found.state[saddle]
    if flow.leaves:
        landscape = flow.landscape
        moving = active(landscape.boxed, state[None], landscape.force(state[None]))
        _, directions = landscape.modes(state[None], moving)
        return [(saddle, 1.0, side * directions[0][:, 0].real) for side in (1.0, -1.0) if found.index[saddle] == 1]
    ways = []
    for rate, direction in zip(found.rates[saddle].real, found.directions[saddle].real.T, strict=True):
        if np.isfinite(rate):
            leave = direction @ flow.response(state)
            ways += [(saddle, -float(np.sign(rate)), side * leave) for side in (1.0, -1.0)]
    return ways
