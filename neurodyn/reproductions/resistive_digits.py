"""Handwritten digits read by a network of resistors and diodes that learns by equilibrium propagation.

J. Kendall et al., arXiv:2006.01981 (2020), simulate a circuit with 100 hidden nodes and amplifiers on MNIST. Here the
images are the library's, of 8x8 pixels; there are no amplifiers, but two hidden layers with diodes of both directions.
The output with the highest voltage is the digit. Voltages are in units of a tenth of a volt, in which they are the
logarithms of a softmax read-out. States are those of `diode_layers`, and conductances move by Adam in their logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.analysis.plots import style
from neurodyn.models.data.image_sets import LabelledData, digits
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.progress import Bar
from neurodyn.reproductions.diode_layers import BLOCKS, Conductances, Diodes, gradient, rest, squared_drops
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.moved_images import moved
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

#: Hidden nodes of either kind, epochs, training and test images.
SIZES = {"small": (4, 1, 50, 50), "full": (64, 40, 1287, 510)}
BATCH, BETA, RATE = 50, 0.1, 0.1
#: Two averages of Adam, and what keeps its divisor from zero.
MEAN, SQUARE, LEAST = 0.9, 0.999, 1e-12
#: Voltage of a white pixel; diodes; conductances: largest ones at the beginning, and the range of a device.
VOLTAGE, DIODES, FIRST, RANGE = 80.0, Diodes(saturation=0.2, thermal=2.5), 0.1, (1e-4, 4.0)


@dataclass
class Learning:
    """Conductances, both averages of Adam, steps so far, and percent of test images read rightly after each epoch."""

    g: Conductances
    mean: Conductances
    square: Conductances
    step: int
    accuracy: list[float]


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn the training part, and read the test part after every epoch."""
    (hidden, epochs, count, asked), table = SIZES[scale], Table()
    train, test = digits("train").take(count), digits("test").take(asked)
    kept = Kept(folder, scale, (seed, SIZES[scale], BATCH, BETA, RATE, VOLTAGE, DIODES, FIRST, RANGE))
    learning = begin(hidden, seed)
    resume(kept, learning)
    with one_thread(), Bar("resistive digits") as bar:
        for epoch in range(len(learning.accuracy), epochs):
            learn(learning, train, epochs, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,))))
            learning.accuracy.append(right(learning.g, test))
            keep(kept, learning)
            bar.update((epoch + 1) / epochs, f"{learning.accuracy[-1]:.1f} % of the test part")
        table.add("digits of 8x8 pixels read rightly", learning.accuracy[-1], unit="%")
        table.add("those that it has learned", right(learning.g, train), unit="%")
        table.add("smallest conductance", min(g.min() for g in learning.g.values()))
        table.add("power turned into heat, per image", power(learning.g, sources(test.images)))
    if folder is not None:
        write_figures(folder, {"resistive-digits": _draw(learning.accuracy)})
    return table.rows


def sources(images: Array) -> Array:
    """Voltages of the sources for images (batch, pixels): with both signs, as conductances are positive, and ±1."""
    x, one = 2.0 * images - 1.0, np.ones((len(images), 1))
    return VOLTAGE * np.concatenate([x, -x, one, -one], axis=1)


def begin(hidden: int, seed: int) -> Learning:
    """Before the first minibatch."""
    rng, sizes = np.random.default_rng(seed), {"x": 2 * 64 + 2, "h1": hidden, "h2": hidden, "y": 10}
    g = {name: rng.uniform(0.0, FIRST, [sizes[end] for end in name.split("-")]) for name in BLOCKS}
    g = {name: np.clip(value, *RANGE) for name, value in g.items()}
    zeros = [{name: np.zeros_like(value) for name, value in g.items()} for _ in range(2)]
    return Learning(g, zeros[0], zeros[1], 0, [])


def learn(learning: Learning, train: LabelledData, epochs: int, rng: np.random.Generator) -> None:
    """One epoch of images that are moved a little, at a rate that falls to 0 over all epochs."""
    order = rng.permutation(len(train.labels))
    total = epochs * -(-len(order) // BATCH)
    for first in range(0, len(order), BATCH):
        picks = order[first : first + BATCH]
        x, target = sources(moved(train.images[picks], rng)), np.eye(10)[train.labels[picks]]
        slopes = gradient(learning.g, DIODES, x, target, BETA)[1]
        rate = RATE * (1.0 - learning.step / total)
        learning.step += 1
        for name, slope in slopes.items():
            move(learning, name, slope, rate)


def move(learning: Learning, name: str, slope: Array, rate: float) -> None:
    """Change conductances by a step of Adam in their logarithms w: dJ/dw = g dJ/dg."""
    g, mean, square = learning.g[name], learning.mean[name], learning.square[name]
    mean += (1.0 - MEAN) * (g * slope - mean)
    square += (1.0 - SQUARE) * ((g * slope) ** 2 - square)
    size = np.sqrt(square / (1.0 - SQUARE**learning.step)) + LEAST
    learning.g[name] = np.clip(g * np.exp(-rate * mean / (1.0 - MEAN**learning.step) / size), *RANGE)


def right(g: Conductances, data: LabelledData) -> float:
    """Percent of images read rightly."""
    return 100.0 * float(np.mean(rest(g, DIODES, sources(data.images)).y.argmax(axis=1) == data.labels))


def power(g: Conductances, x: Array) -> float:
    """Power that resistors turn into heat at rest, Σ g (v_i − v_j)², in the mean over images."""
    drops = squared_drops(x, rest(g, DIODES, x))
    return float(sum(2.0 * np.sum(g[name] * drops[name]) for name in BLOCKS))


def keep(kept: Kept, learning: Learning) -> None:
    """Keep what is done."""
    parts = {"g": learning.g, "mean": learning.mean, "square": learning.square}
    arrays: dict[str, Any] = {f"{part} {name}": value for part, some in parts.items() for name, value in some.items()}
    kept.write("training", arrays | {"step": learning.step, "accuracy": np.array(learning.accuracy)})


def resume(kept: Kept, learning: Learning) -> None:
    """Go on from what is kept, if it is of the same training."""
    found = kept.read("training")
    if found is not None:
        for part, some in (("g", learning.g), ("mean", learning.mean), ("square", learning.square)):
            some.update({name: found[f"{part} {name}"] for name in some})
        learning.step, learning.accuracy = int(found["step"]), found["accuracy"].tolist()


def _draw(accuracy: list[float]) -> Any:
    """How much is read rightly after each epoch."""
    ax = style.new_axes(height=2.8, width=4.5)[0]
    ax.plot(np.arange(1, len(accuracy) + 1), accuracy, color=style.FREE)
    ax.set(xlabel="epoch", ylabel="test digits read rightly (%)")
    return ax.figure
