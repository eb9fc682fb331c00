"""Two convolutions learn MNIST by equilibrium propagation (M. Ernoult et al., NeurIPS 32, 2019).

28×28 pixels, 32 channels of 12×12 units, 64 channels of 4×4 units, 10 outputs that are read through a softmax: kernels
of 5×5 weights and averages over 2×2 places. Free and nudged phases are those of `convolutions.Circuit`, in float32; the
nudge has both signs. Weights change by Adam, with a rate that falls to zero, and each image is moved a little every
time. Training is kept after every tenth of an epoch and goes on from there when the command is called again. Without
MNIST the library's 8×8 digits take its place.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.analysis.plots import style
from neurodyn.errors import DataError
from neurodyn.models.data.image_sets import LabelledData, digits, mnist
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.blas import one_thread
from neurodyn.progress import Bar, note
from neurodyn.reproductions.convolutions import Circuit, Layer, Single
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.moved_images import moved
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

#: Test error of the paper's convolutional network, in percent: "about 1" in its abstract.
PAPER = 1.0
BETA, BATCH = 0.1, 40
#: Strength of the feedback; sweeps of a free and of each nudged phase. Few are needed where feedback is weak, and no
#: image is then far from rest: one that is still on its way answers a nudge far too strongly.
FEEDBACK, FREE_SWEEPS, NUDGED_SWEEPS = 0.1, 6, 4
#: Rate of Adam at the start, its two averages, and what keeps its divisor from zero.
RATE, MEAN, SQUARE, LEAST = 4e-3, 0.9, 0.999, 1e-6
#: First weights, relative to variance 2 / fan-in.
GAIN = 0.7
#: Epochs on MNIST.
EPOCHS = 4
#: How many pieces of an epoch are kept and measured.
PIECES = 10


@dataclass(frozen=True)
class Size:
    """What is learned from, and by how large a circuit."""

    train: LabelledData
    test: LabelledData
    first: Layer
    second: Layer
    epochs: int


@dataclass
class Learning:
    """A circuit while it learns: its minibatches so far, both averages of Adam, and what was measured."""

    circuit: Circuit
    step: int
    mean: dict[str, Single]
    square: dict[str, Single]
    history: list[tuple[float, float, float]]  # epochs so far, fraction misread since the last entry, seconds in all


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn, and read the test images."""
    size, table = _size_here(scale), Table()
    learning = begin(size, seed)
    kept = Kept(folder, scale, about(size, seed))
    resume(kept, learning)
    with one_thread():
        learn(learning, size, seed, kept)
        error = misread(learning.circuit, size.test)
    paper = PAPER if size.test.name == "mnist" else None
    table.add(f"test error, {size.test.name}", 100 * error, paper=paper, unit="%")
    table.add("error while learning, at the end", 100 * learning.history[-1][1], unit="%")
    table.add("time to learn", learning.history[-1][2], unit="s")
    if folder is not None:
        _draw(learning, error, folder)
    return table.rows


def size_of(what: str) -> Size:
    """For "full" all of MNIST; the library's digits for "digits", and for "small" two epochs of these."""
    if what == "full":
        return Size(mnist("train"), mnist("test"), Layer(28, 1, 32), Layer(12, 32, 64), EPOCHS)
    first, second = Layer(8, 1, 16, kernel=3), Layer(3, 16, 32, kernel=2, pool=1)
    return Size(digits("train"), digits("test"), first, second, 2 if what == "small" else 40)


def _size_here(scale: Scale) -> Size:
    """That of a scale, or the library's digits where MNIST is missing."""
    try:
        return size_of(scale)
    except DataError as error:
        note(f"neurodyn: the library's digits stand for MNIST: {error}")
        return size_of("digits")


def begin(size: Size, seed: int) -> Learning:
    """Before the first minibatch."""
    circuit = Circuit.drawn(size.first, size.second, size.train.classes, seed, GAIN, FEEDBACK)
    zeros = {name: np.zeros_like(w) for name, w in circuit.weights.items()}
    return Learning(circuit, 0, zeros, {name: w.copy() for name, w in zeros.items()}, [])


