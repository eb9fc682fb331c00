"""Figure: gradients and learning of imperfect devices, and the strength of nudging under noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study
from neurodyn.numerics.arrays import Array

#: Knobs stand so far apart at each level, in levels, that none covers another.
APART = 0.07


def plot_hardware(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, ...]:
    """Draw what devices lose against the levels of all knobs: gradient, cost after learning, accuracy; and more.

    Bars are the scatter between devices. The fourth panel has the error signal over time at the worst level of each
    knob; the fifth the error of gradients under noise against the strength of nudging, measured with bars of one
    standard deviation, and predicted; the last the first pair of knobs.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.hardware`.
    ax : six Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.
    """
    axes = look.panels(ax, 2, 3, width=12.6, height=7.2)
    gradients, costs, accuracies, signals = axes[:4]
    _against_levels(study, gradients, "cosine", style)
    gradients.set(yscale="log", ylabel="1 − cosine with the exact gradient")
    look.title(gradients, "gradients of devices")
    look.legend(gradients, loc="lower right")
    _against_levels(study, costs, "trained", style)
    costs.set_ylabel("cost over that before")
    costs.set_ylim(bottom=0.0)
    look.title(costs, "cost after learning in the loop")
    _accuracy(study, accuracies, style)
    _signals(study, signals, style)
    _noise(study, axes[4], style)
    _pair(study, axes[5])
    return look.together(tuple(axes))


def _knobs(study: Study) -> list[tuple[int, str, dict[str, Any]]]:
    """The knobs that the network can have: their place, name, and what their lines look like."""
    options = {"markersize": look.wide(4.5), "linewidth": look.thick(1.3)}
    there = [(k, str(knob)) for k, knob in enumerate(study["knob"]) if not np.isnan(study["cosine"][k]).all()]
    return [(k, knob, {**options, **look.method(k), "label": knob}) for k, knob in there]


def _against_levels(study: Study, ax: Axes, column: str, style: dict[str, Any]) -> None:
    """Means over devices with their scatter, which is cut where a logarithmic axis cannot show it."""
    levels, knobs = study["level"], _knobs(study)
    for k, _, options in knobs:
        mean, spread = study[column][k], study[f"{column}_spread"][k]
        if column == "cosine":
            mean = 1.0 - mean
        low = np.minimum(spread, 0.9 * np.maximum(mean, 0.0))
        high = np.minimum(spread, 1.0 - mean) if column == "accuracy" else spread
        at = levels + APART * (k - 0.5 * (len(study["knob"]) - 1))
        ax.errorbar(at, mean, [low, high], **{"elinewidth": 0.8, **options, **look.own(style)})
    names: dict[tuple[float, ...], list[str]] = {}
    for k, knob, _ in knobs:
        names.setdefault(tuple(study["value"][k]), []).append(knob)
    ax.set_xticks(levels, ["\n".join(f"{values[i]:g}" for values in names) for i in range(len(levels))])
    ax.set_xlabel("\n".join(", ".join(knobs) for knobs in names.values()))


def _accuracy(study: Study, ax: Axes, style: dict[str, Any]) -> None:
    """Accuracy after learning, or why there is none."""
    look.title(ax, "accuracy after learning in the loop")
    if "accuracy" not in study.data:
        look.note(ax, "targets are numbers to reach,\nnot classes: there is no accuracy")
        ax.set_xlabel("level")
        return
    _against_levels(study, ax, "accuracy", style)
    guide: dict[str, Any] = {"color": look.QUIET, "linewidth": look.thick(1.2), "linestyle": look.DASHES[1]}
    ax.axhline(study.summary["accuracy_before"], label="before learning", **guide)
    ax.set(ylim=(0.0, 1.05), ylabel="fraction of samples answered rightly")
    handles, labels = ax.get_legend_handles_labels()
    where = labels.index("before learning")
    look.legend(ax, loc="lower left", handles=[handles[where]], labels=[labels[where]])


def _signals(study: Study, ax: Axes, style: dict[str, Any]) -> None:
    """Error signals after the first moment, at which both are the same but for rounding."""
    for k, _, options in _knobs(study):
        error = study["signal_error"][k, -1]
        known = (error > 0.0) & (study["time"] > 0.0)
        ax.plot(study["time"], np.where(known, error, np.nan), **{**options, "markevery": 4, **look.own(style)})
    ax.set(yscale="log", xlabel="part of the second phase", ylabel="distance from the side network")
    look.title(ax, "error signals at the worst level")


def _noise(study: Study, ax: Axes, style: dict[str, Any]) -> None:
    """Error under noise against the strength of nudging."""
    betas = study["beta"]
    options: dict[str, Any] = {
        "color": look.NUDGED,
        "marker": "o",
        "markersize": look.wide(4.5),
        "linestyle": "none",
        "label": "measured",
    }
    found, scatter, known = study["noisy_error"], study["noisy_error_bar"], study["predicted_error"]
    ax.errorbar(betas, found, scatter, **{**options, **look.own(style)})
    guide: dict[str, Any] = {"color": look.QUIET, "linewidth": look.thick(1.2), "label": "predicted"}
    ax.plot(betas, known, **guide)
    best = study.summary["best_beta"]
    if betas.min() <= best <= betas.max():
        dots = {"linewidth": look.thick(0.8), "linestyle": look.DASHES[2], "label": "best, as predicted"}
        ax.axvline(best, color=look.QUIET, **dots)
    look.log_ticks(ax.yaxis, min(found.min(), known.min()), max(found.max(), known.max()))
    look.log_ticks(ax.xaxis, betas.min(), betas.max())
    ax.set_xlabel(r"strength of nudging $\beta$")
    ax.set_ylabel("relative error of the gradient")
    time, heat = study.summary["averaging_time"], study.summary["temperature"]
    look.title(ax, rf"noise $\Theta$ = {heat:g}, averaged for a time {time:.4g}")
    look.legend(ax, loc="best")


def _pair(study: Study, ax: Axes) -> None:
    """The cosine at all levels of the first pair of knobs, as cells with their numbers."""
    pairs = {name: values.dims for name, values in study.data.data_vars.items() if len(values.dims) == 2}
    pairs = {name: dims for name, dims in pairs.items() if name == f"{dims[0]}_{dims[1]}_cosine"}
    look.title(ax, "cosine with the exact gradient, two knobs")
    if not pairs:
        look.note(ax, "no pair of knobs was asked for")
        ax.set_xlabel("level")
        return
    name, (first, second) = next(iter(pairs.items()))
    values: Array = study[str(name)]
    ax.pcolormesh(np.ma.masked_invalid(values), cmap="cividis", vmin=min(0.0, np.nanmin(values, initial=0.0)), vmax=1.0)
    for (i, k), value in np.ndenumerate(values):
        color = "white" if not value > 0.5 else "black"
        text = f"{value:.2f}" if np.isfinite(value) else "–"
        ax.text(k + 0.5, i + 0.5, text, ha="center", va="center", fontsize=look.small_size(), color=color)
    for axis, knob in ((ax.xaxis, second), (ax.yaxis, first)):
        levels = study[str(knob)]
        axis.set_ticks(np.arange(len(levels)) + 0.5, [f"{level:g}" for level in levels])
    ax.set(xlabel=str(second), ylabel=str(first))
    ax.invert_yaxis()
