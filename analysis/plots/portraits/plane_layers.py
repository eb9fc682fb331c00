"""The layers of a phase portrait, from back to front: energy, field, curves, nullclines, fixed points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from neurodyn.analysis.motion.limit_cycle import LimitCycle
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.portraits.fixed_points import STABLE
from neurodyn.analysis.portraits.phase_plane import PhasePlane
from neurodyn.analysis.portraits.plane import Plane
from neurodyn.numerics.arrays import Array

#: Marker by type of fixed point; only stable ones are filled.
KINDS = {
    "stable node": "o",
    "stable focus": "*",
    "saddle": "D",
    "unstable node": "s",
    "unstable focus": "*",
    "degenerate": "v",
}
#: Dashes of the nullclines of the first and the second coordinate, and of a saddle's unstable and stable manifold.
NULLCLINES: tuple[Any, ...] = ("-", (0, (5, 1.8)))
MANIFOLDS: dict[bool, Any] = {False: (0, (1, 1.3)), True: (0, (6, 1.5, 1, 1.5))}
#: Edges of the energy's shades, and the lowest one's grey.
CONTOURS, DARKEST = 11, 0.84
#: From where to where an eigen-direction's arrow reaches, and length of the longest velocity arrow, in windows.
NEAR, FAR, LONGEST = 0.022, 0.075, 0.16


def draw_contours(ax: Axes, plane: PhasePlane) -> None:
    """Energy in light shades of grey, darker in the valleys; the levels are closer there, where it is flat.

    Nothing where there is no energy.
    """
    energy = plane.energy
    if not plane.has_energy:
        return
    levels = energy.min() + np.ptp(energy) * np.linspace(0.0, 1.0, CONTOURS) ** 2
    if levels[0] < levels[-1]:
        shades = [str(shade) for shade in np.linspace(DARKEST, 1.0, CONTOURS - 1)]
        ax.contourf(plane.first, plane.second, energy, levels=levels, colors=shades, zorder=0)


def draw_field(ax: Axes, plane: PhasePlane, kind: str, color: str) -> None:
    """The velocity as stream lines, or as arrows of equal length for every third point of the grid."""
    u, v = plane.velocity[..., 0], plane.velocity[..., 1]
    pale = to_rgba(color, 0.55)
    if kind == "streams" and np.any(plane.velocity):
        options: dict[str, Any] = {
            "density": 0.7,
            "linewidth": look.thick(0.6),
            "color": pale,
            "arrowsize": 0.7,
            "zorder": 1,
        }
        ax.streamplot(plane.first, plane.second, u, v, **options)
    elif kind == "arrows":
        step = max(1, len(plane.first) // 15)
        x, y = np.meshgrid(plane.first[::step], plane.second[::step])
        size = _seen_length(plane, np.stack([u, v], axis=-1))[::step, ::step]
        scale = np.divide(0.7 / len(x), size, out=np.zeros_like(size), where=size > 0.0)
        _arrows(ax, x, y, scale * u[::step, ::step], scale * v[::step, ::step], color=pale, zorder=1)


def draw_manifolds(ax: Axes, plane: PhasePlane, color: str) -> None:
    """Stable manifolds of the saddles, which part the basins, dash-dotted; unstable ones dotted."""
    for stable, label in ((True, "stable manifold"), (False, "unstable manifold")):
        for k, curve in enumerate(m for m in plane.manifolds if m.stable == stable):
            options: dict[str, Any] = {
                "linestyle": MANIFOLDS[stable],
                "color": color,
                "linewidth": look.thick(1.2),
                "zorder": 2,
            }
            ax.plot(*curve.points.T, label=label if k == 0 else "", **options)


def draw_trajectories(ax: Axes, curves: Sequence[Array], color: str) -> None:
    """Curves (p, 2), each with a ring at its start."""
    for k, curve in enumerate(curves):
        label = ("trajectory" if len(curves) == 1 else "trajectories") if k == 0 else ""
        ax.plot(*curve.T, color=color, linewidth=look.thick(1.1), zorder=3, label=label)
        ring: dict[str, Any] = {
            "marker": "o",
            "markersize": look.wide(3.5),
            "markerfacecolor": "white",
            "markeredgewidth": look.thick(0.9),
        }
        ax.plot(*curve[0], color=color, zorder=3, **ring)


def draw_cycles(ax: Axes, plane: PhasePlane, cycles: Sequence[LimitCycle], color: str) -> None:
    """Limit cycles as thick closed curves, dashed where they do not attract."""
    named: set[str] = set()
    for cycle in cycles:
        label = f"{'stable' if cycle.stable else 'unstable'} limit cycle"
        dashes: Any = "-" if cycle.stable else (0, (3.0, 1.6))
        options: dict[str, Any] = {"color": color, "linewidth": look.thick(2.0), "linestyle": dashes, "zorder": 3.2}
        ax.plot(*plane.coordinates(cycle.state).T, label="" if label in named else label, **options)
        named.add(label)


def draw_nullclines(ax: Axes, plane: PhasePlane, shades: Sequence[str], **style: Any) -> None:
    """Each coordinate's nullcline, in pieces, in a shade and with dashes of its own."""
    for which, (pieces, name) in enumerate(zip(plane.nullclines, plane.names, strict=True)):
        for k, piece in enumerate(pieces):
            options = {
                "color": shades[which],
                "linestyle": NULLCLINES[which],
                "linewidth": look.thick(1.6),
                "zorder": 2.5,
                **look.own(style),
            }
            ax.plot(*piece.T, **{"label": f"{name} at rest" if k == 0 else "", **options})


