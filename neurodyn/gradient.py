"""Estimators of dJ/dtheta, the gradient of the cost at the fixed point."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.fixed_point import FixedPoint
from neurodyn.inputs import as_target, choice
from neurodyn.network import Network
from neurodyn.nudge import nudge
from neurodyn.parameters import Parameters
from neurodyn.relax import Equilibrium, relax
from neurodyn.side import side_network
from neurodyn.solver import Solver

METHODS = ("equilibrium-propagation", "recurrent-backprop", "implicit", "finite-differences")


def gradient(
    network: Network,
    x: Any,
    y: Any,
    *,
    method: str = "equilibrium-propagation",
    start: Any = None,
    beta: float = 1e-3,
    nudging: str = "centered",
    t_eval: Any = None,
    step: float = 1e-5,
    solver: Solver | None = None,
) -> Parameters:
    """Estimate dJ/dtheta, J = mean over the batch of C(s*, y).

    Parameters
    ----------
    network, x, y, start, solver
        As for `relax` and `nudge`.
    method : str
        `equilibrium-propagation`: the nudged phase's Theta-tilde at its last time, with `beta` and `nudging`.
        `recurrent-backprop`: the side network's Theta-bar at its last time.
        `implicit`: −(d2E/dtheta ds) H⁻¹ dC/ds by a linear solve: exact, the reference.
        `finite-differences`: central differences of J with `step`, two relaxations per parameter: a check.
    t_eval : array, optional
        Times of the second phase; default until the slowest mode has decayed.

    Returns
    -------
    gradient : Parameters
        With the layout of the parameters; learning subtracts it.
    """
    choice(method, METHODS, "method")
    equilibrium = relax(network, x, start=start, solver=solver)
    if method == "equilibrium-propagation":
        run = nudge(network, equilibrium, y, beta=beta, nudging=nudging, t_eval=t_eval, solver=solver)
        return run.parameter_gradient()
    if method == "recurrent-backprop":
        return side_network(network, equilibrium, y, t_eval=t_eval, solver=solver).parameter_gradient()
    if method == "implicit":
        return implicit(network, equilibrium, y)
    return _finite_differences(network, equilibrium, y, step, solver)


def implicit(network: Network, equilibrium: Equilibrium, y: Any) -> Parameters:
    """Exact dJ/dtheta at an equilibrium, by solving H lambda = dC/ds on the active units."""
    point = FixedPoint.of(network, equilibrium.state, equilibrium.x)
    target = as_target(y, network.n_out, point.s.shape[1], equilibrium.batched)
    return point.exact_gradient(target)


def _finite_differences(
    network: Network, equilibrium: Equilibrium, y: Any, step: float, solver: Solver | None
) -> Parameters:
    vector = network.parameters.vector
    out = np.empty_like(vector)
    for i in range(vector.size):
        costs = []
        for sign in (1.0, -1.0):
            moved = vector.copy()
            moved[i] += sign * step
            near = network.replace(parameters=Parameters(network.parameters.blocks, moved))
            found = relax(near, equilibrium.x, start=equilibrium.state, solver=solver)
            costs.append(float(np.mean(near.cost(found.state, y))))
        out[i] = (costs[0] - costs[1]) / (2.0 * step)
    return Parameters(network.parameters.blocks, out)
