"""Figure: gradients and learning of imperfect devices, and the strength of nudging under noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study


def plot_hardware(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, ...]:
    """Draw against the levels of all knobs 1 − cosine of the gradient and the cost after learning; and two more panels.

    The third has the error signal over time at the worst level of each knob; the last the error of gradients under
    noise against the strength of nudging, measured with bars of one standard deviation, and predicted.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.hardware`.
    ax : four Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    axes = look.panels(ax, 2, 2, width=10.0, height=6.4)
    levels = study["level"]
    for k, knob in enumerate(study["knob"]):
        options: dict[str, Any] = {
            "color": look.METHODS[k],
            "marker": look.MARKERS[k],
            "markersize": 4.5,
            "linewidth": 1.3,
        }
        if np.isnan(study["cosine"][k]).all():
            continue
        values = [f"{value:g}" for value in study["value"][k]]
        label = f"{knob} {values[0]} to {values[-1]}"
        _with_bars(
            axes[0], levels, 1.0 - study["cosine"][k], study["cosine_spread"][k], {**options, **look.own(style)}, label
        )
        _with_bars(
            axes[1], levels, study["trained"][k], study["trained_spread"][k], {**options, **look.own(style)}, label
        )
        error = study["signal_error"][k, -1]
        axes[2].plot(study["time"], np.where(error > 0.0, error, np.nan), **{**options, "markevery": 4, "label": label})
    axes[0].set(yscale="log", xlabel="level, from good to bad", ylabel=r"$1 - $ cosine with the exact gradient")
    look.title(axes[0], "gradients of devices")
    look.legend(axes[0])
    axes[1].set(xlabel="level, from good to bad", ylabel="cost after learning over before")
    look.title(axes[1], "learning in the loop")
    axes[2].set(xlabel="part of the second phase", ylabel="error of the signal", yscale="log")
    look.title(axes[2], "nudged velocity against the side network, worst level")
    _noise(study, axes[3], style)
    return look.together(tuple(axes))


def _with_bars(ax: Axes, x: Any, y: Any, spread: Any, options: dict[str, Any], label: str) -> None:
    """A line with the scatter between devices, which a logarithmic axis cannot show below zero."""
    low = np.minimum(spread, 0.9 * np.maximum(y, 0.0))
    ax.errorbar(x, y, [low, spread], label=label, elinewidth=0.8, **options)
    ax.set_xticks(x)


def _noise(study: Study, ax: Axes, style: dict[str, Any]) -> None:
    """Error under noise against the strength of nudging."""
    betas = study["beta"]
    options: dict[str, Any] = {
        "color": look.NUDGED,
        "marker": "o",
        "markersize": 4.5,
        "linestyle": "none",
        "label": "measured",
    }
    ax.errorbar(betas, study["noisy_error"], study["noisy_error_bar"], **{**options, **look.own(style)})
    guide: dict[str, Any] = {"color": look.QUIET, "linewidth": 1.2, "label": "predicted"}
    ax.plot(betas, study["predicted_error"], **guide)
    best = study.summary["best_beta"]
    if betas.min() <= best <= betas.max():
        ax.axvline(best, color=look.QUIET, linewidth=0.8, linestyle=(0, (1, 1.5)))
    ax.set_yscale("log")
    look.log_ticks(ax.xaxis, betas.min(), betas.max())
    ax.set_xlabel(r"strength of nudging $\beta$")
    ax.set_ylabel("relative error of the gradient")
    time, heat = study.summary["averaging_time"], study.summary["temperature"]
    look.title(ax, rf"under noise, $\Theta$ = {heat:g}, averaged for {time:.4g}")
    look.legend(ax)
