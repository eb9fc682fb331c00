"""Coupled oscillators learn two moons and the digits 0 to 3 by equilibrium propagation (A. Gower, arXiv:2505.02103).

    E = −Σ J_ij cos(φ_i − φ_j) − Σ h_i cos(φ_i − ψ) − ½ S Σ cos 2(φ_i − ψ),    τ dφ_i/dt = −∂E/∂φ_i

Inputs drive the hidden oscillators by fields h = W x + b, which are learned as the couplings to the outputs are; the
class is the output whose phase has turned furthest. The paper learns all ten digits of MNIST; here are four, of 8×8
pixels, or means over 4×4 pixels where MNIST is at hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.errors import DataError
from neurodyn.learning.training import Training
from neurodyn.models import terms
from neurodyn.models.data.image_sets import LabelledData, digits, mnist
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.progress import note
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network
from neurodyn.system.term import Term

#: Phases are counted from a quarter turn before the reference, so that they begin in the middle.
ANGLE = np.pi / 2
#: A weak signal that holds oscillators in the middle; spins, which a positive one makes, have no small changes.
SYNC = -0.3
BETA, DURATION = 0.1, 8.0
#: Rates of the moons and of digits.
RATES = (0.3, 0.5)
#: Norm to which longer gradients are cut: where a phase of rest is about to give way, they are very large.
LONGEST = 0.5
#: Test error on all of MNIST in the paper, in percent.
PAPER = 2.8
#: Points of two moons, and their epochs.
SIZES = {"small": (20, 2), "full": (200, 15)}
#: Images to learn from at most, and their epochs; hidden oscillators.
IMAGES = {
    "small": {"8×8 pixels": (20, 1, 16)},
    "full": {"8×8 pixels": (600, 12, 32), "MNIST at 7×7 pixels": (2000, 3, 32)},
}

Samples = tuple[Array, Integers]


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn both, test both, and draw phases."""
    points, epochs = SIZES[scale]
    table, kept = Table(), Kept(folder, scale, seed)
    train, test = moons(points, seed), moons(2 * points, seed + 1)
    moon = kept.learned(
        "moons", oscillators(2, 16, 2, seed, drive=4.0), *train, test=test, **recipe(epochs, seed, RATES[0])
    )
    table.spend(kept.taken())
    table.add("two moons, test error", _percent(moon), unit="%")
    for name, both, paper in _images(scale):
        table.begin()
        count, rounds, hidden = IMAGES[scale][name]
        train, test = four(both[0], count), four(both[1], count if scale == "small" else len(both[1].labels))
        net = oscillators(train[0].shape[1], hidden, 4, seed)
        found = kept.learned(f"digits of {name}", net, *train, test=test, **recipe(rounds, seed, RATES[1]))
        table.spend(kept.taken())
        table.add(f"digits 0 to 3 of {name}, test error", _percent(found), paper=paper, unit="%")
    if folder is not None:
        write_figures(folder, {"moons": _draw_moons(moon.network, moons(points, seed)), "phases": _draw(found, test)})
    return table.rows


def oscillators(inputs: int, hidden: int, outputs: int, seed: int, drive: float = 1.0) -> Network:
    """Inputs that drive hidden oscillators, which are coupled to the outputs; `drive` is the size of the fields."""
    populations = {
        "x": {"size": inputs, "role": "input"},
        "h": {"size": hidden, "activation": "linear"},
        "y": {"size": outputs, "role": "output", "activation": "linear"},
    }
    energy: list[Term] = [terms.PhaseField("x", "h", ANGLE), terms.PhaseCoupling("h", "y")]
    energy += [terms.PhaseBias(name, SYNC, ANGLE) for name in ("h", "y")]
    net = models.EnergyNetwork(populations, energy, seed=seed, gain=0.5)
    biases = np.random.default_rng(seed + 1).uniform(-drive / 2, drive / 2, hidden)
    return net.replace(parameters={"x-h": drive * net.parameters["x-h"], "h.fields": biases})


