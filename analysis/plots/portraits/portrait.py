"""All figures of one portrait."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.motion.limit_cycle import plot_limit_cycle
from neurodyn.analysis.plots.portraits.basins import plot_basins
from neurodyn.analysis.plots.portraits.nudged_path import plot_nudged_path
from neurodyn.analysis.plots.portraits.phase_plane import plot_phase_plane, plot_phase_planes
from neurodyn.analysis.portraits.portrait import Portrait


def draw_portrait(portrait: Portrait) -> dict[str, Figure]:
    """Draw the figures of a portrait; save one with `figure.savefig(path, dpi=150)`.

    Returns
    -------
    figures : dict
        `portrait`; `limit-cycle` if a free phase ends on one; `basins` if there are two or more in the plane;
        `nudged-path` if the portrait has it.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> sorted(plots.draw_portrait(analysis.portrait(net, starts=[[0.5, 0.2]], resolution=5)))
    ['basins', 'portrait']
    """
    free, nudged, curves = portrait.free, portrait.nudged, portrait.trajectories
    if nudged is None:
        axes = {"portrait": plot_phase_plane(free, trajectories=curves, cycles=portrait.cycles)}
    else:
        axes = {"portrait": plot_phase_planes(free, nudged, path=portrait.path, trajectories=curves)[0]}
    if portrait.cycles:
        axes["limit-cycle"] = plot_limit_cycle(portrait.cycles[0])[0]
    if portrait.basins is not None and np.sum(portrait.basins.area > 0.0) > 1:
        axes["basins"] = plot_basins(portrait.basins)
    if portrait.path is not None:
        axes["nudged-path"] = plot_nudged_path(portrait.path)
    return {name: look.figure_of(ax) for name, ax in axes.items()}
