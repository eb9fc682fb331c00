"""Networks to find recipes for, and the recipes that are tried: each is drawn from its number, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: −log of what weight decay alone would leave of a weight from the inputs: the ends of the range.
SHRINKAGE = (0.03, 5.0)


@dataclass(frozen=True)
class Rung:
    """A round of the search: so many `recipes` learn from the first `samples` images, for so many `epochs`."""

    recipes: int
    samples: int
    epochs: int


@dataclass(frozen=True)
class Task:
    """A network to find a recipe for.

    Attributes
    ----------
    sizes : units of the layers, the inputs' first.
    shift : by how many pixels images are moved in learning.
    rungs : the rounds of the search; the best of each go on to the next.
    epochs : of the recipe that is left, on all training images.
    beta : strengths of the nudging to try.
    fall : ends of the range of the factor from the rate of one connection to the next, by optimizer.
    fixed : what is the same in all recipes.
    shrinkage : −log of what weight decay alone would leave of a weight from the inputs: the ends of the range.
    averaged : of how many epochs, the last ones, the weights are averaged in the end.
    """

    sizes: tuple[int, ...]
    shift: int
    rungs: tuple[Rung, ...]
    epochs: int
    beta: tuple[float, ...]
    fall: dict[str, tuple[float, float]]
    fixed: dict[str, Any]
    shrinkage: tuple[float, float] = SHRINKAGE
    averaged: int = 1


#: Rates of the weights from the inputs: the ends of the range, by optimizer.
RATES = {"sgd": (0.2, 3.0), "momentum": (0.03, 0.4), "adam": (3e-4, 3e-3)}
#: Of deeper networks, for which epochs cost the most: the optimizer that both searches without a second layer chose.
DEEP_RATES = {"adam": (3e-4, 2e-3)}
ALL = {"nudging": "centered", "persistent": False}
SHALLOW = ALL | {"free_steps": 20, "nudged_steps": 4}
DEEP = ALL | {"free_steps": 40, "nudged_steps": 4}
#: The recipe that the search without shifts has found, but for its weight decay.
FOUND = {"optimizer": "adam", "rates": [0.00052, 0.00033], "batch_size": 20, "beta": 1.0, "schedule": "linear"}
SHALLOW_FALL = {"sgd": (0.05, 0.5), "momentum": (0.05, 0.5), "adam": (0.1, 1.0)}
DEEP_FALL = {"adam": (0.15, 0.5)}
TASKS = {
    "784-500-10": Task(
        (784, 500, 10), 1, (Rung(16, 10_000, 5), Rung(4, 50_000, 6)), 30, (0.5, 1.0, 2.0), SHALLOW_FALL, SHALLOW
    ),
    "784-500-10-unshifted": Task(
        (784, 500, 10), 0, (Rung(10, 10_000, 5), Rung(3, 50_000, 6)), 20, (1.0, 2.0), SHALLOW_FALL, SHALLOW
    ),
    "784-500-10-averaged": Task(
        (784, 500, 10), 0, (Rung(1, 50_000, 8),), 8, (1.0,), SHALLOW_FALL, SHALLOW | FOUND, (1.2, 1.2), 3
    ),
    "784-500-500-10": Task(
        (784, 500, 500, 10), 1, (Rung(6, 10_000, 2),), 12, (2.0,), DEEP_FALL, DEEP
    ),
}  # fmt: skip


def draw(name: str, number: int, samples: int, epochs: int) -> dict[str, Any]:
    """Recipe of this number for a task, to learn for so long: weight decay shrinks as much over any time."""
    task = TASKS[name]
    rng = np.random.default_rng([len(task.sizes), task.shift, number])
    ranges = RATES if len(task.sizes) == 3 else DEEP_RATES
    optimizer = str(rng.choice(list(ranges)))
    first, fall = log_uniform(rng, *ranges[optimizer]), log_uniform(rng, *task.fall[optimizer])
    size, shrinkage = int(rng.choice([20, 50])), log_uniform(rng, *task.shrinkage)
    schedule, beta = str(rng.choice(["linear", "cosine"])), float(rng.choice(task.beta))
    first = task.fixed.get("rates", [first])[0]
    steps = 0.5 * epochs * samples / task.fixed.get("batch_size", size)  # both schedules halve the rates on average
    settling = {"step": float(rng.choice([0.7, 0.9])), "tol": float(rng.choice([0.03, 0.1]))}
    return {
        "optimizer": optimizer,
        "rates": [rounded(first * fall**k) for k in range(len(task.sizes) - 1)],
        "weight_decay": rounded(shrinkage / (first * steps)),
        "batch_size": size,
        "beta": beta,
        "schedule": schedule,
        "shift": task.shift,
        **task.fixed,
        **(settling if len(task.sizes) > 3 else {}),
    }


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number drawn so that its logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def rounded(value: float) -> float:
    """To two digits, as one would write it."""
    return float(f"{value:.2g}")
