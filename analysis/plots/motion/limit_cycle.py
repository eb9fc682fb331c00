"""Figure: a limit cycle over one period, and its multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.motion.limit_cycle import LimitCycle
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import unit_indices
from neurodyn.analysis.units import Units, state_letter, unit_name

#: Units drawn where none are named: those that move most.
MOST = 4


def plot_limit_cycle(
    cycle: LimitCycle, *, units: Units | None = None, ax: Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, Axes]:
    """Draw states over one period, and the Floquet multipliers in the complex plane, with the unit circle.

    A multiplier inside the circle, filled, belongs to displacements that shrink; the hollow one at 1 to those along the
    cycle; a cross outside to those that grow.

    Parameters
    ----------
    cycle : LimitCycle
    units : unit or sequence of units, optional
        By number or name. Default: the four that move most.
    ax : pair of Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> axes = plots.plot_limit_cycle(analysis.limit_cycle(net))
    >>> axes[0].get_title(loc="left")
    'stable limit cycle, period 3.52176'
    """
    graph = cycle.network.graph
    if units is None:
        chosen = [int(i) for i in np.sort(np.argsort(-np.ptp(cycle.state, axis=0), kind="stable")[:MOST])]
    else:
        chosen = unit_indices(units, graph)
    time, plane = look.panels(ax, 1, 2, shows="for states and multipliers", width=8.0)
    for k, i in enumerate(chosen):
        options = {
            "color": look.cycle(look.FREE_SHADES, k),
            "linestyle": look.cycle(look.DASHES, k),
            "linewidth": look.thick(1.5),
        }
        time.plot(cycle.t, cycle.state[:, i], **{**options, "label": unit_name(graph, i), **look.own(style)})
    time.set(xlim=(0.0, cycle.period), xlabel=r"time $t$ (unit of $\tau$)")
    time.set_ylabel(f"state ${state_letter(cycle.network)}$")
    kind = "stable" if cycle.stable else "unstable"
    look.title(time, f"{kind} limit cycle, period {cycle.period:.6g}")
    look.legend(time)
    angle = np.linspace(0.0, 2.0 * np.pi, 181)
    plane.plot(np.cos(angle), np.sin(angle), color=look.FAINT, linewidth=look.thick(1.0), zorder=1)
    values = cycle.multipliers
    along = int(np.argmin(np.abs(values - 1.0)))
    for k, value in enumerate(values):
        grows = abs(value) > 1.0
        marker = "o" if k == along or not grows else "X"
        fill = "white" if k == along else look.NUDGED if grows else look.FREE
        edge = look.SIDE if k == along else fill
        face: dict[str, Any] = {
            "markerfacecolor": fill,
            "markeredgecolor": edge,
            "markersize": look.wide(6.5),
            "zorder": 3,
        }
        plane.plot(value.real, value.imag, linestyle="none", marker=marker, **face)
    reach = 1.15 * max(1.0, float(np.abs(values).max()))
    plane.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="real part", ylabel="imaginary part")
    plane.set_box_aspect(1.0)
    look.title(plane, "multipliers")
    return look.together((time, plane))
