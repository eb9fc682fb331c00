"""Cards: what a notebook shows of an object, one design for all. Classes say what is shown, this file how it looks.

A card is a piece of HTML without scripts, style sheets or anything to load. Text and lines have the colour of the
page's own text, and all else is half transparent or of a medium lightness: readable on light and on dark pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from neurodyn.cards.picture import Picture

#: Rows of a table, and letters of a cell, that are shown; the rest is counted, or cut off.
ROWS, LETTERS = 12, 120
FRAME = "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:8px 12px;display:inline-block;max-width:100%"
CELL = "text-align:left;padding:1px 14px 1px 0;border:none;background:none;font-variant-numeric:tabular-nums"
QUIET = "opacity:.72"


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one object; plain text, which `html` escapes.

    Attributes
    ----------
    title : str
        What it is called: its class.
    what : str
        What it is, in a sentence.
    facts : sequence of (name, value)
        Sizes, status, single numbers.
    head, rows : sequence of str, sequence of sequences of str
        A table.
    picture : Picture or None
    """

    title: str
    what: str = ""
    facts: Sequence[tuple[str, str]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    picture: Picture | None = None

    def html(self) -> str:
        """The card as HTML, less than 20 kB of it."""
        facts = " · ".join(f'<span style="{QUIET}">{_text(name)}</span> {_text(value)}' for name, value in self.facts)
        left = [f"<div><b>{_text(self.title)}</b> <span style='{QUIET}'>{_text(self.what)}</span></div>"]
        left += [f"<div>{facts}</div>"] if facts else []
        body = [f"<div>{self._table()}</div>"] if self.rows else []
        if self.picture is not None:
            caption = f'<div style="{QUIET};font-size:85%">{_text(self.picture.caption)}</div>'
            body.append(f"<div>{self.picture.svg}{caption}</div>")
        columns = f'<div style="display:flex;flex-wrap:wrap;gap:8px 24px;margin-top:6px">{"".join(body)}</div>'
        return f'<div style="{FRAME}">{"".join(left)}{columns if body else ""}</div>'

    def _table(self) -> str:
        shown = list(self.rows[:ROWS])
        lines = ["".join(f'<th style="{CELL};{QUIET};font-weight:normal">{_text(name)}</th>' for name in self.head)]
        lines += ["".join(f'<td style="{CELL}">{_text(cell)}</td>' for cell in row) for row in shown]
        if len(self.rows) > ROWS:
            more = f"… and {len(self.rows) - ROWS:,} more"
            lines.append(f'<td colspan="{len(self.head)}" style="{CELL};{QUIET}">{more}</td>')
        inside = "".join(f'<tr style="background:none">{line}</tr>' for line in lines)
        return f'<table style="border-collapse:collapse;border:none;margin:0;font-size:inherit">{inside}</table>'


def _text(value: str) -> str:
    """Text as HTML has it, cut off where it is long."""
    return escape(value if len(value) <= LETTERS else value[: LETTERS - 1] + "…")