def draw_directions(ax: Axes, plane: PhasePlane, color: str) -> None:
    """Arrows along the eigenvectors of every fixed point: towards it where its rate returns, away where it leaves.

    None where rates are a complex pair, as no direction is kept there.
    """
    found, drawn = plane.fixed_points, False
    for position, rates, directions in zip(found.position, found.rates, found.directions, strict=True):
        for rate, direction in zip(rates, directions.T, strict=True):
            if np.isfinite(rate) and not rate.imag:
                unit = direction.real / _seen_length(plane, direction.real)
                tail, head = (NEAR, FAR) if rate.real < 0.0 else (FAR, NEAR)
                for side in (unit, -unit):
                    _arrows(ax, *(position + tail * side), *((head - tail) * side), color=color, zorder=3.5)
                drawn = True
    if drawn:
        options: dict[str, Any] = {"linestyle": "none", "marker": r"$\rightarrow$", "markersize": look.wide(8)}
        ax.plot([], [], color=color, label="eigenvectors", **options)


def draw_points(ax: Axes, plane: PhasePlane, color: str, *, label: str = "", **options: Any) -> None:
    """Every fixed point: marker by type, filled if it is stable."""
    found = plane.fixed_points
    for kind in KINDS:
        chosen = found.position[found.kind == kind]
        if len(chosen):
            ax.plot(*chosen.T, **{**point_style(kind, color), "label": f"{label}{kind}", **options})


def point_style(kind: str, color: str) -> dict[str, Any]:
    """How a fixed point of some type is drawn."""
    sizes = {"o": 7.0, "*": 10.5}
    return {
        "linestyle": "none",
        "marker": KINDS[kind],
        "markersize": sizes.get(KINDS[kind], 6.0),
        "markerfacecolor": color if kind in STABLE else "white",
        "markeredgecolor": color,
        "markeredgewidth": look.thick(1.4),
        "zorder": 4,
        "clip_on": False,
    }


def draw_velocities(ax: Axes, plane: PhasePlane, states: Array, color: str, label: str) -> None:
    """Arrows along the whole network's velocity at some states (k, n), the longest of a fixed length; k may be 0."""
    if not len(states):
        return
    velocity, position = plane.velocity_of(states), plane.coordinates(states)
    longest = float(np.max(_seen_length(plane, velocity), initial=0.0))
    if longest > 0.0:
        arrows = LONGEST / longest * velocity
        _arrows(ax, *position.T, *arrows.T, color=color, width=0.008, zorder=5)
        ax.plot([], [], color=color, linestyle="none", marker=r"$\rightarrow$", markersize=look.wide(13), label=label)


def dress(ax: Axes, plane: Plane, first: Array, second: Array) -> None:
    """Square axes over the window, with their names."""
    ax.set(xlim=(first[0], first[-1]), ylim=(second[0], second[-1]))
    ax.set_box_aspect(1.0)
    across, up = (f"state of {name}" if plane.units else f"coordinate $u$ along {name}" for name in plane.names)
    ax.set(xlabel=across, ylabel=up)


def _seen_length(plane: PhasePlane, vectors: Array) -> Array:
    """Lengths of vectors (..., 2) as fractions of the window."""
    window = np.array([np.ptp(plane.first), np.ptp(plane.second)])
    return np.asarray(np.linalg.norm(vectors / window, axis=-1))


def _arrows(ax: Axes, x: Any, y: Any, u: Any, v: Any, **options: Any) -> None:
    """Arrows in the coordinates of the data."""
    shape = {"angles": "xy", "scale_units": "xy", "scale": 1.0, "width": 0.004, "headwidth": 4.5, "headlength": 5.0}
    ax.quiver(x, y, u, v, **{**shape, "headaxislength": 4.5, **options})
