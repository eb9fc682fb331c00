"""Figure: error of Euler's method against its step, up to where it is unstable."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study

CURVES = {
    "signal": ("error signal", look.NUDGED, "o"),
    "gradient": ("parameter gradient", look.POPULATIONS[1], "s"),
}


def plot_discretisation(study: Study, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the errors of signal and gradient against the step, both axes logarithmic, with the stability limit.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.discretisation`.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the markers.
    """
    steps, limit = study["step"], study.summary["limit"]
    ax = look.new_axes()[0] if ax is None else ax
    ax.set(xscale="log", yscale="log")
    for kind, (name, color, marker) in CURVES.items():
        errors = study[f"{kind}_error"]
        stable = np.where(study["stable"] & (errors > 0.0), errors, np.nan)
        label = f"{name}, order {study.summary[f'{kind}_order']:.2f}"
        options = {
            "color": color,
            "marker": marker,
            "markersize": look.wide(5.5),
            "linewidth": look.thick(1.2),
            "label": label,
            **look.own(style),
        }
        ax.plot(steps, stable, **options)
        beyond = np.where(study["stable"], np.nan, errors)
        ax.plot(steps, beyond, **{**options, "markerfacecolor": "none", "linestyle": "none", "label": ""})
    ax.axvline(
        limit, color=look.QUIET, linewidth=look.thick(0.9), linestyle=(0, (5, 3)), label=r"$2/\lambda_{\max}$", zorder=0
    )
    ax.axvspan(limit, 2.0 * max(limit, steps.max()), color="0.9", linewidth=0.0, label="unstable", zorder=-1)
    ax.set_xlim(0.7 * steps.min(), 2.0 * max(limit, steps.max()))
    ax.set_xlabel(r"step $\varepsilon$ of Euler's method (unit of $\tau$)")
    ax.set_ylabel("max relative error")
    look.title(ax, "Euler's method against continuous time (hollow: diverges)")
    look.legend(ax)
    return ax
