"""Plain steps, momentum and Adam on 784-500-500-10: validation errors by epoch, and why outputs fall silent.

    python -m tests.benchmarks.deep_optimizers --out LOG --epochs 8 plain:1 adam:0.001 adam:0.0005:0.3

2,000 images to learn from, 500 others to validate with. After each epoch it is noted which digits are never
answered, for how many images no output is above zero, and how large the gradient is. Every run that is done is a line
of the log: what was stopped goes on there.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click
import numba
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.learning.clipped import ClippedLearner
from neurodyn.models.data import mnist

SIZES, TRAINED, HELD, PROBED = [784, 500, 500, 10], 2_000, 500, 100
#: What all runs share: two nudged phases, and free phases from zero that end early.
SHARED: dict[str, Any] = {
    "nudging": "centered", "beta": 2.0, "free_steps": 100, "nudged_steps": 6, "tol": 0.01, "persistent": False,
    "schedule": "linear",
}  # fmt: skip
#: Rates of plain steps, by which other settings are factors; they make up for error signals that shrink on their way.
LADDER = np.array([3.0, 0.07, 0.003])
#: The rates of EP 2017.
PAPER = np.array([0.4, 0.1, 0.01])


def settings(name: str) -> dict[str, Any]:
    """What a name stands for: ``plain:F``, ``paper:F``, ``momentum:F``, ``adam:RATE``, or ``adam:RATE:FALL``.

    Plain steps have F times the ladder, or the paper's rates; momentum a tenth of the ladder, which moves as far.
    Adam's rates fall by a factor from each connection to the next.
    """
    kind, size, *more = name.split(":")
    if kind == "adam":
        fall = float(more[0]) if more else 1.0
        return {"optimizer": "adam", "rates": [float(size) * fall**k for k in range(3)]}
    if kind == "momentum":
        return {"optimizer": "momentum", "rates": (0.1 * float(size) * LADDER).tolist()}
    return {"rates": (float(size) * (PAPER if kind == "paper" else LADDER)).tolist()}


def probe(network: nd.system.network.Network, recipe: Any, x: Any, y: Any) -> dict[str, Any]:
    """The digits that are never answered, and the fraction of images for which no output is above zero."""
    outputs = nd.evaluate(network, x, y, recipe).outputs
    return {"silent": sorted(set(range(10)) - set(np.argmax(outputs, axis=1).tolist())),
            "no output": float(np.mean(np.max(outputs, axis=1) <= 0.0))}  # fmt: skip


def gradient_sizes(network: Any, x: Any, y: Any, recipe: Any) -> list[float]:
    """Root mean square of the gradient over the weights of each connection, inputs first."""
    from neurodyn.learning.samples import Samples

    learner = ClippedLearner(network, Samples.of(network, x, y), recipe)
    found = learner.gradient(Samples.of(network, x, y))
    return [float(np.sqrt(np.mean(found[c.name] ** 2))) for c in network.graph.connections]


def learn(name: str, epochs: int, data: str | None, seed: int) -> dict[str, Any]:
    """Learn, and return what was measured after each epoch."""
    train = mnist("train", data)
    x, y = train.images[:TRAINED], train.labels[:TRAINED]
    held = train.images[-HELD:], train.labels[-HELD:]
    network = models.Hopfield.layered(SIZES, activation="hard-sigmoid", seed=seed)
    recipe = nd.Recipe.of(**SHARED, **settings(name), epochs=epochs, seed=seed).resolved(network)
    seen: list[dict[str, Any]] = []

    def look(epoch: Any) -> None:
        seen.append(probe(epoch.network, recipe, *held) |
                    {"gradient": gradient_sizes(epoch.network, x[:PROBED], y[:PROBED], recipe)})  # fmt: skip
        click.echo(f"{name}, epoch {epoch.number + 1}: {epoch.measures['validation_error']:.4f} {seen[-1]}")

    began = time.process_time()
    found = nd.learn(network, x, y, recipe, validation=held, callbacks=look)
    assert found.validation_error is not None
    return {
        "validation_error": [round(100.0 * float(e), 2) for e in found.validation_error],
        "train_error": [round(100.0 * float(e), 2) for e in found.train_error],
        "steps": [round(float(s), 1) for s in found.steps], "by epoch": seen,
        "processor_seconds": round(time.process_time() - began, 1),
    }  # fmt: skip


@click.command()
@click.argument("names", nargs=-1)
@click.option("--epochs", default=8)
@click.option("--seed", default=0)
@click.option("--out", default="deep-optimizers.jsonl", help="The log.")
@click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
def main(names: tuple[str, ...], epochs: int, seed: int, out: str, data: str | None) -> None:
    """Learn with each of the settings that are not in the log."""
    numba.set_num_threads(1)
    log = Path(out)
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for name in names:
        about = {"name": name, "epochs": epochs, "seed": seed}
        if not any(about.items() <= line.items() for line in done):
            line = about | learn(name, epochs, data, seed)
            with log.open("a") as file:
                file.write(json.dumps(line) + "\n")
            click.echo(f"{name}, {epochs} epochs: {line['validation_error']}")


if __name__ == "__main__":
    main()
