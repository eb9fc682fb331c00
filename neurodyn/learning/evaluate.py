"""What a network answers: its outputs at rest, compared with targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_input
from neurodyn.learning.learner import make_learner
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.numerics.arrays import Array
from neurodyn.results.result import Result, array
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network, as_network


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Result):
    """The answers of a network.

    Attributes
    ----------
    outputs : (sample, output)
        Outputs at rest, from zero.
    target : (sample, output)
    cost, energy, steps : (sample,)
        C and E at rest, and the settling time: in steps for `ep-2017`, else simulated time.
    """

    outputs: Array = array("sample", "output")
    target: Array = array("sample", "output")
    cost: Array = array("sample", units="cost")
    energy: Array = array("sample", units="energy")
    steps: Array = array("sample")

    @property
    def predictions(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The class of each sample, (sample,): its largest output."""
        return np.argmax(self.outputs, axis=1)

    @property
    def labels(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The class that each target names, (sample,)."""
        return np.argmax(self.target, axis=1)

    @property
    def error(self) -> float:
        """Fraction of the samples whose largest output is not the target's."""
        return float(np.mean(self.predictions != self.labels))

    @property
    def confusion(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """How many samples of each class (rows) were given each class (columns), (n_out, n_out)."""
        n = self.target.shape[1]
        return np.bincount(self.labels * n + self.predictions, minlength=n * n).reshape(n, n)


def evaluate(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    recipe: Recipe | None = None,
    *,
    solver: Solver | None = None,
    **changes: Any,
) -> Evaluation:
    """Relax a network on samples from zero, and compare its outputs with their targets.

    Parameters
    ----------
    network : Network
    x : (samples, n_in) array
    y : (samples, n_out) array or (samples,) labels
    recipe, solver, **changes
        The same as for `learn`: the free phase is the one that the network learned with.
    """
    samples = Samples.of(network, x, y)
    chosen = Recipe.of(recipe, **changes).resolved(network)
    ends = make_learner(network, samples.take(slice(0)), chosen, solver).rest(samples)
    return Evaluation(network, ends.outputs, samples.target, ends.cost, ends.energy, ends.steps)


def predict(
    network: Network, x: ArrayLike | None, recipe: Recipe | None = None, *, solver: Solver | None = None, **changes: Any
) -> Array:
    """Outputs at rest, (samples, n_out), or (n_out,) for one sample; the class of a sample is the argmax.

    Parameters are those of `evaluate`.
    """
    if as_network(network).n_out == 0:
        raise ArgumentError("this network has no outputs: there is nothing to predict")
    rates, batched = as_input(x, network.n_in)
    single, batch = not batched, np.zeros((1, 0)) if rates is None else rates
    wanted = np.full((len(batch), network.n_out), 1.0 / network.n_out)  # no outputs depend on them
    outputs = evaluate(network, batch, wanted, recipe, solver=solver, **changes).outputs
    return outputs[0] if single else outputs
