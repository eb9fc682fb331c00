"""Branches of fixed points as lines: solid where stable, dashed where not, and a marker at every bifurcation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.numerics.arrays import Array, Integers

#: Marker by kind of bifurcation.
KINDS = {
    "fold": ">",
    "pitchfork": "P",
    "transcritical": "X",
    "border collision": "d",
    "Hopf": "o",
    "fold of cycles": "^",
    "period doubling": "s",
    "torus": "p",
    "branch point of cycles": "*",
}
DASHED: Any = (0, (3.0, 1.6))
#: A bifurcation: between which points of the branch, the number of the first, and where it is drawn.
Mark = tuple[int, float, float]


def draw_branch(
    ax: Axes, at: Array, values: Array, index: Integers, marks: Sequence[Mark], *, label: str = "", **style: Any
) -> None:
    """Draw `values` (K,) over `at` (K,), solid where `index` (K,) is 0; solid and dashed parts meet at the marks.

    The label is that of the first solid part, if there is one.
    """
    found = parts(at, values, index, marks)
    labelled = next((k for k, (stable, _, _) in enumerate(found) if stable), 0)
    for k, (stable, x, y) in enumerate(found):
        width = look.thick(1.7 if stable else 1.3)
        options = {"linestyle": "-" if stable else DASHED, "linewidth": width, **look.own(style)}
        ax.plot(x, y, **{"label": label if k == labelled else "", **options})


def parts(at: Array, values: Array, index: Integers, marks: Sequence[Mark]) -> list[tuple[bool, Array, Array]]:
    """The stretches (stable, x, y) of a branch along which stability stays the same, in order."""
    points: list[tuple[float, float, bool | None]] = []
    for k in range(len(at)):
        points.append((at[k], values[k], bool(index[k] == 0)))
        here = [mark for mark in marks if mark[0] == k]
        points += [(x, y, None) for _, x, y in sorted(here, key=lambda mark: abs(mark[1] - at[k]))]
    segments = [(_stable(first[2], second[2]), first, second) for first, second in pairwise(points)]
    found = []
    for stable, group in groupby(segments, key=lambda segment: segment[0]):
        run = list(group)
        corners = np.array([run[0][1][:2], *(second[:2] for _, _, second in run)])
        found.append((stable, corners[:, 0], corners[:, 1]))
    return found


def draw_bifurcations(ax: Axes, marks: dict[str, list[tuple[float, float]]], *, label: bool = True) -> None:
    """A hollow marker at every bifurcation (x, y), by kind."""
    for kind, places in marks.items():
        options: dict[str, Any] = {"linestyle": "none", "marker": KINDS[kind], "markersize": look.wide(7), "zorder": 4}
        shape: dict[str, Any] = {
            "markerfacecolor": "white",
            "markeredgecolor": look.SIDE,
            "markeredgewidth": look.thick(1.1),
        }
        ax.plot(*np.array(places).T, label=kind if label else "", **options, **shape)


def explain_dashes(ax: Axes, index: Integers) -> None:
    """Entries of the legend for solid and dashed lines, where branches of these indices have both."""
    if len(np.unique(index == 0)) > 1:
        for name, dashes in (("stable", "-"), ("unstable", DASHED)):
            ax.plot([], [], color=look.QUIET, linewidth=look.thick(1.5), linestyle=dashes, label=name)


def _stable(first: bool | None, second: bool | None) -> bool:
    """Tell whether a segment between two points is stable; None for a bifurcation, which belongs to both sides."""
    return all(end for end in (first, second) if end is not None) and (first, second) != (None, None)
