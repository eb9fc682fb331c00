"""Figure: relative error of the velocities over time, population by population."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.signals.compare import Comparison
from neurodyn.numerics.arrays import Array


def plot_error_over_time(comparison: Comparison, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw each population's largest difference at each time over its own largest error signal, on a log axis.

    Parameters
    ----------
    comparison : Comparison
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> ax = plots.plot_error_over_time(analysis.compare(run.nudged, run.side))
    """
    curves = {name: _positive(part.over_time) for name, part in comparison.populations.items()}

    ax = look.new_axes()[0] if ax is None else ax
    if not any(np.isfinite(curve).any() for curve in curves.values()):
        look.note(
            ax, "no error to show: none is a positive number" if np.any(comparison.has_signal) else look.NO_SIGNAL
        )
        return ax
    for k, (name, curve) in enumerate(curves.items()):
        error = comparison.populations[name].max_relative_error
        options = {
            "color": look.cycle(look.POPULATIONS, k),
            "linestyle": look.cycle(look.DASHES, k),
            "linewidth": look.thick(1.5),
            "label": f"{name}, at most {error:.1e}",
            **look.own(style),
        }
        ax.plot(comparison.t, curve, **options)
    ax.set_yscale("log")
    look.decades_only(ax.yaxis)
    look.time_axis(ax, float(comparison.t[-1]), look.NUDGED_TIME)
    ax.set_ylabel("relative error of the error signal")
    look.title(ax, "nudged phase against side network")
    look.legend(ax)
    return ax


def _positive(values: Array) -> Array:
    """What a log axis can show; NaN elsewhere."""
    return np.where(values > 0.0, values, np.nan)
