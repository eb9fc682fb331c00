"""Figure: distance of the step of moving weights from the gradient, over beta and 1/tau_theta."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.studies.study import Study
from neurodyn.numerics.arrays import Array


def plot_plasticity(study: Study, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the relative error of the step over the plane of beta and 1/tau_theta, both axes logarithmic.

    Crosses are cells in which some sample ran away; the dashed line is the critical kappa = 1/(beta tau_theta).

    Parameters
    ----------
    study : Study
        The result of `analysis.studies.plasticity`.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the coloured cells.
    """
    ax = look.new_axes(height=3.8)[0] if ax is None else ax
    betas, rates, error = study["beta"], study["rate"], study["error"]
    ax.set(xscale="log", yscale="log")
    known = error[np.isfinite(error) & (error > 0.0)]
    if known.size:
        norm = LogNorm(max(known.min(), 1e-6), max(1.0, known.max()))
        options: dict[str, Any] = {"cmap": "cividis", "norm": norm, "shading": "flat", **look.own(style)}
        cells = ax.pcolormesh(_edges(betas), _edges(rates), np.ma.masked_invalid(error.T), **options)
        bar = look.figure_of(ax).colorbar(cells, ax=ax, pad=0.02)
        bar.set_label(r"relative distance from $dJ/d\theta$", fontsize=look.label_size())
        bar.ax.tick_params(labelsize=look.small_size())
    for name, marker, label in (("runaway", "x", "some sample ran away"), ("failed", "s", "some sample failed")):
        where = np.argwhere(study[name] > 0.0)
        if where.size:
            options = {"color": look.NUDGED, "marker": marker, "markersize": look.wide(5), "linestyle": "none"}
            ax.plot(betas[where[:, 0]], rates[where[:, 1]], label=label, **options)
    critical = study.summary["critical_kappa"]
    limits = ax.get_xlim(), ax.get_ylim()
    if np.isfinite(critical):
        ax.plot(
            np.array(limits[0]),
            critical * np.array(limits[0]),
            color=look.SIDE,
            linewidth=look.thick(1.1),
            linestyle=(0, (5, 3)),
            label=rf"$1/(\beta\tau_\theta)$ = {critical:.2g}",
        )
    ax.set(xlim=limits[0], ylim=limits[1])
    ax.set_xlabel(r"nudging strength $\beta$")
    ax.set_ylabel(r"rate of the weights $1/\tau_\theta$")
    orders = study.summary
    text = rf"order {orders['kappa_order']:.2f} in $1/(\beta\tau_\theta)$, {orders['beta_order']:.2f} in $\beta$"
    look.title(ax, f"weights that move while nudged: {text}")
    look.legend(ax, loc="upper left", bbox_to_anchor=(0.0, -0.18), ncols=3)
    return ax


def _edges(values: Array) -> Array:
    """Where cells around these values meet on a logarithmic axis."""
    if values.size == 1:
        return values * np.array([0.5, 2.0])
    logs = np.log(values)
    middle = 0.5 * (logs[1:] + logs[:-1])
    return np.exp(np.concatenate([[2.0 * logs[0] - middle[0]], middle, [2.0 * logs[-1] - middle[-1]]]))
