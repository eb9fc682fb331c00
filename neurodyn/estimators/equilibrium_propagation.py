"""Equilibrium propagation: what nudging the outputs does to the derivative of the energy, per unit of nudging."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from neurodyn.estimators.base import Estimator
from neurodyn.estimators.off_branch import off_branch
from neurodyn.estimators.second_phase import check_duration, follow
from neurodyn.estimators.task import Task
from neurodyn.inputs import choice, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.correction import ANTISYMMETRIC, check_correction
from neurodyn.phases.nudge import SIGNS, NudgedPhase, nudge
from neurodyn.system.parameters import Parameters

RANDOM = "random"


@dataclass(frozen=True, kw_only=True)
class EquilibriumPropagation(Estimator):
    """Theta-tilde = (1/beta) [dF/dtheta(s^beta) − dF/dtheta(s*)] at the end of a nudged phase.

    With an energy, or the correction, its distance from dJ/dtheta at rest is O(beta) with one sign of nudging, and
    O(beta²) centered. A random sign is one-sided in every call, and unbiased to first order in the mean over calls.
    With the hard sigmoid it is exact but for rounding where no unit meets or leaves a bound, and a derivative of
    nothing where some do.

    Parameters
    ----------
    beta : float
        Strength of the nudging.
    nudging : {"centered", "positive", "negative", "random"}
    correction : {None, "antisymmetric"}
        "antisymmetric" makes it an estimate of dJ/dtheta where there is no energy, too: see `neurodyn.nudge`.
    duration : float, optional
        Time of the nudged phase. Default: to rest. A phase that is stopped earlier gives the derivative of the cost
        after a further time `duration`.
    seed : int
        Seed of the random sign.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), sections 3 and 4.2 (random sign); centered: Laborieux et
    al., Front. Neurosci. 15:633674 (2021).
    """

    strength: ClassVar = "beta"
    schemes: ClassVar = {"one-sided": {"nudging": "positive"}, "centered": {"nudging": "centered"}}

    beta: float = 1e-3
    nudging: str = "centered"
    correction: str | None = None
    duration: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        real_number(self.beta, "beta")
        choice(self.nudging, (*SIGNS, RANDOM), "nudging")
        check_correction(self.correction)
        check_duration(self.duration)
        whole_number(self.seed, "seed", 0)

    def repeated(self, call: int) -> Self:
        """Return the estimator with a random sign of its own for every call."""
        return dataclasses.replace(self, seed=int(np.random.SeedSequence([self.seed, call]).generate_state(1)[0]))

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        nudging = self._sign() if self.nudging == RANDOM else self.nudging

        def run(times: Array) -> NudgedPhase:
            return nudge(
                task.network,
                task.equilibrium,
                task.target,
                beta=self.beta,
                nudging=nudging,
                correction=self.correction,
                t_eval=times,
                solver=task.solver,
            )

        phase = follow(task, run, self.duration, "nudged phase")
        self._note(task, phase)
        return phase.parameter_gradient()

    def _note(self, task: Task, phase: NudgedPhase) -> None:
        """Tell what keeps the estimate from its order in beta."""
        if self.correction is None and not task.network.has_energy:
            task.note(
                f"without an energy this is no estimate of dJ/dtheta: give it the correction {ANTISYMMETRIC!r}, which "
                "makes it one"
            )
        critical, lowest = float(phase.critical_beta.min()), float(phase.strengths.min())
        if lowest <= -critical:
            task.note(f"nudging by {lowest:.4g} is beyond −beta_c = {-critical:.4g}, where s* cannot be followed to")
        elif not task.network.readout.is_convex and (highest := float(phase.strengths.max())) >= critical:
            task.note(f"nudging by {highest:.4g} is beyond beta_c = {critical:.4g}: s* may have been lost before")
        if self.duration is None:
            for sentence in off_branch(task, phase):
                task.note(sentence)
        if crossed := int(phase.crossed.sum()):
            total = phase.crossed.size
            task.note(f"{crossed:,} of {total:,} units met or left a bound: the estimate has no order in beta here")

    def _sign(self) -> str:
        return ("positive", "negative")[int(np.random.default_rng(self.seed).integers(2))]
