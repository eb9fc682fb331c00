"""Figure: error of the gradient against the strength of nudging, for every way to nudge."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.gradients.gradient_order import GradientOrder
from neurodyn.analysis.plots import style as look


def plot_gradient_order(order: GradientOrder, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the relative error of each way to nudge against its strength, both axes logarithmic.

    The legend gives the measured orders, of the filled markers; the dotted line is the solver's floor.

    Parameters
    ----------
    order : GradientOrder
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the markers and lines.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis
    >>> from neurodyn.analysis import plots
    >>> betas = np.array([0.001, 0.01, 0.1])
    >>> order = analysis.GradientOrder(betas, {"centered": betas**2}, floor=0.0, critical_beta=1.0)
    >>> ax = plots.plot_gradient_order(order)
    """
    ax = look.new_axes()[0] if ax is None else ax
    if not any((errors > 0.0).any() for errors in order.errors.values()):
        look.note(ax, "no error to show: the gradient is zero, or every phase failed")
        return ax
    ax.set(xscale="log", yscale="log")
    for k, (name, errors) in enumerate(order.errors.items()):
        slope, used = order.slope(name), order.used(name)
        label = f"{name}: {slope:.2f}" if np.isfinite(slope) else name
        shown = np.where(errors > 0.0, errors, np.nan)
        options = {
            "markersize": look.wide(5.5),
            "linewidth": look.thick(1.0),
            "label": label,
            **look.method(k),
            **look.own(style),
        }
        ax.plot(order.betas, shown, **{**options, "markerfacecolor": "none", "label": ""})
        ax.plot(order.betas, np.where(used, shown, np.nan), **options)
    if order.floor > 0.0:
        label = "solver alone"
        ax.axhline(
            order.floor, color=look.QUIET, linewidth=look.thick(1.0), linestyle=(0, (1, 1.5)), label=label, zorder=0
        )
    if order.limit < 10.0 * order.betas.max():
        label = look.beyond(order.critical_beta, order.fold)
        ax.axvline(
            order.limit, color=look.QUIET, linewidth=look.thick(0.9), linestyle=(0, (5, 3)), label=label, zorder=0
        )
    ax.set_xlabel(r"strength of nudging $\beta$")
    ax.set_ylabel(r"relative error of $dJ/d\theta$")
    look.title(ax, "error against strength (hollow: not fitted)")
    look.legend(ax, title="method, way: order")
    return ax
