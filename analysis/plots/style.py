"""The visual language of all figures: colours, sizes, and the axes they are drawn on.

Colours are those of Okabe & Ito (2008), told apart by the colour-blind; what they tell apart also differs in
lightness, line style or marker, for print in grey. A hue means the same everywhere: the free phase is blue, the nudged
phase vermilion, the side network black; populations have the remaining ones. Nothing global is touched: every property
is set on the artists, and figures are plain `Figure` objects without pyplot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, TypeVar, cast

import numpy as np
from matplotlib import rcParams, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cbook import normalize_kwargs
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import ArrayLike

from neurodyn.analysis.plots.overlay import go_on
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array

FREE = "#0072B2"
NUDGED = "#D55E00"
SIDE = "#000000"
QUIET = "#6E6E6E"
FAINT = "#D4D4D4"
#: Units within a phase are shades of its colour, the first the colour itself.
FREE_SHADES = (FREE, "#56B4E9", "#00395A", "#6A8DB0")
NUDGED_SHADES = (NUDGED, "#F2B134", "#7A3200", "#8A5630")
POPULATIONS = ("#009E73", "#CC79A7", "#0B3D2E", "#B8A500", "#7B3B63", "#7FCDB5")
#: Learning signals: that of the nudged phase first, then that of the side network.
METHODS = (NUDGED, SIDE, *POPULATIONS)
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))
MARKERS = ("o", "s", "^", "D", "v", "P")

WIDTH = 6.5
#: What matplotlib has as the size of a figure if nobody says.
STANDARD = tuple(rcParamsDefault["figure.figsize"])
#: Sizes of texts, in those of matplotlib's own setting `font.size`.
LABEL, SMALL = 0.95, 0.85
TIME = r"time $t$ (unit of $\tau$)"
NUDGED_TIME = r"time since the nudge $t$ (unit of $\tau$)"
#: What the label of a square-root time axis has at its end.
ROOT = r", $\sqrt{t}$ scale"
NO_SIGNAL = "no sample has an error signal:\nall outputs sit on a bound or on their targets"


def label_size() -> float:
    """Size of labels and titles, in points."""
    return LABEL * float(rcParams["font.size"])


def small_size() -> float:
    """Size of ticks and legends, in points."""
    return SMALL * float(rcParams["font.size"])


def thick(points: float) -> float:
    """A width of lines in matplotlib's own setting `lines.linewidth`; `points` where nobody has changed that."""
    return points * float(rcParams["lines.linewidth"]) / float(rcParamsDefault["lines.linewidth"])


def wide(points: float) -> float:
    """A size of markers in matplotlib's own setting `lines.markersize`."""
    return points * float(rcParams["lines.markersize"]) / float(rcParamsDefault["lines.markersize"])


def own(style: Mapping[str, Any]) -> dict[str, Any]:
    """What a user asks of artists, by its long names: matplotlib's short ones, as `lw`, would stand beside ours."""
    found: dict[str, Any] = normalize_kwargs(dict(style), Line2D)
    return found


class Panel(Axes):
    """Axes that notebooks show as the picture of their figure."""

    def _repr_png_(self) -> bytes:
        return picture(self)


class Panels(tuple[Axes, ...]):
    """Several axes of one figure, which notebooks show as a picture."""

    def _repr_png_(self) -> bytes:
        return picture(self[0])


Several = TypeVar("Several", bound=tuple[Axes, ...])


def together(axes: Several) -> Several:
    """The axes, as what notebooks show as a picture."""
    return cast(Several, Panels(axes))


def picture(ax: Axes) -> bytes:
    """The figure of axes as PNG."""
    target = BytesIO()
    figure_of(ax).savefig(target, format="png")
    return target.getvalue()


def new_axes(
    rows: int = 1, columns: int = 1, *, height: float = 3.2, width: float = WIDTH, **options: Any
) -> list[Axes]:
    """Dressed axes on a new figure, row by row; sizes in inches, unless the user set matplotlib's `figure.figsize`."""
    size = tuple(rcParams["figure.figsize"])
    figure = Figure(figsize=(width, height) if size == STANDARD else size, layout="constrained")
    FigureCanvasAgg(figure)  # else each drawing of a picture measures every text, and parses every formula, anew
    kind = {"axes_class": Panel}
    axes = list(figure.subplots(rows, columns, squeeze=False, subplot_kw=kind, **options).flat)
    thin = 0.7 * float(rcParams["axes.linewidth"]) / float(rcParamsDefault["axes.linewidth"])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        for side in ("left", "bottom"):
            ax.spines[side].set(linewidth=thin, color=QUIET)
        ax.tick_params(labelsize=small_size(), length=3, width=thin, color=QUIET)
        ax.tick_params(which="minor", length=2, width=0.7 * thin, color=QUIET)
        ax.xaxis.label.set_size(label_size())
        ax.yaxis.label.set_size(label_size())
    return axes


