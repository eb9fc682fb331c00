"""Contrastive Hebbian learning: Hebb's products with clamped outputs against those with free ones."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.estimators.base import Estimator
from neurodyn.estimators.clamped import clamped, contrast, to_rounding
from neurodyn.estimators.task import Task
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class ContrastiveHebbian(Estimator):
    """DE/dtheta with the outputs clamped to y, minus dE/dtheta at s*; the clamped phase starts at s*.

    For a weight: free minus clamped r_i r_j, what learning adds. Nothing divides it: it is the limit of beta times
    the estimate of equilibrium propagation as beta grows, on the same branch with error O(1/beta). It is the gradient
    of the contrast E(clamped) − E(s*), and no estimate of dJ/dtheta in general.

    In the rate form with feedback gamma·Wᵀ of a layered network with linear outputs, what it says of the weights into
    layer k of L, times gamma^(k−L), is back-propagation's gradient with error O(gamma).

    References
    ----------
    Movellan, Connectionist Models Summer School (1991); Xie & Seung, Neural Computation 15:441 (2003).
    """

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        free = to_rounding(task.point)
        return contrast(free, clamped(task, free.s, task.target.T))
