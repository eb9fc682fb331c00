"""Holomorphic equilibrium propagation: nudges on a circle in the complex plane, of a radius that need not be small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.second_phase import check_duration
from neurodyn.estimators.task import Task
from neurodyn.flows.activation import CODES
from neurodyn.inputs import as_duration, number_within, whole_number
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.phases.complex_nudge import ComplexNudging, ComplexPhase
from neurodyn.system.constants import every
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import pairwise_change, whole
from neurodyn.system.parameters import Parameters
from neurodyn.system.readout import Linear, Softmax

#: Relative error from which on the radius is said to be too large; and how many times larger than that of the rates,
#: which the phases show, the gradient's may be.
TOO_LARGE, MARGIN = 0.01, 4.0

#: The error falls like radius to the power of the points: with more than these it is below rounding at any radius.
MOST_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class Holomorphic(Estimator):
    """(1/(N r)) sum_k dF/dtheta(s^beta_k) e^(-2 pi i k/N) over N nudges beta_k = r e^(2 pi i k/N) of finite radius r.

    The fixed point s^beta is analytic in beta near 0 if the activations are: this is dJ/dtheta + O(r^N), as long as r
    is below the radius of convergence, that of the nearest complex singularity of s^beta. -beta_c is close to one, and
    there may be nearer ones. N = 2 is centered equilibrium propagation. A strength and its conjugate have conjugate
    states, so that only N/2 + 1 phases are run; an evaluation of their complex force counts as two.

    A radius that is too large shows in the mean of rho(s^beta_k): the mean of an analytic function over a circle is its
    value at the centre, rho(s*). Where it is not, by so much that the gradient may be wrong by 1 %, a note says so; a
    phase that does not come to rest raises `ConvergenceError` or `DivergenceError`.

    Parameters
    ----------
    radius : float
        r = |beta|.
    points : int
        N >= 2.
    duration : float, optional
        Time of each phase. Default: to rest. Phases that are stopped earlier give the derivative of the cost after a
        further time `duration`, also to O(r^N).

    References
    ----------
    Laborieux & Zenke, NeurIPS 35 (2022), section 3.
    """

    strength: ClassVar = "radius"
    schemes: ClassVar = {f"{points} points": {"points": points} for points in (2, 4, 8)}

    radius: float = 0.1
    points: int = 8
    duration: float | None = None

    def __post_init__(self) -> None:
        number_within(self.radius, "radius", 1e-9, 1e9, "as smaller nudges are lost in rounding")
        whole_number(self.points, "points", 2, MOST_POINTS)
        check_duration(self.duration)

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`. Refuses what is not analytic, such as the hard sigmoid."""
        check_analytic(task.network)
        if self.duration is not None:
            as_duration(self.duration, float(task.network.tau.min()))
        phase = ComplexNudging(task.point, task.target, self.nudges).run(task.solver, self.duration)
        task.count(force_evaluations=2 * phase.nfev, time=phase.time.sum(axis=0))
        self._judge(task, phase)
        return self._gradient(task, phase)

    @property
    def nudges(self) -> Complex:
        """Those beta_k that are run: the real ones, and those in the upper half plane."""
        angles = 2.0 * np.pi / self.points * np.arange(self.points // 2 + 1)
        beta = self.radius * np.exp(1j * angles)
        return np.where(2 * np.arange(beta.size) == self.points, -self.radius, beta)

    @property
    def weights(self) -> Array:
        """The part of each of `nudges`, with its conjugate where that is another, in a mean over the circle."""
        twins = np.where(self.nudges.imag == 0.0, 1.0, 2.0)
        return twins / self.points

    def _gradient(self, task: Task, phase: ComplexPhase) -> Parameters:
        """Mean over the circle of [dF/dtheta(s^beta) - dF/dtheta(s*)] / beta.

        The real part of D_i rho_j is a difference of two products, and only the first may count for biases: half of
        the second is taken from twins of opposite sign, whose biases cancel.
        """
        network, rate, change = task.network, task.point.local.rate, phase.changes
        after = rate + self.nudges[:, None, None] * change
        change = self.weights[:, None, None] * change
        half, none = 0.5 * change.imag, np.zeros_like(after.imag)
        befores = [np.broadcast_to(rate, none.shape), none, none]
        changes, afters = [change.real, half, -half], [after.real, -after.imag, after.imag]
        columns = (
            np.concatenate(part).transpose(1, 0, 2).reshape(network.n, -1) for part in (befores, changes, afters)
        )
        copies = 3 * len(self.nudges)
        x = None if task.x is None else np.tile(task.x, (copies, 1))
        pairwise = pairwise_change(network, network.input_rates(x, copies * len(task.target)), *columns)
        return whole(network, pairwise, self._of_terms(task, phase), len(task.target))

    def _of_terms(self, task: Task, phase: ComplexPhase) -> list[Array]:
        """The same of each term that flows call, (p,), summed over the samples."""
        network, local = task.network, task.point.local
        clamped = network.input_rates(task.x, len(task.target))
        base = every(local.state, clamped), every(local.rate, clamped)
        found = [np.zeros(a.parameters) for a in network.attached]
        for weight, beta, move, change in zip(self.weights, self.nudges, phase.moves, phase.changes, strict=True):
            still = np.zeros_like(clamped)
            at = tuple(b + beta * np.concatenate([v, still]) for b, v in zip(base, (move, change), strict=True))
            for out, attached in zip(found, network.attached, strict=True):
                if not attached.term.has_energy:  # linear in the motion
                    parts = [np.concatenate([(weight * v).real, still]) for v in (move, change)]
                    out += attached.mixed(base, (parts[0], parts[1]))
                    continue
                moved = attached.complex_parameter_gradient(at) - attached.parameter_gradient(base)
                out += weight * (moved / beta).real
        return found

    def _judge(self, task: Task, phase: ComplexPhase) -> None:
        """Note a radius that is too large for the mean of rho(s^beta) to be rho(s*)."""
        errors = MARGIN * self.errors(phase)
        worst = int(np.argmax(errors))
        if errors[worst] > TOO_LARGE:
            task.note(
                f"the radius {self.radius:g} is outside the domain of convergence, or too large for {self.points} "
                f"points: sample {worst} may be wrong by up to {errors[worst]:.2g} of its gradient (its beta_c is "
                f"{task.point.critical_beta(task.target)[worst]:.3g}); choose a smaller radius, or more points, which "
                "help inside the domain alone"
            )

    def errors(self, phase: ComplexPhase) -> Array:
        """Relative error of the derivative of the rates, (batch,), as far as the phases show; 0 without a signal.

        The phases show the first N coefficients of a power series in beta/r, from the derivative to the N-th, which is
        the distance of the mean over the circle from the centre. The error is the next: what the slowest fall from the
        first to any of the others goes on to. A single one may be small by chance or symmetry.
        """

        def size(factors: Complex) -> Array:
            mean = np.sum((self.weights * factors)[:, None, None] * phase.changes, axis=0).real
            return np.asarray(np.linalg.norm(mean, axis=0))

        first, turn = size(np.ones_like(self.nudges)), self.radius / self.nudges
        known = np.where(first > 0.0, first, np.inf)
        return np.max([(size(turn**m) / known) ** (self.points / m) for m in range(1, self.points)], axis=0)


def check_analytic(network: Network) -> None:
    """Refuse the hard sigmoid, terms that are not analytic, and a cost of a user's own."""
    if not isinstance(network.readout, (Linear, Softmax)):
        raise ModelError(
            f"complex nudging needs a cost of complex outputs, the squared error or that of a softmax; got the readout "
            f"{network.graph.readout!r}: take another method such as equilibrium-propagation"
        )
    for p in network.graph.free:
        if p.activation == "hard-sigmoid":
            raise ModelError(
                f"population {p.name!r}: complex nudging needs an analytic activation, and the hard sigmoid has kinks; "
                "take sigmoid, tanh, softplus or linear, or another method such as equilibrium-propagation"
            )
        if p.activation not in CODES:
            raise ModelError(
                f"population {p.name!r}: complex nudging needs an activation for complex states, one of "
                f"{', '.join(CODES)}, or take another method such as equilibrium-propagation; got {p.activation!r}"
            )
    for term in network.own_terms:
        if term.primitives.complex_gradient is None:
            raise ModelError(
                f"{term!r} has no meaning for complex states, which complex nudging needs; take another method such as "
                "equilibrium-propagation"
            )


__all__ = ["Holomorphic"]
