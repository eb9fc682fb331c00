"""Figure: error of the nudged phase against beta, with the measured orders."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.signals.convergence import Convergence

KINDS = {
    "one_sided": ("one-sided", look.POPULATIONS[1], "s"),
    "centered": ("centered", look.NUDGED, "o"),
}


def plot_convergence(
    convergence: Convergence, *, beta: float | None = None, ax: Axes | None = None, **style: Any
) -> Axes:
    """Draw the errors of one-sided and centered nudging against beta, both axes logarithmic.

    Lines are the least squares fits whose slopes the legend gives; the dotted line is the solver's floor.

    Parameters
    ----------
    convergence : Convergence
    beta : float, optional
        Strength of a run, to be marked.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the markers.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.convergence(net, [0.5, 0.2], [1.0, 0.0], betas=[0.003, 0.01, 0.03])
    >>> ax = plots.plot_convergence(found)
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    betas = convergence.betas
    curves = {kind: getattr(convergence, kind) for kind in KINDS}

    ax = look.new_axes()[0] if ax is None else ax
    if not any(np.isfinite(errors).any() for errors in curves.values()):
        look.note(ax, "no error to show: no sample has an error signal, or every phase failed")
        return ax
    ax.set(xscale="log", yscale="log")
    for kind, (name, color, marker) in KINDS.items():
        slope = convergence.slope(kind)
        label = f"{name}, slope {slope:.2f}" if np.isfinite(slope) else f"{name}, no slope above the floor"
        options = {
            "color": color,
            "marker": marker,
            "markersize": look.wide(5.5),
            "linestyle": "none",
            "label": label,
            **look.own(style),
        }
        errors, guide = np.where(curves[kind] > 0.0, curves[kind], np.nan), convergence.guide(kind)
        ax.plot(betas, errors, **{**options, "markerfacecolor": "none", "label": ""})
        ax.plot(betas, np.where(np.isnan(guide), np.nan, errors), **options)
        ax.plot(betas, guide, color=color, linewidth=look.thick(1.2), zorder=1)
    if convergence.floor > 0.0:
        label = r"solver alone ($\beta = 0$)"
        ax.axhline(
            convergence.floor,
            color=look.SIDE,
            linewidth=look.thick(1.0),
            linestyle=(0, (1, 1.5)),
            label=label,
            zorder=0,
        )
    if beta:
        label = rf"this run, $|\beta|$ = {abs(beta):g}"
        ax.axvline(abs(beta), color=look.QUIET, linewidth=look.thick(0.9), linestyle=(0, (5, 3)), label=label, zorder=0)
    end = 2.0 * betas.max()
    if convergence.limit < 10.0 * betas.max():
        end = max(end, 2.0 * convergence.limit)
        label = look.beyond(convergence.critical_beta, convergence.fold)
        ax.axvspan(convergence.limit, end, color="0.9", linewidth=0.0, label=label, zorder=-1)
    ax.set_xlim(0.5 * betas.min(), end)
    look.decades_only(ax.xaxis, ax.yaxis)
    ax.set_xlabel(r"nudging strength $\beta$")
    ax.set_ylabel("max relative error of the error signal")
    look.title(ax, r"convergence as $\beta \to 0$ (hollow: not fitted)")
    look.legend(ax)
    return ax
