"""The derivative of the cost after a finite time by the time constants.

Time constants move no equilibrium, but how soon a network comes to it. The velocity of unit i is k_i = F_i/tau_i, so
that dk_i/dtau_i = -k_i/tau_i, and going back through fixed steps, dJ/dtau_i = -sum w_i k_i over stages, w_i being the
derivative of the cost by the force F_i there: see `fixed_steps`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_condition, whole_number
from neurodyn.numerics.arrays import Array, inward
from neurodyn.numerics.blas import few_threads
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.network import Network, as_network


@few_threads
def time_constant_gradient(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    *,
    step: float,
    steps: int,
    back: int | None = None,
    scheme: str = "euler",
    start: ArrayLike | None = None,
    solver: Solver | None = None,
) -> dict[str, Array]:
    """Return dJ/dtau of every unit, J being the mean over the batch of the cost after `steps` steps of the free flow.

    It is the exact derivative of what these steps compute. Truncated, it is that through the last `back` steps: as if
    earlier ones had other time constants, held where they are. From the equilibrium on it is 0.

    Parameters
    ----------
    network, x, y, start
        The same as for `gradient`.
    step : float
        In units of time.
    steps : int
    back : int, optional
        How many of the last steps it goes back through. Default: all.
    scheme : {"euler", "rk4"}
    solver : Solver, optional
        For its limits.

    Returns
    -------
    dict of str to (size,)
        By the names of the free populations; costs over units of time.

    Raises
    ------
    ArgumentError
        Something does not fit, or `back` is more than `steps`.
    DivergenceError, SimulationError
        The step is too large for the scheme, or the limits were too tight.

    References
    ----------
    Werbos, Proc. IEEE 78:1550 (1990).

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 1], seed=1)
    >>> found = nd.time_constant_gradient(net, [0.5, -1.0], [1.0], step=0.1, steps=20)
    >>> {name: values.shape for name, values in found.items()}
    {'h1': (3,), 'y': (1,)}
    """
    from neurodyn.estimators.fixed_steps import FixedSteps, check

    check(scheme, step, steps, None)
    if back is not None and whole_number(back, "back", 1) > steps:
        raise ArgumentError(f"`back` must be at most `steps`, {steps}; got {back}")
    net = as_network(network)
    inputs, begin, batched = as_condition(x, start, net.n_in, net.n)
    target, limits = net.target(y, len(begin), batched), chosen_solver(solver)
    state, last = inward(begin), steps if back is None else back
    if last < steps:
        before = steps - last
        run = FixedSteps(net, inputs, state, scheme=scheme, step=step, steps=before, solver=limits)
        state = run.states(state, np.array([before]))[-1]
    run = FixedSteps(net, inputs, state, scheme=scheme, step=step, steps=last, solver=limits)
    total = np.zeros(net.n)
    for segment in run.backward(target):
        total += segment.time_constant_gradient()
    return {p.name: total[net.graph.slices[p.name]] for p in net.graph.free}


__all__ = ["time_constant_gradient"]
