"""Figures: modes that decay, and what the phases leave, each as predicted by the linearised network and as measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.timing.decay import Decay
from neurodyn.analysis.timing.durations import Durations
from neurodyn.numerics.arrays import Array

PREDICTED: dict[str, Any] = {"color": look.SIDE, "linewidth": 1.0, "linestyle": (0, (3, 2))}
#: Modes drawn, evenly spaced on the ladder; what is left of a phase is drawn down to this.
CURVES, SMALLEST = 5, 1e-10


def plot_decay(decay: Decay, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the amplitudes of modes that were started alone, on their predictions, black dashes and dots.

    Parameters
    ----------
    decay : Decay
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the marks.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> ax = plots.plot_decay(analysis.decay(net, [0.5, 0.2], modes=2))
    """
    ax = look.new_axes()[0] if ax is None else ax
    followed = np.flatnonzero(np.isfinite(decay.rate))
    if not followed.size:
        look.note(ax, "no mode could be followed:\nunits are too near the bounds of their box")
        return ax
    picks = followed[np.unique(np.linspace(0, followed.size - 1, min(CURVES, followed.size)).round().astype(int))]
    for row, k in enumerate(picks):
        label = f"mode {decay.mode[k] + 1}: rate {decay.rate[k]:.4g}, off by {decay.error[k]:.0e}"
        options = {
            "marker": look.cycle(look.MARKERS, row),
            "markersize": look.wide(3.5),
            "linestyle": "none",
            "label": label,
        }
        color = look.cycle(look.FREE_SHADES + look.NUDGED_SHADES, row)
        t = decay.t[k, 1:]  # on a log axis there is no 0
        ax.plot(t, decay.size[k, 1:], **{"color": color, **options, **look.own(style)})
        ax.plot(t, np.exp(-decay.predicted_rate[k] * t), **PREDICTED)
    ax.plot([], [], label="predicted", **PREDICTED)
    look.log_ticks(ax.yaxis, float(np.nanmin(decay.size)), 1.0)
    ax.set_xscale("log")
    ax.set_xlabel("time since the push $t$ (unit of $\\tau$)")
    ax.set_ylabel("amplitude of the mode")
    look.title(ax, f"modes started alone, sample {decay.sample}; largest error {np.nanmax(decay.error):.0e}")
    look.legend(ax)
    return ax


def plot_durations(durations: Durations, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw what a free and a nudged phase of finite duration leave, on their predictions as black dashes.

    Parameters
    ----------
    durations : Durations
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> ax = plots.plot_durations(analysis.durations(net, [0.5, 0.2], [1.0, 0.0]))
    """
    ax = look.new_axes()[0] if ax is None else ax
    phases = {
        "free": ("free phase: distance from $s^*$", look.FREE, (0, (5, 2))),
        "nudged": ("nudged phase: gradient", look.NUDGED, (0, (1, 1.5))),
    }
    for phase, (label, color, dashes) in phases.items():
        measured, predicted = (getattr(durations, f"{phase}_{kind}") for kind in ("measured", "predicted"))
        ax.plot(
            durations.t,
            _shown(measured),
            **{"color": color, "linewidth": look.thick(2.2), "label": label, **look.own(style)},
        )
        ax.plot(durations.t, _shown(predicted), **{**PREDICTED, "linestyle": dashes, "label": f"{phase}, predicted"})
    ax.set_yscale("log")
    ax.set_ylim(bottom=SMALLEST)
    ax.set_xlim(0.0, durations.t[-1])
    ax.set_xlabel(r"duration of the phase (unit of $\tau$)")
    ax.set_ylabel("relative error that is left")
    look.title(ax, rf"how long the phases must last, $\beta$ = {durations.beta:g}")
    look.legend(ax)
    return ax


def _shown(values: Array) -> Array:
    return np.where(values > 0.0, values, np.nan)
