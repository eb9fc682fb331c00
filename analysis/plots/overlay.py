"""What is drawn on axes that have a drawing of ours already goes on in the cycles of colours, dashes and markers.

Every plot begins with the same colour, and two on one Axes would look the same. So whatever has come since the plot
before takes the next colours of the cycle, wherever it has one of ours that an earlier plot has used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

#: What had been drawn on axes when a plot was last finished there, and how many plots that were.
_finished: WeakKeyDictionary[Axes, tuple[set[Artist], int]] = WeakKeyDictionary()


def go_on(ax: Axes, colours: Sequence[str], dashes: Sequence[Any], markers: Sequence[str]) -> None:
    """Finish a plot on axes: change what repeats an earlier one's `colours`, and keep what else there is."""
    here: set[Artist] = {*ax.lines, *ax.collections}
    past, count = _finished.get(ax, (set(), 0))
    before = past & here
    cycle = [to_hex(colour) for colour in colours]
    used = {colour for artist in before if (colour := _colour(artist)) in cycle}
    free = [colour for colour in cycle if colour not in used] or cycle
    repeated: dict[str, str] = {}
    for artist in (*ax.lines, *ax.collections):
        colour = _colour(artist)
        if artist in before or colour not in used or artist.get_transform() != ax.transData:  # guides across the axes
            continue
        new = repeated.setdefault(colour, free[len(repeated) % len(free)])
        if isinstance(artist, Line2D):
            _redraw(artist, colour, new, dashes[count % len(dashes)], markers, count)
        elif isinstance(artist, Collection):
            artist.set_color(new)
    _finished[ax] = (here, count + (here != before))


def _redraw(line: Line2D, old: str, new: str, dash: Any, markers: Sequence[str], count: int) -> None:
    """Give a line another colour, other dashes if it has none, and another marker if it has one of ours."""
    for name in ("color", "markerfacecolor", "markeredgecolor"):
        if getattr(line, f"get_{name}")() != "none" and to_hex(getattr(line, f"get_{name}")()) == old:
            getattr(line, f"set_{name}")(new)
    if line.get_linestyle() == "-":
        line.set_linestyle(dash)
    if line.get_marker() in markers:
        line.set_marker(markers[(list(markers).index(str(line.get_marker())) + count) % len(markers)])


def _colour(artist: Artist) -> str:
    """The one colour of an artist, as #rrggbb; of several, none."""
    if isinstance(artist, Line2D):
        return to_hex(artist.get_color())
    assert isinstance(artist, Collection)
    faces = artist.get_facecolor() if len(artist.get_facecolor()) else artist.get_edgecolor()
    return to_hex(faces[0]) if len(faces) == 1 else ""
