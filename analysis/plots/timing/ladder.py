"""Figure: the ladder of relaxation times, and which populations carry each mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import sample_index
from neurodyn.analysis.timing.ladder import Ladder
from neurodyn.numerics.arrays import Array
from neurodyn.results.result import with_batch


def plot_ladder(
    ladder: Ladder, *, sample: int | None = None, ax: Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, Axes]:
    """Draw relaxation times 1/rate from the slowest mode to the fastest, and below each mode who takes part in it.

    Hollow marks are modes that oscillate while they decay.

    Parameters
    ----------
    ladder : Ladder
    sample : int, optional
        Drawn in colour, and whose participation is shown; the others are grey. Default: the first with a mode.
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the marks.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> top, bottom = plots.plot_ladder(analysis.ladder(net, [0.5, 0.2]))
    """
    rates, frequency = with_batch(ladder.rate, 2), with_batch(ladder.frequency, 2)
    some = [j for j, _ in ladder.samples()]
    chosen = sample_index(some[0] if sample is None and some else sample or 0, len(rates))
    top, bottom = look.panels(ax, 2, 1, height=4.2, sharex=True, height_ratios=(3, 2))
    if chosen not in some:
        look.note(top, "no modes: all units sit on a bound")
        look.note(bottom, "")
        return look.together((top, bottom))
    for j in some:
        if j != chosen:
            top.plot(_numbers(rates[j]), 1.0 / rates[j], color=look.FAINT, linewidth=look.thick(1.0), zorder=0)
    times, oscillates = 1.0 / rates[chosen], frequency[chosen] != 0.0
    options = {"color": look.FREE, "marker": "o", "markersize": look.wide(4), "linestyle": "none", **look.own(style)}
    top.plot(_numbers(times)[~oscillates], times[~oscillates], **{**options, "label": f"sample {chosen}"})
    if np.any(oscillates & np.isfinite(times)):
        hollow = {**options, "markerfacecolor": "none", "label": "oscillates"}
        top.plot(_numbers(times)[oscillates], times[oscillates], **hollow)
    if len(some) > 1:
        top.plot([], [], color=look.FAINT, linewidth=look.thick(1.0), label="other samples")
    look.log_ticks(top.yaxis, 1.0 / np.nanmax(rates[some]), 1.0 / np.nanmin(rates[some]))
    top.set_ylabel("relaxation time\n" + r"$1/\lambda$ (unit of $\tau$)")
    values = rates[chosen][np.isfinite(rates[chosen])]
    look.title(
        top, f"slowest {1.0 / values[0]:.3g}, fastest {1.0 / values[-1]:.3g}, ratio {values[-1] / values[0]:.3g}"
    )
    look.legend(top)
    _shares(bottom, ladder, chosen, int(np.isfinite(times).sum()))
    return look.together((top, bottom))


def _numbers(values: Array) -> Array:
    return np.arange(1.0, values.size + 1.0)


def _shares(ax: Axes, ladder: Ladder, sample: int, modes: int) -> None:
    """Bars of each mode, stacked: the shares of populations, and of the outputs where a population has others too."""
    graph = ladder.network.graph
    share = ladder.participation.reshape(-1, *ladder.participation.shape[-2:])[sample, :modes]
    outputs = np.isin(np.arange(graph.n), np.arange(graph.n)[graph.outputs])
    floor = np.zeros(modes)
    colour = 0
    for name, where in graph.slices.items():
        parts = {name: np.ones(where.stop - where.start, dtype=bool)}
        if 0 < outputs[where].sum() < outputs[where].size:
            parts = {f"{name}, hidden": ~outputs[where], f"{name}, outputs": outputs[where]}
        for label, units in parts.items():
            height = share[:, where][:, units].sum(axis=1)
            color = look.cycle(look.POPULATIONS, colour)
            ax.bar(np.arange(1, modes + 1), height, 1.0, floor, color=color, linewidth=0.0, label=label)
            floor, colour = floor + height, colour + 1
    ax.set(xlim=(0.5, modes + 0.5), ylim=(0.0, 1.0))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("mode, slowest first")
    ax.set_ylabel("participation")
    look.legend(ax)
