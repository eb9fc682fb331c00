"""Learning in continuous time: synapses that may change during nudged phases only, phase after phase.

The second view of equilibrium propagation: there is one dynamics, and the only local difference between its phases is
whether synapses may change. Samples are presented in turn; for each the network comes to rest from where it was, and
is then nudged for a while, with weights that move by dtheta/dt = -1/(beta tau_theta) d/dt dE/dtheta. As tau_theta grows
the change of a phase becomes -1/tau_theta times the estimate of dJ/dtheta by equilibrium propagation.

Source: Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), section 2.3 and appendix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture, curves
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_duration, as_input, whole_number
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.phases.plasticity import plastic_phase
from neurodyn.phases.relax import relax
from neurodyn.progress import Bar
from neurodyn.results.result import Result, array
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, eq=False, repr=False)
class TimedLearning(Result):
    """What was presented when, and how the network changed.

    Attributes
    ----------
    t : (K,)
        When each nudged phase ended.
    rest_time : (K,)
        How long the network took to come to rest before it.
    shown : (K,)
        Index of the sample.
    cost : (K,)
        C at rest, before the nudge.
    theta : (K, p)
        Weights and biases afterwards, laid out like `network.parameters.vector`; `network` is the one at the beginning.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> found = nd.learn_in_time(net, x, y, rounds=1, beta=0.1, tau_theta=100.0, duration=1.0)
    >>> found.theta.shape, found.learned == net
    ((2, 17), False)
    """

    t: Array = array("time", units="time")
    rest_time: Array = array("time", units="time")
    shown: Integers = array("time")
    cost: Array = array("time")
    theta: Array = array("time", "parameter")
    beta: float = 0.0
    tau_theta: float = 0.0
    duration: float = 0.0
    rule: str = "tied"
    solver: dict[str, Any] = field(default_factory=dict)

    def _picture(self) -> Picture | None:
        return curves({"cost": self.cost}, self.t, caption="cost at rest, before each nudge")

    @property
    def learned(self) -> Network:
        """The network at the end."""
        return self.network.replace(parameters=Parameters(self.network.parameters.blocks, self.theta[-1]))


def learn_in_time(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    *,
    rounds: int,
    beta: float,
    tau_theta: float,
    duration: float,
    rule: str = "tied",
    start: ArrayLike | None = None,
    solver: Solver | None = None,
) -> TimedLearning:
    """Present samples in turn, `rounds` times all of them; weights move while the outputs are nudged.

    Parameters
    ----------
    network, beta, tau_theta, rule, solver
        The same as for `plastic_phase`.
    x : (samples, n_in) array
    y : (samples, n_out) array, or (samples,) labels
    duration : float
        How long the outputs are nudged each time.
    start : (n,) array, optional
        Where the first free phase begins; later ones begin where the nudged phase before ended. Default: zeros.

    Raises
    ------
    ArgumentError, ModelError, TooLargeError
        For what does not fit.
    SimulationError, ConvergenceError
        A phase failed, or its weights ran away: raise `tau_theta`.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> found = nd.learn_in_time(net, x, y, rounds=1, beta=0.1, tau_theta=100.0, duration=1.0)
    >>> found.shown
    array([0, 1])
    """
    as_network(network)
    inputs, batched = as_input(x, network.n_in)
    if inputs is None or not batched:
        raise ArgumentError(f"`x` must hold samples to present, (samples, {network.n_in})")
    whole_number(rounds, "rounds", 1)
    duration = as_duration(duration, float(network.tau.min()))
    target = network.target(y, len(inputs), True)
    count = rounds * len(inputs)
    rest_time, cost = np.empty((2, count))
    theta = np.empty((count, network.parameters.vector.size))
    now, state = network, start
    with Bar("learning in time") as bar:
        for k in range(count):
            bar.update(k / count)
            j = k % len(inputs)
            rest = relax(now, inputs[j], start=state, solver=solver)
            run = plastic_phase(
                now,
                rest,
                target[j],
                beta=beta,
                tau_theta=tau_theta,
                rule=rule,
                t_eval=[duration],
                solver=solver,
            )
            rest_time[k], cost[k] = float(rest.time), float(now.cost(rest.state, target[j]))
            now, state = run.learned(), run.state[-1]
            theta[k] = now.parameters.vector
    return TimedLearning(
        network,
        t=np.cumsum(rest_time + duration),
        rest_time=rest_time,
        shown=np.arange(count) % len(inputs),
        cost=cost,
        theta=theta,
        beta=float(beta),
        tau_theta=float(tau_theta),
        duration=duration,
        rule=rule,
        solver=chosen_solver(solver).describe(),
    )


__all__ = ["TimedLearning", "learn_in_time"]
