"""Coupled learning: outputs clamped a little nearer to their targets than they are."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.errors import ArgumentError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.clamped import clamped, contrast, to_rounding
from neurodyn.estimators.task import Task
from neurodyn.inputs import is_positive
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class CoupledLearning(Estimator):
    """(1/eta) [dE/dtheta(clamped) − dE/dtheta(s*)], outputs clamped to (1 − eta) s*_out + eta y.

    In the rate form it is the rates that are clamped. As eta → 0 it tends, with error O(eta), to the implicit gradient
    in which G⁻¹ dC/ds_out stands for dC/ds_out, G = (H⁻¹)_out,out: a clamp imposes a displacement, a nudge applies a
    force. So it is parallel to dJ/dtheta for a single output (and a single sample), and biased otherwise. At eta = 1
    it is contrastive Hebbian learning.

    Parameters
    ----------
    eta : float
        In (0, 1].

    References
    ----------
    Stern, Hexner, Rocks & Liu, Phys. Rev. X 11:021045 (2021), where eta also divides the learning rate.
    """

    eta: float = 1e-3

    def __post_init__(self) -> None:
        if not (is_positive(self.eta) and 1e-9 <= self.eta <= 1.0):
            raise ArgumentError(f"`eta` must be a number from 1e-9 to 1; got {self.eta!r}")

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        free = to_rounding(task.point)
        rest = free.local.coordinate[task.network.outputs]
        near = clamped(task, free.s, rest + self.eta * (task.target.T - rest))
        return contrast(free, near, 1.0 / self.eta)
