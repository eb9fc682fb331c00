"""Figure: bifurcation diagram: fixed points and limit cycles over a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.portraits import branches as lines
from neurodyn.analysis.portraits.branch import BifurcationDiagram, Branch
from neurodyn.analysis.portraits.cycle_branch import CycleBranch
from neurodyn.analysis.units import Unit, unit_index, unit_name
from neurodyn.errors import ArgumentError


def plot_bifurcation(
    diagram: BifurcationDiagram | Branch | CycleBranch, *, component: Unit = 0, ax: Axes | None = None, **style: Any
) -> Axes:
    """Draw one unit's state at the fixed points over the parameter: stable solid, unstable dashed.

    Markers: triangle for a fold, plus for a pitchfork, cross where branches cross without symmetry, diamond where a
    unit meets a bound, circle for a Hopf bifurcation. Of limit cycles the smallest and the largest state are drawn, in
    orange; a triangle upwards is a fold of cycles, a square a period doubling, a pentagon a torus.

    Parameters
    ----------
    diagram : BifurcationDiagram, Branch or CycleBranch
    component : int or str
        The unit, by number or by name like "h1[3]".
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.

    Raises
    ------
    ArgumentError
        For a unit that does not exist, or a diagram without branches.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> branch = analysis.continue_fixed_point(net, [0.8, 0.8], parameter="gain", span=(0.8, 1.0))
    >>> plots.plot_bifurcation(branch).get_xlabel()
    'gain'
    """
    branches: tuple[Branch, ...] = (diagram,) if isinstance(diagram, Branch) else ()
    cycles: tuple[CycleBranch, ...] = (diagram,) if isinstance(diagram, CycleBranch) else ()
    if isinstance(diagram, BifurcationDiagram):
        branches, cycles = diagram.branches, diagram.cycles
    if not branches and not cycles:
        raise ArgumentError("`diagram` has no branches")
    graph = branches[0].graph if branches else cycles[0].graph
    unit = unit_index(graph, component, "component")
    places: dict[str, list[tuple[float, float]]] = {}
    for b in () if isinstance(diagram, CycleBranch) else diagram.bifurcations:
        places.setdefault(b.kind, []).append((b.parameter, b.state[unit]))

    ax = look.new_axes(width=6.0)[0] if ax is None else ax
    for branch in branches:
        marks = [(b.position, b.parameter, float(b.state[unit])) for b in branch.bifurcations]
        lines.draw_branch(
            ax, branch.parameter, branch.state[:, unit], branch.index, marks, **{"color": look.FREE, **look.own(style)}
        )
    for k, cycle in enumerate(cycles):
        _draw_cycles(ax, cycle, unit, places, "limit cycles" if k == 0 else "", style)
    lines.draw_bifurcations(ax, places)
    lines.explain_dashes(
        ax, np.concatenate([*(branch.index for branch in branches), *(cycle.index for cycle in cycles)])
    )
    name = diagram.name
    ax.set_xlabel(r"nudging strength $\beta$" if name == "beta" else f"parameter {name}" if "[" in name else name)
    ax.set_ylabel(f"state of {unit_name(graph, unit)}{'' if cycles else ' at rest'}")
    look.title(
        ax, "fixed points and limit cycles" if cycles and branches else "limit cycles" if cycles else "fixed points"
    )
    look.legend(ax)
    return ax


def _draw_cycles(
    ax: Axes,
    cycle: CycleBranch,
    unit: int,
    places: dict[str, list[tuple[float, float]]],
    label: str,
    style: dict[str, Any],
) -> None:
    """The smallest and the largest state of a unit on the cycles of a branch; their bifurcations go into `places`."""
    for values, name in ((cycle.high, label), (cycle.low, "")):
        marks = []
        for b in cycle.bifurcations:
            ends = cycle.parameter[b.position], cycle.parameter[b.position + 1]
            part = (
                0.5 if ends[0] == ends[1] else float(np.clip((b.parameter - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0))
            )
            height = (1.0 - part) * values[b.position, unit] + part * values[b.position + 1, unit]
            marks.append((b.position, b.parameter, float(height)))
            places.setdefault(b.kind, []).append((b.parameter, float(height)))
        lines.draw_branch(
            ax,
            cycle.parameter,
            values[:, unit],
            cycle.index,
            marks,
            label=name,
            **{"color": look.NUDGED, **look.own(style)},
        )
