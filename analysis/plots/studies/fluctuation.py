"""Figure: mean currents of nudged ensembles, correlations of free noise, and the side network; with error bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study


def plot_fluctuation(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes]:
    """Draw both sides of the equality for one unit over time, and their distance from the side network.

    The unit is the one with the largest signal of a sample; at the highest and the lowest temperature. Bars are one
    standard deviation.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.fluctuation`.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    axes = look.panels(ax, 1, 2, width=10.0)
    left, right = axes
    side, heat = study["side"], study["temperature"]
    sample, unit = np.unravel_index(np.argmax(np.abs(side).max(axis=0)), side.shape[1:])
    for k, shade, marker in ((0, 0, "o"), (len(heat) - 1, 1, "s"))[: len(heat)]:
        here = (k, slice(None), sample, unit)
        options: dict[str, Any] = {
            "color": look.NUDGED_SHADES[shade],
            "linewidth": look.thick(1.3),
            "label": rf"nudged, $\Theta$ = {heat[k]:g}",
        }
        mean, bar = study["nudged"][here], study["nudged_error"][here]
        left.plot(study["time"], mean, **{**options, **look.own(style)})
        left.fill_between(study["time"], mean - bar, mean + bar, color=options["color"], alpha=0.25, linewidth=0.0)
        left.errorbar(
            study["time"],
            study["correlation"][here],
            study["correlation_error"][here],
            color=look.FREE_SHADES[shade],
            marker=marker,
            markersize=look.wide(4),
            linestyle="none",
            linewidth=look.thick(1.0),
            label=rf"free correlation, $\Theta$ = {heat[k]:g}",
        )
    options = {"color": look.SIDE, "linestyle": (0, (4, 1.5)), "linewidth": look.thick(1.3), "label": "side network"}
    left.plot(study["time"], side[:, sample, unit], **options)
    left.set_xlabel(look.NUDGED_TIME)
    left.set_ylabel("error signal")
    look.title(left, study.network.graph.unit(int(unit)))
    look.legend(left)
    _distance(study, right, style)
    return look.together((left, right))


def _distance(study: Study, ax: Axes, style: dict[str, Any]) -> None:
    """Distance of the nudged means from the side network against the temperature."""
    heat, distance = study["temperature"], study["distance"]
    shown = np.where(distance > 0.0, distance, np.nan)
    options: dict[str, Any] = {
        "color": look.NUDGED,
        "marker": "o",
        "markersize": look.wide(4.5),
        "linewidth": look.thick(1.3),
        "label": "nudged ensemble",
    }
    ax.plot(heat, shown, **{**options, **look.own(style)})
    if np.isfinite(shown).any():
        k = int(np.flatnonzero(np.isfinite(shown))[-1])
        guide: dict[str, Any] = {
            "color": look.QUIET,
            "linewidth": look.thick(0.9),
            "linestyle": (0, (1, 1.5)),
            "label": r"$\propto \Theta$",
        }
        ax.plot(heat, shown[k] * heat / heat[k], **guide)
        ax.set_yscale("log")
    look.log_ticks(ax.xaxis, heat.min(), heat.max())
    ax.set_xlabel(r"temperature $\Theta$")
    ax.set_ylabel("relative distance from the side network")
    look.title(ax, "the limit without noise")
    look.legend(ax)
