"""Figure: the nudged equilibrium over beta, up to infinity, against its first-order prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.portraits import branches as lines
from neurodyn.analysis.plots.selection import leading_units, unit_indices
from neurodyn.analysis.portraits.nudged_path import NudgedPath
from neurodyn.analysis.units import Units, unit_name
from neurodyn.numerics.arrays import Array

#: Values of beta that may be ticks, the first ones first, and how far apart they stand at least.
TICKS, GAP = (0.0, np.inf, -1.0, 1.0, -0.5, -2.0, 0.4, 2.5, 0.2, 0.1, 5.0, -0.2, -0.1), 0.075


def plot_nudged_path(path: NudgedPath, *, units: Units | None = None, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw s*(beta), stable solid and unstable dashed, and the first-order prediction as black dashes.

    The axis is beta below 0 and beta/(1 + beta) above, so that infinity, where the outputs sit on their targets, is at
    1; its ticks give beta. Triangles are folds; the grey line is −beta_c, where the linearised problem is singular.
    States that leave for infinity below 0 are cut off.

    Parameters
    ----------
    path : NudgedPath
    units : sequence of int or str, optional
        Free units by number or by name like "h1[3]". Default: up to four, those of each population with the largest
        |ds*/dbeta|.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the coloured lines.

    Raises
    ------
    ArgumentError
        For units that do not exist.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> path = analysis.nudged_path(net, [0.5, 0.2], [0.9, 0.1], span=(0.0, 1.0))
    >>> ax = plots.plot_nudged_path(path)
    """
    graph = path.graph
    if units is None:
        each = 2 if len(graph.slices) <= 2 else 1
        shown = leading_units(graph, np.abs(path.tangent), each=each, populations=4)
    else:
        shown = unit_indices(units, graph)
    at = shown_beta(path.beta)
    located = [(b, float(shown_beta(np.array([b.parameter]))[0])) for b in path.bifurcations]
    places: dict[str, list[tuple[float, float]]] = {}
    for b, where in located:
        places.setdefault(b.kind, []).extend((where, b.state[i]) for i in shown)

    ax = look.new_axes(width=6.0)[0] if ax is None else ax
    for k, i in enumerate(shown):
        marks = [(b.position, where, float(b.state[i])) for b, where in located]
        options = {"color": look.cycle(look.NUDGED_SHADES, k), **look.own(style)}
        lines.draw_branch(ax, at, path.state[:, i], path.index, marks, label=unit_name(graph, i), **options)
    _limits(ax, path, at, path.state[:, shown])
    _predictions(ax, path, shown)
    lines.draw_bifurcations(ax, places)
    ax.plot(
        np.zeros(len(shown)), path.free[shown], "o", color=look.SIDE, markersize=look.wide(4), zorder=4, label="$s^*$"
    )
    lines.explain_dashes(ax, path.index)
    ax.set_xlabel(r"nudging strength $\beta$")
    ax.set_ylabel(r"state at rest $s_i^*(\beta)$")
    look.title(ax, rf"the nudged equilibrium, $\beta_c$ = {path.critical_beta:.3g}")
    look.legend(ax)
    return ax


def shown_beta(beta: Array) -> Array:
    """Where beta (K,) stands on the axis: itself below 0, beta/(1 + beta) above, 1 at infinity."""
    positive = np.maximum(beta, 0.0)
    finite = np.where(np.isfinite(positive), positive, 0.0)
    return np.where(np.isinf(beta), 1.0, np.where(beta < 0.0, beta, finite / (1.0 + finite)))


def _predictions(ax: Axes, path: NudgedPath, shown: list[int]) -> None:
    """s* + beta ds*/dbeta, as far as the axis shows."""
    low, high = ax.get_xlim()
    at = np.linspace(low, min(high, 0.99), 200)
    beta = np.where(at < 0.0, at, at / (1.0 - at))
    for k, i in enumerate(shown):
        label = r"first order, $s^* + \beta\,\mathrm{d}s^*/\mathrm{d}\beta$" if k == 0 else ""
        line = path.free[i] + beta * path.tangent[i]
        ax.plot(at, line, color=look.SIDE, linewidth=look.thick(0.9), linestyle=(0, (4, 2.5)), label=label, zorder=1.9)


def _limits(ax: Axes, path: NudgedPath, at: Array, states: Array) -> None:
    """The range of the path but for what escapes, ticks in beta, and −beta_c if it is there."""
    top = 1.5 * max(1.0, float(np.abs(states[at >= 0.0]).max()))
    near = states[np.abs(states) <= top]
    margin = 0.06 * max(float(np.ptp(near)), 0.1)
    ax.set_ylim(float(near.min()) - margin, float(near.max()) + margin)
    low, high = float(at.min()), float(at.max())
    if path.critical_beta < 1.0:
        low = min(low, -path.critical_beta)
    margin = 0.03 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    if -path.critical_beta >= low:
        where, label = -path.critical_beta, rf"$-\beta_c$ = {-path.critical_beta:.2g}"
        ax.axvline(where, color=look.QUIET, linewidth=look.thick(1.0), linestyle=(0, (1, 1.5)), label=label, zorder=0)
    ax.axvline(0.0, color=look.QUIET, linewidth=look.thick(0.5), zorder=0)
    ticks: list[tuple[float, str]] = []
    for beta in TICKS:
        place = float(shown_beta(np.array([beta]))[0])
        apart = all(abs(place - other) >= GAP * (high - low) for other, _ in ticks)
        if low - margin <= place <= high + margin and apart:
            ticks.append((place, r"$\infty$" if np.isinf(beta) else f"{beta:g}"))
    ax.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
