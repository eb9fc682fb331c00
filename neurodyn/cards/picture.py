"""Small pictures for cards: curves, bars, grids and paths as inline SVG, a few hundred numbers at most.

Lines are drawn in the colour of the page's text and in hues of a medium lightness, which stand out from white and from
black. What is not finite is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

#: Blue, vermilion, green, purple and ochre, each at least three times as light or dark as black and white are.
HUES = ("#2D87C9", "#D9641E", "#16936B", "#B5609A", "#98821B")
#: Size of the drawing, in pixels, and what is left around it for numbers.
WIDTH, HEIGHT, LEFT, LOW, HIGH = 250, 110, 46, 14, 6
#: Points of a curve, curves, bars, and cells along each side of a grid that are drawn.
POINTS, CURVES, BARS, CELLS = 150, 5, 80, 24


@dataclass(frozen=True, slots=True)
class Picture:
    """Inline SVG, and what it shows in words."""

    svg: str
    caption: str


def svg(inside: str, label: str, width: float = WIDTH, height: float = HEIGHT) -> str:
    """An SVG element with its contents; `label` is what it shows, for those who hear the page."""
    return (
        f'<svg width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(label)}" fill="none" stroke="none" font-size="10" font-family="sans-serif">{inside}</svg>'
    )


def curves(series: Mapping[str, Any], x: Any = None, *, caption: str, log: bool = False) -> Picture | None:
    """Curves over one axis, at most five; None if there is nothing to draw.

    `log` draws decimal logarithms of the values, and leaves out what is not positive.
    """
    found = {}
    for name, values in list(series.items())[:CURVES]:
        y = np.asarray(values, dtype=float).ravel()
        at = np.arange(y.size) if x is None else np.asarray(x, dtype=float).ravel()
        y = np.log10(np.where(y > 0.0, y, np.nan)) if log else y
        picks = np.unique(np.linspace(0, max(y.size - 1, 0), min(POINTS, y.size)).astype(int))
        found[name] = np.column_stack([at[picks], y[picks]])
    return _drawn(found, f"{caption}, log scale" if log else caption, power=log)


def paths(lines: Iterable[Any], *, caption: str, dots: Any = None) -> Picture | None:
    """Paths (p, 2) in a plane, and dots (k, 2)."""
    thinned = [np.asarray(line)[:: max(1, len(line) // 60)] for line in list(lines)[:20]]
    return _drawn(dict.fromkeys(range(0)) | dict(enumerate(thinned)), caption, dots=dots, named=False)


def bars(values: Any, *, caption: str) -> Picture | None:
    """One bar for each value, from zero; the first 80."""
    y = np.asarray(values, dtype=float).ravel()
    shown = np.where(np.isfinite(y[:BARS]), y[:BARS], 0.0)
    if not shown.size:
        return None
    low, high = min(float(shown.min()), 0.0), max(float(shown.max()), 0.0)
    frame = _Frame((0.0, float(shown.size)), (low, high if high > low else low + 1.0))
    wide = (WIDTH - LEFT - 4) / shown.size
    zero = frame.y(0.0)
    path = "".join(f"M{LEFT + (k + 0.1) * wide:.1f} {zero:.1f}h{0.8 * wide:.1f}V{frame.y(v):.1f}h{-0.8 * wide:.1f}z"
                   for k, v in enumerate(shown))  # fmt: skip
    more = f" (the first {BARS} of {y.size:,})" if y.size > BARS else ""
    return Picture(svg(f'{frame.marks()}<path fill="{HUES[0]}" d="{path}"/>', caption), caption + more)


def shades(values: Any, *, caption: str) -> Picture | None:
    """A grid (rows, columns) whose cells are the fuller, the larger they are; thinned to 24 x 24."""
    grid = np.asarray(values, dtype=float)
    grid = grid[:: max(1, -(-grid.shape[0] // CELLS)), :: max(1, -(-grid.shape[1] // CELLS))]
    finite = grid[np.isfinite(grid)]
    if not finite.size:
        return None
    low, span = float(finite.min()), float(np.ptp(finite))
    low, span = (low, span) if span else (low - 1.0, 1.0)  # all alike: all full
    side, cells = HEIGHT / max(grid.shape), []
    for i, row in enumerate(np.round(9.0 * (grid - low) / span)):
        for level in sorted({float(v) for v in row[np.isfinite(row)]} - {0.0}):
            cells.append((level, "".join(f"M{j * side:.1f} {i * side:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"
                                         for j in np.flatnonzero(row == level))))  # fmt: skip
    drawn = "".join(f'<path fill="{HUES[0]}" fill-opacity="{level / 9:.2f}" d="{d}"/>' for level, d in cells)
    size = (grid.shape[1] * side, grid.shape[0] * side)
    frame = f'<rect width="{size[0]:.1f}" height="{size[1]:.1f}" stroke="currentColor" stroke-opacity=".4"/>'
    return Picture(svg(drawn + frame, caption, *size), caption)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The two axes of a drawing: their ends, and where numbers lie between them."""

    across: tuple[float, float]
    up: tuple[float, float]
    power: bool = False

    def x(self, value: Any) -> Any:
        low, high = self.across
        return LEFT + (WIDTH - LEFT - 4) * (value - low) / (high - low)

    def y(self, value: Any) -> Any:
        low, high = self.up
        return HIGH + (HEIGHT - HIGH - LOW) * (high - value) / (high - low)

    def marks(self, *, numbers: bool = False) -> str:
        """The axes with the numbers at their ends; those of the axis across on request."""
        write = (lambda v: f"{10.0**v:.2g}") if self.power else (lambda v: f"{v:.3g}")
        base = HEIGHT - LOW
        lines = f'<path stroke="currentColor" stroke-opacity=".4" d="M{LEFT} {HIGH}V{base}H{WIDTH - 4}"/>'
        text = f'<text fill="currentColor" x="{LEFT - 4}" y="{HIGH + 8}" text-anchor="end">{write(self.up[1])}</text>'
        text += f'<text fill="currentColor" x="{LEFT - 4}" y="{base}" text-anchor="end">{write(self.up[0])}</text>'
        if numbers:
            text += f'<text fill="currentColor" x="{LEFT}" y="{HEIGHT - 3}">{self.across[0]:.3g}</text>'
            text += f'<text fill="currentColor" x="{WIDTH - 4}" y="{HEIGHT - 3}" text-anchor="end">'
            text += f"{self.across[1]:.3g}</text>"
        return lines + text


