"""Epochs of a scikit-learn estimator: from where it stands, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.errors import DivergenceError
from neurodyn.learning.learner import EpochMeans, Learner, at_rest, make_learner, order
from neurodyn.learning.metrics import are_classes
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar, note
from neurodyn.system.network import Network

#: A mean cost of so much for each output is one of weights that have run away: targets are of size 1.
RUNAWAY = 1e4


@dataclass
class Standing:
    """How far an estimator has come.

    Attributes
    ----------
    network : Network
        With the weights after the last epoch that is done.
    done : int
        Epochs that are done.
    state : dict
        What the learner goes on from: weights, and means of the optimizer.
    """

    network: Network
    done: int
    state: dict[str, Any]

    def run(self, x: Array, target: Array, weight: Array | None, recipe: Recipe) -> Learner:
        """The learner that goes on from here with samples."""
        labels = target.argmax(axis=1) if are_classes(target) else None
        learner = make_learner(self.network, Samples(x, target, labels, weight), recipe)
        if self.state:
            learner.restore(self.state)
        return learner

    def keep(self, learner: Learner) -> None:
        """One more epoch is done."""
        self.state = {name: np.array(values) for name, values in learner.state().items()}
        self.network, self.done = learner.network, self.done + 1


def run_epochs(
    standing: Standing, learner: Learner, epochs: int, after: Callable[[EpochMeans], bool], rate_name: str
) -> None:
    """Run epochs until there were so many, or `after` says to stop; `standing` has each that is done.

    Raises
    ------
    DivergenceError
        The weights ran away, at the rate of this name.
    """
    bound = RUNAWAY * learner.start.n_out
    with Bar("fitting") as bar:
        for k in range(epochs):
            orders = order(learner.recipe, standing.done, len(learner.samples))
            means = learner.epoch(standing.done, orders, bar.part(k, epochs, 1.0))
            if not means.cost < bound:
                raise DivergenceError(f"the weights grew beyond every bound: take a smaller {rate_name}")
            stop = after(means)
            standing.keep(learner)
            if stop:
                break


class Watch:
    """What the epochs of a fit have measured, and whether it is time to stop."""

    def __init__(self, estimator: Any, learner: Learner, held: Any) -> None:
        self.estimator, self.learner = estimator, learner
        self.held = None if held is None else Samples(estimator._rates(held[0]), held[1], None)
        self.rows: list[EpochMeans] = []
        self.scores: list[float] = []
        self.best: tuple[Network, dict[str, Any]] | None = None
        self._record, self._since = -np.inf, 0

    def after(self, means: EpochMeans) -> bool:
        """Take note of an epoch; returns whether it has not become better for too long."""
        model = self.estimator
        self.rows.append(means)
        text, score = f"cost {means.cost:.6g}", -means.cost
        if self.held is not None:
            score = model._quality(at_rest(self.learner, self.held).outputs, self.held.target)
            self.scores.append(score)
            text += f", validation score {score:.6g}"
            if self.best is None or score > max(self.scores[:-1]):
                state = {name: np.array(values) for name, values in self.learner.state().items()}
                self.best = self.learner.network, state
        if model.verbose:
            note(f"neurodyn: epoch {len(self.rows)}: {text}")
        self._since = 0 if score > self._record + model.tol else self._since + 1
        self._record = max(self._record, score)
        return self._since >= int(model.n_iter_no_change)


__all__ = ["Standing", "Watch", "run_epochs"]
