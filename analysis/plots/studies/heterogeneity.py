"""Figure: the raw velocity and the current as error signals, against the spread of time constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study

CURVES = {
    "raw": (r"raw $-(\bar\tau/\beta)\,\mathrm{d}s/\mathrm{d}t$", look.POPULATIONS[1], "s"),
    "current": (r"current $-(\tau/\beta)\,\mathrm{d}s/\mathrm{d}t$", look.NUDGED, "o"),
}
LINES = {"within": "-", "between": (0, (4, 1.5))}


def plot_heterogeneity(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes]:
    """Draw the error of both signals, and the angle between dJ/dtheta and what each gives, against the spread.

    Solid: time constants spread within populations; dashed: between them.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.heterogeneity`.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    axes = look.panels(ax, 1, 2, width=10.0)
    left, right = axes
    spread = study["spread"]
    for signal, (name, color, marker) in CURVES.items():
        angle = "raw_gradient_angle" if signal == "raw" else "gradient_angle"
        for kind, errors, angles in zip(study["kind"], study[f"{signal}_error"], study[angle], strict=True):
            options = {
                "color": color,
                "marker": marker,
                "markersize": look.wide(4.5),
                "linewidth": look.thick(1.3),
                "linestyle": LINES[kind],
            }
            label = f"{name}, {kind}"
            left.plot(spread, np.where(errors > 0.0, errors, np.nan), **{**options, "label": label, **look.own(style)})
            right.plot(spread, angles, **{**options, "label": label, **look.own(style)})
    left.set_yscale("log")
    left.set_ylabel("max relative error of the signal")
    right.set_ylabel("angle of the gradient (degrees)")
    for panel in axes:
        look.log_ticks(panel.xaxis, spread.min(), spread.max())
        panel.set_xlabel(r"largest $\tau$ over smallest")
    look.title(left, "error signal against the side network")
    look.title(right, r"gradient against $\mathrm{d}J/\mathrm{d}\theta$")
    look.legend(right)
    return look.together((left, right))
