"""What becomes of gradients where the free phase was stopped before the network was at rest."""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudged_problem import displaced_gradient, nudged_problem
from neurodyn.phases.side import side_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters


def nudged_gradients(
    point: FixedPoint, target: Array, beta: float, times: Array, solver: Solver, correction: str | None = None
) -> list[Parameters | None]:
    """Gradients of a nudged phase that begins at states which need not be at rest; None where it ran away.

    The flow is that of delta = (s − s(0))/beta with all that moves the network: the pull of the cost, and the force
    that is left, divided by beta.
    """
    local = point.local
    left = np.where(local.active, local.force, 0.0)  # the flow has that of units on a bound already
    problem = nudged_problem(point, target, np.array([beta]), left / beta, correction)
    states = integrate(problem, solver, times, what="nudged phase").y
    return [displaced_gradient(point, delta, beta) if np.isfinite(delta).all() else None for delta in states]


def side_gradient(point: FixedPoint, target: Array, end: float, solver: Solver) -> Parameters | None:
    """Gradient of a side network that is linearised there; None if it ran away."""
    problem = side_problem(point, point.cost_slope(target) * point.local.active)
    solution = integrate(problem, solver, np.array([end]), what="side network")
    if np.any(solution.status != Status.DONE):
        return None
    return point.side_gradient(solution.y[-1, point.network.n :])
