"""Figure: loss, and how close estimates stay to the exact gradient, while a network learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.gradients.track_gradients import GradientTrack
from neurodyn.analysis.plots import style as look


def plot_gradient_track(
    track: GradientTrack, *, ax: Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, Axes, Axes]:
    """Draw the loss, and each estimate's angle to the exact gradient and ratio of lengths, over the steps.

    Parameters
    ----------
    track : GradientTrack
    ax : three Axes, optional
        Default: a new figure.
    **style
        Properties of the estimates' lines.

    Returns
    -------
    axes : three Axes
        Loss, angle, ratio of norms.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> track = analysis.track_gradients(net, [0.5, 0.2], [1.0, 0.0], methods=["equilibrium-propagation"], steps=2)
    >>> loss, angle, ratio = plots.plot_gradient_track(track)
    """
    loss, angle, ratio = look.panels(ax, 3, 1, height=6.0, sharex=True)
    loss.plot(track.loss, color=look.QUIET, linewidth=look.thick(1.5))
    if (track.loss > 0.0).all():
        loss.set_yscale("log")
    loss.set_ylabel("loss $J$")
    look.title(loss, f"learning by {track.driver}, rate {track.rate:g}")
    steps = np.arange(len(track.loss) - 1)
    for k, label in enumerate(track.cosine):
        options = {
            "linewidth": look.thick(1.2),
            "markersize": look.wide(4),
            "label": label,
            **look.method(k),
            **look.own(style),
        }
        options["markevery"] = max(1, len(steps) // 12)
        degrees = np.degrees(np.arccos(np.clip(track.cosine[label], -1.0, 1.0)))
        angle.plot(steps, degrees, **options)
        ratio.plot(steps, track.norm_ratio[label], **options)
    angle.set_yscale("symlog", linthresh=1e-3)
    angle.set_ylim(0.0, max(1.0, angle.get_ylim()[1]))
    angle.set_ylabel(r"angle to $dJ/d\theta$ (degrees)")
    ratio.axhline(1.0, color=look.QUIET, linewidth=look.thick(0.7), zorder=0)
    low, high = ratio.get_ylim()
    ratio.set_ylim(min(0.95, low), max(1.05, high))
    ratio.set_ylabel("ratio of norms")
    ratio.set_xlabel("step")
    look.legend(angle)
    return loss, angle, ratio
