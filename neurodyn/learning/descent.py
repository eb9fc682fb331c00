"""Minibatch gradient descent in float64, with any estimator of the gradient."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from neurodyn.estimators import build
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.gradient import check_layout
from neurodyn.estimators.task import Task
from neurodyn.learning.learner import EpochMeans, FreePhaseEnds, Learner, Order, inputs
from neurodyn.learning.recipe import Recipe, rates_by_block
from neurodyn.learning.samples import Samples
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
    """theta ← theta − rate · dJ/dtheta, dJ/dtheta estimated by `neurodyn.gradient` on each minibatch."""

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
        by_name = rates_by_block(recipe.rates, network)
        blocks = network.parameters.blocks
        self._rates = np.concatenate([np.full(b.size, by_name[b.name]) for b in blocks])

    def epoch(self, number: int, order: Order, report: Callable[[float], None]) -> EpochMeans:
        """See `Learner.epoch`."""
        factor, size = self.recipe.factor(number), self.recipe.batch_size
        sums, seen = np.zeros(4), self.samples
        seen = Samples(inputs(self.recipe, number, seen.x), seen.target, seen.labels)
        for first in range(0, len(order), size):
            picks = order[first : first + size]
            batch = seen.take(picks)
            task = self._task(batch, None if self._particles is None else self._particles[picks])
            if self._particles is not None:
                self._particles[picks] = task.equilibrium.state
            sums += totals(batch, self._free_phase_ends(batch, task.equilibrium))
            estimator = self._drawn(number, first)
            found = estimator.estimate(task)
            check_layout(estimator, found, self._network.parameters)
            step = factor * self._rates * found.vector
            parameters = Parameters(self._network.parameters.blocks, self._network.parameters.vector - step)
            self._network = self._network.replace(parameters=parameters)
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
        found = {"theta": self._network.parameters.vector}
        return found if self._particles is None else {**found, "particles": self._particles}

    def restore(self, state: dict[str, Any]) -> None:
        """See `Learner.restore`."""
        parameters = Parameters(self._network.parameters.blocks, state["theta"])
        self._network = self._network.replace(parameters=parameters)
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


def totals(samples: Samples, ends: FreePhaseEnds) -> Array:
    """Sums over samples of: misread or not (NaN without labels), cost, energy, settling time."""
    wrong = np.nan if samples.labels is None else np.sum(np.argmax(ends.outputs, axis=1) != samples.labels)
    return np.array([wrong, np.sum(ends.cost), np.sum(ends.energy), np.sum(ends.steps)])
