"""Equilibrium propagation against back-propagation through time in each layer of a network of convolutions.

M. Ernoult et al. (NeurIPS 32, 2019, theorem 1): what the nudged phase adds to the derivative by a weight in every
step is what back-propagation through time adds when it goes one step further into the past. In continuous time that is
Θ̃(t) of the nudged phase against Θ̄(t) of the side network, of which discrete back-propagation is a step method.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.plots import style
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

#: The kernels of both convolutions and the dense weights, and what they are called.
LAYERS = {"x-h1": "first convolution", "h1-h2": "second convolution", "h2-y": "dense layer"}
BETA = 0.01
#: How long both go on, in time constants; the length of a discrete step; how many times are drawn; and samples.
END, STEP = 25.0, 0.05
SIZES = {"small": (11, 2), "full": (101, 20)}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Both running gradients at the same times, layer by layer; the seed draws the weights."""
    times, samples = SIZES[scale]
    table, overrides = Table(), (f"seed={seed + 3}", f"data.samples={samples}")
    model = models.read("conv-digits", overrides=overrides)
    net, t = model.network, np.linspace(0.0, END, times)
    rest = nd.relax(net, model.x)
    nudged = nd.nudge(net, rest, model.y, beta=BETA, nudging="centered", t_eval=t)
    side = nd.side_network(net, rest, model.y, t_eval=t)
    found = analysis.step_by_step(nudged, side)
    for block, name in LAYERS.items():
        table.add(f"{name}: relative difference of EP from BPTT over time", found.relmse[block])
    table.begin()
    exact = nd.gradient(net, model.x, model.y, method="bptt", step=STEP, steps=round(END / STEP))
    for block, name in LAYERS.items():
        ours = nudged.parameter_gradient(END)[block]
        table.add(f"{name}: difference of EP from discrete BPTT at the end", _relative(ours, exact[block]))
    if folder is not None:
        write_figures(folder, {"gradients": _draw(nudged, side, t)})
    return table.rows


def _relative(found: Any, expected: Any) -> float:
    """Length of the difference over that of what is expected."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def _draw(nudged: Any, side: Any, t: Any) -> Any:
    """Of each layer the three weights with the largest derivatives, over time."""
    axes = style.new_axes(1, len(LAYERS), height=2.6)
    tilde, bar = ([run.parameter_gradient(at) for at in t] for run in (nudged, side))
    for ax, (block, name) in zip(axes, LAYERS.items(), strict=True):
        ours, theirs = (np.array([found[block].ravel() for found in some]) for some in (tilde, bar))
        largest = np.argsort(np.abs(theirs[-1]))[-3:]
        ax.plot(t, ours[:, largest], color=style.NUDGED, lw=1.6)
        ax.plot(t, theirs[:, largest], color=style.SIDE, ls="--", lw=1.0)
        ax.set(xlabel=style.TIME, title=f"{name}, {block}")
        ax.title.set_fontsize(style.small_size())
    axes[0].set_ylabel("derivative by a weight")
    axes[-1].plot([], [], color=style.NUDGED, label="EP")
    axes[-1].plot([], [], color=style.SIDE, ls="--", label="BPTT")
    style.legend(axes[-1], loc="lower right")
    return axes[0].figure
