"""Figures: phase portraits of a plane, and of the free and the nudged flow against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.motion.limit_cycle import LimitCycle
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.portraits import plane_layers as layers
from neurodyn.analysis.portraits.fixed_points import STABLE
from neurodyn.analysis.portraits.nudged_path import NudgedPath
from neurodyn.analysis.portraits.phase_plane import PhasePlane
from neurodyn.errors import ArgumentError
from neurodyn.inputs import choice
from neurodyn.numerics.arrays import Array

FIELDS = ("streams", "arrows", "none")


def plot_phase_plane(
    plane: PhasePlane,
    *,
    field: str = "streams",
    trajectories: Sequence[Array] = (),
    cycles: Sequence[LimitCycle] = (),
    ax: Axes | None = None,
    **style: Any,
) -> Axes:
    """Draw a phase portrait: blue for the free flow, orange for a nudged one.

    Grey: the energy, darker in its valleys; the title says so where there is none. The first coordinate's nullcline is
    solid, the second's dashed. Of the fixed points a filled circle is stable, a hollow diamond a saddle, a hollow
    square unstable from all sides, a hollow triangle degenerate; a star is a focus, where trajectories turn, stable if
    filled. Arrows along the eigenvectors point at it where they return, away where they leave. Stable manifolds of
    saddles are dash-dotted, unstable ones dotted.

    Parameters
    ----------
    plane : PhasePlane
    field : {"streams", "arrows", "none"}
        How the velocity is shown.
    trajectories : sequence of (p, 2) arrays
        Curves to draw, from `plane.trajectories(starts)`, or `plane.coordinates(states)` of a recorded one.
    cycles : sequence of LimitCycle
        From `analysis.limit_cycle`, drawn as thick curves, dashed where they do not attract.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the nullclines.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> ax = plots.plot_phase_plane(analysis.phase_plane(net, resolution=5))
    """
    choice(field, FIELDS, "field")
    curves = [_curve(curve) for curve in trajectories]

    ax = look.new_axes(width=5.8, height=4.2)[0] if ax is None else ax
    _portrait(ax, plane, field, curves, style)
    layers.draw_cycles(ax, plane, cycles, look.SIDE)
    look.title(ax, _title(plane))
    look.legend(ax)
    return ax


def plot_phase_planes(
    free: PhasePlane,
    nudged: PhasePlane,
    *,
    path: NudgedPath | None = None,
    field: str = "streams",
    trajectories: Sequence[Array] = (),
    ax: Axes | Sequence[Axes] | None = None,
    **style: Any,
) -> tuple[Axes, ...]:
    """Draw the free flow, and the nudged flow over it, so that one sees the fixed points move.

    The nudged portrait keeps the free flow's nullclines and fixed points, faint; black arrows are the whole network's
    velocity at the free fixed points that are stable, at the moment of the nudge: down the error, as far as the plane
    has outputs. All arrows have one scale.

    Parameters
    ----------
    free, nudged : PhasePlane
        Of the same plane and window, at beta = 0 and with a target.
    path : NudgedPath, optional
        Drawn from s* to the nudged plane's beta.
    field, trajectories
        The same as for `plot_phase_plane`; the trajectories are drawn in the free portrait.
    ax : Axes or pair of Axes, optional
        One for both flows in one portrait, or one for each. Default: a new figure with two.
    **style
        Properties of the nullclines.

    Raises
    ------
    ArgumentError
        For planes that do not belong together.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([1, 1, 1], gain=2.0)
    >>> planes = [analysis.phase_plane(net, [0.5], resolution=5, y=[1.0], beta=beta) for beta in (0.0, 1.0)]
    >>> free, nudged = plots.plot_phase_planes(*planes)
    """
    choice(field, FIELDS, "field")
    _check_pair(free, nudged)
    curves = [_curve(curve) for curve in trajectories]
    way = None if path is None else _way(nudged, path)

    axes = look.new_axes(1, 2, width=8.6, height=3.4) if ax is None else [ax] if isinstance(ax, Axes) else list(ax)
    if len(axes) not in (1, 2):
        raise ArgumentError(f"`ax` must be one Axes or two, for the free and the nudged flow; got {len(axes)}")
    if len(axes) == 2:
        _portrait(axes[0], free, field, curves, style)
        look.title(axes[0], _title(free))
    _overlay(axes[-1], free, nudged, field, curves if len(axes) == 1 else (), way, style)
    look.title(axes[-1], _title(nudged))
    drawn = [line for line in axes[0].lines if str(line.get_label()).startswith("trajector")] if len(axes) == 2 else []
    look.legend(axes[-1], handles=[*drawn, *axes[-1].get_legend_handles_labels()[0]])
    return look.together(tuple(axes))


def _portrait(ax: Axes, plane: PhasePlane, field: str, curves: Sequence[Array], style: dict[str, Any]) -> None:
    shades = _shades(plane)
    layers.draw_contours(ax, plane)
    layers.draw_field(ax, plane, field, look.QUIET)
    layers.draw_manifolds(ax, plane, look.QUIET)
    layers.draw_trajectories(ax, curves, shades[1])
    layers.draw_nullclines(ax, plane, shades[::2], **style)
    layers.draw_directions(ax, plane, shades[2])
    layers.draw_points(ax, plane, shades[0])
    layers.dress(ax, plane.flow.plane, plane.first, plane.second)


def _overlay(
    ax: Axes,
    free: PhasePlane,
    nudged: PhasePlane,
    field: str,
    curves: Sequence[Array],
    way: Array | None,
    style: dict[str, Any],
) -> None:
    """The nudged portrait over the free flow's nullclines and fixed points."""
    layers.draw_nullclines(
        ax, free, look.FREE_SHADES[::2], **{**style, "label": "", "linewidth": look.thick(0.9), "alpha": 0.6}
    )
    layers.draw_points(ax, free, look.FREE, label="free: ", zorder=2.4, alpha=0.6)
    _portrait(ax, nudged, field, curves, style)
    if way is not None:
        label = rf"$s^*(\beta)$ to $\beta$ = {nudged.beta:.3g}"
        ax.plot(*way.T, color=look.SIDE, linewidth=look.thick(1.3), zorder=4.5, label=label)
    rest = free.fixed_points.state[np.isin(free.fixed_points.kind, STABLE)]
    layers.draw_velocities(ax, nudged, rest, look.SIDE, "velocity at $s^*$")


