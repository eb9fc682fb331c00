"""Multilayer perceptrons of the same sizes, on the same images in as many epochs, as their makers would have them.

PyTorch: rectified units, cross-entropy, AdamW with its default constants, minibatches of 200, a rate that falls from
0.001 linearly. scikit-learn: MLPClassifier with its defaults. One thread each.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np

from neurodyn.learning.learner import inputs
from neurodyn.learning.recipe import Recipe
from neurodyn.models.data import mnist

from .recipe_tasks import TASKS

SIZE, RATE = 200, 1e-3


def peer(cell: dict[str, Any]) -> dict[str, float]:
    """Test error and seconds of a peer, on all training images, tested once."""
    task, train, test = TASKS[cell["task"]], mnist("train"), mnist("test")
    learner = PEERS[cell["who"]](task.sizes, cell["epochs"], cell["start"])
    shifts, y = Recipe(shift=task.shift, seed=cell["start"]), np.asarray(train.labels)
    began = time.perf_counter(), time.process_time()
    for epoch in range(cell["epochs"]):
        learner.epoch(inputs(shifts, epoch, np.asarray(train.images, np.float32)), y, epoch)
    spent = time.perf_counter() - began[0], time.process_time() - began[1]
    wrong = np.mean(learner.answers(np.asarray(test.images, np.float32)) != test.labels)
    return {"test_error": float(wrong), "seconds": round(spent[0], 1), "processor_seconds": round(spent[1], 1)}


class Torch:
    """PyTorch, written as in its tutorials."""

    def __init__(self, sizes: tuple[int, ...], epochs: int, seed: int) -> None:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        layers: list[Any] = []
        for a, b in pairwise(sizes):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        self.torch, self.epochs, self.net = torch, epochs, torch.nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=RATE)

    def epoch(self, x: Any, y: Any, number: int) -> None:
        """Learn from all images once, in an order drawn anew."""
        torch = self.torch
        images, labels, order = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64)), torch.randperm(len(y))
        self.optimizer.param_groups[0]["lr"] = RATE * (1.0 - number / self.epochs)
        for first in range(0, len(y), SIZE):
            picks = order[first : first + SIZE]
            loss = torch.nn.functional.cross_entropy(self.net(images[picks]), labels[picks])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def answers(self, x: Any) -> Any:
        """The classes of images."""
        with self.torch.no_grad():
            return self.net(self.torch.from_numpy(x)).argmax(1).numpy()


class ScikitLearn:
    """MLPClassifier, epoch by epoch."""

    def __init__(self, sizes: tuple[int, ...], epochs: int, seed: int) -> None:
        from sklearn.neural_network import MLPClassifier

        self.net = MLPClassifier(sizes[1:-1], random_state=seed)

    def epoch(self, x: Any, y: Any, number: int) -> None:
        """Learn from all images once, in an order drawn anew."""
        self.net.partial_fit(x, y, classes=np.arange(10))

    def answers(self, x: Any) -> Any:
        """The classes of images."""
        return self.net.predict(x)


PEERS: dict[str, Any] = {"PyTorch": Torch, "MLPClassifier": ScikitLearn}
