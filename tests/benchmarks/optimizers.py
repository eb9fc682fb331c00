"""What optimizers cost in the compiled learner: processor time over that of plain steps, in turns in one process.

    python -m tests.benchmarks.optimizers --network 784-500-10

One thread, minibatches of 20, images of MNIST in shuffled order. With `NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=""`
it is held to AVX2.
"""

from __future__ import annotations

import json
import time
from typing import Any

import click
import numba
import numpy as np

from neurodyn import models
from neurodyn.learning.clipped import ClippedLearner
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.models.data import mnist

from .learning import NETWORKS, SIZE

#: What is compared, the first with itself and with the others.
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "plain, weight decay": {"weight_decay": 1e-4},
    "plain, clipped": {"clip_norm": 1.0},
    "momentum": {"optimizer": "momentum"},
    "momentum, clipped": {"optimizer": "momentum", "clip_norm": 1.0},
    "adam": {"optimizer": "adam", "rates": 1e-3},
    "adam, clipped": {"optimizer": "adam", "rates": 1e-3, "clip_norm": 1.0},
}


def compare(name: str, data: str | None, batches: int, rounds: int, cases: tuple[str, ...]) -> dict[str, Any]:
    """Microseconds of processor time for a minibatch, and the ratios: medians over rounds in turns."""
    numba.set_num_threads(1)
    sizes, rates, free, nudged = NETWORKS[name]
    part = mnist("train", data).take(batches * SIZE * 4)
    network = models.Hopfield.layered(sizes, activation="hard-sigmoid", seed=0)
    samples = Samples.of(network, part.images, part.labels)
    order = np.random.default_rng(0).permutation(len(samples))
    runs, seconds = {}, {case: [] for case in cases}  # type: ignore[var-annotated]
    for case in cases:
        recipe = Recipe.of(**{"rates": rates, "nudging": "centered", "persistent": False, "free_steps": free,
                              "nudged_steps": nudged, **CASES[case]}).resolved(network)  # fmt: skip
        runs[case] = ClippedLearner(network, samples, recipe)
    for turn in range(rounds + 1):
        first = turn * batches * SIZE % len(samples)
        for case, learner in runs.items():
            picks, measured = order[first : first + batches * SIZE], np.zeros((4, len(samples)))
            run = learner._minibatches(SIZE, picks, np.ones(batches), learner._rates, measured, None, turn)
            began = time.process_time()
            run(0, batches, 1)
            if turn:
                seconds[case].append((time.process_time() - began) / batches)
    base = np.array(seconds[cases[0]])
    return {"network": name} | {
        case: {"microseconds": round(1e6 * float(np.median(found)), 1),
               "ratio": round(float(np.median(np.array(found) / base)), 3)}
        for case, found in seconds.items()
    }  # fmt: skip


@click.command()
@click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
@click.option("--network", "name", default="784-500-10", type=click.Choice(list(NETWORKS)))
@click.option("--batches", default=100, help="Minibatches in a turn.")
@click.option("--rounds", default=15)
@click.option("--case", "cases", multiple=True, type=click.Choice(list(CASES)), help="Default: all.")
def main(data: str | None, name: str, batches: int, rounds: int, cases: tuple[str, ...]) -> None:
    """Print processor times and their ratios to plain steps, as JSON."""
    chosen = tuple(CASES) if not cases else ("plain", *(case for case in cases if case != "plain"))
    print(json.dumps(compare(name, data, batches, rounds, chosen), indent=2))


if __name__ == "__main__":
    main()
