"""Figure: the velocities of the nudged phase on top of the side network's error signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import (
    by_population,
    error_signals,
    largest_over_time,
    leading_units,
    sample_index,
    settled_after,
    unit_indices,
)
from neurodyn.analysis.units import Units, state_letter, unit_name
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase
from neurodyn.system.network import Network


def velocity_symbols(network: Network) -> str:
    """The velocity of a unit as an error signal, for labels."""
    return rf"$-(\tau_i/\beta)\,\mathrm{{d}}{state_letter(network)}_i/\mathrm{{d}}t$"


def plot_error_signals(
    run: NudgedPhase,
    side: SidePhase,
    *,
    sample: int | None = None,
    units: Units | None = None,
    ax: Axes | Sequence[Axes] | None = None,
    **style: Any,
) -> tuple[Axes, ...]:
    """Draw −(tau/beta) ds/dt as coloured lines and the side network's error signal as black dashes on them.

    Parameters
    ----------
    run, side
        Recorded at the same times, for the same equilibrium and targets.
    sample : int, optional
        Which sample of the batch. Default: the first with an error signal.
    units : sequence of int or str, optional
        Free units by number or by name like "h1[3]". Default: of each population the two with the largest signal.
    ax : Axes or sequence of Axes, optional
        One for all units, or one for each population shown. Default: a new figure with a panel for each population.
    **style
        Properties of the coloured lines.

    Returns
    -------
    axes : tuple of Axes

    Raises
    ------
    ArgumentError
        For a sample or units that do not exist, too few axes, or phases that do not belong together.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> axes = plots.plot_error_signals(run.nudged, run.side)
    """
    graph = run.network.graph
    tilde, bar, signal = error_signals(run, side)
    j = int(np.argmax(signal)) if sample is None else sample_index(sample, len(signal))
    tilde, bar = tilde[:, j], bar[:, j]
    shown = leading_units(graph, largest_over_time(bar)) if units is None else unit_indices(units, graph)
    groups = by_population(graph, shown)
    end = settled_after(run.t, bar[:, shown])

    if not signal[j]:
        axes = _axes(ax, 1 if ax is None else len(groups))
        for panel in axes:
            look.note(panel, f"sample {j} has no error signal" if signal.any() else look.NO_SIGNAL)
        return look.together(axes)
    axes = _axes(ax, len(groups))
    panels = list(groups.values()) if len(axes) == len(groups) else [shown]
    for k, (panel, group) in enumerate(zip(axes, panels, strict=True)):
        _draw(panel, run, group, tilde, bar, style)
        if len(axes) == len(groups):
            look.title(panel, _about(run.network, group))
        look.time_axis(panel, end, look.NUDGED_TIME)
        panel.set_ylabel("error signal")
        look.legend(panel, title=f"nudged phase {velocity_symbols(run.network)}" if k == 0 else "")
    if ax is None:
        _share_time(axes)
    return look.together(axes)


def _share_time(axes: tuple[Axes, ...]) -> None:
    """Label the time axis below the last of stacked panels only."""
    for panel in axes[:-1]:
        panel.set_xlabel("")
        panel.tick_params(labelbottom=False)
    look.figure_of(axes[0]).align_ylabels(axes)


def _axes(ax: Axes | Sequence[Axes] | None, count: int) -> tuple[Axes, ...]:
    if ax is None:
        return tuple(look.new_axes(count, height=1.0 + min(1.5 * count, 4.0 + 0.5 * count)))
    axes = (ax,) if isinstance(ax, Axes) else tuple(ax)
    if len(axes) not in (1, count):
        raise ArgumentError(f"`ax` must be one Axes or one for each population shown ({count}); got {len(axes)}")
    return look.together(axes)


def _draw(ax: Axes, run: NudgedPhase, units: Sequence[int], tilde: Array, bar: Array, style: dict[str, Any]) -> None:
    ax.axhline(0.0, color=look.QUIET, linewidth=look.thick(0.5), zorder=0)
    for k, i in enumerate(units):
        options = {
            "color": look.cycle(look.NUDGED_SHADES, k),
            "linewidth": look.thick(3.2),
            "solid_capstyle": "butt",
            **look.own(style),
        }
        ax.plot(run.t, tilde[:, i], **{"label": unit_name(run.network.graph, i), **options})
    for k, i in enumerate(units):
        label = r"side network $\bar{S}_i$" if k == len(units) - 1 else ""
        ax.plot(run.t, bar[:, i], color=look.SIDE, linewidth=look.thick(1.1), linestyle=(0, (4, 2.5)), label=label)


def _about(network: Network, units: Sequence[int]) -> str:
    """Population and time constants of the units, for a title."""
    name = unit_name(network.graph, units[0]).partition("[")[0]
    tau = network.population(network.tau, name)
    span = f"{tau.min():.3g}" if tau.min() == tau.max() else f"{tau.min():.3g} to {tau.max():.3g}"
    return rf"population {name}, $\tau$ = {span}"
