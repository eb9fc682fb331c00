"""Where to look at a network from: the two axes that show most, the window, and a strength that moves s* visibly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.analysis.portraits.nudged_path import NudgedPath
from neurodyn.analysis.portraits.plane import Plane
from neurodyn.numerics.arrays import Array
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network

#: Farther apart than this, in some unit, two states of rest are two.
DISTINCT = 1e-3
#: Up to as many units the others are relaxed: of 100 it takes a minute.
RELAXED = 50
#: The window's margin, as a fraction of what it holds, and its least width.
MARGIN, LEAST = 0.2, 0.5


@dataclass(frozen=True)
class Viewpoint:
    """Two axes and `others` as `phase_plane` takes them, the state they pass through (n,), and why these."""

    axes: tuple[Any, ...]
    state: Array
    reason: str
    others: str


def choose_axes(network: Network, rests: Array, y: Array | None, x: Array | None) -> Viewpoint:
    """The axes that show most of a network that comes to rest at `rests` (k, n), the first of which is nudged to y.

    Two units are both. Three or more states of rest of one flow span a plane (their principal directions). The outputs
    of a classifier are the target's and its strongest rival. Else the two units that the nudge moves most, by
    |K⁻¹ dC/dz|, with K minus the derivative of the force; without a target the two that take part most in the slowest
    mode.
    """
    state, others = rests[0], others_for(network)
    if network.n == 2:
        return Viewpoint((0, 1), state, "all there are", others)
    apart = _distinct(rests)
    if len(apart) > 2 and not network.box.any():
        middle = apart.mean(axis=0)
        first, second = np.linalg.svd(apart - middle)[2][:2]
        return Viewpoint((first, second), middle, f"principal directions of {len(apart)} states of rest", "sliced")
    point = FixedPoint.of(network, state, x)
    if y is not None:
        if _is_one_hot(y):
            outputs = np.arange(network.n)[network.outputs]
            target = int(np.argmax(y))
            rival = int(np.argmax(np.where(np.arange(len(y)) == target, -np.inf, state[outputs])))
            units = int(outputs[target]), int(outputs[rival])
            return Viewpoint(units, state, "the target's output and its strongest rival", others)
        moved, reason = np.abs(_moved_by(point, point.cost_slope(y[None]))), "what the nudge moves most"
    else:
        moved, reason = _slowest_part(point), "what takes part most in the slowest mode"
    return Viewpoint(_pair(np.argsort(-moved, kind="stable")[:2]), state, reason, others)


def others_for(network: Network) -> str:
    """What the units outside a plane of two units had best do."""
    return "frozen" if network.n == 2 or network.n > RELAXED else "relaxed"


def choose_beta(path: NudgedPath | None) -> float:
    """1, or half-way to the fold if s*(beta) ends at one below 2."""
    if path is None:
        return 1.0
    reached = [b for b in path.folds if b > 0.0]
    return 0.5 * min(reached) if reached and min(reached) < 2.0 else 1.0


def choose_window(plane: Plane, states: Array) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of both coordinates that hold `states` (k, n), with a margin; the whole box where there is one."""
    u = plane.coordinates(states)
    limits = []
    for k in range(2):
        if plane.box[k]:
            limits.append((0.0, 1.0))
            continue
        low, high = float(u[:, k].min()), float(u[:, k].max())
        margin = max(MARGIN * (high - low), 0.5 * (LEAST - (high - low)))
        limits.append((low - margin, high + margin))
    return limits[0], limits[1]


def _moved_by(point: FixedPoint, force: Array) -> Array:
    """K⁻¹ force on the active units, (n,)."""
    if point.network.has_energy:
        return point.solve(force)[0][:, 0]
    keep, moved = point.local.active[:, 0], np.zeros(point.network.n)
    moved[keep] = np.linalg.solve(point.linearized(0), force[keep, 0])
    return moved


def _slowest_part(point: FixedPoint) -> Array:
    """How much each unit takes part in the slowest mode, (n,)."""
    keep, part = point.local.active[:, 0], np.zeros(point.network.n)
    if point.network.has_energy:
        part[keep] = np.abs(point.modes(0)[1][:, 0])
    else:
        values, vectors = np.linalg.eig(point.linearized(0) / point.network.tau[keep, None])
        part[keep] = np.abs(vectors[:, np.argmin(values.real)])
    return part


def _pair(units: Iterable[int]) -> tuple[int, int]:
    """Two units, in the network's order."""
    first, second = sorted(int(i) for i in units)
    return first, second


def _distinct(states: Array) -> Array:
    """Each state (k, n) once."""
    kept: list[Array] = []
    for state in states:
        if all(np.abs(state - other).max() > DISTINCT for other in kept):
            kept.append(state)
    return np.array(kept)


def _is_one_hot(y: Array) -> bool:
    return len(y) > 1 and bool(np.sum(y == 1.0) == 1) and int(np.sum(y == 0.0)) == len(y) - 1
