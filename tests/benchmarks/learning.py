"""Learning by the scheme of EP 2017, against plain PyTorch loops of the same algorithm, side by side.

All take the same minibatches of MNIST with the same signs, on as many threads, in turns. The loops are written as one
would without thinking of speed, but without autograd; one computes the drive of the clamped input in every step, the
other once in a minibatch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count, pairwise
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.errors import DataError
from neurodyn.learning.clipped import ClippedLearner
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.models.data import mnist

from .measure import in_turns
from .record import OURS, Row

#: Sizes, rates, numbers of steps, of the networks of EP 2017.
NETWORKS: dict[str, Any] = {
    "784-500-10": ([784, 500, 10], [0.1, 0.05], 20, 4),
    "784-500-500-10": ([784, 500, 500, 10], [0.4, 0.1, 0.01], 100, 6),
    "784-500-500-500-10": ([784, 500, 500, 500, 10], [0.128, 0.032, 0.008, 0.002], 500, 8),
}
SIZE, STEP = 20, 0.5
#: Minibatches of a round.
BATCHES = {"784-500-10": 100, "784-500-500-10": 10, "784-500-500-500-10": 3}
#: Free phases that also end when no unit is faster than this.
TOL = 0.01
ALONE, ENDING, LOOP, PLAIN_LOOP = (
    "neurodyn, 1 thread",
    f"neurodyn, tol {TOL:g}",
    "PyTorch, drive once",
    "PyTorch, drive in every step",
)


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


def title(name: str) -> str:
    """What a table calls a network."""
    _, _, free, nudged = NETWORKS[name]
    return f"{name}, {free} steps free and {nudged} nudged"


def measure_training(name: str, threads: int, rounds: int, quick: bool) -> list[Row]:
    """Seconds that each learner takes for an image, on so many threads; a note where it cannot be measured."""
    batches = max(1, BATCHES[name] // 10) if quick else BATCHES[name]
    try:
        learners = _learners(name, threads, batches, rounds)
    except (DataError, ImportError) as error:
        return [Row(name, threads, OURS, note=str(error).rstrip("."))]
    taken = in_turns(learners, rounds)
    images = batches * SIZE
    return [Row(name, threads, who, seconds=[x / images for x in found]) for who, found in taken.items()]


def _learners(name: str, threads: int, batches: int, rounds: int) -> dict[str, Callable[[], Any]]:
    """Every learner as a work that takes the next minibatches."""
    import torch

    torch.set_num_threads(threads)
    sizes, rates, free, nudged = NETWORKS[name]
    total = batches * (rounds + 1)
    part = mnist("train").take(total * SIZE)
    network = models.Hopfield.layered(sizes, activation="hard-sigmoid", seed=0)
    samples = Samples.of(network, part.images, part.labels)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], total)
    runs = {OURS: _ours(network, samples, rates, free, nudged, signs, threads)}
    if threads > 1:
        runs[ALONE] = _ours(network, samples, rates, free, nudged, signs, 1)
    else:
        runs[ENDING] = _ours(network, samples, rates, free, nudged, signs, 1, TOL)
    for who, cached in ((LOOP, True), (PLAIN_LOOP, False)):
        runs[who] = partial(TorchLoop(network, samples, rates, free, nudged, cached).run, signs=signs)
    return {who: _in_stretches(run, batches) for who, run in runs.items()}


def _in_stretches(run: Callable[[int, int], object], batches: int) -> Callable[[], object]:
    """What runs the next so many minibatches each time."""
    starts = count(0, batches)

    def work() -> object:
        first = next(starts)
        return run(first, first + batches)

    return work


def _ours(
    network: Any, samples: Samples, rates: Any, free: int, nudged: int, signs: Any, threads: int, tol: float = 0.0
) -> Any:
    recipe = Recipe.of(rates=rates, free_steps=free, nudged_steps=nudged, tol=tol, shuffle=False).resolved(network)
    learner = ClippedLearner(network, samples, recipe)
    measured = np.zeros((4, len(samples)))
    run: Any = learner._minibatches(SIZE, np.arange(len(samples)), signs, learner._rates, measured)
    return partial(run, threads=threads)
