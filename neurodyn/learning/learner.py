"""What changes the weights: a learner has its own copy of them, and runs its samples one epoch at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.errors import DivergenceError
from neurodyn.learning.recipe import EP_2017, Recipe
from neurodyn.learning.samples import Samples, shifted
from neurodyn.numerics.arrays import Array
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

Order = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class EpochMeans:
    """Means over the samples: fraction misread (NaN without labels), cost, energy, settling time."""

    error: float
    cost: float
    energy: float
    steps: float


@dataclass(frozen=True, slots=True)
class FreePhaseEnds:
    """Samples at the end of their free phases: outputs (N, n_out); per sample cost, energy, settling time, residual."""

    outputs: Array
    cost: Array
    energy: Array
    steps: Array
    residual: Array


class Learner(ABC):
    """Learns from samples.

    Parameters
    ----------
    network : Network
        A network with the weights to begin with.
    samples : Samples
    recipe : Recipe
        A recipe whose method is resolved.
    """

    def __init__(self, network: Network, samples: Samples, recipe: Recipe) -> None:
        self.start, self.samples, self.recipe = network, samples, recipe

    @abstractmethod
    def epoch(self, number: int, order: Order, report: Callable[[float], None]) -> EpochMeans:
        """See every sample once, in this order; `report` is told the fraction done, some times a second."""

    @abstractmethod
    def rest(self, samples: Samples) -> FreePhaseEnds:
        """Free phases of samples from zero, with the weights as they are."""

    @abstractmethod
    def gradient(self, samples: Samples) -> Parameters:
        """The method's estimate of dJ/dtheta over samples, from free phases that begin at zero."""

    @property
    @abstractmethod
    def network(self) -> Network:
        """The network as it is now."""

    @abstractmethod
    def weights(self) -> Any:
        """A copy of the weights as this learner has them, quickly made; see `parameters`."""

    @abstractmethod
    def parameters(self, weights: Any) -> Parameters:
        """The parameters that such a copy stands for."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Arrays from which `restore` continues bit for bit: weights and particles."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""


def make_learner(network: Network, samples: Samples, recipe: Recipe, solver: Solver | None = None) -> Learner:
    """The learner of a recipe's method."""
    if recipe.method == EP_2017:
        from neurodyn.learning.clipped import ClippedLearner

        return ClippedLearner(network, samples, recipe)
    from neurodyn.learning.descent import DescentLearner

    return DescentLearner(network, samples, recipe, solver)


def at_rest(learner: Learner, samples: Samples) -> FreePhaseEnds:
    """Free phases of samples from zero, all of them finite.

    Raises
    ------
    DivergenceError
        Some output, cost or energy is not a finite number.
    """
    ends = learner.rest(samples)
    finite = np.isfinite(ends.outputs).all(axis=1) & np.isfinite(ends.cost)
    if learner.start.has_energy:
        finite &= np.isfinite(ends.energy)
    if not finite.all():
        wrong = np.flatnonzero(~finite)
        raise DivergenceError(
            f"the free phase of sample {wrong[0]} left the finite numbers ({wrong.size:,} of {len(samples):,} did): "
            "scale the inputs or the weights down"
        )
    return ends


def signs(recipe: Recipe, epoch: int, count: int) -> Array:
    """The signs of beta of an epoch's minibatches, each 1 or -1."""
    rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(epoch, 1)))
    return rng.choice(np.array([-1.0, 1.0]), count)


def order(recipe: Recipe, epoch: int, count: int) -> Order:
    """The order of an epoch's samples."""
    if not recipe.shuffle:
        return np.arange(count)
    rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(epoch, 0)))
    return rng.permutation(count)


def inputs(recipe: Recipe, epoch: int, x: Any) -> Any:
    """The inputs as an epoch sees them."""
    if not recipe.shift or x is None:
        return x
    rng = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(epoch, 3)))
    return shifted(x, recipe.shift, rng)
