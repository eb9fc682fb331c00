"""Figure: work and accuracy of every solver against the spread of time constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study

#: Compiled methods solid, SciPy's dashed; each family has its hues.
COLOURS = (*look.NUDGED_SHADES[:2], look.SIDE, *look.NUDGED_SHADES[2:], *look.POPULATIONS)


def plot_stiffness(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes]:
    """Draw force evaluations, and the error reached, against the spread of tau, all axes logarithmic.

    A curve ends where the method needed more steps or time than it was given.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.stiffness`.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    axes = look.panels(ax, 1, 2, width=10.0)
    left, right = axes
    for i, method in enumerate(study["method"]):
        done = study["status"][i] == "done"
        options = {
            "color": look.cycle(COLOURS, i),
            "marker": look.cycle(look.MARKERS, i),
            "markersize": look.wide(4.5),
            "linewidth": look.thick(1.2),
            "linestyle": (0, (4, 1.5)) if method[0].isupper() else "-",
            "label": str(method),
            **look.own(style),
        }
        left.plot(study["spread"], np.where(done, study["evaluations"][i], np.nan), **options)
        right.plot(study["spread"], np.where(done, study["error"][i], np.nan), **options)
    for panel in axes:
        panel.set(xscale="log", yscale="log")
        panel.set_xlabel(r"largest $\tau$ over smallest")
    left.set_ylabel("force evaluations")
    right.set_ylabel("max relative error of the error signal")
    look.title(left, "work (a curve ends where it is too much)")
    look.title(right, "accuracy")
    look.legend(right)
    return look.together((left, right))
