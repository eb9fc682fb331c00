"""Figure: every velocity against its error signal, which should lie on the diagonal."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import error_signals
from neurodyn.analysis.plots.signals.error_signals import velocity_symbols
from neurodyn.analysis.signals.compare import relative_error
from neurodyn.numerics.arrays import Array, Mask
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase
from neurodyn.system.network import Network

MOST_POINTS = 20_000
#: Axes are logarithmic from the largest signal down to this fraction of it, and linear below.
LINEAR_BELOW = 1e-3


def plot_agreement(run: NudgedPhase, side: SidePhase, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw −(tau/beta) ds/dt against the side network's error signal: active units, samples with a signal, all times.

    Of more than 20,000 points every k-th is drawn. Axes are symmetric logarithmic.

    Parameters
    ----------
    run, side
        Recorded at the same times, for the same equilibrium and targets.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the points.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> ax = plots.plot_agreement(run.nudged, run.side)
    """
    tilde, bar, signal = error_signals(run, side)
    active = np.atleast_2d(run.active)
    error = relative_error(np.abs(np.where(active, tilde - bar, 0.0)), np.abs(bar))[0]
    points = _points(run.network, tilde, bar, active & signal[:, None])
    largest = max((float(np.max(np.abs(pair[0]), initial=0.0)) for pair in points.values()), default=0.0)

    ax = look.new_axes(width=4.6, height=4.3)[0] if ax is None else ax
    if not largest > 0.0:
        look.note(ax, look.NO_SIGNAL)
        return ax
    sizes = np.linspace(7.0, 2.5, len(points))  # later points lie on earlier ones, all on one line
    for k, (name, pair) in enumerate(points.items()):
        options = {
            "color": look.cycle(look.POPULATIONS, k),
            "marker": look.cycle(look.MARKERS, k),
            "markersize": sizes[k],
            "markeredgewidth": 0.0,
            "linestyle": "none",
            "rasterized": True,
            "label": name,
            **look.own(style),
        }
        ax.plot(*pair, **options)
    limit = 1.6 * largest
    ax.axline(
        (0.0, 0.0),
        slope=1.0,
        color=look.SIDE,
        linewidth=look.thick(0.8),
        linestyle=(0, (4, 2.5)),
        label="equal",
        zorder=3,
    )
    _square_axes(ax, limit, LINEAR_BELOW * largest)
    ax.set_xlabel(r"side network, error signal $\bar{S}_i$")
    ax.set_ylabel(f"nudged phase, error signal {velocity_symbols(run.network)}")
    reached = f"max relative error {error:.1e}" if np.isfinite(error) else "phase did not reach its end"
    look.title(ax, f"{reached}, {np.sum(signal)} of {signal.size} samples")
    look.legend(ax, loc="upper left")
    return ax


def _points(network: Network, tilde: Array, bar: Array, keep: Mask) -> dict[str, tuple[Array, Array]]:
    """Side network's and velocity's error signals by population where `keep` (batch, n), thinned alike."""
    stride = -(-len(bar) * int(keep.sum()) // MOST_POINTS) or 1
    points = {}
    for name, where in network.graph.slices.items():
        chosen = keep[:, where]
        step = stride
        while gcd(step, int(chosen.sum())) > 1:  # else the same units are met at every time
            step += 1
        points[name] = (bar[:, :, where][:, chosen].ravel()[::step], tilde[:, :, where][:, chosen].ravel()[::step])
    return points


def _square_axes(ax: Axes, limit: float, linear: float) -> None:
    """The same symmetric logarithmic scale on both axes, ticks two decades apart."""
    top = int(np.floor(np.log10(limit)))
    sizes = [10.0**power for power in (top, top - 2) if 10.0**power >= linear]
    ticks = sorted([0.0, *sizes, *(-size for size in sizes)])
    ax.set_xscale("symlog", linthresh=linear)
    ax.set_yscale("symlog", linthresh=linear)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), xticks=ticks, yticks=ticks, aspect="equal")
    ax.minorticks_off()
