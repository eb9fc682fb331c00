"""Figure: basins of attraction in a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.portraits import plane_layers as layers
from neurodyn.analysis.portraits.basins import Basins

#: As many attractors are named in the legend, those with the largest basins.
NAMED = 8
NOWHERE = "0.35"


def plot_basins(basins: Basins, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Colour every start of the plane by the attractor at which it ends, dark grey if at none.

    A filled circle with its number marks each attractor that has a basin here, where it is in the plane or projected
    onto it; the legend gives its energy, if there is one, and share of the window.

    Parameters
    ----------
    basins : Basins
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the colour mesh.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> ax = plots.plot_basins(analysis.basins(net, resolution=8))
    """
    area = basins.area
    shown = np.flatnonzero(area > 0.0)
    named = shown[np.argsort(-area[shown], kind="stable")][:NAMED]
    colors = [look.cycle(look.POPULATIONS, k) for k in range(len(area))]
    label = np.ma.masked_less(basins.label, 0)
    has_energy = bool(np.isfinite(basins.attractors.energy).all())

    ax = look.new_axes(width=6.2, height=4.2)[0] if ax is None else ax
    tints = ListedColormap([_tint(color) for color in colors] or ["white"], name="basins").with_extremes(bad=NOWHERE)
    options = {
        "cmap": tints,
        "vmin": -0.5,
        "vmax": max(len(area), 1) - 0.5,
        "rasterized": True,
        "zorder": 0,
        **look.own(style),
    }
    ax.pcolormesh(basins.first, basins.second, label, shading="nearest", **options)
    layers.dress(ax, basins.plane, basins.first, basins.second)
    for k in shown:
        energy = f"{basins.attractors.energy[k]:.4g}, " if has_energy else ""
        text = f"{k + 1}: {energy}{area[k]:.0%}" if k in named else ""
        ax.plot(*basins.position[k], **layers.point_style("stable node", colors[k]), label=text)
        ax.annotate(str(k + 1), basins.position[k], (6.0, 5.0), textcoords="offset points", fontsize=look.small_size())
    nowhere = float(np.mean(basins.label < 0))
    if nowhere > 0.0:
        ax.plot([], [], "s", color=NOWHERE, label=f"none, {nowhere:.0%}")
    look.title(ax, f"basins of {len(shown)} attractors" if len(shown) != 1 else "one basin")
    look.legend(ax, title=f"attractor:{' energy,' if has_energy else ''}\nshare of the starts")
    return ax


def _tint(color: str) -> tuple[float, float, float]:
    """A lighter shade of a colour."""
    r, g, b = to_rgb(color)
    return 0.55 + 0.45 * r, 0.55 + 0.45 * g, 0.55 + 0.45 * b
