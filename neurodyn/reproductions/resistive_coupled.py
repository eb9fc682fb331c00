"""Coupled learning in two identical resistor networks (S. Dillavou et al., Phys. Rev. Applied 18, 014040, 2022).

Two networks share their conductances. In one the outputs are free; in the other they are clamped a little nearer to
their targets than the free ones are, at v + η (y − v). Every resistor compares its voltage drop with that of its twin:

    dg/dt = −(1/2η) [(v_i − v_j)²_clamped − (v_i − v_j)²_free]

M. Stern et al., Phys. Rev. X 11, 021045 (2021), show allosteric tasks: given source voltages, wanted outputs far away.
Here the rule is compared with equilibrium propagation, which nudges by a current instead.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models import terms
from neurodyn.numerics.arrays import Array
from neurodyn.reproductions.circuit import learn
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network

#: Inner nodes, and steps.
SIZES = {"small": (6, 5), "full": (16, 300)}
OUTPUTS = 2
#: The rates of both methods: a clamp moves all else further than a nudge does, by about the conductance of a node.
RATES = {"coupled-learning": 0.3, "equilibrium-propagation": 3.0}
#: And their strengths.
METHODS: dict[str, dict[str, Any]] = {
    "coupled-learning": {"eta": 0.1},
    "equilibrium-propagation": {"beta": 0.1, "duration": 40.0},
}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn an allosteric task by both rules from the same conductances."""
    (nodes, steps), table, costs = SIZES[scale], Table(), {}
    start, x, y = network(nodes, seed), np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]]), np.array([[0.7, 0.4], [0.3, 0.6]])
    both = [nd.gradient(start, x, y, method=name, **options) for name, options in METHODS.items()]
    table.add("cosine of the first steps of both rules", both[0].cosine(both[1]))
    for name, options in METHODS.items():
        table.begin()
        path: list[float] = [cost(start, x, y)]
        end = learn(
            start,
            x,
            y,
            epochs=steps,
            batch=len(x),
            rate=RATES[name],
            rng=np.random.default_rng(seed),
            method=name,
            on_epoch=partial(_look, path, x, y),
            **options,
        )
        costs[name] = np.array(path)
        table.add(f"cost in the end over that before, {name}", path[-1] / path[0])
        table.add(f"smallest conductance, {name}", end.parameters.vector.min())
    if folder is not None:
        ax = style.new_axes(height=3.0, width=4.8)[0]
        for k, name in enumerate(METHODS):
            ax.semilogy(costs[name], color=style.METHODS[k], ls=style.DASHES[k], label=name)
        ax.set(xlabel="steps", ylabel="cost (V²)")
        style.legend(ax, loc="upper right")
        write_figures(folder, {"coupled-learning": ax.figure})
    return table.rows


def network(nodes: int, seed: int) -> Network:
    """Three sources joined to all inner nodes, which are joined to each other and to the outputs."""
    energy = [terms.Resistor(*ends) for ends in (("x", "h"), ("h", "h"), ("h", "y"))]
    populations = {
        "x": {"size": 3, "role": "input"},
        "h": {"size": nodes, "activation": "linear"},
        "y": {"size": OUTPUTS, "activation": "linear", "role": "output"},
    }
    return models.EnergyNetwork(populations, energy, seed=seed, gain=1.0)


def _look(path: list[float], x: Array, y: Array, epoch: int, net: Network) -> None:
    """Write down the cost after a step."""
    path.append(cost(net, x, y))


def cost(net: Network, x: Array, y: Array) -> float:
    """Half the squared distance of the outputs from their targets, in the mean over samples."""
    return float(net.cost(nd.relax(net, x).state, y).mean())