#: Numbers of panels in words.
COUNTED = {1: "one", 2: "two", 3: "three", 4: "four", 6: "six"}


def panels(
    given: Axes | Sequence[Axes] | None,
    rows: int,
    columns: int,
    *,
    name: str = "ax",
    shows: str = "",
    **options: Any,
) -> list[Axes]:
    """The axes that were given as the argument `name`, or new ones with the `options` of `new_axes`.

    Raises `ArgumentError` if as many as there are panels were not given; `shows` says what panels are for.
    """
    if given is None:
        return new_axes(rows, columns, **options)
    axes = [given] if isinstance(given, Axes) else list(given)
    if len(axes) != rows * columns:
        what = f"{COUNTED.get(rows * columns, rows * columns)} Axes{shows and f', {shows}'}"
        raise ArgumentError(f"`{name}` must be {what}; got {len(axes)}")
    return axes


def figure_of(ax: Axes) -> Figure:
    """The figure that axes belong to."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def cycle(options: Sequence[Any], index: int) -> Any:
    """The option for the index-th thing, from the beginning again where there are too few."""
    return options[index % len(options)]


def title(ax: Axes, text: str) -> None:
    """A short title, left aligned."""
    ax.set_title(text, loc="left", fontsize=label_size())


def method(index: int) -> dict[str, Any]:
    """Colour and marker of the index-th of several methods."""
    return {"color": cycle(METHODS, index), "marker": cycle(MARKERS, index)}


#: The part of bare axes that a legend may cover before it becomes small and then smaller, and how small.
COVERED, SMALLER, SMALLEST = 0.2, 0.78, 0.6


def legend(ax: Axes, *, gap: float = 0.03, **options: Any) -> None:
    """Finish a plot, with a legend without frame; beside the axes unless given a `loc`: there it cannot cover data.

    A figure that makes no room for what is beside its axes, as `plt.subplots()` makes, would cut it off: there it is
    inside, and small where the axes are. What nothing is named in has none.
    """
    finish(ax)
    if "handles" not in options and not ax.get_legend_handles_labels()[0]:
        return
    bare = figure_of(ax).get_layout_engine() is None
    beside = {"loc": "upper left", "bbox_to_anchor": (1.0 + gap, 1.0), "borderaxespad": 0.0}
    inside = {"loc": "best", "frameon": True, "framealpha": 0.8, "edgecolor": "none"}
    shape = {
        "frameon": False,
        "fontsize": small_size(),
        "handlelength": 2.4,
        "labelspacing": 0.5,
        "title_fontsize": small_size(),
        "alignment": "left",
    }
    placed = {**shape, **({} if "loc" in options else inside if bare else beside), **options}
    drawn = ax.legend(**placed)
    for factor in (SMALLER, SMALLEST):
        if bare and not _fits(ax, drawn):
            size = factor * small_size()
            drawn = ax.legend(**{**placed, **SMALL_LEGEND, "fontsize": size, "title_fontsize": size})
    if bare and drawn.get_window_extent().width > ax.bbox.width:
        for text in drawn.get_texts():
            text.set(text=in_lines(text.get_text(), 0.7 * ax.bbox.width / figure_of(ax).dpi, size), linespacing=1.0)


#: Legends of small axes: short lines of text close together.
SMALL_LEGEND = {"handlelength": 1.4, "handletextpad": 0.4, "labelspacing": 0.15, "borderpad": 0.2, "borderaxespad": 0.2}


def _fits(ax: Axes, drawn: Legend) -> bool:
    """Whether a legend is inside its axes, and covers little of them."""
    box, whole = drawn.get_window_extent(), ax.bbox
    return bool(box.width <= whole.width and box.width * box.height <= COVERED * whole.width * whole.height)


def finish(ax: Axes) -> None:
    """Say that a plot on axes is complete: what it shares with an earlier one there gets other colours.

    On small axes of a figure that makes no room for texts these are small, and in several lines where they are long.
    """
    go_on(ax, METHODS, DASHES, MARKERS)
    if figure_of(ax).get_layout_engine() is not None:
        return
    across, up = ax.bbox.width / figure_of(ax).dpi, ax.bbox.height / figure_of(ax).dpi
    if min(across, up) >= NARROW:
        return
    size = SMALLER * label_size()
    ax.tick_params(labelsize=SMALLER * small_size())
    ax.set_title(in_lines(ax.get_title("left"), across, size), loc="left", fontsize=size, pad=3.0, linespacing=1.0)
    ax.xaxis.label.set(text=in_lines(ax.get_xlabel(), across, size), fontsize=size, linespacing=1.0)
    ax.yaxis.label.set(text=in_lines(ax.get_ylabel(), up, size), fontsize=size, linespacing=1.0)


#: Axes shorter than so many inches are small; the width of a letter, as a part of the size of type.
NARROW, LETTER = 3.0, 0.5


def in_lines(text: str, inches: float, size: float) -> str:
    """A text in lines of some inches; formulas are not broken, and count half of what is written."""
    letters = int(72.0 * inches / (LETTER * size))
    lines: list[list[str]] = [[]]
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", text):
        length = sum(len(w) if "$" not in w else len(w) // 2 for w in lines[-1]) + len(lines[-1])
        if lines[-1] and length + (len(word) if "$" not in word else len(word) // 2) > letters:
            lines.append([])
        lines[-1].append(word)
    return "\n".join(" ".join(words) for words in lines)


def beyond(critical_beta: float, fold: float) -> str:
    """Label of what lies beyond beta_c, or beyond a fold before it."""
    if fold < critical_beta:
        return rf"beyond the fold at $|\beta|$ = {fold:.2g}"
    return rf"beyond $\beta_c$ = {critical_beta:.2g}"


def note(ax: Axes, text: str) -> None:
    """Say in the middle of an empty panel why it is empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=label_size(), color=QUIET)
    ax.set(xticks=[], yticks=[])


