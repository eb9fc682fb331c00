"""Curves of learning that grow while it goes on."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from neurodyn.analysis.plots import style as look
from neurodyn.learning.callback import EpochRecord


class LiveLearning:
    """A callback of `learn` that adds each epoch to its curves: of errors in per cent, or of the cost without labels.

    In a notebook the figure is shown when the first epoch is done, and brought up to date after each. Axes in a window
    are drawn anew. `plot_learning` draws the whole when learning is through.

    Parameters
    ----------
    ax : Axes, optional
        Default: a new figure.

    Attributes
    ----------
    ax : Axes

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2], activation="hard-sigmoid", seed=0)
    >>> live = plots.LiveLearning()
    >>> found = nd.learn(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=3, callbacks=live)
    >>> len(live.ax.lines[0].get_ydata())
    3
    """

    def __init__(self, ax: Axes | None = None) -> None:
        self.ax = look.new_axes()[0] if ax is None else ax
        self._lines: dict[str, Any] = {}
        self._shown: Any = None

    def __call__(self, epoch: EpochRecord) -> None:
        """Add an epoch."""
        labelled = bool(np.isfinite(epoch.measures["train_error"]))
        factor, what = (100.0, "error") if labelled else (1.0, "cost")
        for name, color, label in (
            (f"train_{what}", look.FREE, "training, while it runs"),
            (f"validation_{what}", look.NUDGED, "validation"),
        ):
            if name in epoch.measures:
                self._add(name, epoch.number + 1, factor * epoch.measures[name], {"color": color, "label": label})
        self.ax.set_xlabel("epoch")
        self.ax.set_ylabel("misread (%)" if labelled else r"mean cost $C$")
        self._show()

    def _add(self, name: str, epoch: int, value: float, options: dict[str, Any]) -> None:
        if name not in self._lines:
            self._lines[name] = self.ax.plot([], [], marker="o", markersize=3.5, linewidth=1.2, **options)[0]
            self.ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            look.legend(self.ax)
        line = self._lines[name]
        line.set_data([*line.get_xdata(), epoch], [*line.get_ydata(), value])
        self.ax.relim()
        self.ax.autoscale_view()
        self.ax.set_ylim(bottom=0.0)

    def _show(self) -> None:
        notebook = sys.modules.get("IPython")
        if notebook is not None and notebook.get_ipython() is not None:
            from IPython.display import display

            if self._shown is None:
                self._shown = display(look.together((self.ax,)), display_id=True)
            else:
                self._shown.update(look.together((self.ax,)))
        else:
            figure = self.ax.get_figure(root=True)
            assert figure is not None
            figure.canvas.draw_idle()
            figure.canvas.flush_events()


__all__ = ["LiveLearning"]
