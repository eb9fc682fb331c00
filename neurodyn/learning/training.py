"""What learning leaves: the network, and what was measured after every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurodyn.cards.picture import Picture, curves
from neurodyn.learning.metrics import RISING
from neurodyn.learning.recipe import Recipe
from neurodyn.numerics.arrays import Array
from neurodyn.results.result import Result, array


def history(rows: list[dict[str, float]], metrics: Sequence[str] = ()) -> dict[str, Any]:
    """The fields of a training that are measured in every epoch, (epoch,), from what each epoch has measured."""
    found: dict[str, Any] = {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}
    if rows and metrics:
        found["metric_values"] = np.array([found.pop(name) for name in metrics])
    return found


@dataclass(frozen=True, eq=False, repr=False)
class Training(Result):
    """A network that has learned.

    Attributes
    ----------
    network : Network
        The network after the last epoch; with `patience`, the one with the best validation.
    train_error : (epoch,)
        Fraction of the samples misread at the end of their free phases, while the epoch ran; NaN for targets that are
        no labels. `validation_error`, `test_error` are of the network after the epoch, and after the last one.
    train_cost, validation_cost : (epoch,)
        Mean C over the samples, at the same states; test_cost a number.
    energy : (epoch,)
        Mean E at the ends of the free phases, while the epoch ran.
    steps : (epoch,)
        Mean settling time of the free phases: in steps for `ep-2017`, else simulated time.
    cosine : (epoch,)
        Cosine between the method's gradient and the exact one, on request.
    feedback_cosine : (epoch,)
        Cosine between weights and their own feedback, transposed, after the epoch: see `learning.feedback_cosine`.
    metric_values : (metric, epoch)
        The metrics that the recipe names, of the validation samples after the epoch; see `metrics`.
    rate_factor, seconds : (epoch,)
        Factor on the learning rates; time taken, validation included.
    settings : dict
        The recipe as plain data.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> training = nd.learn(net, x, y, method="implicit", epochs=3, validation=(x, y))
    >>> training.epochs, training.train_cost.shape, training.recipe.method
    (3, (3,), 'implicit')
    """

    train_error: Array = array("epoch")
    train_cost: Array = array("epoch")
    energy: Array = array("epoch")
    steps: Array = array("epoch")
    rate_factor: Array = array("epoch")
    seconds: Array = array("epoch", units="s")
    validation_error: Array | None = array("epoch", default=None)
    validation_cost: Array | None = array("epoch", default=None)
    cosine: Array | None = array("epoch", default=None)
    feedback_cosine: Array | None = array("epoch", default=None)
    metric_values: Array | None = array("metric", "epoch", default=None)
    test_error: float | None = None
    test_cost: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def _picture(self) -> Picture | None:
        kind = "cost" if np.isnan(self.train_error).any() else "error"
        measured = {f"{part}": getattr(self, f"{part}_{kind}") for part in ("train", "validation")}
        there = {part: values for part, values in measured.items() if values is not None}
        return curves(there, np.arange(1, self.epochs + 1), caption=f"{kind} after each epoch")

    @classmethod
    def from_checkpoint(cls, path: str) -> Training:
        """The training that a checkpoint holds; see `neurodyn.load`."""
        from neurodyn.learning.checkpoint import read_training

        return read_training(path)

    @property
    def recipe(self) -> Recipe:
        """How the network learned."""
        return Recipe(**self.settings)

    @property
    def metrics(self) -> dict[str, Array]:
        """The metrics of every epoch, (epoch,), by name."""
        values = self.metric_values
        return {} if values is None else dict(zip(self.recipe.metrics, values, strict=True))

    @property
    def epochs(self) -> int:
        """Number of epochs run."""
        return len(self.seconds)

    @property
    def best(self) -> int:
        """Index of the epoch with the best validation, of what is monitored, or without validation the last."""
        name = self.recipe.monitor
        if name in self.metrics:
            return int(np.argmax(self.metrics[name]) if name in RISING else np.argmin(self.metrics[name]))
        scores = None if name == "validation_cost" else self.validation_error
        if scores is None or np.isnan(scores).any():
            scores = self.validation_cost
        return self.epochs - 1 if scores is None else int(np.argmin(scores))
