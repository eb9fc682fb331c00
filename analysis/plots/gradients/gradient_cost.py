"""Figure: error of every estimate of a gradient against what it cost."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from neurodyn.analysis.gradients.compare_gradients import ComparedGradients
from neurodyn.analysis.plots import style as look


def plot_gradient_cost(compared: ComparedGradients, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the relative error of each estimate against its force evaluations, both axes logarithmic.

    An estimate without error stands on the lower edge, with a hollow marker.

    Parameters
    ----------
    compared : ComparedGradients
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the markers.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [0.5, 0.2], [1.0, 0.0]
    >>> found = analysis.compare_gradients(net, x, y, ["equilibrium-propagation", "recurrent-backprop"])
    >>> ax = plots.plot_gradient_cost(found)
    """
    ax = look.new_axes()[0] if ax is None else ax
    points = {label: (e.gradient.force_evaluations, e.whole.relative_error) for label, e in compared.estimates.items()}
    errors = [error for _, error in points.values() if error > 0.0]
    if not errors:
        look.note(ax, "no error to show: every estimate is exact, or the gradient is zero")
        return ax
    ax.set(xscale="log", yscale="log")
    bottom = 0.1 * min(errors)
    for k, (label, (cost, error)) in enumerate(points.items()):
        options = {"linestyle": "none", "markersize": look.wide(7), "label": label, **look.method(k), **look.own(style)}
        if error > 0.0:
            ax.plot([cost], [error], **options)
        else:
            hidden = {"markerfacecolor": "none", "clip_on": False, "label": f"{label} (no error)"}
            ax.plot([cost], [bottom], **{**options, **hidden})
    costs = [cost for cost, _ in points.values()]
    ax.set_xlim(0.6 * min(costs), 1.7 * max(costs))
    ax.set_ylim(bottom, max(3.0 * max(errors), 10.0 * bottom))
    ax.set_xlabel("force evaluations, over all samples")
    ax.set_ylabel(r"relative error of $dJ/d\theta$")
    look.title(ax, "error against cost")
    look.legend(ax)
    return ax