def _check_pair(free: PhasePlane, nudged: PhasePlane) -> None:
    if free.beta != 0.0 or nudged.beta == 0.0:
        raise ArgumentError(
            f"`free` must have beta = 0 and `nudged` another one; got {free.beta:g} and {nudged.beta:g}"
        )
    same = free.names == nudged.names and free.others == nudged.others
    same = same and all(np.array_equal(getattr(free, a), getattr(nudged, a)) for a in ("first", "second"))
    if not same:
        raise ArgumentError("`free` and `nudged` must be planes of the same axes, window and resolution, others alike")


def _way(nudged: PhasePlane, path: NudgedPath) -> Array:
    """Coordinates (p, 2) of the path from s* on until it first reaches the plane's beta."""
    beta = nudged.beta
    start = int(np.argmin(np.abs(path.beta)))
    step = 1 if beta > 0.0 else -1
    values, states = path.beta[start::step], path.state[start::step]
    beyond = np.flatnonzero(np.abs(values) >= abs(beta))
    if beyond.size:
        k = int(beyond[0])
        share = (beta - values[k - 1]) / (values[k] - values[k - 1]) if np.isfinite(values[k]) else 1.0
        last = states[k - 1] + share * (states[k] - states[k - 1])
        states = np.concatenate([states[:k], last[None]])
    return nudged.coordinates(states)


def _curve(curve: Any) -> Array:
    values = np.asarray(curve, dtype=float)
    if values.ndim != 2 or values.shape[1] != 2 or not len(values):
        raise ArgumentError(
            f"`trajectories` must be curves of shape (p, 2) in the plane; got {values.shape}: "
            "`plane.coordinates(states)` projects states"
        )
    return values


def _shades(plane: PhasePlane) -> Sequence[str]:
    return look.NUDGED_SHADES if plane.beta else look.FREE_SHADES


def _title(plane: PhasePlane) -> str:
    corrected = ", corrected" if plane.correction else ""
    flow = rf"nudged flow{corrected}, $\beta$ = {plane.beta:.3g}" if plane.beta else "free flow"
    others = "" if len(plane.flow.plane.tau) == 2 else f", others {plane.others}"
    return f"{flow}{others}{'' if plane.has_energy else ' (no energy)'}"
