"""Recipes for MNIST found on validation data: random recipes, of which the better third goes on to the next rung.

    python -m tests.benchmarks.recipes TASK --out LOG --data FOLDER

All that is chosen is chosen on the last 10,000 training images. The best recipe then learns from all 60,000 with three
seeds, and each network is tested once. Every run that is done is a line of the log: what was stopped goes on there.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.models.data import mnist

#: Samples, epochs and recipes of each rung; then the epochs of the recipe that is left.
RUNGS = ((10_000, 6, 18), (50_000, 8, 5))
FINAL_EPOCHS, SEEDS = 30, (0, 1, 2)
HELD_OUT = 10_000
#: Learning rates of the weights from the inputs: the ends of the range that is searched, by optimizer.
RATES = {"sgd": (0.3, 3.0), "momentum": (0.03, 0.3), "adam": (2e-4, 2e-3)}
#: Shrinkage by weight decay over a whole training, in powers of e: the ends of the range.
SHRINKAGE = (0.01, 10.0)


@dataclass(frozen=True)
class Task:
    """A network to find a recipe for."""

    sizes: tuple[int, ...]
    shift: int
    fixed: dict[str, Any]


SHALLOW = {"free_steps": 20, "nudged_steps": 4}
DEEP = {"free_steps": 100, "nudged_steps": 6, "tol": 0.01}
TASKS = {
    "784-500-10": Task((784, 500, 10), 1, SHALLOW),
    "784-500-10-unshifted": Task((784, 500, 10), 0, SHALLOW),
    "784-500-500-10": Task((784, 500, 500, 10), 1, DEEP),
}


def draw(task: Task, number: int) -> dict[str, Any]:
    """Recipe of this number: the same whoever asks."""
    rng = np.random.default_rng([len(task.sizes), task.shift, number])
    optimizer = str(rng.choice(list(RATES)))
    low, high = np.log(RATES[optimizer])
    first = float(np.exp(rng.uniform(low, high)))
    fall = float(np.exp(rng.uniform(np.log(0.03), np.log(0.5)))) if optimizer != "adam" else 1.0
    connections = len(task.sizes) - 1
    rates = [first * fall**k for k in range(connections)]
    if connections > 2 and optimizer != "adam":  # error signals shrink on their way down
        rates = [first * float(np.exp(rng.uniform(np.log(0.02), np.log(0.2)))) ** k for k in range(connections)]
    size = int(rng.choice([20, 50]))
    steps = FINAL_EPOCHS * 60_000 / size
    decay = float(np.exp(rng.uniform(*np.log(SHRINKAGE)))) / (first * steps)
    return {
        "optimizer": optimizer, "rates": [float(f"{rate:.3g}") for rate in rates],
        "weight_decay": float(f"{decay:.2g}"), "batch_size": size, "beta": float(rng.choice([0.5, 1.0, 2.0])),
        "nudging": "centered", "persistent": False, "schedule": "linear", "shift": task.shift, **task.fixed,
    }  # fmt: skip


class Log:
    """The runs that are done, a line of JSON each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def find(self, **about: Any) -> dict[str, Any] | None:
        """The run that is about this."""
        return next((line for line in self.lines if about.items() <= line.items()), None)

    def add(self, line: dict[str, Any]) -> dict[str, Any]:
        """Write one more."""
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.lines.append(line)
        click.echo(json.dumps({k: v for k, v in line.items() if k != "recipe"}))
        return line


def run(task: Task, recipe: dict[str, Any], x: Any, y: Any, *, epochs: int, seed: int, **more: Any) -> dict[str, Any]:
    """Learn, and return the errors and seconds."""
    network = models.Hopfield.layered(list(task.sizes), activation="hard-sigmoid", seed=seed)
    began = time.perf_counter(), time.process_time()
    found = nd.learn(network, x, y, recipe, epochs=epochs, seed=seed, **more)
    validation = None if found.validation_error is None else float(found.validation_error[-1])
    return {"train_error": float(found.train_error[-1]), "validation_error": validation,
            "test_error": found.test_error, "seconds": round(time.perf_counter() - began[0], 1),
            "processor_seconds": round(time.process_time() - began[1], 1)}  # fmt: skip


@click.command()
@click.argument("name", type=click.Choice(list(TASKS)))
@click.option("--out", default="recipes.jsonl", help="The log.")
@click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
def main(name: str, out: str, data: str | None) -> None:
    """Find a recipe for a network, and test it."""
    task, log, train = TASKS[name], Log(Path(out)), mnist("train", data)
    held = train.images[-HELD_OUT:], train.labels[-HELD_OUT:]
    numbers = list(range(RUNGS[0][2]))
    for rung, (count, epochs, most) in enumerate(RUNGS):
        errors = {}
        for number in numbers[:most]:
            about = {"task": name, "rung": rung, "number": number}
            recipe = draw(task, number)
            done = log.find(**about) or log.add(
                about | run(task, recipe, train.images[:count], train.labels[:count], epochs=epochs, seed=0,
                            validation=held) | {"recipe": recipe}
            )  # fmt: skip
            errors[number] = done["validation_error"]
        numbers = sorted(errors, key=lambda number: errors[number])
    recipe, test = draw(task, numbers[0]), mnist("test", data)
    for seed in SEEDS:
        about = {"task": name, "rung": "final", "number": numbers[0], "seed": seed}
        if not log.find(**about):
            more = {"test": (test.images, test.labels), "checkpoint": f"{out}.{name}.{seed}", "resume": True}
            log.add(about | run(task, recipe, train.images, train.labels, epochs=FINAL_EPOCHS, seed=seed, **more)
                    | {"recipe": recipe})  # fmt: skip


if __name__ == "__main__":
    main()
