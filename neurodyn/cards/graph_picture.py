"""The graph of a network as a small picture: populations in columns by their distance from the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from neurodyn.cards.picture import HUES, Picture, svg

#: More populations are not drawn.
MOST = 16
#: Size of a population's box, and what is between boxes, in pixels.
BOX_WIDTH, BOX_HEIGHT, GAP_ACROSS, GAP_DOWN, EDGE = 64, 34, 34, 26, 18
#: Hue of a box by the role of its population.
ROLES = {"input": HUES[2], "hidden": HUES[0], "output": HUES[1]}


@dataclass(frozen=True, slots=True)
class Node:
    """A population: its name, number of units, and role."""

    name: str
    size: int
    role: str


@dataclass(frozen=True, slots=True)
class Edge:
    """What joins two populations, or one with itself; `shared` if both directions have the same weights."""

    first: str
    second: str
    shared: bool = True


def graph_picture(nodes: Sequence[Node], edges: Sequence[Edge]) -> Picture | None:
    """The picture; None for more than 16 populations."""
    if not 0 < len(nodes) <= MOST:
        return None
    columns = _columns(nodes, edges)
    tallest = max(len(column) for column in columns)
    place: dict[str, tuple[float, float]] = {}
    for k, column in enumerate(columns):
        down = (tallest - len(column)) * (BOX_HEIGHT + GAP_DOWN) / 2
        for j, name in enumerate(column):
            place[name] = (EDGE + k * (BOX_WIDTH + GAP_ACROSS), EDGE + down + j * (BOX_HEIGHT + GAP_DOWN))
    width = 2 * EDGE + len(columns) * (BOX_WIDTH + GAP_ACROSS) - GAP_ACROSS
    height = 2 * EDGE + tallest * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN
    seen = dict.fromkeys(edges)
    drawn = [_edge(place, edge) for edge in seen] + [_box(node, *place[node.name]) for node in nodes]
    dashed = any(not edge.shared for edge in seen)
    caption = "populations and what joins them" + (", dashed where weights are not shared" if dashed else "")
    return Picture(svg("".join(drawn), caption, width, height), caption)


def _columns(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[list[str]]:
    """Names of the populations by their distance from the inputs, or else from the first one."""
    begin = [node.name for node in nodes if node.role == "input"] or [nodes[0].name]
    columns, left = [begin], [node.name for node in nodes if node.name not in begin]
    while left:
        near = {e.second for e in edges if e.first in columns[-1]} | {e.first for e in edges if e.second in columns[-1]}
        column = [name for name in left if name in near] or left[:1]
        columns.append(column)
        left = [name for name in left if name not in column]
    return columns


def _box(node: Node, x: float, y: float) -> str:
    name = node.name if len(node.name) <= 9 else node.name[:8] + "…"
    middle = x + BOX_WIDTH / 2
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" stroke="{ROLES[node.role]}" '
        f'stroke-width="1.5" fill="{ROLES[node.role]}" fill-opacity=".14"/><g fill="currentColor" text-anchor="middle">'
        f'<text x="{middle:g}" y="{y + 14:g}" font-size="12" font-weight="bold">{escape(name)}</text>'
        f'<text x="{middle:g}" y="{y + 27:g}">{node.size:,}</text></g>'
    )


def _edge(place: dict[str, tuple[float, float]], edge: Edge) -> str:
    (x0, y0), (x1, y1) = sorted([place[edge.first], place[edge.second]])
    half = BOX_HEIGHT / 2
    if edge.first == edge.second:  # a loop over the box
        path = f"M{x0 + 22:g} {y0:g}c-8 -20 28 -20 20 0"
    elif x0 == x1:  # above each other
        path = f"M{x0 + BOX_WIDTH / 2:g} {y0 + BOX_HEIGHT:g}V{y1:g}"
    elif x1 - x0 > BOX_WIDTH + GAP_ACROSS:  # beyond a column: a bow below the boxes between
        low = max(y0, y1) + BOX_HEIGHT + EDGE
        ends = (f"M{x0 + BOX_WIDTH / 2:g} {y0 + BOX_HEIGHT:g}", f"{x1 + BOX_WIDTH / 2:g} {y1 + BOX_HEIGHT:g}")
        path = f"{ends[0]}C{x0 + BOX_WIDTH:g} {low:g} {x1:g} {low:g} {ends[1]}"
    else:
        path = f"M{x0 + BOX_WIDTH:g} {y0 + half:g}L{x1:g} {y1 + half:g}"
    dash = "" if edge.shared else ' stroke-dasharray="4 3"'
    return f'<path stroke="currentColor" stroke-opacity=".55" stroke-width="1.3"{dash} d="{path}"/>'
