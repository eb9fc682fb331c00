"""A lattice of springs learns to tell three species of irises, by its stiffnesses and its lengths at rest.

M. Stern, C. Arinze, L. Perez, S. E. Palmer, A. Murugan, PNAS 117, 14843 (2020), train a creased sheet to fold one way
or another under forces that encode a flower. Here a lattice of springs, which does not fold, is displaced: each of four
nodes at its left goes up by one size of the flower, as it differs from the mean in standard deviations, and one node at
the right is to go down for the species with the smallest petals, to stay for the second, to go up for the third. The
species is where it is nearest to. What learns by which rule is as in `springs_allosteric`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models import terms
from neurodyn.models.data.iris import irises
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.springs_allosteric import COUPLED, EQUILIBRIUM, LENGTH, STIFFNESS, StrainRule, cost
from neurodyn.reproductions.springs_drawn import draw_strain
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network

#: Epochs of each rule; flowers to learn from, and to ask for; those of a minibatch.
EPOCHS, FLOWERS, BATCH = {"small": 1, "full": 10}, {"small": (6, 10), "full": (100, 50)}, 20
#: Displacement of a node for one standard deviation; that of the output between two species.
SIZE, APART = 0.125, 0.1
#: Nodes of the lattice across and up, how far its places are off the regular ones, stiffness.
ACROSS, UP, JITTER, FIRST_STIFFNESS = 4, 5, 0.08, 4.0
#: Rows whose left ends are displaced; the node of the first and last row that is held; the row of the output.
INPUTS, HELD, OUTPUT = (0, 1, 3, 4), 2, 2
#: Steps of ln k and of l, by Adam.
RATES = {STIFFNESS: 0.1, LENGTH: 0.01}
#: What learns, which blocks move, and options of `learn`.
RUNS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "equilibrium propagation, stiffness": ((STIFFNESS,), EQUILIBRIUM),
    "equilibrium propagation, both": ((STIFFNESS, LENGTH), EQUILIBRIUM),
    "coupled learning, both": ((STIFFNESS, LENGTH), COUPLED),
    "strain rule, stiffness": ((STIFFNESS,), {"method": StrainRule()}),
}


@dataclass(frozen=True)
class Flowers:
    """Displacements of the nodes of the input (flowers, 12), species, and targets of the output (flowers, 2)."""

    x: Array
    species: Integers

    @property
    def y(self) -> Array:
        """(0, −0.1), (0, 0) or (0, 0.1)."""
        return np.stack([np.zeros(len(self.species)), APART * (self.species - 1.0)], axis=1)


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn by each rule from the same lattice, and ask for flowers that it has not seen."""
    (train, test), net, table = flowers(*FLOWERS[scale], seed), lattice(seed), Table()
    kept = Kept(folder, scale, (seed, EPOCHS[scale], FLOWERS[scale], RATES))
    for name, part in (("learned", train), ("new", test)):
        table.add(f"a straight line by least squares, {name} flowers", 100.0 * line(train, part), unit="%")
    table.add("before, new flowers", 100.0 * right(net, test), unit="%")
    before, found = cost(net, train.x, train.y), {}
    for name, (moving, options) in RUNS.items():
        table.begin()
        rates = {block: rate if block in moving else 0.0 for block, rate in RATES.items()}
        training = kept.learned(
            name, net, train.x, train.y, epochs=EPOCHS[scale], rates=rates, batch_size=BATCH,
            optimizer="adam", schedule="cosine", seed=seed, **options,
        )  # fmt: skip
        found[name] = training.network
        table.spend(kept.taken())
        table.add(f"learned flowers, {name}", 100.0 * right(found[name], train), unit="%")
        table.add(f"new flowers, {name}", 100.0 * right(found[name], test), unit="%")
        table.add(f"cost in the end over that before, {name}", cost(found[name], train.x, train.y) / before)
    if folder is not None:
        learned = found["equilibrium propagation, both"]
        write_figures(folder, {"strain": _strains(learned, test), "displacements": _displacements(net, found, test)})
    return table.rows


