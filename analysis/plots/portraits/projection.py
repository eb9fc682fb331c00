"""Figure: trajectories in the plane or the space of a few directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.panels import round_below
from neurodyn.analysis.portraits.projection import Projection
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array

#: The nudged phase is drawn at most this large, as a fraction of the free phase.
NUDGED_SIZE = 0.35


def plot_projection(projection: Projection, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the way to s* in blue, and the nudged phase from s* in orange, enlarged by the factor that its label says.

    Parameters
    ----------
    projection : Projection
        What `analysis.project` returns.
    ax : Axes, optional
        They must have three dimensions if the projection has three. Default: a new figure.
    **style
        Properties of the lines.

    Raises
    ------
    ArgumentError
        For axes with another number of dimensions.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> ax = plots.plot_projection(analysis.project(run))
    """
    paths, dimensions = projection.coordinates, len(projection.axes)
    factor = enlargement(projection)

    ax = _new_axes(dimensions) if ax is None else ax
    if (3 if ax.name == "3d" else 2) != dimensions:
        raise ArgumentError(
            f"a projection onto {dimensions} axes needs `ax` with {dimensions} dimensions"
            + ("; make it with add_subplot(projection='3d')" if dimensions == 3 else "")
        )
    several = paths.shape[1] > 1
    free = "trajectory" if projection.rest is None else "free phase"
    _lines(
        ax,
        paths,
        {"color": look.FREE, "linewidth": look.thick(1.0 if several else 1.5), "label": free, **look.own(style)},
    )
    _dots(ax, paths[0], {"markerfacecolor": "white", "color": look.FREE, "label": "start"})
    if projection.rest is not None and projection.displacement is not None:
        nudged = projection.rest + factor * projection.displacement
        times = "" if factor == 1.0 else f"{factor:g}\\,"
        label = f"nudged phase,\n$s^* + {times}(s - s^*)/\\beta$"
        _lines(ax, nudged, {"color": look.NUDGED, "linewidth": look.thick(1.8), "label": label, **look.own(style)})
        _dots(ax, projection.rest, {"color": look.SIDE, "label": "$s^*$"})
    for name, label in zip("xyz", projection.labels, strict=False):
        getattr(ax, f"set_{name}label")(label if dimensions == 2 else label.replace(" (", "\n("))
    ax.locator_params(nbins=6 if dimensions == 2 else 4)
    place: dict[str, Any] = {} if dimensions == 2 else {"loc": "upper left"}
    look.legend(ax, **place)
    return ax


def enlargement(projection: Projection) -> float:
    """A round factor on (s − s*)/beta that draws it well visible beside the free phase; 1 if that did not move."""
    if projection.displacement is None:
        return 1.0
    free, nudged = _extent(projection.coordinates), _extent(projection.displacement)
    if not (free > 0.0 and nudged > 0.0):
        return 1.0
    return round_below(NUDGED_SIZE * free / nudged)


def _extent(paths: Array) -> float:
    """The largest range of a coordinate."""
    flat = paths.reshape(-1, paths.shape[-1])
    flat = flat[np.isfinite(flat).all(axis=1)]
    return float(np.max(np.ptp(flat, axis=0))) if len(flat) else 0.0


def _lines(ax: Axes, paths: Array, options: dict[str, Any]) -> None:
    """One line for each sample of (T, batch, k), the first with the label."""
    for j in range(paths.shape[1]):
        ax.plot(*paths[:, j].T, **{**options, **({} if j == 0 else {"label": ""})})


def _dots(ax: Axes, points: Array, options: dict[str, Any]) -> None:
    ax.plot(*points.T, **{"linestyle": "none", "marker": "o", "markersize": look.wide(4), "zorder": 4, **options})


def _new_axes(dimensions: int) -> Axes:
    if dimensions == 2:
        ax = look.new_axes(width=5.6, height=3.8)[0]
        ax.axhline(0.0, color=look.QUIET, linewidth=look.thick(0.5), zorder=0)
        ax.axvline(0.0, color=look.QUIET, linewidth=look.thick(0.5), zorder=0)
        return ax
    with rc_context({"grid.color": look.FAINT, "grid.linewidth": 0.6}):  # read here, and no property of a 3-D axes
        space: Any = Figure(figsize=(5.6, 4.6)).add_axes((0.02, 0.05, 0.9, 0.95), projection="3d")
    space.set_box_aspect(None, zoom=0.8)  # leaves room for the labels, which no layout engine sees
    space.tick_params(labelsize=look.small_size())
    for axis in (space.xaxis, space.yaxis, space.zaxis):
        axis.set_pane_color((1.0, 1.0, 1.0, 0.0))
        axis.label.set_size(look.label_size())
        axis.labelpad = 12.0
        axis.line.set(color=look.QUIET, linewidth=look.thick(0.7))
    return space
