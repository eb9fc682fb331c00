"""The exact gradient by the implicit function theorem: the reference."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class Implicit(Estimator):
    """−(d2E/dtheta ds) lambda with H lambda = dC/ds at the equilibrium: exact, the reference."""

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        task.count(force_evaluations=int(task.point.local.active.sum()))
        return task.point.exact_gradient(task.target)