def _drawn(
    lines: Mapping[Any, Any], caption: str, *, power: bool = False, dots: Any = None, named: bool = True
) -> Picture | None:
    """Lines (p, 2) in a frame, each of its own hue and named in the caption's line, or all of one."""
    points = [np.asarray(line, dtype=float).reshape(-1, 2) for line in lines.values()]
    marked = np.empty((0, 2)) if dots is None else np.asarray(dots, dtype=float).reshape(-1, 2)
    every = np.concatenate([*points, marked]) if points else marked
    every = every[np.isfinite(every).all(axis=1)]
    if len(every) < 2:
        return None
    (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
    frame = _Frame((x0, x1 if x1 > x0 else x0 + 1.0), (y0, y1 if y1 > y0 else y0 + 1.0), power)
    drawn = [frame.marks(numbers=True)]
    for k, line in enumerate(points):
        hue = HUES[k % len(HUES)] if named else HUES[0]
        drawn.append(f'<path stroke="{hue}" stroke-width="1.5" stroke-linejoin="round" d="{_path(frame, line)}"/>')
    for x, y in marked[np.isfinite(marked).all(axis=1)][:60]:
        drawn.append(f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3" fill="{HUES[1]}"/>')
    names = _names(list(lines)) if named and len(points) > 1 else ""
    return Picture(svg("".join(drawn) + names, caption), caption)


def _path(frame: _Frame, line: Any) -> str:
    """The d of a path, which is interrupted where a point is not finite."""
    pen, parts = "M", []
    for x, y in line:
        if not (np.isfinite(x) and np.isfinite(y)):
            pen = "M"
            continue
        parts.append(f"{pen}{frame.x(x):.1f} {frame.y(y):.1f}")
        pen = "L"
    return "".join(parts)


def _names(names: Sequence[str]) -> str:
    """What the curves are, at the right, each in its hue."""
    return "".join(
        f'<text fill="{HUES[k]}" x="{WIDTH - 6}" y="{HIGH + 9 + 11 * k}" text-anchor="end">{escape(str(name))}</text>'
        for k, name in enumerate(names)
    )
