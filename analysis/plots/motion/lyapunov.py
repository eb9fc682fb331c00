"""Figures: Lyapunov exponents with their errors, and the largest one over two parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.motion.lyapunov import LyapunovSpectrum
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import sample_index
from neurodyn.analysis.portraits.lyapunov_map import LyapunovMap


def plot_lyapunov(spectrum: LyapunovSpectrum, *, sample: int = 0, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the exponents of one sample in falling order, with bars of two standard errors.

    Parameters
    ----------
    spectrum : LyapunovSpectrum
    sample : int
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the marks.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> plots.plot_lyapunov(analysis.lyapunov(net, count=2)).get_title(loc="left")
    'Lyapunov exponents, dimension 1'
    """
    exponents, errors = np.atleast_2d(spectrum.exponents), np.atleast_2d(spectrum.standard_error)
    sample_index(sample, len(exponents))
    ax = look.new_axes()[0] if ax is None else ax
    numbers = np.arange(1, exponents.shape[1] + 1)
    shape: dict[str, Any] = {
        "linestyle": "none",
        "marker": "o",
        "markersize": look.wide(4.5),
        "capsize": 3.0,
        "color": look.FREE,
    }
    ax.axhline(0.0, color=look.QUIET, linewidth=look.thick(0.8))
    ax.errorbar(numbers, exponents[sample], 2.0 * errors[sample], **{**shape, **look.own(style)})
    ax.set(xlabel="number of the exponent", ylabel=r"Lyapunov exponent $\lambda$ (1/time)")
    if len(numbers) <= 12:
        ax.set_xticks(numbers)
    dimension = float(np.atleast_1d(spectrum.dimension)[sample])
    known = f", dimension {dimension:.3g}" if np.isfinite(dimension) else ""
    look.title(ax, f"Lyapunov exponents{known}")
    return ax


def plot_lyapunov_map(found: LyapunovMap, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the largest exponent over two parameters: orange where it is positive, purple where trajectories join.

    White is zero: limit cycles, and bifurcations. Dots mark cells that are chaotic by three standard errors.

    Parameters
    ----------
    found : LyapunovMap
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the coloured mesh.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> found = analysis.lyapunov_map(net, parameters=("gain", "s[0]"), values=([0.3, 1.0], [0.0, 0.5]))
    >>> plots.plot_lyapunov_map(found).get_xlabel()
    'gain'
    """
    ax = look.new_axes(width=5.6, height=4.0)[0] if ax is None else ax
    most = max(float(np.nanmax(np.abs(found.exponent))), 1e-12)
    options: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -most, "vmax": most, "shading": "nearest", "rasterized": True}
    mesh = ax.pcolormesh(found.first, found.second, found.exponent, **{**options, **look.own(style)})
    rows, columns = np.nonzero(found.chaotic)
    ax.plot(
        found.first[columns], found.second[rows], linestyle="none", marker=".", markersize=look.wide(3), color=look.SIDE
    )
    bar = look.figure_of(ax).colorbar(mesh, ax=ax, pad=0.03)
    bar.set_label(r"largest exponent $\lambda_1$ (1/time)", fontsize=look.label_size())
    bar.ax.tick_params(labelsize=look.small_size())
    ax.set(xlabel=found.names[0], ylabel=found.names[1])
    look.title(ax, "largest Lyapunov exponent")
    return ax
