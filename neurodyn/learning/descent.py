"""Minibatch gradient descent in float64, with any estimator of the gradient."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from neurodyn.estimators import build
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.gradient import check_layout
from neurodyn.estimators.task import Task
from neurodyn.learning.learner import EpochMeans, FreePhaseEnds, Learner, Order, inputs
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.learning.steps import Steps
from neurodyn.numerics.arrays import Array, inward
from neurodyn.phases.relax import TOL, Equilibrium
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Learning needs few digits of the gradient.
SOLVER = Solver(rtol=1e-3, atol=1e-5)
#: Free phases settle to the relative tolerance of the solver, at least to this.
SETTLED = 1e-3
#: How long second phases last, in units of the longest time constant, unless the recipe has a `duration`.
DURATION = 20.0


class DescentLearner(Learner):
    """Steps of an optimizer down dJ/dtheta, estimated by `neurodyn.gradient` on each minibatch."""

    def __init__(self, network: Network, samples: Samples, recipe: Recipe, solver: Solver | None = None) -> None:
        super().__init__(network, samples, recipe)
        self._network, self._solver = network, chosen_solver(solver, SOLVER)
        self._tol = min(max(self._solver.rtol, TOL), SETTLED)
        self._estimator = build(recipe.method, recipe.options)
        names = [f.name for f in dataclasses.fields(self._estimator)]
        if isinstance(recipe.method, str) and "duration" in names and "duration" not in recipe.options:
            changes: dict[str, Any] = {"duration": DURATION * float(network.tau.max())}
            self._estimator = dataclasses.replace(self._estimator, **changes)
        self._draws = "seed" in names
        self._particles = np.zeros((len(samples), network.n)) if recipe.persistent else None
        self._steps = Steps(network, recipe)

    def epoch(self, number: int, order: Order, report: Callable[[float], None]) -> EpochMeans:
        """See `Learner.epoch`."""
        factor, size = self.recipe.factor(number), self.recipe.batch_size
        made = number * -(-len(order) // size)
        sums, seen = np.zeros(4), self.samples
        seen = replace(seen, x=inputs(self.recipe, number, seen.x))
        for k, first in enumerate(range(0, len(order), size)):
            picks = order[first : first + size]
            gradient = np.zeros(self._network.parameters.vector.size)
            for part, share in _of_equal_weight(seen, picks):
                batch = seen.take(part)
                task = self._task(batch, None if self._particles is None else self._particles[part])
                if self._particles is not None:
                    self._particles[part] = task.equilibrium.state
                sums += totals(batch, self._free_phase_ends(batch, task.equilibrium))
                if share:
                    estimator = self._drawn(number, first)
                    found = estimator.estimate(task)
                    check_layout(estimator, found, self._network.parameters)
                    gradient += share * found.vector
            theta = self._steps.step(self._network.parameters.vector, gradient, factor, made + k + 1)
            self._network = self._network.replace(parameters=Parameters(self._network.parameters.blocks, theta))
            report((first + len(picks)) / len(order))
        return EpochMeans(*(sums / len(order)).tolist())

    def rest(self, samples: Samples) -> FreePhaseEnds:
        """See `Learner.rest`."""
        return self._free_phase_ends(samples, self._task(samples, None).equilibrium)

    def gradient(self, samples: Samples) -> Parameters:
        """See `Learner.gradient`."""
        return self._estimator.estimate(self._task(samples, None))

    @property
    def network(self) -> Network:
        """See `Learner.network`."""
        return self._network

    def weights(self) -> Array:
        """See `Learner.weights`."""
        return np.array(self._network.parameters.vector)

    def parameters(self, weights: Array) -> Parameters:
        """See `Learner.parameters`."""
        return Parameters(self._network.parameters.blocks, weights)

    def state(self) -> dict[str, Any]:
        """See `Learner.state`."""
        found = {"theta": self._network.parameters.vector} | self._steps.kept
        return found if self._particles is None else {**found, "particles": self._particles}

    def restore(self, state: dict[str, Any]) -> None:
        """See `Learner.restore`."""
        parameters = Parameters(self._network.parameters.blocks, state["theta"])
        self._network = self._network.replace(parameters=parameters)
        self._steps.kept = {name: np.array(state[name]) for name in self._steps.kept}
        if self._particles is not None:
            self._particles[:] = state["particles"]

    def _drawn(self, epoch: int, first: int) -> Estimator:
        """The estimator for the minibatch that begins with sample `first`, with a seed of its own if it draws."""
        if not self._draws:
            return self._estimator
        seed = np.random.SeedSequence(self.recipe.seed, spawn_key=(epoch, first, 2)).generate_state(1)[0]
        changes: dict[str, Any] = {"seed": int(seed)}
        return dataclasses.replace(self._estimator, **changes)

    def _task(self, samples: Samples, start: Array | None) -> Task:
        if samples.x is None and start is None:
            start = np.zeros((len(samples), self._network.n))
        return Task(self._network, samples.x, samples.target, start=start, solver=self._solver, tol=self._tol)

    def _free_phase_ends(self, samples: Samples, rest: Equilibrium) -> FreePhaseEnds:
        network = self._network
        outputs = network.coordinate(inward(rest.state))[network.outputs].T
        return FreePhaseEnds(outputs, network.cost(rest.state, samples.target), rest.energy, rest.time, rest.residual)


def _of_equal_weight(samples: Samples, picks: Order) -> list[tuple[Order, float]]:
    """The samples of a minibatch by their weights, since an estimate is a plain mean; with the share of each mean."""
    if samples.weight is None:
        return [(picks, 1.0)]
    weight = samples.weight[picks]
    parts = [(picks[weight == value], float(value)) for value in np.unique(weight)]
    return [(part, value * len(part) / len(picks)) for part, value in parts]


def totals(samples: Samples, ends: FreePhaseEnds) -> Array:
    """Sums over samples of: misread or not (NaN without labels), cost, energy, settling time."""
    wrong = np.nan if samples.labels is None else np.sum(np.argmax(ends.outputs, axis=1) != samples.labels)
    return np.array([wrong, np.sum(ends.cost), np.sum(ends.energy), np.sum(ends.steps)])
