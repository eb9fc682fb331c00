"""The exact gradient by the implicit function theorem: the reference."""

from __future__ import annotations

from dataclasses import dataclass

from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class Implicit(Estimator):
    """−(d2E/dtheta ds) lambda with H lambda = dC/ds at the equilibrium: exact to rounding, the reference.

    H is restricted to the active units, and factored by Cholesky's method. Of networks beyond
    `fixed_point.DENSE_UNITS` it is not written down: conjugate gradients take its products with vectors. A network
    without energy has an unsymmetric matrix in the place of H, which is factored by Gauss' method.

    With the hard sigmoid, J is piecewise smooth, and this is exact between its kinks, where a unit of some sample
    begins to sit on a bound of its box.

    References
    ----------
    Almeida (1987); Pineda (1987); Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), appendix.
    """

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        point = task.point
        adjoint, products = point.solve(point.cost_slope(task.target) * point.local.active)
        task.count(force_evaluations=products)
        return point.side_gradient(adjoint)