def recipe(epochs: int, seed: int, rate: float) -> dict[str, Any]:
    """Minibatches of 20, gradients of at most `LONGEST`, and a rate that falls to zero."""
    return {
        "method": "equilibrium-propagation", "beta": BETA, "duration": DURATION, "epochs": epochs,
        "rates": rate, "schedule": "cosine", "clip_norm": LONGEST, "persistent": False, "seed": seed,
    }  # fmt: skip


def _percent(training: Training) -> float:
    """Percent of the test samples that are misread."""
    assert training.test_error is not None  # there are test samples
    return 100.0 * training.test_error


def moons(count: int, seed: int) -> Samples:
    """Two half circles that reach into each other, with noise of 0.1: points (count, 2) and which of the two."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    label = np.arange(count) % 2
    turn = np.pi * rng.random(count)
    x = np.where(label == 0, np.cos(turn), 1.0 - np.cos(turn)) - 0.5
    y = np.where(label == 0, np.sin(turn), 0.5 - np.sin(turn)) - 0.25
    return np.stack([x, y], axis=1) + 0.1 * rng.standard_normal((count, 2)), label


def four(data: LabelledData, count: int) -> Samples:
    """The first images of the digits 0 to 3; those of 28×28 pixels as means over 4×4."""
    which = np.flatnonzero(data.labels < 4)[:count]
    images = data.images[which]
    if data.shape == (28, 28):
        images = images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)
    return images, data.labels[which]


def _images(scale: Scale) -> list[tuple[str, tuple[LabelledData, LabelledData], float | None]]:
    """Names, training and test part, and the paper's number: the library's digits, and MNIST if it is here."""
    found: list[Any] = [("8×8 pixels", (digits("train"), digits("test")), None)]
    if scale == "full":
        try:
            found.append(("MNIST at 7×7 pixels", (mnist("train"), mnist("test")), PAPER))
        except DataError as error:
            note(f"neurodyn: without MNIST: {error}")
    return found


def _draw_moons(net: Network, data: Samples) -> Any:
    """Where either output has turned further."""
    ax = style.new_axes(height=3.2, width=4.5)[0]
    side = np.linspace(-2.0, 2.0, 25)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    outputs = nd.relax(net, grid).state[:, -2:]
    lead = (outputs[:, 1] - outputs[:, 0]).reshape(25, 25)
    ax.contour(side, side, lead, levels=[0.0], colors=style.SIDE, linewidths=1.2)
    for label, colour in enumerate((style.FREE, style.NUDGED)):
        at = data[0][data[1] == label]
        ax.scatter(at[:, 0], at[:, 1], s=12, color=colour, marker=style.MARKERS[label], label=f"moon {label + 1}")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    style.legend(ax, loc="upper right")
    return ax.figure


def _draw(training: Any, test: Samples) -> Any:
    """The phases of one image of each digit on a ring, each population in its own."""
    net, axes = training.network, style.new_axes(1, 4, height=2.0)
    for digit, ax in enumerate(axes):
        image = test[0][np.flatnonzero(test[1] == digit)[0]]
        rest = nd.relax(net, image).state
        _ring(ax, rest[: net.graph["h"].size], rest[-net.n_out :], digit)
    return axes[0].figure


def _ring(ax: Any, hidden: Array, outputs: Array, digit: int) -> None:
    """Hidden oscillators as dots on a ring, outputs as their numbers outside it; the middle is on the right."""
    turn = np.linspace(0.0, 2 * np.pi, 200)
    ax.plot(np.cos(turn), np.sin(turn), color=style.FAINT, lw=0.8)
    ax.scatter(np.cos(hidden), np.sin(hidden), s=14, color=style.FREE)
    for k, phase in enumerate(outputs):
        colour, weight = (style.NUDGED, "bold") if k == digit else (style.QUIET, "normal")
        ax.plot([0.0, np.cos(phase)], [0.0, np.sin(phase)], color=colour, lw=1.0)
        place = 1.28 * np.cos(phase), 1.28 * np.sin(phase)
        ax.text(*place, str(k), color=colour, weight=weight, size=style.small_size(), ha="center", va="center")
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", title=f"an image of a {digit}")
    ax.title.set_fontsize(style.small_size())
    ax.axis("off")
