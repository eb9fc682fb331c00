"""Movie: the nudged phase as it happens, beside the side network's error signals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import (
    error_signals,
    largest_over_time,
    leading_units,
    sample_index,
    settled_after,
    unit_indices,
)
from neurodyn.analysis.plots.signals.error_signals import velocity_symbols
from neurodyn.analysis.units import Units, state_letter, unit_name
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase
from neurodyn.progress import Bar
from neurodyn.results.files import write
from neurodyn.results.result import with_batch
from neurodyn.system.graph import Graph

#: Pictures, and milliseconds for which each and the last one stay.
FRAMES, EACH, LAST = 72, 80, 1500
DOTS_PER_INCH = 100


@dataclass(frozen=True, slots=True)
class Scene:
    """Panels, a clock, and the curves and dots that move: each a line and its values at the times t."""

    figure: Figure
    clock: Text
    t: Array
    curves: tuple[tuple[Line2D, Array], ...]
    dots: tuple[tuple[Line2D, Array], ...]

    def show(self, index: int) -> None:
        """Draw every curve up to a recorded time, with a dot at its end."""
        for line, values in self.curves:
            line.set_data(self.t[: index + 1], values[: index + 1])
        for dot, values in self.dots:
            dot.set_data(self.t[index : index + 1], values[index : index + 1])
        self.clock.set_text(f"nudged phase, $t$ = {self.t[index]:.2f}")

    @property
    def moving(self) -> list[Line2D | Text]:
        """All that differs from picture to picture, from back to front."""
        return [*(line for line, _ in (*self.curves, *self.dots)), self.clock]


def animate(
    run: NudgedPhase,
    side: SidePhase,
    path: str | os.PathLike[str],
    *,
    sample: int | None = None,
    units: Units | None = None,
) -> Path:
    """Write a GIF of the displacement (left), and of −(tau/beta) ds/dt on the side network's error signal (right).

    The pictures are at most 72 of the recorded times, until the error signal has faded. At the default times they
    follow each other evenly on the square-root axis of time: the clock runs slowly at first, when most happens.

    Parameters
    ----------
    run, side
        Recorded at the same times, for the same equilibrium and targets.
    path : str or path
        Name of the file, ending in .gif; it is there whole or not at all.
    sample, units
        The same as for `plot_error_signals`; but by default no more than four units, those with the largest signal
        of their population.

    Returns
    -------
    path : Path

    Raises
    ------
    ArgumentError
        For another kind of file, a sample without an error signal, a sample or units that do not exist, or phases
        that do not belong together.
    ResultFileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> plots.animate(run.nudged, run.side, tempfile.mkdtemp() + "/error.gif").name  # doctest: +SKIP
    'error.gif'
    """
    target = Path(path)
    if target.suffix.lower() != ".gif":
        raise ArgumentError(f"`path` must end in .gif; got {os.fspath(path)!r}")
    scene = stage(run, side, sample=sample, units=units)
    pictures = film(scene)
    durations = [EACH] * (len(pictures) - 1) + [LAST]
    first, rest = pictures[0], pictures[1:]
    write(target, lambda name: first.save(name, save_all=True, append_images=rest, duration=durations, loop=0))
    return target


def stage(run: NudgedPhase, side: SidePhase, *, sample: int | None = None, units: Units | None = None) -> Scene:
    """The panels with their whole curves, which set the limits of the axes."""
    graph = run.network.graph
    tilde, bar, signal = error_signals(run, side)
    j = int(np.argmax(signal)) if sample is None else sample_index(sample, len(signal))
    shown = _default_units(graph, bar[:, j]) if units is None else unit_indices(units, graph)
    if not signal[j]:
        raise ArgumentError(f"sample {j} has no error signal" if signal.any() else look.NO_SIGNAL.replace("\n", " "))
    end = settled_after(run.t, bar[:, j, shown])
    t = run.t[run.t <= end]
    path = with_batch(np.mean(run.displacement, axis=0), 3)
    moved, velocity, error = (values[: len(t), j, shown] for values in (path, tilde, bar))
    names = [unit_name(graph, i) for i in shown]

    left, right = look.new_axes(1, 2, width=8.0, height=3.2)
    moving, speeds = _lines(left, t, moved, names), _lines(right, t, velocity, names, linewidth=3.2)
    dashes = _lines(right, t, error, [""] * len(names), color=look.SIDE, linewidth=1.1, linestyle=(0, (4, 2.5)))
    dashes[-1][0].set_label(r"side network $\bar{S}_i$")
    dots = [*_dots(left, moving), *_dots(right, speeds)]
    letter = state_letter(run.network)
    left.set_ylabel(rf"displacement $({letter}_i - {letter}_i^*)/\beta$")
    right.set_ylabel("error signal")
    for ax in (left, right):
        ax.axhline(0.0, color=look.QUIET, linewidth=0.5, zorder=0)
        look.time_axis(ax, end, look.NUDGED_TIME, gap=0.14)
        ax.set_ylim(ax.get_ylim())
    look.legend(right, title=velocity_symbols(run.network))
    clock = left.text(0.0, 1.03, "", transform=left.transAxes, fontsize=look.label_size())
    scene = Scene(look.figure_of(left), clock, t, (*moving, *speeds, *dashes), tuple(dots))
    scene.show(len(t) - 1)
    return scene


def film(scene: Scene) -> list[Image.Image]:
    """The pictures; what never moves is drawn once, as it takes most of the time."""
    indices = np.unique(np.linspace(0, len(scene.t) - 1, FRAMES).astype(int))
    canvas = FigureCanvasAgg(scene.figure)
    scene.figure.set_dpi(DOTS_PER_INCH)
    scene.figure.draw_without_rendering()
    scene.figure.set_layout_engine("none")  # laid out once, with the clock in its place
    for artist in scene.moving:
        artist.set_animated(True)  # canvas.draw leaves it out
    canvas.draw()
    background = canvas.copy_from_bbox(scene.figure.bbox)
    pictures = []
    with Bar("movie") as bar:
        for count, index in enumerate(indices):
            scene.show(int(index))
            canvas.restore_region(background)
            for artist in scene.moving:
                scene.figure.draw_artist(artist)
            pictures.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))
            bar.update(count / len(indices))
    return pictures


def _default_units(graph: Graph, bar: Array) -> list[int]:
    """Up to four, as many as can be told apart in motion: those with the largest signal (T, n)."""
    each = 2 if len(graph.slices) <= 2 else 1
    return leading_units(graph, largest_over_time(bar), each=each, populations=4)


def _lines(ax: Axes, t: Array, values: Array, names: Sequence[str], **options: Any) -> list[tuple[Line2D, Array]]:
    """A line for each column of values, in shades of the nudged phase."""
    found = []
    for k, name in enumerate(names):
        drawn = {"color": look.cycle(look.NUDGED_SHADES, k), "linewidth": 1.5, "label": name, **options}
        found.append((ax.plot(t, values[:, k], **drawn)[0], values[:, k]))
    return found


def _dots(ax: Axes, lines: Sequence[tuple[Line2D, Array]]) -> list[tuple[Line2D, Array]]:
    """A dot of the same colour for each line."""
    options: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5.0, "clip_on": False}
    return [(ax.plot([], [], color=line.get_color(), **options)[0], values) for line, values in lines]
