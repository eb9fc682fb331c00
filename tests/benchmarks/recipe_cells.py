"""What the cells of the sweeps compute: a recipe tried on the validation images, or a learner tested in the end."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numba
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.errors import DivergenceError
from neurodyn.models.data import mnist

from .recipe_tasks import TASKS, draw

#: The last training images, on which all is chosen.
HELD_OUT = 10_000
#: What is logged of each.
MEASURED = ("train_error", "validation_error", "test_error", "settling", "seconds", "processor_seconds")


def trial(cell: dict[str, Any]) -> dict[str, float]:
    """Errors and seconds of one recipe; one that diverges misreads everything."""
    train = mnist("train")
    held = train.images[-HELD_OUT:], train.labels[-HELD_OUT:]
    count, epochs = cell["samples"], cell["epochs"]
    if count > len(train.images) - HELD_OUT:
        raise ValueError(f"the last {HELD_OUT} images are held out; {count} are too many to learn from")
    recipe = draw(cell["task"], cell["number"], count, epochs)
    try:
        found = learned(cell["task"], recipe, train.images[:count], train.labels[:count], epochs, cell["seed"], held)
    except DivergenceError:
        return dict.fromkeys(MEASURED, np.nan) | {"validation_error": 1.0}
    return found | {"validation_error": found["test_error"], "test_error": np.nan}


def final(cell: dict[str, Any]) -> dict[str, float]:
    """Errors and seconds of the recipe that is left, on all training images, tested once."""
    train, test, epochs = mnist("train"), mnist("test"), cell["epochs"]
    recipe = draw(cell["task"], cell["number"], len(train.images), epochs)
    where = train.images, train.labels, epochs, cell["start"], (test.images, test.labels)
    return learned(cell["task"], recipe, *where) | {"validation_error": np.nan}


def learned(task: str, recipe: Any, x: Any, y: Any, epochs: int, seed: int, test: Any) -> dict[str, Any]:
    """Learn on one thread, test once with the mean weights of the last epochs, and return what is logged."""
    numba.set_num_threads(1)
    network = models.Hopfield.layered(list(TASKS[task].sizes), activation="hard-sigmoid", seed=seed)
    nd.learn(network, x[:100], y[:100], recipe, epochs=1)  # compiles
    began = time.perf_counter(), time.process_time()
    last: deque[Any] = deque(maxlen=TASKS[task].averaged)
    found = nd.learn(
        network, x, y, recipe, epochs=epochs, seed=seed, callbacks=lambda epoch: last.append(epoch.network)
    )
    mean = sum((each.parameters for each in last), 0.0 * network.parameters) * (1.0 / len(last))
    answers = nd.evaluate(network.replace(parameters=mean), test[0], test[1], recipe)
    return {
        "train_error": float(found.train_error[-1]),
        "test_error": answers.error,
        "settling": float(found.steps[-1]),
        "seconds": round(time.perf_counter() - began[0], 1),
        "processor_seconds": round(time.process_time() - began[1], 1),
    }
