"""All figures of one network's time scales."""

from __future__ import annotations

from matplotlib.figure import Figure

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.timing.arrival import plot_arrival
from neurodyn.analysis.plots.timing.decay import plot_decay, plot_durations
from neurodyn.analysis.plots.timing.ladder import plot_ladder
from neurodyn.analysis.timing.timescales import Timescales


def draw_timescales(timescales: Timescales) -> dict[str, Figure]:
    """Draw the figures of time scales; save one with `figure.savefig(path, dpi=150)`.

    Returns
    -------
    figures : dict
        `ladder`, `decay`; `arrival` and `durations` if there are outputs with an error signal.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> sorted(plots.draw_timescales(analysis.timescales(net, [0.5, 0.2], [1.0, 0.0])))
    ['arrival', 'decay', 'durations', 'ladder']
    """
    axes = {
        "ladder": plot_ladder(timescales.ladder, sample=timescales.decay.sample)[0],
        "decay": plot_decay(timescales.decay),
    }
    if timescales.arrival is not None:
        axes["arrival"] = plot_arrival(timescales.arrival)
    if timescales.durations is not None:
        axes["durations"] = plot_durations(timescales.durations)
    return {name: look.figure_of(ax) for name, ax in axes.items()}
