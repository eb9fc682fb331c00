"""Pictures of lattices of springs: where their nodes are at rest, and how far each spring is strained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn.analysis.plots import style
from neurodyn.models.terms.spring import Spring
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network


def positions(net: Network, x: Array) -> Array:
    """Where the nodes are at rest for one input, (nodes, 2)."""
    (spring,) = (term for term in net.terms if isinstance(term, Spring))
    rest = nd.relax(net, x).state
    moved = {name: rest[where] for name, where in net.graph.slices.items()}
    parts = [moved.get(name, x) for name in spring.names]
    return np.asarray(np.array(spring.places) + np.concatenate(parts).reshape(-1, 2))


def strains(net: Network, x: Array) -> tuple[Array, Array]:
    """Both ends of each spring at rest, (springs, 2, 2), and how much longer it is than l, over l."""
    (spring,) = (term for term in net.terms if isinstance(term, Spring))
    ends = positions(net, x)[np.array(spring.bonds)]
    length = net.parameters["-".join(spring.names) + ".length"]
    return ends, np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) / length - 1.0


def draw_strain(cases: Mapping[str, tuple[Network, Array]]) -> Any:
    """One panel for each lattice and its input: colour is the strain, width the stiffness, dashes are shortened.

    Squares are nodes of the input, circles outputs; crosses are where they are without an input.
    Returns the figure.
    """
    axes = style.new_axes(1, len(cases), height=3.0)
    found = [strains(*case) for case in cases.values()]
    largest = max(float(np.abs(strain).max()) for _, strain in found)
    for ax, (title, (net, x)), (ends, strain) in zip(axes, cases.items(), found, strict=True):
        (spring,) = (term for term in net.terms if isinstance(term, Spring))
        stiffness = np.exp(net.parameters["-".join(spring.names) + ".log_stiffness"])
        shades = ax.scatter([], [], c=[], cmap="coolwarm", vmin=-largest, vmax=largest)
        for (first, second), value, k in zip(ends, strain, stiffness, strict=True):
            line = {"color": shades.to_rgba(value), "ls": "--" if value < 0.0 else "-", "lw": 1.0 + 1.2 * np.log1p(k)}
            ax.plot(*zip(first, second, strict=True), **line)
        at, still = positions(net, x), np.array(spring.places)
        held, free = len(x) // 2, net.n_out // 2
        ax.plot(*still[:held].T, "x", *still[-free:].T, "x", color=style.QUIET, ms=4)
        ax.plot(*at[:held].T, "s", color=style.FREE, ms=5)
        ax.plot(*at[-free:].T, "o", color=style.NUDGED, ms=5)
        ax.set(title=title, aspect="equal")
        ax.title.set_fontsize(style.small_size())
        ax.axis("off")
    bar = axes[0].figure.colorbar(shades, ax=axes, shrink=0.8)
    bar.set_label("strain $(d - l)/l$", size=style.small_size())
    return axes[0].figure