def learn(learning: Learning, size: Size, seed: int, kept: Kept) -> None:
    """All minibatches that are left; what is done is kept after each piece of an epoch."""
    count, total = len(size.train.labels), _minibatches(size)
    each = total // size.epochs
    piece, wrong, seen, began = max(1, each // PIECES), 0, 0, time.perf_counter()
    with Bar("learning") as bar:
        while learning.step < total:
            epoch, number = divmod(learning.step, each)
            order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,))).permutation(count)
            picks = order[number * BATCH : (number + 1) * BATCH]
            own = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch, number)))
            images = moved(size.train.images[picks], own)
            wrong += _minibatch(learning, images, size.train.labels[picks], 1.0 - learning.step / total)
            seen += len(picks)
            bar.update(learning.step / total)
            if learning.step % piece == 0 or learning.step == total:
                spent = time.perf_counter() - began + (learning.history[-1][2] if learning.history else 0.0)
                learning.history.append((learning.step / each, wrong / seen, spent))
                wrong, seen, began = 0, 0, time.perf_counter()
                keep(kept, learning)


def _minibatches(size: Size) -> int:
    """How many there are in all; what is left over of an epoch is left out of it."""
    return size.epochs * (len(size.train.labels) // BATCH)


def _minibatch(learning: Learning, images: Array, labels: Integers, factor: float) -> int:
    """Change the weights by one minibatch; returns how many of its images were misread."""
    circuit = learning.circuit
    target = np.eye(circuit.outputs, dtype=np.float32)[labels]
    rest, gradient = circuit.gradient(images.astype(np.float32), target, BETA, FREE_SWEEPS, NUDGED_SWEEPS)
    learning.step += 1
    for name, slope in gradient.items():
        mean, square = learning.mean[name], learning.square[name]
        mean += np.float32(1.0 - MEAN) * (slope - mean)
        square += np.float32(1.0 - SQUARE) * (slope * slope - square)
        rate = np.float32(factor * RATE / (1.0 - MEAN**learning.step))
        size = np.sqrt(square / np.float32(1.0 - SQUARE**learning.step)) + np.float32(LEAST)
        circuit.weights[name] -= rate * mean / size
    return int(np.sum(rest.y.argmax(axis=1) != labels))


def misread(circuit: Circuit, data: LabelledData) -> float:
    """Fraction of images whose largest output at rest is not their label's."""
    wrong = 0
    for first in range(0, len(data.labels), 250):
        images = data.images[first : first + 250].astype(np.float32)
        rest = circuit.settle(circuit.drive(images)[1], circuit.zero(len(images)), FREE_SWEEPS)
        wrong += int(np.sum(rest.y.argmax(axis=1) != data.labels[first : first + 250]))
    return wrong / len(data.labels)


def about(size: Size, seed: int) -> object:
    """What a kept training is of: everything that decides its weights."""
    settings = BETA, BATCH, FREE_SWEEPS, NUDGED_SWEEPS, FEEDBACK, RATE, MEAN, SQUARE, LEAST, GAIN
    return seed, size.epochs, size.first, size.second, size.train.name, len(size.train.labels), settings


def _parts(learning: Learning) -> dict[str, dict[str, Single]]:
    """The arrays of a training, which change in place."""
    return {"weights": learning.circuit.weights, "mean": learning.mean, "square": learning.square}


def keep(kept: Kept, learning: Learning) -> None:
    """Keep what is done."""
    arrays: dict[str, Any] = {
        f"{part} {name}": v for part, some in _parts(learning).items() for name, v in some.items()
    }
    kept.write("training", arrays | {"step": learning.step, "history": np.array(learning.history)})


def resume(kept: Kept, learning: Learning) -> bool:
    """Go on from what is kept, if it is of the same training."""
    found = kept.read("training")
    if found is None:
        return False
    for part, some in _parts(learning).items():
        for name in some:
            some[name][...] = found[f"{part} {name}"]
    learning.step, learning.history = int(found["step"]), [tuple(row) for row in found["history"].tolist()]
    return True


def _draw(learning: Learning, error: float, folder: Path) -> None:
    """Error over epochs, and the kernels of the first convolution."""
    ax = style.new_axes(height=3.0, width=4.5)[0]
    epochs, wrong, _ = np.array(learning.history).T
    ax.plot(epochs, 100 * wrong, color=style.FREE, label="while learning")
    ax.axhline(100 * error, color=style.NUDGED, ls="--", label=f"test, at the end: {100 * error:.2f} %")
    ax.set(xlabel="epoch", ylabel="images misread (%)", yscale="log")
    style.legend(ax, loc="upper right")
    kernels = learning.circuit.weights["x-h1"][:, :, 0]
    panels = style.new_axes(4, kernels.shape[2] // 4, height=3.6)
    for k, panel in enumerate(panels):
        panel.imshow(kernels[:, :, k], cmap="gray", vmin=-np.abs(kernels).max(), vmax=np.abs(kernels).max())
        panel.set(xticks=[], yticks=[])
    write_figures(folder, {"learning": ax.figure, "kernels": panels[0].figure})
