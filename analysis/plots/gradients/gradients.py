"""All figures of one comparison of gradients."""

from __future__ import annotations

from matplotlib.figure import Figure

from neurodyn.analysis.gradients.compare_gradients import ComparedGradients
from neurodyn.analysis.gradients.gradient_order import GradientOrder
from neurodyn.analysis.gradients.track_gradients import GradientTrack
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.gradients.gradient_cost import plot_gradient_cost
from neurodyn.analysis.plots.gradients.gradient_order import plot_gradient_order
from neurodyn.analysis.plots.gradients.gradient_scatter import plot_gradient_scatter
from neurodyn.analysis.plots.gradients.gradient_track import plot_gradient_track


def draw_gradients(
    compared: ComparedGradients, order: GradientOrder | None, track: GradientTrack | None
) -> dict[str, Figure]:
    """Draw the figures of a comparison; save one with `figure.savefig(path, dpi=150)`.

    Returns
    -------
    figures : dict
        `error-against-cost`, `entries`, and of what is given `error-against-beta` and `learning`.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [0.5, 0.2], [1.0, 0.0]
    >>> found = analysis.compare_gradients(net, x, y, ["equilibrium-propagation", "recurrent-backprop"])
    >>> sorted(plots.draw_gradients(found, None, None))
    ['entries', 'error-against-cost']
    """
    axes = {"error-against-cost": plot_gradient_cost(compared), "entries": plot_gradient_scatter(compared)[0]}
    if order is not None:
        axes["error-against-beta"] = plot_gradient_order(order)
    if track is not None:
        axes["learning"] = plot_gradient_track(track)[0]
    return {name: look.figure_of(ax) for name, ax in axes.items()}
