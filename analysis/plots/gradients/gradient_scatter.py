"""Figure: estimates of a gradient against the exact one, entry by entry, in each block of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.gradients.compare_gradients import ComparedGradients
from neurodyn.analysis.plots import style as look
from neurodyn.numerics.arrays import Array

#: Panels in a row, and entries of a block that are drawn at most.
COLUMNS, MOST = 3, 2000
#: From so many entries on, markers are half as large.
MANY = 100


def plot_gradient_scatter(
    compared: ComparedGradients, *, ax: Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, ...]:
    """Draw each estimate against the exact gradient, a panel for each block, with the line where they are equal.

    A large block is thinned: evenly chosen entries are shown.

    Parameters
    ----------
    compared : ComparedGradients
    ax : sequence of Axes, optional
        One for each block. Default: a new figure.
    **style
        Properties of the markers.

    Returns
    -------
    axes : tuple of Axes
        One for each block.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [0.5, 0.2], [1.0, 0.0]
    >>> found = analysis.compare_gradients(net, x, y, ["equilibrium-propagation", "recurrent-backprop"])
    >>> axes = plots.plot_gradient_scatter(found)
    >>> len(axes)
    4
    """
    names = list(compared.exact)
    rows = -(-len(names) // COLUMNS)
    columns = min(COLUMNS, len(names))
    longest = 8 + max(map(len, compared.estimates), default=0)
    if ax is None:
        axes = look.new_axes(rows, columns, height=0.6 + 2.1 * rows, width=2.2 * columns + 0.085 * longest)
    else:
        axes = look.panels(ax, 1, len(names), shows="one for each block of parameters")
    for panel, name in zip(axes, names, strict=False):
        exact = _entries(compared.exact.part(name))
        for k, (label, found) in enumerate(compared.estimates.items()):
            ring = max(2.5, 8.0 - 1.2 * k) * (1.0 if exact.size < MANY else 0.5)  # those that agree: ring in ring
            options = {
                "linestyle": "none",
                "markersize": look.wide(ring),
                "markeredgewidth": look.thick(0.8),
                "markerfacecolor": "none",
            }
            options |= {"label": label}
            panel.plot(exact, _entries(found.gradient.part(name)), **{**options, **look.method(k), **look.own(style)})
        panel.axline((0.0, 0.0), slope=1.0, color=look.QUIET, linewidth=look.thick(0.7), zorder=0)
        panel.ticklabel_format(scilimits=(-3, 3))
        panel.locator_params(nbins=3)
        look.title(panel, name)
    for panel in axes[len(names) :]:
        panel.remove()
    for panel in axes[::columns][:rows]:
        panel.set_ylabel("estimate")
    for panel in axes[max(0, len(names) - columns) : len(names)]:
        panel.set_xlabel(r"exact $dJ/d\theta$")
    look.legend(axes[columns - 1])
    return look.together(tuple(axes[: len(names)]))


def _entries(block: Array) -> Array:
    """All entries, or as many as are drawn."""
    if block.size <= MOST:
        return block
    return block[np.linspace(0, block.size - 1, MOST).astype(int)]
