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
#: Circuits, each with random numbers of its own.
SEEDS = {"small": 1, "full": 3}
#: To what part of it the rate falls; over what part of all steps, at the end, logarithms of conductances are averaged.
LAST, AVERAGED = 0.3, 0.25
BATCH, BETA, RATE = 50, 0.1, 0.1
#: Two averages of Adam, and what keeps its divisor from zero.
MEAN, SQUARE, LEAST = 0.9, 0.999, 1e-12
#: Voltage of a white pixel; diodes; conductances: largest ones at the beginning, and the range of a device.
VOLTAGE, DIODES, FIRST, RANGE = 80.0, Diodes(saturation=0.2, thermal=2.5), 0.1, (1e-4, 4.0)


@dataclass
class Learning:
    """Conductances, averages of Adam, the sum of logarithms, steps; percent of test images read after each epoch."""

    g: Conductances
    mean: Conductances
    square: Conductances
    total: Conductances
    step: int
    count: int
    accuracy: list[float]

    def averaged(self) -> Conductances:
        """Geometric means over the last epochs."""
        return {name: np.exp(value / self.count) for name, value in self.total.items()}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Some circuits learn the training part; then they read the test part."""
    (hidden, epochs, count, asked), table = SIZES[scale], Table()
    train, test = digits("train").take(count), digits("test").take(asked)
    kept = Kept(folder, scale, (SIZES[scale], LAST, AVERAGED, BATCH, BETA, RATE, VOLTAGE, DIODES, FIRST, RANGE))
    circuits, seeds = [], range(seed, seed + SEEDS[scale])
    with one_thread(), Bar("resistive digits") as bar:
        for one in seeds:
            circuits.append(learning := begin(hidden, one))
            resume(kept, f"training, seed {one}", learning)
            for epoch in range(len(learning.accuracy), epochs):
                learn(learning, train, epochs, np.random.default_rng(np.random.SeedSequence(one, spawn_key=(epoch,))))
                learning.accuracy.append(right(learning.g, test))
                keep(kept, f"training, seed {one}", learning)
                bar.update((len(circuits) - 1 + (epoch + 1) / epochs) / len(seeds))
        ends = [learning.averaged() for learning in circuits]
        table.add_mean("digits of 8x8 pixels read rightly", np.array([right(g, test) for g in ends]), unit="%")
        table.add_mean("those that it has learned", np.array([right(g, train) for g in ends]), unit="%")
        table.add("smallest conductance", min(value.min() for g in ends for value in g.values()))
        table.add("power turned into heat, per image", power(ends[0], sources(test.images)))
    if folder is not None:
        curves = [learning.accuracy for learning in circuits]
        write_figures(folder, {"resistive-digits": _draw(curves, right(ends[0], test))})
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
    mean, square, total = ({name: np.zeros_like(value) for name, value in g.items()} for _ in range(3))
    return Learning(g, mean, square, total, step=0, count=0, accuracy=[])


def learn(learning: Learning, train: LabelledData, epochs: int, rng: np.random.Generator) -> None:
    """One epoch of images that are moved a little, at a rate that falls over all epochs."""
    order = rng.permutation(len(train.labels))
    total = epochs * -(-len(order) // BATCH)
    for first in range(0, len(order), BATCH):
        picks = order[first : first + BATCH]
        x, target = sources(moved(train.images[picks], rng)), np.eye(10)[train.labels[picks]]
        slopes = gradient(learning.g, DIODES, x, target, BETA)[1]
        rate = RATE * (1.0 - (1.0 - LAST) * learning.step / total)
        learning.step += 1
        for name, slope in slopes.items():
            move(learning, name, slope, rate)
        if learning.step > (1.0 - AVERAGED) * total:
            learning.count += 1
            for name, value in learning.g.items():
                learning.total[name] += np.log(value)


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


def _parts(learning: Learning) -> dict[str, Conductances]:
    """The arrays of a training."""
    return {"g": learning.g, "mean": learning.mean, "square": learning.square, "total": learning.total}


def keep(kept: Kept, part: str, learning: Learning) -> None:
    """Keep what is done."""
    arrays: dict[str, Any] = {
        f"{name} {block}": value for name, some in _parts(learning).items() for block, value in some.items()
    }
    numbers = {"step": learning.step, "count": learning.count, "accuracy": np.array(learning.accuracy)}
    kept.write(part, arrays | numbers)


def resume(kept: Kept, part: str, learning: Learning) -> None:
    """Go on from what is kept, if it is of the same training."""
    found = kept.read(part)
    if found is not None:
        for name, some in _parts(learning).items():
            some.update({block: found[f"{name} {block}"] for block in some})
        learning.step, learning.count = int(found["step"]), int(found["count"])
        learning.accuracy = found["accuracy"].tolist()


def _draw(accuracy: list[list[float]], end: float) -> Any:
    """How much each circuit reads rightly after every epoch, and the first one in the mean of its conductances."""
    ax = style.new_axes(height=2.8, width=4.5)[0]
    for curve in accuracy:
        ax.plot(np.arange(1, len(curve) + 1), curve, color=style.FREE, lw=0.8)
    ax.axhline(end, color=style.NUDGED, ls="--", label=f"mean conductances of the last epochs: {end:.1f} %")
    ax.set(xlabel="epoch", ylabel="test digits read rightly (%)")
    style.legend(ax, loc="lower right")
    return ax.figure
