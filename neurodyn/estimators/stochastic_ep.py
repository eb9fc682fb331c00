"""Equilibrium propagation under noise: what a nudge does to the mean of dE/dtheta, per unit of nudging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.estimators.noisy import Noisy, of_chain
from neurodyn.estimators.task import Task
from neurodyn.flows.layout import RATES
from neurodyn.inputs import choice, real_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.averages import Running
from neurodyn.phases.driven import Nudge
from neurodyn.phases.nudge import SIGNS
from neurodyn.phases.observables import gradient_changes, rates_of
from neurodyn.progress import Bar


@dataclass(frozen=True, kw_only=True)
class StochasticEquilibriumPropagation(Noisy):
    """(1/beta) (E^beta[dE/dtheta] − E⁰[dE/dtheta]) at a temperature, or centered over ±beta.

    As beta → 0 it is the gradient of the mean cost E⁰[C]; at a finite beta, one-sided, that of
    −(Theta/beta) log E⁰[exp(−beta C / Theta)], exactly. Both ensembles have the same noise: their difference is then
    O(beta) wherever the energy is convex, and the error bar does not grow as beta → 0. With independent noise it grows
    as 1/beta.

    Parameters
    ----------
    beta : float
        Strength of the nudging.
    nudging : {"centered", "positive", "negative"}
    common : bool
        Whether both ensembles have the same random numbers.
    temperature, chains, samples, duration, scheme, step, seed
        See `Noisy`: 8 chains of each sample, until they count as 1000 independent samples.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), appendix: the stochastic framework.
    """

    strength: ClassVar = "beta"
    schemes: ClassVar = {"one-sided": {"nudging": "positive"}, "centered": {"nudging": "centered"}}

    beta: float = 0.05
    nudging: str = "centered"
    common: bool = True

    def __post_init__(self) -> None:
        Noisy.__post_init__(self)
        if real_number(self.beta, "beta") == 0.0:
            raise ArgumentError("`beta` must not be 0: the method 'fluctuation' is its limit, without a nudge")
        choice(self.nudging, SIGNS, "nudging")
        if not isinstance(self.common, (bool, np.bool_)):
            raise ArgumentError(f"`common` must be True or False; got {self.common!r}")

    def _average(self, task: Task, bar: Bar) -> Running:
        network = task.network
        if network.metric == RATES:
            task.note("in the rate form noise does not lead to the law exp(-F/Theta): this need not be a gradient")
        low, high = self._strengths
        ensembles = [
            self.ensemble(task, nudge=Nudge(beta, task.target) if beta else None, family=family)
            for beta, family in ((low, 0), (high, 0 if self.common else 1))
        ]
        clamped = network.input_rates(task.x, len(task.target))

        def of_piece(piece: tuple[Array, ...]) -> Array:
            rows = []
            for chain in range(self.chains):
                before, after = (of_chain(states, chain, self.chains) for states in piece)
                at = np.tile(clamped, len(piece[0]))
                moved = 1.0 / (high - low)
                rates = rates_of(network, before), rates_of(network, after)
                rows.append(gradient_changes(network, (before, after), rates, moved, at))
            return np.array(rows)

        return self.averaged(task, bar, ensembles, of_piece)

    @property
    def _strengths(self) -> tuple[float, float]:
        """Those of the two ensembles."""
        if self.nudging == "centered":
            return -self.beta, self.beta
        return 0.0, self.beta if self.nudging == "positive" else -self.beta
