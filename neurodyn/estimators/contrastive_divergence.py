"""Contrastive divergence: the network starts with its outputs clamped, and is then let go for a short time."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.errors import ArgumentError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.clamped import clamped, contrast
from neurodyn.estimators.task import Task
from neurodyn.inputs import as_duration, is_positive
from neurodyn.numerics.arrays import inward, outward
from neurodyn.phases.simulate import simulate
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class ContrastiveDivergence(Estimator):
    """DE/dtheta at the equilibrium with the outputs clamped to y, minus dE/dtheta after a free run from there.

    No free phase is needed. The second sample is not an equilibrium: as the run becomes long this tends to contrastive
    Hebbian learning, at the slowest relaxation rate; a short run weighs fast modes more than slow ones, and the whole
    falls with the duration. It is no estimate of dJ/dtheta in general. The clamped phase begins at `start`.

    Parameters
    ----------
    duration : float, optional
        Time of the free run. Default: the largest time constant.

    References
    ----------
    Hinton, Neural Computation 14:1771 (2002); here without noise.
    """

    duration: float | None = None

    def __post_init__(self) -> None:
        if self.duration is not None and not is_positive(self.duration):
            raise ArgumentError(f"`duration` must be a positive time; got {self.duration!r}")

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        tau = task.network.tau
        duration = float(tau.max()) if self.duration is None else as_duration(self.duration, float(tau.min()))
        held = clamped(task, inward(task.start), task.target.T)
        run = simulate(task.network, task.x, start=outward(held.s), t_eval=[duration], solver=task.solver)
        task.count(force_evaluations=run.counters["nfev"], time=duration)
        return contrast(FixedPoint.of(task.network, run.state[-1], task.x), held)
