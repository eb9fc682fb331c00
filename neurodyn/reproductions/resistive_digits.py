"""Handwritten digits read by a network of resistors and diodes that learns by equilibrium propagation.

J. Kendall et al., arXiv:2006.01981 (2020), simulate a circuit with 100 hidden nodes and amplifiers on MNIST. Here the
images are the library's, of 8x8 pixels; there are no amplifiers, but two hidden layers with diodes of both directions.
The output with the highest voltage is the digit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.analysis.plots import style
from neurodyn.models.data.image_sets import digits
from neurodyn.progress import Bar
from neurodyn.reproductions.circuit import circuit, learn, outputs, power, sources
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network

#: Hidden nodes of either kind, epochs, training and test images.
SIZES = {"small": (4, 1, 50, 50), "full": (32, 12, 1287, 510)}
BATCH, RATE, GAIN = 50, 30.0, 0.05
NUDGING: dict[str, Any] = {"beta": 0.1, "nudging": "centered", "duration": 10.0}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn the training part, and read the test part after every epoch."""
    (hidden, epochs, count, asked), table = SIZES[scale], Table()
    train, test = digits("train").take(count), digits("test").take(asked)
    x, tested = sources(2.0 * train.images - 1.0), sources(2.0 * test.images - 1.0)
    net, accuracy = circuit(64, hidden, 10, seed=seed, gain=GAIN), []
    with Bar("resistive digits") as bar:

        def on_epoch(number: int, now: Network) -> None:
            accuracy.append(100.0 * (outputs(now, tested).argmax(axis=1) == test.labels).mean())
            bar.update((number + 1) / epochs, f"{accuracy[-1]:.1f} % of the test part")

        net = learn(
            net,
            x,
            np.eye(10)[train.labels],
            epochs=epochs,
            batch=BATCH,
            rate=RATE,
            rng=np.random.default_rng(seed),
            on_epoch=on_epoch,
            **NUDGING,
        )
    table.add("digits of 8x8 pixels read rightly", accuracy[-1], unit="%")
    table.add("smallest conductance", net.parameters.vector.min())
    table.add("power turned into heat, per image", power(net, tested))
    if folder is not None:
        ax = style.new_axes(height=2.8, width=4.5)[0]
        ax.plot(np.arange(1, epochs + 1), accuracy, color=style.FREE, marker="o", ms=4)
        ax.set(xlabel="epoch", ylabel="test digits read rightly (%)")
        write_figures(folder, {"resistive-digits": ax.figure})
    return table.rows
