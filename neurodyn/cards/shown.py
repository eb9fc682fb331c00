"""What results, networks and other public objects show of themselves: a few lines of text, and a card in notebooks.

A dataclass that inherits `Shown` (and leaves its `repr` to it) shows its fields. What is special about a class it says
in `_facts`, `_rows` and `_picture`.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from neurodyn.cards.card import Card
from neurodyn.cards.picture import Picture
from neurodyn.errors import shown

#: Lines of text of an object, and letters in a line.
LINES, LETTERS = 5, 100
#: Pairs of texts: what something is called, and what it is.
Facts = Sequence[tuple[str, str]]
#: Rows of a table.
Rows = Sequence[Sequence[str]]


class Shown:
    """Base of what shows itself: `repr` in at most five lines, and as a card in notebooks."""

    __slots__ = ()

    #: The head of the card's table.
    _head: ClassVar[tuple[str, ...]] = ("", "shape", "from … to")

    def __repr__(self) -> str:
        return told(type(self).__name__, [f"{name} {value}" for name, value in (*self._facts(), *self._shapes())])

    def _repr_html_(self) -> str:
        """The card that notebooks show."""
        return self._card().html()

    def _card(self) -> Card:
        name, what = type(self).__name__, first_sentence(type(self).__doc__)
        return Card(name, what, self._facts(), self._head, self._rows(), self._picture())

    def _facts(self) -> Facts:
        """Sizes, status and single numbers; by default the fields that are numbers or short texts."""
        return [(name, one(value)) for name, value in _fields(self) if is_one(value)]

    def _rows(self) -> Rows:
        """The rows of the card's table; by default the fields that are arrays."""
        return [(name, across(value.shape), span(value)) for name, value in _fields(self) if _is_array(value)]

    def _picture(self) -> Picture | None:
        """A small picture, or none."""
        return None

    def _shapes(self) -> Facts:
        """The fields that are arrays, or hold several things, with their sizes."""
        found = []
        for name, value in _fields(self):
            if _is_array(value) and value.ndim:
                found.append((name, across(value.shape)))
            elif isinstance(value, (list, tuple)):
                found.append((name, f"of {len(value)}"))
            elif value is not None and not is_one(value) and not isinstance(value, Mapping):
                found.append((name, type(value).__name__))
        return found


def first_sentence(text: str | None) -> str:
    """The first sentence of a docstring, or its first line."""
    return (text or "").strip().partition("\n")[0].partition(". ")[0].removesuffix(".") + "."


def told(name: str, parts: Iterable[str]) -> str:
    """The text of an object, `name(part, part, ...)`, in at most five lines of some hundred letters."""
    lines = textwrap.wrap(
        f"{name}({', '.join(parts)})",
        LETTERS,
        subsequent_indent="  ",
        max_lines=LINES,
        placeholder=" …)",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def is_one(value: Any) -> bool:
    """Whether a value is a single number or text."""
    return isinstance(value, (str, bool, int, float, np.number, np.bool_)) or (_is_array(value) and value.ndim == 0)


def one(value: Any) -> str:
    """A single number or text, in few letters."""
    if isinstance(value, (float, np.floating)) or (_is_array(value) and value.dtype.kind == "f"):
        return f"{float(value):.6g}"
    return value if isinstance(value, str) and len(value) < 60 else shown(value)


def across(shape: Sequence[int]) -> str:
    """A shape as a person says it, which no line breaks."""
    return "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(f"{size:,}" for size in shape)


def span(values: Any) -> str:
    """The least and the largest number of an array; for truth values how many are true."""
    array = np.asarray(values)
    if array.dtype.kind == "b":
        return f"{np.count_nonzero(array):,} of {array.size:,} true"
    if array.dtype.kind not in "iuf":
        return ""
    finite = array[np.isfinite(array)]
    if not finite.size:
        return ""
    low, high = finite.min() + 0.0, finite.max() + 0.0  # never -0
    return f"{low:.4g}" if low == high else f"{low:.4g} … {high:.4g}"


def largest(values: Any, over: int) -> Any:
    """Largest |value| at each index of one axis, what is not a number left out."""
    sizes = np.where(np.isfinite(values), np.abs(values), 0.0)
    return sizes.max(axis=tuple(k for k in range(np.ndim(values)) if k != over), initial=0.0)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _fields(thing: Any) -> list[tuple[str, Any]]:
    """Public fields of a dataclass that its text shows, with their values."""
    found = [(f.name, getattr(thing, f.name)) for f in dataclasses.fields(thing) if f.repr]
    return [(name, value) for name, value in found if not name.startswith("_")]