def signed_root(t: ArrayLike) -> Array:
    """Signed square root, defined left of zero too, where matplotlib looks while it lays out axes."""
    return np.asarray(np.sign(t) * np.sqrt(np.abs(t)))


def signed_square(u: ArrayLike) -> Array:
    """Inverse of `signed_root`."""
    return np.asarray(np.sign(u) * np.square(u))


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Make an axis logarithmic, with plain numbers at its ticks: 1, 2 and 5 times powers of ten up to three decades."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    digits = (1, 2, 5) if high < 1e3 * low else (1,)
    ticks = [t for p in powers for t in (float(f"{d}e{p}") for d in digits) if 0.7 * low <= t <= 1.4 * high]
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # type: ignore[attr-defined]
    axis.set_ticks(ticks, [f"{t:g}" for t in ticks])
    axis.set_minor_formatter(NullFormatter())


#: Decades of a logarithmic axis from which on the ticks between them stand too close to be told apart.
CLOSE = 4.0


def decades_only(*axes: Axis) -> None:
    """Leave out the ticks between the decades of logarithmic axes that have many of these."""
    for axis in axes:
        low, high = sorted(axis.get_view_interval())
        if np.log10(high / low) > CLOSE:
            axis.set_minor_locator(NullLocator())


def time_axis(ax: Axes, end: float, label: str = TIME, *, gap: float = 0.11) -> None:
    """A square-root time axis from 0 to `end`: it shows the fast beginning and the slow end together.

    Ticks stand at least the fraction `gap` of the axis apart.
    """
    end = end if np.isfinite(end) and end > 0.0 else 1.0
    ax.set_xscale("function", functions=(signed_root, signed_square))
    ax.set_xlim(0.0, end)
    ticks = time_ticks(end, gap)
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_xlabel(label + ROOT)


def time_ticks(end: float, gap: float) -> list[float]:
    """Round times from 0 to `end` that stand a fraction `gap` apart on a square-root axis."""
    decade = int(np.floor(np.log10(end)))
    ticks: list[float] = []
    for power in (decade, decade - 1, decade - 2):
        for digit in (5, 2, 1):
            t = float(f"{digit}e{power}")
            last = ticks[-1] / end if ticks else 2.0
            if t <= end and np.sqrt(last) - np.sqrt(t / end) > gap and np.sqrt(t / end) > 0.75 * gap:
                ticks.append(t)
    return [0.0, *reversed(ticks)]
