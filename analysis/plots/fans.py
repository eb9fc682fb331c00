"""Figure: many trajectories under noise as fans: medians, and the bands in which half and most of them are."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.errors import ArgumentError
from neurodyn.phases.simulate import Trajectory

#: Parts of the trajectories that the bands hold, and how dark they are.
BANDS = ((0.9, 0.15), (0.5, 0.3))
SHOWN = 4


def plot_fans(run: Trajectory, units: list[int] | None = None, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw medians over the trajectories of a batch, with the bands that hold 50 % and 90 % of them.

    Parameters
    ----------
    run : Trajectory
        A batch of trajectories that differ by their noise: `simulate` with one x, many equal starts, and a temperature.
    units : list of int, optional
        Default: the outputs, up to four.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the lines of medians.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> fan = nd.simulate(net, [0.5, 0.2], start=[[0.0] * 5] * 4, t_eval=[0.0, 0.5, 1.0], temperature=0.1, seed=0)
    >>> ax = plots.plot_fans(fan)
    """
    if run.state.ndim != 3 or run.state.shape[1] < 2:
        raise ArgumentError("fans are of many trajectories: give `simulate` a batch of equal starts")
    ax = look.new_axes()[0] if ax is None else ax
    outputs = range(run.network.outputs.start, run.network.outputs.stop)
    chosen = list(outputs or range(run.network.n))[:SHOWN] if units is None else units
    for k, unit in enumerate(chosen):
        states = run.state[:, :, unit]
        options: dict[str, Any] = {"color": look.cycle(look.METHODS, k), "linewidth": look.thick(1.3)}
        options["linestyle"] = look.cycle(look.DASHES, k)
        options["label"] = run.network.graph.unit(int(unit))
        ax.plot(run.t, np.median(states, axis=1), **{**options, **look.own(style)})
        for part, alpha in BANDS:
            low, high = np.quantile(states, (0.5 - 0.5 * part, 0.5 + 0.5 * part), axis=1)
            ax.fill_between(run.t, low, high, color=options["color"], alpha=alpha, linewidth=0.0)
    ax.set_xlim(run.t[0], run.t[-1])
    ax.set_xlabel(look.TIME)
    ax.set_ylabel("state")
    look.title(ax, f"{run.state.shape[1]:,} trajectories: medians, 50 % and 90 % bands")
    look.legend(ax)
    return ax
