"""The gradient read off free noise: how dE/dtheta fluctuates together with the cost, without any nudge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.errors import ArgumentError, ModelError
from neurodyn.estimators.noisy import Noisy, of_chain
from neurodyn.estimators.task import Task
from neurodyn.flows.layout import RATES
from neurodyn.numerics.arrays import Array
from neurodyn.phases.averages import Running
from neurodyn.phases.observables import Observables, energy_gradients, rates_of
from neurodyn.progress import Bar


@dataclass(frozen=True, kw_only=True)
class Fluctuation(Noisy):
    """−Cov⁰(dE/dtheta, C) / Theta over the free stationary law: exactly the gradient of the mean cost E⁰[C].

    It is the limit of stochastic equilibrium propagation as beta → 0, by the fluctuation-dissipation theorem, and
    needs no second phase. Nothing but the noise moves the outputs, so that its error bar is larger, the more units
    fluctuate that have no part in the cost.

    The mean cost of a sample is taken from its other chains, which makes the estimate unbiased; dE/dtheta is taken
    relative to that at the equilibrium, so that its mean adds no noise.

    Parameters
    ----------
    temperature, chains, samples, duration, scheme, step, seed
        See `Noisy`: 8 chains of each sample, at least 2, until they count as 1000 independent samples.

    References
    ----------
    Kubo, Rep. Prog. Phys. 29:255 (1966); for a Boltzmann machine this is REINFORCE, Williams, Machine Learning 8:229
    (1992).
    """

    def __post_init__(self) -> None:
        Noisy.__post_init__(self)
        if self.chains < 2:
            raise ArgumentError("`chains` must be at least 2: the mean cost of a chain is that of the others")

    def _average(self, task: Task, bar: Bar) -> Running:
        network = task.network
        network.require_energy("stationary law exp(-E/Theta)")
        if network.metric == RATES and any(p.activation != "linear" for p in network.graph.free):
            raise ModelError(
                "in the rate form noise does not lead to the law exp(-E/Theta), in which fluctuations are gradients: "
                "take models.Hopfield, or the method 'stochastic-ep'"
            )
        ensemble = self.ensemble(task)
        observe = Observables(ensemble, task.target)
        rest = np.atleast_2d(task.equilibrium.state).T
        clamped = network.input_rates(task.x, len(task.target))

        def of_piece(piece: tuple[Array, ...]) -> Array:
            (states,) = piece
            cost = ensemble.by_chain(observe.cost(states))[..., 0]  # (count, chain, batch)
            total = cost.mean(axis=0)
            others = (total.sum(axis=0) - total) / (self.chains - 1)
            weights = cost - others
            rows = []
            for chain in range(self.chains):
                s = np.hstack([of_chain(states, chain, self.chains), rest])
                w = np.append(weights[:, chain].ravel(), -weights[:, chain].sum(axis=0))
                at = np.tile(clamped, len(states) + 1)
                rows.append(energy_gradients(network, s, rates_of(network, s), at, w))
            return -np.array(rows) / self.temperature

        return self.averaged(task, bar, [ensemble], of_piece)
