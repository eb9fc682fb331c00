"""Figure: the trajectories of the free and the nudged phase."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.free_phase import free_phase
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import (
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
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.simulate import Trajectory
from neurodyn.results.result import with_batch
from neurodyn.system.network import Network


def plot_phases(
    network: Network,
    equilibrium: Equilibrium,
    nudged: NudgedPhase,
    *,
    sample: int = 0,
    units: Units | None = None,
    free: Trajectory | None = None,
    ax: tuple[Axes, Axes] | None = None,
    **style: Any,
) -> tuple[Axes, Axes]:
    """Draw s(t) on the way to s* (left), and the displacement (s − s*)/beta that the nudge causes (right).

    Parameters
    ----------
    network, equilibrium, nudged
        The same as for `nudge`, and what it gave.
    sample : int
        Which sample of the batch.
    units : sequence of int or str, optional
        Free units by number or by name like "h1[3]". Default: up to four, those of each population that the nudge
        moves most.
    free : Trajectory, optional
        The free phase of this sample, as `analysis.free_phase` has it. Default: simulated again, from the equilibrium's
        start.
    ax : pair of Axes, optional
        For the free and for the nudged phase. Default: a new figure.
    **style
        Properties of the lines.

    Returns
    -------
    axes : pair of Axes

    Raises
    ------
    ArgumentError
        For a sample or units that do not exist, or phases of different batches.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> left, right = plots.plot_phases(net, run.equilibrium, run.nudged)
    """
    base = np.atleast_2d(equilibrium.state)
    moved = with_batch(np.mean(nudged.displacement, axis=0), 3)
    if not np.array_equal(base, np.atleast_2d(nudged.base)):
        raise ArgumentError("the nudged phase did not start at this equilibrium")
    j = sample_index(sample, len(base))
    path = moved[:, j]
    shown = _default_units(network, path) if units is None else unit_indices(units, network.graph)
    free = free_phase(equilibrium, j) if free is None else free

    left, right = look.panels(ax, 1, 2, height=3.0)
    for k, i in enumerate(shown):
        options: dict[str, Any] = {
            "linewidth": look.thick(1.5),
            "linestyle": look.cycle(look.DASHES, k + k // 4),
            **look.own(style),
        }
        name = unit_name(network.graph, i)
        left.plot(free.t, free.state[:, i], **{"color": look.cycle(look.FREE_SHADES, k), "label": name, **options})
        right.plot(nudged.t, path[:, i], **{"color": look.cycle(look.NUDGED_SHADES, k), "label": name, **options})
    letter = state_letter(network)
    _rest(left, free.t[-1], base[j, shown], f"${letter}_i^*$")
    look.time_axis(left, float(free.t[-1]), gap=0.17)
    look.time_axis(right, settled_after(nudged.t, path[:, shown] - path[-1, shown]), look.NUDGED_TIME, gap=0.17)
    left.set_ylabel(f"state ${letter}_i$")
    right.set_ylabel(_displacement_label(nudged, letter))
    look.title(left, "free phase")
    look.title(right, f"nudged phase, {nudged.nudging}, " + rf"$\beta$ = {nudged.beta:g}")
    for panel in (left, right):
        panel.axhline(0.0, color=look.QUIET, linewidth=look.thick(0.5), zorder=0)
        look.legend(panel, gap=0.08)
    return look.together((left, right))


def _rest(ax: Axes, t: float, state: Array, label: str) -> None:
    """Dots at s*, at the end of the free phase."""
    times = np.full(len(state), t)
    ax.plot(times, state, "o", color=look.SIDE, markersize=look.wide(3.5), clip_on=False, zorder=4, label=label)


def _default_units(network: Network, path: Array) -> list[int]:
    """Up to four, as many as can be told apart: those that move most when nudged."""
    each = 2 if len(network.graph.slices) <= 2 else 1
    return leading_units(network.graph, largest_over_time(path), each=each, populations=4)


def _displacement_label(nudged: NudgedPhase, letter: str) -> str:
    if nudged.nudging == "centered":
        return rf"displacement $({letter}_i^{{+\beta}} - {letter}_i^{{-\beta}})/2\beta$"
    return rf"displacement $({letter}_i - {letter}_i^*)/\beta$"
