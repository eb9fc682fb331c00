"""Figure: where states are under noise: densities of units, and of a pair of units over its energy landscape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array
from neurodyn.phases.stationary import Stationary
from neurodyn.results.result import with_batch

#: Units whose densities are drawn: the ones that fluctuate most.
SHOWN = 5
#: Levels of the energy, in temperatures above the lowest.
LEVELS = (0.5, 1.0, 2.0, 4.0, 8.0)


def plot_densities(
    law: Stationary, *, sample: int = 0, ax: Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, Axes]:
    """Draw the densities of some units with their means and error bars, and that of a pair with lines of the energy.

    The lines are those of E (with a nudge of E + beta C) in the plane of the two units, the others at their means:
    0.5, 1, 2, 4 and 8 temperatures above the lowest. Of two units alone, the density is exp(−E/Theta) along them.

    Parameters
    ----------
    law : Stationary
        A result with histograms: `stationary(..., bins=50, pairs=[(0, 1)])`.
    sample : int
    ax : two Axes, optional
        Default: a new figure.
    **style
        Properties of the lines of densities.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> law = nd.stationary(net, [0.5, 0.2], temperature=0.1, samples=50, bins=20, pairs=[(3, 4)], seed=0)
    >>> left, right = plots.plot_densities(law)
    """
    if law.histogram is None or law.edges is None:
        raise ArgumentError("this law has no histograms: ask for them, stationary(..., bins=50, pairs=[(0, 1)])")
    axes = look.panels(ax, 1, 2, width=10.0, height=3.6)
    left, right = axes
    counts = law.histogram if law.histogram.ndim == 3 else law.histogram[None]
    mean, bar, size = (with_batch(a, 2)[sample] for a in (law.mean, law.standard_error, law.effective_samples))
    widths = np.diff(law.edges, axis=1)
    chosen = np.sort(np.argsort(-bar * np.sqrt(size))[:SHOWN])
    for k, unit in enumerate(chosen):
        options: dict[str, Any] = {
            "color": look.METHODS[k],
            "linewidth": look.thick(1.3),
            "label": law.network.graph.unit(int(unit)),
        }
        left.stairs(counts[sample, unit] / widths[unit], law.edges[unit], **{**options, **look.own(style)})
        left.axvline(mean[unit], color=options["color"], linewidth=look.thick(0.8), linestyle=(0, (4, 1.5)))
        left.axvspan(mean[unit] - bar[unit], mean[unit] + bar[unit], color=options["color"], alpha=0.25, linewidth=0.0)
    left.set(xlabel="state", ylabel="density", ylim=(0.0, None))
    look.title(left, "densities, means and their error bars")
    look.legend(left)
    _pair(law, sample, right, mean)
    return look.together((left, right))


def _pair(law: Stationary, sample: int, ax: Axes, mean: Array) -> None:
    """The density of the first pair, and lines of the energy."""
    if law.pairs is None or law.pair_histogram is None or law.edges is None:
        look.note(ax, "no pair of units was asked for")
        return
    a, b = (int(unit) for unit in law.pairs[0])
    found = law.pair_histogram[0] if law.pair_histogram.ndim == 3 else law.pair_histogram[0, sample]
    mesh = ax.pcolormesh(law.edges[a], law.edges[b], found.T / found.max(), cmap="Greys", rasterized=True)
    bar = look.figure_of(ax).colorbar(mesh, ax=ax, label="density over its largest")
    bar.outline.set_visible(False)
    middle = [0.5 * (law.edges[unit, 1:] + law.edges[unit, :-1]) for unit in (a, b)]
    energy = _energies(law, sample, (a, b), middle, mean)
    heat = np.asarray(law.noise["temperature"])
    if energy is not None and heat.ndim == 0:
        levels = energy.min() + np.array(LEVELS) * float(heat)
        ax.contour(middle[0], middle[1], energy.T, levels=levels, colors=look.FREE, linewidths=0.9, linestyles="solid")
    ax.set_xlabel(law.network.graph.unit(a))
    ax.set_ylabel(law.network.graph.unit(b))
    look.title(ax, "density of two units; lines: the energy")


def _energies(law: Stationary, sample: int, pair: tuple[int, int], middle: list[Array], mean: Array) -> Array | None:
    """E + beta C in the plane of a pair, the other units at their means; None without an energy."""
    network = law.network
    if not network.has_energy:
        return None
    plane = np.stack(np.meshgrid(*middle, indexing="ij"), axis=-1).reshape(-1, 2)
    states = np.repeat(mean[None], len(plane), axis=0)
    states[:, list(pair)] = plane
    x = None if law.x is None else np.repeat(with_batch(law.x, 2)[sample : sample + 1], len(plane), axis=0)
    found = network.energy(states, x)
    if law.target is not None and law.beta:
        aims = np.repeat(with_batch(law.target, 2)[sample : sample + 1], len(plane), axis=0)
        found = found + law.beta * network.cost(states, aims)
    return np.asarray(found.reshape(middle[0].size, -1))
