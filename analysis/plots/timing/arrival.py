"""Figure: the error signal on its way from the outputs into the network, in log-log."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.timing.arrival import Arrival

#: What is smaller than this fraction of the largest signal is not shown.
SMALLEST = 1e-8


def plot_arrival(arrival: Arrival, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw each group's error signal against time, both axes logarithmic, on lines of its t^k in theory.

    Solid with the network's own time constants, dashed with equal ones; dots are peaks.

    Parameters
    ----------
    arrival : Arrival
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
    >>> ax = plots.plot_arrival(analysis.arrival(net, [0.5, 0.2], [1.0, 0.0]))
    """
    ax = look.new_axes(height=3.8)[0] if ax is None else ax
    ax.set(xscale="log", yscale="log")
    t, lowest = arrival.t, SMALLEST * arrival.signal.max()
    for g, (name, k) in enumerate(zip(arrival.groups, arrival.distance, strict=True)):
        color = look.cycle(look.POPULATIONS, g)
        measured = ", ".join(f"{p:.3f}" for p in arrival.exponent[:, g])
        for kind, signal in enumerate(arrival.signal):
            label = f"{name}: $t^{{{k}}}$, measured {measured}" if kind == 0 else ""
            options = {
                "color": color,
                "linewidth": look.thick(1.6 if kind == 0 else 1.1),
                "label": label,
                **look.own(style),
            }
            ax.plot(t, signal[:, g], **{"linestyle": "-" if kind == 0 else (0, (4, 1.5)), **options})
            if arrival.peak_time[kind, g] > 0.0:
                ax.plot(
                    arrival.peak_time[kind, g],
                    arrival.peak[kind, g],
                    color=color,
                    marker=look.cycle(look.MARKERS, g),
                    markersize=look.wide(4.5),
                )
        line = arrival.onset[0, g] * t ** float(k)
        ax.plot(t, np.where(line < 2.0 * arrival.peak[0, g], line, np.nan), color=look.SIDE, linewidth=look.thick(0.9),
                linestyle=(0, (1, 1.5)), zorder=0)  # fmt: skip
    ax.plot([], [], color=look.SIDE, linewidth=look.thick(0.9), linestyle=(0, (1, 1.5)), label="$c\\,t^k$ in theory")
    if len(arrival.kinds) > 1:
        ax.plot([], [], color=look.QUIET, linewidth=look.thick(1.1), linestyle=(0, (4, 1.5)), label=r"all $\tau$ equal")
    ax.set_ylim(lowest, 3.0 * arrival.signal.max())
    ax.set_xlim(t[0], t[-1])
    ax.set_xlabel(look.NUDGED_TIME)
    ax.set_ylabel(r"$\|-(\tau/\beta)\,\mathrm{d}s/\mathrm{d}t\|$ of the group")
    look.title(ax, f"arrival of the error signal, sample {arrival.sample}")
    look.legend(ax)
    return ax
