"""A lattice of springs learns an allosteric response, by its stiffnesses and by its lengths at rest.

    E = Σ ½ k (d − l)²,    ∂E/∂ln k = ½ k (d − l)²,    ∂E/∂l = −k (d − l)

A pinch of two nodes is to open two others far away. Each spring needs what it has at itself: its length d in two
states. Equilibrium propagation pushes the outputs by a force, coupled learning moves them a little towards their
targets (M. Stern et al., Phys. Rev. X 11, 021045, 2021). In the sheets of M. Stern, C. Arinze, L. Perez, S. E. Palmer,
A. Murugan, PNAS 117, 14843 (2020), the stiffness of creases changes in proportion to their strain (abstract). Our
reading for a lattice, which does not fold one way or another: springs become softer by the square of their strain where
the outputs are held at their targets, the right response, and stiffer by that in the response of the lattice by itself:

    Δk ∝ (d − l)²_wrong − (d − l)²_right

All learn by Adam, whose steps in ln k and l are limited: in plain proportion, the softer a spring is the larger Δk is
beside k, and some become so soft within some tens of steps that the lattice is no longer stable.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.coupled_learning import CoupledLearning
from neurodyn.estimators.task import Task
from neurodyn.learning.training import Training
from neurodyn.numerics.arrays import Array
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.springs_drawn import draw_strain
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

EPOCHS = {"small": 2, "full": 150}
STIFFNESS, LENGTH = "x-h-y.log_stiffness", "x-h-y.length"
#: Steps of ln k and of l, in which all springs may move, by Adam.
RATES = {STIFFNESS: 0.05, LENGTH: 0.005}


@dataclass(frozen=True, kw_only=True)
class StrainRule(Estimator):
    """(d − l)² where the outputs are held at their targets, less that of the free state, over k: −Δ ln k; no Δl."""

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        change = CoupledLearning(eta=1.0).estimate(task)  # of E, and so of ½ k (d − l)² by ln k
        softer = 2.0 * change[STIFFNESS] / np.exp(2.0 * task.network.parameters[STIFFNESS])
        return Parameters.from_arrays(change.blocks, {STIFFNESS: softer, LENGTH: np.zeros_like(change[LENGTH])})


EQUILIBRIUM: dict[str, Any] = {"method": "equilibrium-propagation", "beta": 0.02}
COUPLED: dict[str, Any] = {"method": "coupled-learning", "eta": 0.1}
#: What learns, which blocks move, and options of `learn`.
RUNS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "equilibrium propagation, stiffness": ((STIFFNESS,), EQUILIBRIUM),
    "equilibrium propagation, length": ((LENGTH,), EQUILIBRIUM),
    "equilibrium propagation, both": ((STIFFNESS, LENGTH), EQUILIBRIUM),
    "coupled learning, both": ((STIFFNESS, LENGTH), COUPLED),
    "strain rule, stiffness": ((STIFFNESS,), {"method": StrainRule()}),
}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn by each rule from the same lattice, and hold the responses against the one wanted."""
    model, table = models.read("springs-allosteric"), Table()
    net, x, y = model.network, np.asarray(model.x), np.asarray(model.y)
    table.add("response before", 100 * response(net, x, y), unit="%")
    before, found, kept = cost(net, x, y), {}, Kept(folder, scale, seed)
    for name, (moving, options) in RUNS.items():
        table.begin()
        found[name] = kept.learned(name, net, x, y, **recipe(moving, EPOCHS[scale], len(x), seed), **options)
        table.spend(kept.taken())
        end = found[name].network
        table.add(f"response, {name}", 100 * response(end, x, y), unit="%")
        table.add(f"cost in the end over that before, {name}", cost(end, x, y) / before)
    if folder is not None:
        first = found["equilibrium propagation, stiffness"].network
        strains = draw_strain({"before": (net, x[0]), "after learning stiffnesses": (first, x[0])})
        write_figures(folder, {"strain": strains, "costs": _draw_costs(found)})
    return table.rows


def recipe(moving: tuple[str, ...], epochs: int, samples: int, seed: int) -> dict[str, Any]:
    """How a lattice learns in which some blocks move."""
    rates = {name: rate if name in moving else 0.0 for name, rate in RATES.items()}
    return {
        "epochs": epochs, "rates": rates, "optimizer": "adam", "schedule": "cosine", "batch_size": samples, "seed": seed
    }  # fmt: skip


def response(net: Network, x: Array, y: Array) -> float:
    """The part of the wanted displacements that the outputs have: 1 where they are as wanted along these."""
    found = nd.relax(net, x).state[:, net.outputs]
    return float(np.sum(found * y) / np.sum(y * y))


def cost(net: Network, x: Array, y: Array) -> float:
    """Half the squared distance of the outputs from their targets, in the mean over samples."""
    return float(net.cost(nd.relax(net, x).state, y).mean())


def _draw_costs(found: dict[str, Training]) -> Any:
    """The cost while each learns."""
    ax = style.new_axes(height=3.2, width=5.2)[0]
    for k, (name, training) in enumerate(found.items()):
        dash, colour = style.DASHES[k % len(style.DASHES)], style.METHODS[k]
        ax.semilogy(training.train_cost, color=colour, ls=dash, lw=1.2, label=name)
    ax.set(xlabel="steps", ylabel="cost (length²)")
    ax.set_ylim(top=30.0 * ax.get_ylim()[1])  # room for the names
    style.legend(ax, loc="upper right")
    return ax.figure
