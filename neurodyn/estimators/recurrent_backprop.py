"""Recurrent backpropagation: the side network, run to a time or to rest."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.estimators.base import Estimator
from neurodyn.estimators.second_phase import check_duration, follow
from neurodyn.estimators.task import Task
from neurodyn.numerics.arrays import Array
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class RecurrentBackprop(Estimator):
    """Theta-bar of the side network dS̄/dt = −Hᵀ T⁻¹ S̄, S̄(0) = dC/ds, at the end of its run.

    At rest it is dJ/dtheta; after a time t, the derivative of the cost after a further time t: truncated
    back-propagation through time.

    Parameters
    ----------
    duration : float, optional
        Time of the run. Default: to rest.

    References
    ----------
    Almeida (1987); Pineda (1987); Scellier & Bengio, Neural Computation 31:312 (2019), section 2.3.
    """

    duration: float | None = None

    def __post_init__(self) -> None:
        check_duration(self.duration)

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""

        def run(times: Array) -> SidePhase:
            return side_network(task.network, task.equilibrium, task.target, t_eval=times, solver=task.solver)

        return follow(task, run, self.duration, "side network").parameter_gradient()
