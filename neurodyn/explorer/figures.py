"""The figures of the page: the phase plane, and both phases beside the error signals, layer by layer on one time axis.

A figure has a source for each table of a frame, by the table's name, and no computation of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bokeh.core.properties import value
from bokeh.models import BoxAnnotation, ColumnDataSource, HoverTool, Range1d, Span
from bokeh.plotting import figure

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.units import state_letter
from neurodyn.explorer.frame import signal_names
from neurodyn.explorer.subject import Subject
from neurodyn.explorer.view import View, axis_label

#: Sources by the names of tables.
Sources = dict[str, ColumnDataSource]

SIDE, LEAST = 500, 300
#: Heights of all signals together, and of one panel at least, in pixels.
HEIGHT, PANEL = 460, 110
TEXT = "12px"
TIME = "time since the nudge t"
#: Columns of a table, so that a source is there before its first frame.
CURVES, PLACES = ("xs", "ys", "color"), ("x", "y")


def empty(*columns: str) -> ColumnDataSource:
    """A source without rows."""
    return ColumnDataSource({name: [] for name in columns}, syncable=False)


def dressed(**options: Any) -> Any:
    """A figure without tools, with thin lines and small texts."""
    plot = figure(tools="", toolbar_location=None, min_border_right=12, **options)
    plot.outline_line_color = None
    plot.background_fill_color = plot.border_fill_color = "white"
    for axis in plot.axis:
        axis.axis_line_color = axis.major_tick_line_color = look.QUIET
        axis.minor_tick_line_color = None
        axis.axis_label_text_font_size = axis.major_label_text_font_size = TEXT
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_color = look.QUIET
    plot.grid.grid_line_color = None
    plot.title.text_font_size = TEXT
    plot.title.text_font_style = "normal"
    return plot


def plane_figure(subject: Subject, view: View) -> tuple[Any, Sources]:
    """The phase plane, from back to front: energy, field, curves, nullclines, fixed points, trajectories, starts."""
    letter = state_letter(subject.network)
    (left, right), (low, high) = view.window
    plot = dressed(
        x_range=Range1d(left, right, bounds=(left, right)),
        y_range=Range1d(low, high, bounds=(low, high)),
        x_axis_label=axis_label(view, 0, letter),
        y_axis_label=axis_label(view, 1, letter),
        title=" ",
        aspect_ratio=1.0,
        width=SIDE,
        height=SIDE,
        max_width=SIDE,
        min_width=LEAST,
        stylesheets=[":host(:focus) { outline: none; }"],
        sizing_mode="scale_width",
    )
    sources: Sources = {name: empty(*CURVES) for name in ("energy", "first nullcline", "second nullcline")}
    sources |= {name: empty(*CURVES) for name in ("stable manifolds", "unstable manifolds", "free ways", "nudged ways")}
    sources |= {"arrows": empty("x0", "y0", "x1", "y1"), "rests": empty(*PLACES), "starts": empty(*PLACES, "fill")}
    sources |= {"points": empty(*PLACES, "marker", "kind", "line", "fill", "size"), "dots": empty(*PLACES)}
    sources["tracks"] = empty("t", *PLACES)
    plot.multi_polygons(source=sources["energy"], fill_color="color", line_color=None)
    plot.segment("x0", "y0", "x1", "y1", source=sources["arrows"], line_color="#b4b4b4", line_width=1.0)
    for name, dash in (("stable manifolds", [8, 2, 1, 2]), ("unstable manifolds", [1, 3])):
        plot.multi_line(source=sources[name], line_color="color", line_width=1.3, line_dash=value(dash))
    for name, dash in (("first nullcline", []), ("second nullcline", [7, 3])):
        plot.multi_line(source=sources[name], line_color="color", line_width=1.8, line_dash=value(dash))
    for name in ("free ways", "nudged ways"):
        plot.multi_line(source=sources[name], line_color="color", line_width=1.6, line_alpha=0.75)
    points = plot.scatter(
        source=sources["points"], marker="marker", size="size", fill_color="fill", line_color="line", line_width=1.6
    )
    plot.scatter(source=sources["rests"], marker="x", size=9, line_color=look.FREE, line_width=1.6)
    plot.scatter(source=sources["starts"], marker="circle", size=9, fill_color="fill", line_color=look.FREE)
    plot.scatter(source=sources["dots"], marker="circle", size=8, fill_color=look.SIDE, line_color="white")
    plot.add_tools(HoverTool(renderers=[points], tooltips="@kind", visible=False))
    return plot, sources


class Signals(NamedTuple):
    """Panels, their sources, their common range of times, and what shows the time in them."""

    plots: list[Any]
    sources: Sources
    span: Range1d
    hands: list[Any]


def signal_figures(subject: Subject, view: View) -> Signals:
    """Two panels for each population, states above error signals."""
    names = list(view.shown)
    nudged = subject.y is not None
    count = len(names) * (2 if nudged else 1)
    height = max(PANEL, HEIGHT // count)
    letter, span = state_letter(subject.network), Range1d(-1.0, 1.0)
    plots: list[Any] = []
    sources: Sources = {}
    hands: list[Any] = []
    for name in names:
        free, pulled, signal, side = signal_names(name)
        sources |= {table: empty(*CURVES) for table in (free, pulled, signal, side)}
        panels: list[Any] = [(f"{name}: states {letter}, free (blue), nudged (orange)", letter, (free, pulled), ())]
        if nudged:
            title = f"{name}: error signals, −(τ/β) d{letter}/dt (orange) and S̄ (black)"
            panels.append((title, "S̃, S̄", (signal,), (side,)))
        for title, label, solid, dashed in panels:
            plot = _panel(title, label, height, span)
            for table in (*solid, *dashed):
                dash = [5, 4] if table in dashed else []
                plot.multi_line(source=sources[table], line_color="color", line_width=1.7, line_dash=value(dash))
            hands += _hands(plot)
            plots.append(plot)
    plots[-1].xaxis.visible = True
    plots[-1].height += 40
    return Signals(plots, sources, span, hands)


def _panel(title: str, label: str, height: int, span: Range1d) -> Any:
    plot = dressed(
        x_range=span,
        height=height,
        sizing_mode="stretch_width",
        x_axis_label=TIME,
        y_axis_label=label,
        title=title,
        min_border_left=58,
    )
    plot.xaxis.visible = False
    plot.yaxis.ticker.desired_num_ticks = 4
    plot.y_range.range_padding = 0.12
    return plot


def _hands(plot: Any) -> list[Any]:
    """The moment of the nudge, and what moves with the time: a line, and a veil over what is to come."""
    plot.add_layout(Span(location=0.0, dimension="height", line_color=look.FAINT, line_width=1.0))
    hand = Span(syncable=False, location=1.0, dimension="height", line_color=look.SIDE, line_width=1.0)
    veil = BoxAnnotation(syncable=False, left=1.0, fill_color="white", fill_alpha=0.75, line_color=None)
    plot.add_layout(veil)
    plot.add_layout(hand)
    return [hand, veil]
