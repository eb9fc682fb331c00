"""Draw docs/images/architecture.png: the rooms, and the way of data through them.

From the top of the repository: python docs/images/architecture.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

#: Centre, width, colour, name and what it says, of each box.
GIVEN, CORE, COMPILED, ABOVE = "#f2f2f2", "#dbe9f6", "#fde3c8", "#e3f1dc"
BOXES = {
    "user": (1.5, 8.5, 2.9, GIVEN, "model file, or Python", "populations, terms, data"),
    "models": (1.5, 6.9, 2.9, ABOVE, "models", "Hopfield, Rate, EnergyNetwork:\na model is a list of terms"),
    "system": (1.5, 5.2, 2.9, CORE, "system", "Network: graph, parameters, terms;\nassembly packs theta and layout"),
    "phases": (5.2, 6.9, 2.9, CORE, "phases", "relax, nudge, side_network, …\nmake a Problem of a flow and rows"),
    "solvers": (5.2, 5.2, 2.9, CORE, "solvers", "integrate: blocks of samples on\nthreads, steps of Runge and Kutta"),
    "flows": (5.2, 3.5, 2.9, COMPILED, "flows", "free, nudged, side, …: compiled\nonce for all networks"),
    "terms": (1.5, 3.5, 2.9, COMPILED, "models/terms", "primitives of a term, compiled\non first use"),
    "numerics": (5.2, 1.9, 2.9, COMPILED, "numerics", "kernels and their cache, products,\nexp and tanh of whole rows"),
    "results": (8.9, 6.9, 2.9, CORE, "results", "frozen arrays with the network\nand how it was solved; NetCDF"),
    "above": (5.2, 8.5, 2.9, CORE, "estimators, learning", "and sweeps: run phases many times"),
    "analysis": (8.9, 5.2, 2.9, ABOVE, "analysis", "compare, portraits, timing,\nstudies, plots"),
    "out": (8.9, 3.5, 2.9, GIVEN, "figures, tables, files", ""),
}
#: From, to, what goes along, and how far its words stand from the middle of the arrow.
ARROWS = [
    ("user", "models", "", (0, 0)),
    ("models", "system", "graph, terms", (0.62, 0)),
    ("system", "phases", "network", (0, -1.05)),
    ("above", "phases", "x, y, options", (0.68, 0)),
    ("phases", "solvers", "Problem", (0.48, 0)),
    ("solvers", "flows", "t, s, rows, theta, layout", (1.15, 0)),
    ("flows", "terms", "address", (0, 0.17)),
    ("flows", "numerics", "", (0, 0)),
    ("solvers", "results", "Solution", (0, -1.05)),
    ("results", "analysis", "state, velocity", (0.72, 0)),
    ("analysis", "out", "", (0, 0)),
]


def draw() -> None:
    """Draw the picture."""
    figure, ax = plt.subplots(figsize=(10.4, 7.4))
    for x, y, width, colour, name, about in BOXES.values():
        box = FancyBboxPatch((x - width / 2, y - 0.5), width, 1.0, boxstyle="round,pad=0.05", fc=colour, ec="#444444")
        ax.add_patch(box)
        ax.text(x, y + (0.27 if about else 0.0), name, ha="center", va="center", weight="bold", fontsize=10.5)
        ax.text(x, y - 0.15, about, ha="center", va="center", fontsize=8.2, linespacing=1.3)
    for start, end, label, shift in ARROWS:
        a, b = edge(start, end), edge(end, start)
        ax.annotate("", b, a, arrowprops={"arrowstyle": "-|>", "color": "#222222", "lw": 1.4})
        middle = (a[0] + b[0]) / 2 + shift[0], (a[1] + b[1]) / 2 + shift[1]
        ax.text(*middle, label, ha="center", va="center", fontsize=9, style="italic", color="#222222")
    for k, (colour, words) in enumerate(((CORE, "neurodyn"), (ABOVE, "beside it"), (COMPILED, "compiled"))):
        ax.add_patch(
            FancyBboxPatch((7.7, 2.0 - 0.38 * k), 0.3, 0.2, boxstyle="round,pad=0.02", fc=colour, ec="#444444")
        )
        ax.text(8.15, 2.1 - 0.38 * k, words, va="center", fontsize=9)
    ax.set(xlim=(0, 10.4), ylim=(1.2, 9.2))
    ax.axis("off")
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110, bbox_inches="tight", metadata={"Software": None})


def edge(name: str, other: str) -> tuple[float, float]:
    """Where an arrow between two boxes leaves the first: the middle of the side that faces the second."""
    (x, y, width, *_), (a, b, *_) = BOXES[name], BOXES[other]
    if abs(y - b) > 0.1 and abs(x - a) < 0.1:
        return x, y + (0.56 if b > y else -0.56)
    return x + (width / 2 + 0.06 if a > x else -width / 2 - 0.06), y


if __name__ == "__main__":
    draw()
