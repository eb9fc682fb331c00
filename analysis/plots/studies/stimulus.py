"""Figure: how states and error signals follow an input that moves; a Bode plot with its prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study

PREDICTED: dict[str, Any] = {"color": look.SIDE, "linewidth": 1.2, "label": "linear response"}


def plot_stimulus(study: Study, *, ax: Sequence[Axes] | None = None, **style: Any) -> tuple[Axes, Axes, Axes, Axes]:
    """Draw gain, phase and tracking errors against the input's frequency, and the error after a step and on a ramp.

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.stimulus`.
    ax : four Axes, optional
        Default: a new figure.
    **style
        Properties of the markers.
    """
    panels = look.panels(ax, 2, 2, width=8.6, height=5.6)
    gain, phase, error, lag = panels
    f, corner = study["frequency"], study.summary["slowest_rate"] / (2.0 * np.pi)
    dots: dict[str, Any] = {
        "color": look.FREE,
        "marker": "o",
        "markersize": look.wide(5),
        "linestyle": "none",
        "label": "simulated",
        **look.own(style),
    }
    gain.set(xscale="log", yscale="log")
    gain.plot(f, study["predicted_gain"], **PREDICTED)
    gain.plot(f, study["gain"], **dots)
    gain.set_ylabel("gain")
    phase.set_xscale("log")
    phase.plot(f, np.degrees(study["predicted_phase"]), **PREDICTED)
    phase.plot(f, np.degrees(study["phase"]), **dots)
    phase.set_ylabel("phase (degrees)")
    error.set(xscale="log", yscale="log")
    error.plot(f, study["predicted_error"], **PREDICTED)
    error.plot(f, study["tracking_error"], **{**dots, "label": "states, weak input"})
    signal: dict[str, Any] = {
        "color": look.NUDGED,
        "marker": "s",
        "markersize": look.wide(5),
        "linewidth": look.thick(1.2),
    }
    error.plot(f, study["signal_error"], label="error signals", **signal)
    error.set_ylabel("relative error of tracking")
    for panel in (gain, phase, error):
        panel.axvline(
            corner, color=look.QUIET, linewidth=look.thick(0.9), linestyle=(0, (5, 3)), zorder=0, label="slowest mode"
        )
        panel.set_xlabel(r"frequency of the input (1/unit of $\tau$)")
    lag.set_yscale("log")
    for name, label, dashes in (("step_error", "after a step", "-"), ("series_error", "on a ramp", (0, (4, 1.5)))):
        values = np.where(study[name] > 1e-8, study[name], np.nan)
        lag.plot(study["time"], values, color=look.FREE, linewidth=look.thick(1.2), linestyle=dashes, label=label)
    lag.set_xlabel(look.TIME)
    lag.set_ylabel(r"$|s - s^*(x(t))|$, relative")
    look.title(gain, "response to a sine, along the quasi-static one")
    look.title(error, "distance from the present fixed point")
    look.title(phase, "lag of the response")
    look.title(
        lag, f"catching up: rate {study.summary['step_rate']:.3g}, {study.summary['rate_after_step']:.3g} predicted"
    )
    for panel in (gain, error, lag):
        look.legend(panel, loc="best")
    return gain, phase, error, lag