def flowers(count: int, asked: int, seed: int) -> tuple[Flowers, Flowers]:
    """So many flowers to learn from and so many others, drawn at random; both in the units of the former."""
    sizes, species, _ = irises()
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,))).permutation(len(sizes))
    known = sizes[order[:count]]
    x = np.zeros((len(sizes), 2 * (len(INPUTS) + 2)))
    x[:, 1 : 2 * len(INPUTS) : 2] = SIZE * (sizes - known.mean(axis=0)) / known.std(axis=0)
    one, other = (Flowers(x[part], species[part]) for part in (order[:count], order[count : count + asked]))
    return one, other


def lattice(seed: int) -> Network:
    """Rows of nodes, each with springs to all its neighbours, off the places of a regular lattice of triangles."""
    row, column = (part.ravel() for part in np.indices((UP, ACROSS)))
    regular = np.stack([column + 0.5 * (row % 2), row * np.sqrt(0.75)], axis=1)
    first = [r * ACROSS for r in INPUTS] + [r * ACROSS + HELD for r in (0, UP - 1)]
    last = [OUTPUT * ACROSS + ACROSS - 1]
    order = [*first, *(i for i in range(len(regular)) if i not in first + last), *last]
    regular = regular[order]
    near = np.linalg.norm(regular[:, None] - regular[None], axis=2) < 1.1
    bonds = [(int(i), int(j)) for i, j in np.argwhere(np.triu(near, 1))]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    places = regular + JITTER * rng.standard_normal(regular.shape)
    spring = terms.Spring(("x", "h", "y"), tuple(map(tuple, places.tolist())), tuple(bonds), FIRST_STIFFNESS)
    populations = {
        "x": {"size": 2 * len(first), "role": "input"},
        "h": {"size": 2 * (len(order) - len(first) - len(last)), "activation": "linear"},
        "y": {"size": 2 * len(last), "role": "output", "activation": "linear"},
    }
    return models.EnergyNetwork(populations, [spring])


def said(height: Array) -> Integers:
    """The species that a height of the output is nearest to."""
    return np.clip(np.rint(height / APART), -1, 1).astype(np.int64) + 1


def right(net: Network, part: Flowers) -> float:
    """Fraction of flowers of which the lattice says the species."""
    return float(np.mean(said(nd.relax(net, part.x).state[:, net.outputs][:, 1]) == part.species))


def line(train: Flowers, part: Flowers) -> float:
    """The same of the straight line through the targets of `train` by least squares, for comparison."""
    known, asked = (np.column_stack([some.x, np.ones(len(some.x))]) for some in (train, part))
    weights = np.linalg.lstsq(known, train.y[:, 1], rcond=None)[0]
    return float(np.mean(said(asked @ weights) == part.species))


def _strains(net: Network, test: Flowers) -> Any:
    """The lattice under the first new flower of each species."""
    cases = {name: (net, test.x[np.argmax(test.species == k)]) for k, name in enumerate(irises()[2])}
    return draw_strain(cases)


def _displacements(before: Network, found: dict[str, Network], test: Flowers) -> Any:
    """How far the output goes for each new flower, before and after learning by each rule."""
    nets = {"before": before} | found
    axes = style.new_axes(1, len(nets), height=3.0, width=9.0, sharey=True)
    for ax, (name, net) in zip(axes, nets.items(), strict=True):
        height = nd.relax(net, test.x).state[:, net.outputs][:, 1]
        for k, species in enumerate(irises()[2]):
            some = np.sort(height[test.species == k])
            at = k + np.linspace(-0.35, 0.35, len(some))
            ax.plot(at, some, ls="", marker=style.MARKERS[k], ms=3, color=style.METHODS[k], label=species)
            ax.plot([k - 0.4, k + 0.4], 2 * [APART * (k - 1)], color=style.QUIET, lw=0.8)
        for edge in (-0.5, 0.5):
            ax.axhline(edge * APART, color=style.FAINT, lw=0.8, ls=":")
        ax.set(xticks=range(3), title=name.replace(", ", ",\n"))
        ax.set_xticklabels(irises()[2], rotation=45)
        ax.title.set_fontsize(style.small_size())
    axes[0].set_ylabel("displacement of the output (length)")
    return axes[0].figure
