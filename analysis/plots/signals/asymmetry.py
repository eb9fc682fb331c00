"""Figure: error of the nudged phase against the asymmetry of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.signals.asymmetry import Asymmetry


def plot_asymmetry(asymmetry: Asymmetry, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the error of signals and gradient against the asymmetry of the weights, both axes logarithmic.

    The legend gives the orders in which they grow. Hollow marks are those of the corrected phase. The dotted line is
    the error of the symmetric network, which beta and the solver make.

    Parameters
    ----------
    asymmetry : Asymmetry
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Rate.layered([2, 3, 2], feedback="random")
    >>> ax = plots.plot_asymmetry(analysis.asymmetry(net, [0.5, 0.2], [0.9, 0.1], fractions=[0.0, 0.5, 1.0]))
    """
    ax = look.new_axes()[0] if ax is None else ax
    shown = asymmetry.fractions > 0.0
    if not np.isfinite(asymmetry.error[shown]).any():
        look.note(ax, "no error to show: no asymmetric network came to a stable rest with an error signal")
        return ax
    ax.set(xscale="log", yscale="log")
    curves = (
        ("error signal", asymmetry.error, asymmetry.slope, look.NUDGED, "o"),
        ("parameter gradient", asymmetry.gradient_error, asymmetry.gradient_slope, look.POPULATIONS[1], "s"),
    )
    corrected = (
        ("error signal, corrected", asymmetry.corrected_error, look.NUDGED, "o"),
        ("parameter gradient, corrected", asymmetry.corrected_gradient_error, look.POPULATIONS[1], "s"),
    )
    for name, errors, slope, color, marker in curves:
        label = f"{name}, slope {slope:.2f}" if np.isfinite(slope) else name
        options = {
            "color": color,
            "marker": marker,
            "markersize": look.wide(5.5),
            "linewidth": look.thick(1.2),
            "label": label,
            **look.own(style),
        }
        ax.plot(asymmetry.asymmetry[shown], errors[shown], **options)
    for name, errors, color, marker in corrected:
        options = {
            "color": color,
            "marker": marker,
            "markersize": look.wide(5.5),
            "linewidth": look.thick(1.0),
            "linestyle": (0, (4, 2)),
        }
        ax.plot(
            asymmetry.asymmetry[shown],
            errors[shown],
            markerfacecolor="none",
            label=name,
            **{**options, **look.own(style)},
        )
    if asymmetry.floor > 0.0:
        label = rf"symmetric weights, $\beta$ = {asymmetry.beta:g}"
        ax.axhline(
            asymmetry.floor, color=look.SIDE, linewidth=look.thick(1.0), linestyle=(0, (1, 1.5)), label=label, zorder=0
        )
    ax.set_xlabel(r"asymmetry of the weights $\|W - W^\top\|\,/\,\|W + W^\top\|$")
    ax.set_ylabel("max relative error")
    look.title(ax, "nudged phase against side network, with unequal weights")
    look.legend(ax)
    return ax
