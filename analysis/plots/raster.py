"""Figure: all units over time, through both phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, FuncNorm, LinearSegmentedColormap, Normalize
from matplotlib.ticker import MaxNLocator

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.panels import free_part, panel_for_each_phase, phase_titles, round_below
from neurodyn.analysis.plots.selection import settled_after
from neurodyn.analysis.units import state_letter
from neurodyn.experiments.experiment import Experiment
from neurodyn.numerics.arrays import Array
from neurodyn.phases.simulate import Trajectory
from neurodyn.results.result import with_batch
from neurodyn.system.graph import Graph

#: No population takes less than this fraction of the height, however few its units.
LEAST_HEIGHT = 0.12
NEGATIVE = "#2B2B2B"


def plot_raster(
    result: Experiment | Trajectory, *, sample: int = 0, ax: Axes | Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, ...]:
    """Draw every unit as a row: its state in the free phase, then its displacement (s − s*)/beta in the nudged phase.

    Rows are the units in the network's order, higher in small populations. White is 0, the phase's colour positive,
    dark grey negative; where all states live in [0, 1], the colours span just that. Displacements are coloured by
    their square root, as those far from the output are small.

    Parameters
    ----------
    result : Experiment or Trajectory
        The free phase of an experiment is simulated again, from its start. A trajectory has one panel.
    sample : int
        Which sample of the batch.
    ax : Axes or pair of Axes, optional
        One for a trajectory, one for each phase of an experiment. Default: a new figure.
    **style
        Properties of the colour meshes.

    Returns
    -------
    axes : tuple of Axes
        Each has its colour bar below.

    Raises
    ------
    ArgumentError
        For a sample that does not exist, or as many axes as there are not phases.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> axes = plots.plot_raster(run)
    """
    t, states, _ = free_part(result, sample)
    network = result.network
    letter = state_letter(network)
    edges = row_edges(network.graph)
    limits = (0.0, 1.0) if network.box.all() else _symmetric(states)
    free = {"cmap": _colors(look.FREE, limits[0]), "norm": Normalize(*limits), **look.own(style)}

    axes = panel_for_each_phase(result, ax, height=4.2, sharey=True)
    _draw(axes[0], t, states, edges, f"state ${letter}_i$", free)
    look.time_axis(axes[0], float(t[-1]), gap=0.14)
    if isinstance(result, Experiment):
        run = result.nudged
        moved = with_batch(np.mean(run.displacement, axis=0), 3)[:, sample]
        limits = _symmetric(moved)
        root = FuncNorm((look.signed_root, look.signed_square), *limits)
        nudged = {"cmap": _colors(look.NUDGED, limits[0]), "norm": root, **look.own(style)}
        bar = _draw(axes[1], run.t, moved, edges, rf"displacement $({letter}_i - {letter}_i^*)/\beta$", nudged)
        large = round_below(limits[1])
        bar.set_ticks([-large, -0.2 * large, 0.0, 0.2 * large, large])
        look.time_axis(axes[1], settled_after(run.t, moved - moved[-1]), look.NUDGED_TIME, gap=0.14)
        phase_titles(axes, rf"$\beta$ = {run.beta:g}")
    for panel in axes:
        _name_rows(panel, network.graph, edges)
    axes[0].set_ylabel("population (units)")
    return look.together(axes)


def row_edges(graph: Graph) -> Array:
    """Where rows begin and end, (n + 1,): of height 1, or higher in populations that would hardly be seen."""
    sizes = [where.stop - where.start for where in graph.slices.values()]
    heights = [np.full(size, max(1.0, LEAST_HEIGHT * graph.n / size)) for size in sizes]
    return np.concatenate([[0.0], np.cumsum(np.concatenate(heights))])


def time_edges(t: Array) -> Array:
    """Where columns begin and end, (T + 1,): half-way between times on a square-root axis."""
    root = look.signed_root(t)
    return np.concatenate([t[:1], look.signed_square(0.5 * (root[1:] + root[:-1])), t[-1:]])


def _symmetric(values: Array) -> tuple[float, float]:
    """Limits of colours with 0 in the middle."""
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values))) or 1.0
    return -largest, largest


def _colors(color: str, lowest: float) -> Colormap:
    return LinearSegmentedColormap.from_list(color, [NEGATIVE, "white", color] if lowest < 0.0 else ["white", color])


def _draw(ax: Axes, t: Array, values: Array, edges: Array, label: str, options: dict[str, Any]) -> Colorbar:
    mesh = ax.pcolormesh(time_edges(t), edges, values.T, **{"rasterized": True, **options})
    bar = look.figure_of(ax).colorbar(mesh, ax=ax, location="bottom", aspect=30, pad=0.03)
    bar.locator = MaxNLocator(5)
    bar.set_label(label, fontsize=look.label_size())
    bar.ax.tick_params(labelsize=look.small_size(), length=3, width=0.7, color=look.QUIET)
    bar.outline.set(linewidth=look.thick(0.7), color=look.QUIET)
    return bar


def _name_rows(ax: Axes, graph: Graph, edges: Array) -> None:
    """Names of the populations at their middle, lines between them, the first population on top."""
    bounds = [(edges[where.start], edges[where.stop]) for where in graph.slices.values()]
    names = [f"{name} ({where.stop - where.start})" for name, where in graph.slices.items()]
    ax.set_ylim(edges[-1], 0.0)
    ax.set_yticks([0.5 * (low + high) for low, high in bounds], names)
    ax.tick_params(axis="y", length=0)
    for low, _ in bounds[1:]:
        ax.axhline(low, color=look.QUIET, linewidth=look.thick(0.7))
