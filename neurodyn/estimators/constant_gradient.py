"""The derivative of the objective by a constant that a network is made with, read off the two phases.

At the equilibrium of F = E + βC the state changes F in second order alone, so that dF/dc of a constant c is its partial
derivative at a fixed state. As dF/dβ is C, the derivative of J = C(s*) is that of ∂F/∂c by β, as for weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError, ModelError, shown
from neurodyn.estimators.task import Task
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.nudge import nudge
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network, as_network

#: Step of the difference that stands for ∂F/∂c, over the size of c: where rounding and curvature are alike.
STEP = float(np.finfo(float).eps ** 0.25)


@few_threads
def constant_gradient(
    make: Callable[[float], Network],
    value: float,
    x: ArrayLike | None,
    y: ArrayLike,
    *,
    beta: float = 1e-3,
    nudging: str = "centered",
    start: ArrayLike | None = None,
    solver: Solver | None = None,
) -> float:
    """Estimate dJ/dc for a number c that a network is made with, such as a gain or a constant of a term.

    J is the mean over the batch of C(s*, y). The estimate is (1/β) [∂F/∂c(s^β) − ∂E/∂c(s*)], or the mean of both signs
    of β, where ∂F/∂c is a central difference at fixed states: its error is O(β²) centered and O(β) with one sign, and
    some 1e-8 of the derivative by the difference. A time constant is in no energy: its derivative is 0, as it moves no
    equilibrium; of the cost after a finite time it is not.

    Parameters
    ----------
    make : callable
        The network with this value of the constant, all else the same: seeds, too.
    value : float
        Where the derivative is taken.
    x, y, start, solver
        The same as for `gradient`.
    beta, nudging
        The same as for `nudge`.

    Raises
    ------
    ArgumentError
        `make` returns no network, or the networks of two values have not the same units and parameters.
    ModelError
        The network has no energy.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), theorem 1, for any θ of which E is a function.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> def scaled(gain):
    ...     return models.Hopfield.layered([2, 4, 1], gain=gain, seed=1)
    >>> found = nd.constant_gradient(scaled, 0.8, [0.5, -1.0], [1.0])
    >>> weights = nd.gradient(scaled(0.8), [0.5, -1.0], [1.0], method="implicit")
    >>> along = scaled(0.8).parameters.vector / 0.8  # dW/d gain, as all weights are drawn, and then scaled
    >>> bool(abs(found - weights.vector @ along) < 1e-6)
    True
    """
    if not callable(make):
        raise ArgumentError(f"`make` must be a function from the constant to a network; got {shown(make)}")
    centre = real_number(value, "value")
    network, step = as_network(make(centre)), STEP * max(1.0, abs(centre))
    if not network.has_energy:
        raise ModelError("this network has no energy, of which the derivative by a constant could be taken")
    low, high = (_alike(make(centre + h), network) for h in (-step, step))
    task = Task(network, x, y, start=start, solver=solver)
    run = nudge(network, task.equilibrium, task.target, beta=beta, nudging=nudging, solver=task.solver)

    def slope(state: Array, strength: float) -> Array:
        """∂F/∂c at states, of each sample."""
        ends = [net.energy(state, task.x) + strength * net.cost(state, task.target) for net in (low, high)]
        return (ends[1] - ends[0]) / (2.0 * step)

    rest = slope(run.base, 0.0)
    pairs = zip(run.strengths.tolist(), run.displacement, strict=True)
    return float(np.mean([(slope(run.base + b * path[-1], b) - rest) / b for b, path in pairs]))


def _alike(other: object, network: Network) -> Network:
    """A network with another value of the constant, refused if it is not of the same units and parameters."""
    found = as_network(other)
    if found.graph != network.graph or found.parameters.blocks != network.parameters.blocks:
        raise ArgumentError("`make` must return networks with the same units and parameters for all values")
    return found


__all__ = ["constant_gradient"]
