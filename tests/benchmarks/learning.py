"""Learning by the scheme of EP 2017, against plain PyTorch loops of the same algorithm, side by side.

    python -m tests.benchmarks.learning --data FOLDER

All take the same minibatches of MNIST with the same signs, one thread each, in turns; what is compared is processor
time. The loops are written as one would without thinking of speed, but without autograd; one computes the drive of the
clamped input in every step, the other once in a minibatch. That they learn the same is checked first.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import click
import numba
import numpy as np

from neurodyn import models
from neurodyn.learning.clipped import ClippedLearner
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.models.data import mnist

#: Sizes, rates, numbers of steps, of the networks of EP 2017.
NETWORKS: dict[str, Any] = {
    "784-500-10": ([784, 500, 10], [0.1, 0.05], 20, 4),
    "784-500-500-10": ([784, 500, 500, 10], [0.4, 0.1, 0.01], 100, 6),
    "784-500-500-500-10": ([784, 500, 500, 500, 10], [0.128, 0.032, 0.008, 0.002], 500, 8),
}
SIZE, STEP = 20, 0.5


class TorchLoop:
    """Equilibrium propagation on a chain of layers, in PyTorch."""

    def __init__(
        self, network: Any, samples: Samples, rates: list[float], free: int, nudged: int, cached: bool
    ) -> None:
        import torch

        self.torch, self.rates, self.free, self.nudged, self.cached = torch, rates, free, nudged, cached
        names = [p.name for p in network.graph.populations]
        pairs = pairwise(names)
        self.w = [torch.tensor(network.parameters[f"{a}-{b}"], dtype=torch.float32) for a, b in pairs]
        self.b = [torch.tensor(network.parameters[name], dtype=torch.float32) for name in names[1:]]
        self.x = torch.tensor(samples.x, dtype=torch.float32)
        self.y = torch.tensor(samples.target, dtype=torch.float32)
        self.particles = [torch.zeros(len(samples), len(b)) for b in self.b]

    def step(self, x: Any, s: list[Any], y: Any, beta: float, drive: Any) -> list[Any]:
        """One Euler step of all layers."""
        found = []
        for k in range(len(s)):
            below = drive if k == 0 and drive is not None else (x if k == 0 else s[k - 1]) @ self.w[k]
            force = below + self.b[k] - s[k]
            if k + 1 < len(s):
                force = force + s[k + 1] @ self.w[k + 1].T
            elif beta:
                force = force + beta * (y - s[k])
            found.append((s[k] + STEP * force).clamp(0.0, 1.0))
        return found

    def run(self, first: int, last: int, signs: Any) -> None:
        """Minibatches from number `first` to before `last`."""
        with self.torch.no_grad():
            for k in range(first, last):
                picks, beta = slice(k * SIZE, (k + 1) * SIZE), float(signs[k])
                x, y = self.x[picks], self.y[picks]
                drive = x @ self.w[0] if self.cached else None
                s = [p[picks] for p in self.particles]
                for _ in range(self.free):
                    s = self.step(x, s, y, 0.0, drive)
                for p, state in zip(self.particles, s, strict=True):
                    p[picks] = state
                end = s
                for _ in range(self.nudged):
                    end = self.step(x, end, y, beta, drive)
                for j, rate in enumerate(self.rates):
                    above, before = (x, x) if j == 0 else (end[j - 1], s[j - 1])
                    scale = rate / (beta * SIZE)
                    self.w[j] += scale * (above.T @ end[j] - before.T @ s[j])
                    self.b[j] += scale * (end[j] - s[j]).sum(0)


def contest(name: str, data: str | None, batches: int, rounds: int, tol: float) -> dict[str, Any]:
    """Images per second of processor time of each, medians over rounds in turns."""
    import torch

    torch.set_num_threads(1)
    numba.set_num_threads(1)
    sizes, rates, free, nudged = NETWORKS[name]
    part = mnist("train", data).take(batches * SIZE * (rounds + 1))
    network = models.Hopfield.layered(sizes, activation="hard-sigmoid", seed=0)
    samples = Samples.of(network, part.images, part.labels)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], batches * (rounds + 1))
    runs: dict[str, Callable[[int, int], object]] = {
        "neurodyn": _ours(network, samples, rates, free, nudged, 0.0, signs)
    }
    if tol:
        runs[f"neurodyn, tol {tol:g}"] = _ours(network, samples, rates, free, nudged, tol, signs)
    for cached in (True, False):
        loop = TorchLoop(network, samples, rates, free, nudged, cached)
        what = "once" if cached else "in every step"
        runs[f"PyTorch, drive {what}"] = partial(loop.run, signs=signs)
    seconds: dict[str, list[float]] = {key: [] for key in runs}
    for turn in range(rounds + 1):
        for key, run in runs.items():
            began = time.process_time()
            run(turn * batches, (turn + 1) * batches)
            if turn:
                seconds[key].append(time.process_time() - began)
    images = {key: batches * SIZE / float(np.median(found)) for key, found in seconds.items()}
    return {"network": name, "images_per_second": images,
            "ratio": {key: images["neurodyn"] / found for key, found in images.items()}}  # fmt: skip


def _ours(network: Any, samples: Samples, rates: Any, free: int, nudged: int, tol: float, signs: Any) -> Any:
    recipe = Recipe.of(rates=rates, free_steps=free, nudged_steps=nudged, tol=tol, shuffle=False).resolved(network)
    learner = ClippedLearner(network, samples, recipe)
    measured = np.zeros((4, len(samples)))
    run: Any = learner._minibatches(SIZE, np.arange(len(samples)), signs, learner._rates, measured)
    return partial(run, threads=1)


@click.command()
@click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
@click.option("--network", "names", multiple=True, type=click.Choice(list(NETWORKS)), help="Default: all.")
@click.option("--rounds", default=7)
@click.option("--tol", default=0.0, help="Also with free phases that end when no unit is faster than this.")
def main(data: str | None, names: tuple[str, ...], rounds: int, tol: float) -> None:
    """Print images per second and ratios, as JSON."""
    for name in names or NETWORKS:
        batches = {"784-500-10": 100, "784-500-500-10": 10}.get(name, 3)
        print(json.dumps(contest(name, data, batches, rounds, tol), indent=2), flush=True)


if __name__ == "__main__":
    main()
