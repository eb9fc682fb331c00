"""Figure: error of one-sided and centered nudging against beta, to beyond beta_c."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study

KINDS = {"one_sided": ("one-sided", look.POPULATIONS[1], "s"), "centered": ("centered", look.NUDGED, "o")}
#: Where phases stand that have no error, as they ran away.
RAN_AWAY = 30.0
PANELS = {"": ("error signal", "floor"), "gradient_": ("parameter gradient", "gradient_floor")}


def plot_nudging(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes]:
    """Draw the errors of signal and gradient against beta, all axes logarithmic.

    Hollow marks lie at or beyond beta_c, where the negative phase has no equilibrium that continues s*; crosses at
    the top are phases that ran away.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.nudging`.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the marks.
    """
    axes = look.panels(ax, 1, 2, width=10.0, sharey=True)
    for panel, (prefix, (name, floor)) in zip(axes, PANELS.items(), strict=True):
        _panel(panel, study, prefix, study.summary[floor], style)
        look.title(panel, f"{name} (hollow: beyond $\\beta_c$ or a fold)")
    axes[0].set_ylabel("max relative error")
    look.legend(axes[1])
    return axes[0], axes[1]


def _panel(ax: Axes, study: Study, prefix: str, floor: float, style: dict[str, Any]) -> None:
    betas, beyond, critical = study["beta"], study["beyond"], study.summary["critical_beta"]
    fold = study.summary.get("fold", np.inf)
    ax.set(xscale="log", yscale="log")
    for kind, (name, color, marker) in KINDS.items():
        errors, order = study[prefix + kind], study.summary[prefix + kind]["order"]
        label = f"{name}, order {order:.2f}" if np.isfinite(order) else name
        options = {
            "color": color,
            "marker": marker,
            "markersize": look.wide(4.5),
            "linestyle": "none",
            "label": label,
            **look.own(style),
        }
        outside = beyond if kind == "centered" else np.zeros_like(beyond)
        ax.plot(betas, np.where(outside, np.nan, errors), **options)
        ax.plot(betas, np.where(outside, errors, np.nan), **{**options, "markerfacecolor": "none", "label": ""})
        lost = betas[~np.isfinite(errors)]
        ax.plot(lost, np.full(lost.size, RAN_AWAY), color=color, marker="x", markersize=look.wide(5), linestyle="none",
                label=f"{name}, ran away" if lost.size else "")  # fmt: skip
    if floor > 0.0:
        ax.axhline(
            floor, color=look.SIDE, linewidth=look.thick(1.0), linestyle=(0, (1, 1.5)), label="solver alone", zorder=0
        )
    end = 2.0 * betas.max()
    if min(critical, fold) < end:
        label = look.beyond(critical, fold)
        ax.axvspan(min(critical, fold), end, color="0.9", linewidth=0.0, label=label, zorder=-1)
    ax.set_xlim(0.5 * betas.min(), end)
    ax.set_xlabel(r"nudging strength $\beta$")
