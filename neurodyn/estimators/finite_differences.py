"""Finite differences of the objective: a check that knows nothing of derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.inputs import number_within
from neurodyn.phases.relax import relax
from neurodyn.system.parameters import Parameters

#: Parameters: for more, two relaxations of each take too long.
MOST = 5_000


@dataclass(frozen=True, kw_only=True)
class FiniteDifferences(Estimator):
    """Central differences of J, by two relaxations per parameter: error O(step²), and rounding over step.

    Parameters
    ----------
    step : float
        How far each parameter is moved to either side: from 1e-12 to 1.
    """

    check: ClassVar = True

    step: float = 1e-5

    def __post_init__(self) -> None:
        number_within(self.step, "step", 1e-12, 1.0, "as smaller differences are lost in rounding")

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        blocks, vector = task.network.parameters.blocks, task.network.parameters.vector
        if vector.size > MOST:
            raise ArgumentError(
                f"finite differences would take {2 * vector.size:,} relaxations: they check networks of up to {MOST:,} "
                "parameters"
            )
        slopes = np.empty_like(vector)
        for i in range(vector.size):
            up, down = (self._objective(task, i, sign * self.step) for sign in (1.0, -1.0))
            slopes[i] = (up - down) / (2.0 * self.step)
        return Parameters(blocks, slopes)

    def _objective(self, task: Task, index: int, move: float) -> float:
        """J with one parameter moved, followed from the equilibrium."""
        vector = task.network.parameters.vector.copy()
        vector[index] += move
        near = task.network.replace(parameters=Parameters(task.network.parameters.blocks, vector))
        found = relax(near, task.x, start=task.equilibrium.state, solver=task.solver)
        task.count(force_evaluations=found.counters["nfev"], time=found.time)
        return float(np.mean(near.cost(found.state, task.target)))
