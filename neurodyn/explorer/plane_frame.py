"""The arrays of the phase plane's picture: one table of columns for each layer of it, by name."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from contourpy import FillType, contour_generator

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.portraits.plane_layers import CONTOURS, DARKEST
from neurodyn.analysis.portraits.fixed_points import STABLE
from neurodyn.analysis.portraits.phase_plane import PhasePlane, phase_plane
from neurodyn.explorer.motion import Motion
from neurodyn.explorer.settings import Settings, inputs_of, target_of
from neurodyn.explorer.subject import Subject
from neurodyn.explorer.view import View
from neurodyn.numerics.arrays import Array

#: What a column of a table holds: numbers, texts, or lists of arrays for curves.
Table = dict[str, Any]

#: Grid points along each axis; and how many of them, at most, have an arrow.
GRID, ARROWS = 31, 16
#: Steps of manifolds to the width of the window.
STEPS = 100
#: Length of an arrow and of its head, and the head's half width, in the distance between two arrows.
LENGTH, HEAD, HALF = 0.6, 0.22, 0.13
#: Markers by type of fixed point.
MARKERS = {
    "stable node": "circle",
    "stable focus": "star",
    "saddle": "diamond",
    "unstable node": "square",
    "unstable focus": "star",
    "degenerate": "inverted_triangle",
}


def plane_of(subject: Subject, settings: Settings, view: View, motion: Motion) -> PhasePlane:
    """The plane without manifolds: of the nudged flow, through the state at which the selected start ends."""
    state = end_of(settings, motion)
    options: dict[str, Any] = {"axes": view.units or view.plane.basis, "window": view.window}
    options |= {"state": state if view.units else view.through(state).origin, "resolution": GRID, "quick": True}
    y, which = target_of(subject, settings), motion.of(settings.selected)
    if y is not None and settings.beta:
        options |= {"y": y, "beta": settings.beta}
        if subject.correction is not None and which is not None:
            options |= {"correction": subject.correction, "rest": motion.rest[which]}
    return phase_plane(motion.network, inputs_of(subject, settings), **options)


def end_of(settings: Settings, motion: Motion) -> Array:
    """Where the selected start is in the end, (n,): nudged, at rest, or still on its way."""
    which = motion.of(settings.selected)
    if which is None:
        last = motion.free[-1, settings.selected]
        return last if np.isfinite(last).all() else settings.starts[settings.selected]
    if settings.temperature == 0.0 and len(motion.nudged) and np.isfinite(motion.nudged[-1, which]).all():
        return motion.nudged[-1, which]
    return motion.rest[which]


def plane_tables(plane: PhasePlane) -> dict[str, Table]:
    """Energy, arrows, nullclines, manifolds and fixed points."""
    shades = look.NUDGED_SHADES if plane.beta else look.FREE_SHADES
    found = plane.fixed_points
    stable = np.isin(found.kind, STABLE)
    points = {
        "x": found.position[:, 0],
        "y": found.position[:, 1],
        "marker": [MARKERS[str(kind)] for kind in found.kind],
        "kind": [str(kind) for kind in found.kind],
        "line": [shades[0]] * len(found),
        "fill": [shades[0] if full else "white" for full in stable],
        "size": [13 if MARKERS[str(kind)] == "star" else 10 for kind in found.kind],
    }
    return {
        "energy": _energy(plane),
        "arrows": _arrows(plane),
        "first nullcline": curves(plane.nullclines[0], shades[0]),
        "second nullcline": curves(plane.nullclines[1], shades[2]),
        "stable manifolds": curves([m.points for m in plane.manifolds if m.stable], look.QUIET),
        "unstable manifolds": curves([m.points for m in plane.manifolds if not m.stable], look.QUIET),
        "points": points,
    }


def curves(pieces: Any, color: str) -> Table:
    """Curves (p, 2) of one colour."""
    kept = [np.asarray(piece) for piece in pieces]
    return {"xs": [p[:, 0] for p in kept], "ys": [p[:, 1] for p in kept], "color": [color] * len(kept)}


def motion_tables(settings: Settings, view: View, motion: Motion) -> dict[str, Table]:
    """Trajectories in the plane, their starts and rests, and where each is at what time."""
    free, nudged = view.coordinates(motion.free), view.coordinates(motion.nudged)
    rest, starts = view.coordinates(motion.rest), view.coordinates(settings.starts)
    count, places = len(settings.starts), {int(start): k for k, start in enumerate(motion.resting)}
    tracks: Table = {"t": [], "x": [], "y": []}
    for start in range(count):
        parts, times = [free[:, start]], [motion.free_t]
        if start in places and len(nudged):
            parts.append(nudged[1:, places[start]])
            times.append(motion.nudged_t[1:])
        way, t = np.concatenate(parts), np.concatenate(times)
        keep = np.isfinite(way).all(axis=1)
        tracks["t"].append(t[keep])
        tracks["x"].append(way[keep, 0])
        tracks["y"].append(way[keep, 1])
    chosen = [start == settings.selected for start in range(count)]
    return {
        "free ways": curves(_finite(free), look.FREE),
        "nudged ways": curves(_finite(nudged), look.NUDGED),
        "starts": {"x": starts[:, 0], "y": starts[:, 1], "fill": [look.FREE if one else "white" for one in chosen]},
        "rests": {"x": rest[:, 0], "y": rest[:, 1]},
        "tracks": tracks,
    }


def _finite(ways: Array) -> list[Array]:
    """Each way (T, 2) of many (T, k, 2), as far as it is finite."""
    every = np.moveaxis(ways, 1, 0) if len(ways) else np.zeros((0, 0, 2))
    return [way[np.isfinite(way).all(axis=1)] for way in every]


def _energy(plane: PhasePlane) -> Table:
    """Filled contours of the energy, darker in the valleys, where the levels are closer."""
    energy = plane.energy
    empty: Table = {"xs": [], "ys": [], "color": []}
    if not plane.has_energy or not np.ptp(energy) > 0.0:
        return empty
    levels = energy.min() + np.ptp(energy) * np.linspace(0.0, 1.0, CONTOURS) ** 2
    contours = contour_generator(plane.first, plane.second, energy, fill_type=FillType.OuterOffset)
    table = empty
    for low, high, shade in zip(levels[:-1], levels[1:], _shades(), strict=True):
        rings = [_rings(*polygon) for polygon in zip(*contours.filled(low, high), strict=True)]
        if rings:
            table["xs"].append([[ring[:, 0] for ring in polygon] for polygon in rings])
            table["ys"].append([[ring[:, 1] for ring in polygon] for polygon in rings])
            table["color"].append(f"#{round(255 * shade):02x}" + 2 * f"{round(255 * shade):02x}")
    return table


def _rings(points: Any, offsets: Any) -> list[Array]:
    """The outline (p, 2) of a filled contour, and its holes."""
    return [np.asarray(points[a:b]) for a, b in pairwise(offsets)]


def _shades() -> Array:
    return np.linspace(0.5 * (1.0 + DARKEST), 1.0, CONTOURS - 1)  # paler than on paper


def _arrows(plane: PhasePlane) -> Table:
    """Arrows of one length along the velocity: a shaft and the two lines of its head, in parts of the window."""
    step = max(1, -(-len(plane.first) // ARROWS))
    window = np.array([np.ptp(plane.first), np.ptp(plane.second)])
    x, y = np.meshgrid(plane.first[::step], plane.second[::step])
    place = np.stack([x.ravel(), y.ravel()], axis=1) / window
    velocity = plane.velocity[::step, ::step].reshape(-1, 2) / window
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    along = np.divide(velocity, speed, out=np.zeros_like(velocity), where=speed > 0.0) / ARROWS
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    tail, tip = place - 0.5 * LENGTH * along, place + 0.5 * LENGTH * along
    sides = [tip - HEAD * along + side * HALF * across for side in (1.0, -1.0)]
    begin = np.concatenate([tail, tip, tip]) * window
    end = np.concatenate([tip, *sides]) * window
    return {"x0": begin[:, 0], "y0": begin[:, 1], "x1": end[:, 0], "y1": end[:, 1]}
