"""Figure: how far weights that learn without phases are from gradient flow, over the separations of the scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study


def plot_concurrent(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes]:
    """Draw the distance from gradient flow against tau_side over the time of learning; and lags and turns beside it.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.concurrent`.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    left, right = look.panels(ax, 1, 2, width=8.6, height=3.6)
    for panel in (left, right):
        panel.set(xscale="log", yscale="log")
    sides, thetas = study["side"], study["theta"]
    for k, side in enumerate(sides):
        options = {
            "color": look.cycle(look.FREE_SHADES, k),
            "marker": look.cycle(look.MARKERS, k),
            "markersize": look.wide(5),
        }
        label = rf"$\tau_s/\tau_{{side}}$ = {side:.2g}"
        left.plot(
            thetas, study["error"][k], **{**options, "linewidth": look.thick(1.2), "label": label, **look.own(style)}
        )
    left.set_xlabel(r"$\tau_{side}$ / time of learning")
    left.set_ylabel("distance from gradient flow")
    look.title(left, f"one sample (order {study.summary['theta_order']:.2f})")
    curves = (
        ("lag_side", "lag", r"side network behind s, over $\tau_s/\tau_{side}$", look.SIDE, "o", "lag_order"),
        ("turn", "turn_error", "samples in turns, over each scale to the next", look.NUDGED, "s", "turn_order"),
    )
    for where, what, name, color, marker, order in curves:
        if np.isfinite(study[what]).any():
            label = f"{name}\n(order {study.summary[order]:.2f})"
            options = {
                "color": color,
                "marker": marker,
                "markersize": look.wide(5),
                "linewidth": look.thick(1.2),
                "label": label,
                **look.own(style),
            }
            right.plot(study[where], study[what], **options)
    right.set_xlabel("ratio of time scales")
    right.set_ylabel("relative error")
    look.title(right, "lag of the side network; samples in turns")
    for panel in (left, right):
        look.legend(panel, loc="upper left", bbox_to_anchor=(0.0, -0.22))
    return look.together((left, right))
