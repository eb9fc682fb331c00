"""Figure: errors of gradients against how long the nudged phase, and the free phase, lasted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study

SECOND: dict[str, tuple[str, dict[str, Any]]] = {
    "nudged": (r"nudged phase $\tilde\Theta_t$", {"color": look.NUDGED, "linewidth": 2.6}),
    "side": (r"side network $\bar\Theta_t$", {"color": look.SIDE, "linewidth": 1.2, "linestyle": (0, (4, 3))}),
    "bptt": (
        "truncated BPTT",
        {"color": look.FREE, "marker": "o", "markersize": 4.0, "linestyle": "none", "markerfacecolor": "none"},
    ),
}
FREE: dict[str, tuple[str, dict[str, Any]]] = {
    "one_sided": ("one-sided nudging", {"color": look.POPULATIONS[1], "marker": "s"}),
    "centered": ("centered nudging", {"color": look.NUDGED, "marker": "o"}),
    "centered_short": (
        "centered, short second phase",
        {"color": look.NUDGED, "marker": "o", "markerfacecolor": "none", "linestyle": (0, (4, 1.5))},
    ),
    "side": ("side network there", {"color": look.SIDE, "marker": "^", "linestyle": (0, (4, 3))}),
    "distance": ("distance from $s^*$", {"color": look.FREE, "linewidth": 1.0, "linestyle": (0, (1, 1.5))}),
}


def plot_duration(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes]:
    """Draw the distance of gradients from dJ/dtheta against the duration of the nudged phase, and of the free phase.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.duration`.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    axes = look.panels(ax, 1, 2, width=10.5, gridspec_kw={"wspace": 0.02})
    left, right = axes
    for name, (label, options) in SECOND.items():
        errors = study[f"{name}_error"]
        left.plot(
            study["time"], np.where(errors > 0.0, errors, np.nan), **{**options, "label": label, **look.own(style)}
        )
    left.set(xscale="log", yscale="log")
    left.set_xlabel(r"duration of the nudged phase (unit of $\tau$)")
    left.set_ylabel(r"distance from $\mathrm{d}J/\mathrm{d}\theta$")
    look.title(left, "the second phase is stopped")
    look.legend(left, loc="lower left")
    if "free_time" not in study.data:
        look.note(right, r"without a finite $\beta$ there is no unfinished free phase")
        return look.together((left, right))
    for name, (label, options) in FREE.items():
        errors = study[name]
        shown = np.where(errors > 0.0, errors, np.nan)
        right.plot(
            study["free_time"],
            shown,
            **{
                "linewidth": look.thick(1.3),
                "markersize": look.wide(4.5),
                "label": label,
                **options,
                **look.own(style),
            },
        )
    right.set_yscale("log")
    look.log_ticks(right.xaxis, study["free_time"][0], study["free_time"][-1])
    right.set_xlabel(r"duration of the free phase (unit of $\tau$)")
    look.title(right, rf"the free phase was stopped, $\beta$ = {study.summary['beta']:g}")
    look.legend(right)
    return look.together((left, right))
