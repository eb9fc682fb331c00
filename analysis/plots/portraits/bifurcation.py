"""Figure: bifurcation diagram: fixed points over a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.portraits import branches as lines
from neurodyn.analysis.portraits.branch import BifurcationDiagram, Branch
from neurodyn.analysis.units import Unit, unit_index, unit_name
from neurodyn.errors import ArgumentError


def plot_bifurcation(
    diagram: BifurcationDiagram | Branch, *, component: Unit = 0, ax: Axes | None = None, **style: Any
) -> Axes:
    """Draw one unit's state at the fixed points over the parameter: stable solid, unstable dashed.

    Markers: triangle for a fold, plus for a pitchfork, cross where branches cross without symmetry, diamond where a
    unit meets a bound, circle for a Hopf bifurcation.

    Parameters
    ----------
    diagram : BifurcationDiagram or Branch
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
    """
    branches = (diagram,) if isinstance(diagram, Branch) else diagram.branches
    if not branches:
        raise ArgumentError("`diagram` has no branches")
    graph = branches[0].graph
    unit = unit_index(graph, component, "component")
    places: dict[str, list[tuple[float, float]]] = {}
    for b in diagram.bifurcations:
        places.setdefault(b.kind, []).append((b.parameter, b.state[unit]))

    ax = look.new_axes(width=6.0)[0] if ax is None else ax
    for branch in branches:
        marks = [(b.position, b.parameter, float(b.state[unit])) for b in branch.bifurcations]
        lines.draw_branch(
            ax, branch.parameter, branch.state[:, unit], branch.index, marks, **{"color": look.FREE, **style}
        )
    lines.draw_bifurcations(ax, places)
    lines.explain_dashes(ax, np.concatenate([branch.index for branch in branches]))
    name = diagram.name
    ax.set_xlabel(r"nudging strength $\beta$" if name == "beta" else f"parameter {name}" if "[" in name else name)
    ax.set_ylabel(f"state of {unit_name(graph, unit)} at rest")
    look.title(ax, "fixed points")
    look.legend(ax)
    return ax
