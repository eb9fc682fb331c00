"""A sheet: figures, clock and sentences that show one frame after another, the same on a page and in a file.

Frames come packed as text, all at once, and the browser unpacks them: one message instead of one for each array.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import Column, CustomJS, Div, Row

from neurodyn.explorer.clock import TIMES, Clock
from neurodyn.explorer.figures import SIDE, plane_figure, signal_figures
from neurodyn.explorer.frame import Frame
from neurodyn.explorer.subject import Subject
from neurodyn.explorer.view import View

#: Digits of numbers in a packed frame.
DIGITS = 4
TEXT = "font: 13px system-ui, sans-serif; line-height: 1.45; color: #333;"
#: How what went wrong stands out.
WRONG = "border-left: 4px solid #D55E00; background: #fff4ec; padding: 6px 10px; margin: 2px 0;"
KEY = """<span style="color:#0072B2">━</span> free and <span style="color:#D55E00">━</span> nudged phase of each start ·
solid and dashed: nullclines of the horizontal and the vertical axis · ● stable, ◆ saddle, ■ unstable fixed point,
★ focus · × s* · dash-dotted and dotted: stable and unstable manifolds · grey: the energy, darker in its valleys"""
WRAP = ":host { flex-wrap: wrap; gap: 4px 16px; align-items: flex-end; }"
SPREAD = ":host { flex-wrap: wrap; gap: 8px 20px; align-items: flex-start; }"

#: Unpacks a frame, or a part of one, the text `packed`.
_UNPACK = """
const frame = typeof packed === "string" ? JSON.parse(packed) : packed
if (frame.span) {
    const [start, end] = frame.span
    const value = slider.value >= slider.end ? end : Math.min(Math.max(slider.value, start), end)
    if (start !== slider.start || end !== slider.end) {
        slider.setv({start, end, step: (end - start) / times, value})
        span.setv({start, end})
    }
}
if (frame.tables) names.forEach((name, k) => { if (frame.tables[name]) sources[k].data = frame.tables[name] })
if (frame.title !== undefined) plane.title.text = frame.title
if (frame.report !== undefined) report.text = frame.report
trouble.text = frame.trouble
trouble.visible = frame.trouble !== ""
"""


class Sheet:
    """Figures and sentences for the frames of one view."""

    def __init__(self, subject: Subject, view: View, frame: Frame) -> None:
        self.plot, self.sources = plane_figure(subject, view)
        self.signals = signal_figures(subject, view)
        self.sources |= self.signals.sources
        self.clock = Clock(self.sources["tracks"], self.sources["dots"], self.signals)
        self.heading = _sentence(f'<div style="{TEXT}"><b>{escaped(subject.title)}</b></div>')
        self.report = _sentence(report_text(frame.report), name="report")
        self.trouble = _sentence(trouble_text(frame.trouble), name="trouble", visible=bool(frame.trouble))
        for name, table in frame.tables.items():
            self.sources[name].data = table
        self.plot.title.text = frame.title
        self.clock.stand_at_end(*frame.span)

    def unpacking(self, before: str, **more: Any) -> CustomJS:
        """What unpacks a frame in the browser: the text `packed`, which the code `before` finds."""
        args = {"slider": self.clock.slider, "span": self.signals.span, "times": TIMES, "plane": self.plot}
        args |= {"report": self.report, "trouble": self.trouble}
        args |= {"names": list(self.sources), "sources": list(self.sources.values())}
        return CustomJS(args={**args, **more}, code=before + _UNPACK)

    @property
    def figures(self) -> Row:
        """The plane on the left, the signals on the right, or below where there is no room."""
        left = Column(self.plot, sizing_mode="stretch_width", styles={"flex": "1 1 400px"}, max_width=SIDE)
        right = Column(*self.signals.plots, sizing_mode="stretch_width", styles={"flex": "3 1 440px"})
        return Row(left, right, sizing_mode="stretch_width", stylesheets=[SPREAD])

    @staticmethod
    def key(more: str = "") -> Div:
        """What the figures' colours and signs mean."""
        return _sentence(f'<div style="{TEXT} color: #6E6E6E; font-size: 12px">{KEY}{more}</div>')


def layout_of(*rows: Any) -> Column:
    """Rows below each other, as wide as the window."""
    return Column(*rows, sizing_mode="stretch_width", styles={"padding": "8px 14px", "box-sizing": "border-box"})


def wrapped(children: Sequence[Any]) -> Row:
    """Children beside each other, as far as there is room."""
    return Row(children=list(children), sizing_mode="stretch_width", stylesheets=[WRAP])


def parts(frame: Frame) -> dict[str, Any]:
    """A frame as plain data, its sentences as HTML."""
    tables = {name: _plain(table) for name, table in frame.tables.items()}
    texts = {"title": frame.title, "report": report_text(frame.report), "trouble": trouble_text(frame.trouble)}
    return {"tables": tables, "span": list(frame.span), **texts}


def pack(plain: Any) -> str:
    """Plain data as text."""
    return json.dumps(plain, separators=(",", ":"))


def report_text(sentence: str) -> str:
    """What the numbers say, as HTML."""
    return f'<div style="{TEXT}">{escaped(sentence)}</div>'


def trouble_text(sentence: str) -> str:
    """What goes wrong, as HTML; nothing if nothing does."""
    return f'<div style="{TEXT} {WRONG}">{escaped(sentence)}</div>' if sentence else ""


def escaped(text: str) -> str:
    """Text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")


def _sentence(text: str, **options: Any) -> Div:
    return Div(text=text, sizing_mode="stretch_width", syncable=False, **options)


def _plain(value: Any) -> Any:
    """Tables, arrays and lists as JSON has them, with a few digits."""
    if isinstance(value, np.ndarray):
        return _rounded(value).tolist()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _rounded(values: Any) -> Any:
    """Numbers with a few digits of the largest."""
    largest = float(np.abs(values).max(initial=0.0))
    return np.round(values, DIGITS - int(np.floor(np.log10(largest)))) if largest > 0.0 else values
