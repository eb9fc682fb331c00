"""How long each phase must last: what is left of the way to rest, and of the gradient's error, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.timing.ladder import Modes
from neurodyn.cards.picture import Picture, curves
from neurodyn.inputs import choice, positive_number
from neurodyn.numerics.arrays import Array, inward
from neurodyn.phases.nudge import default_times, nudge, resting_point
from neurodyn.phases.side import side_network
from neurodyn.phases.simulate import simulate
from neurodyn.results.result import Result, array
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, eq=False, repr=False)
class Durations(Result):
    """Errors that a phase leaves if it is stopped at a time t, predicted by the linearised network and measured.

    Attributes
    ----------
    t : (T,)
        Duration of a phase.
    free_predicted, free_measured : (T,)
        Distance from s*, over that of the start, of the sample where it is largest. The prediction is the linearised
        flow's, exp(-T⁻¹H t), from the same start: far from s* the network moves otherwise.
    nudged_predicted, nudged_measured : (T,)
        Distance of the gradient, averaged over the batch, from dJ/dtheta, over its norm. The prediction is the side
        network's gradient, the limit beta → 0; measured is the nudged phase's.
    beta : float

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.durations(net, [0.5, 0.2], [1.0, 0.0])
    >>> bool(found.nudged_measured[-1] < 0.01 * found.nudged_measured[0])
    True
    """

    t: Array = array("time", units="time")
    free_predicted: Array = array("time")
    free_measured: Array = array("time")
    nudged_predicted: Array = array("time")
    nudged_measured: Array = array("time")
    beta: float = 0.0

    def _picture(self) -> Picture | None:
        left = {"free": self.free_measured, "nudged": self.nudged_measured}
        return curves(left, self.t, caption="error that a phase leaves, over its duration", log=True)

    def needed(self, phase: str, accuracy: float) -> tuple[float, float]:
        """Duration of the "free" or "nudged" phase after which the error stays below `accuracy`: predicted, measured.

        NaN for an accuracy that is not reached by the last recorded time, as beta or the solver forbid.
        """
        choice(phase, ("free", "nudged"), "phase")
        positive_number(accuracy, "accuracy")
        curves = (getattr(self, f"{phase}_{kind}") for kind in ("predicted", "measured"))
        predicted, measured = (needed(self.t, curve, accuracy) for curve in curves)
        return predicted, measured


def durations(
    network: Network, equilibrium: AtRest, y: ArrayLike, *, beta: float = 1e-3, solver: Solver | None = None
) -> Durations:
    """Follow both phases to where the slowest mode has decayed by 1e-10, and compare them with the linearised network.

    Parameters
    ----------
    network, equilibrium, y, beta
        The same as for `nudge`, or inputs in place of the equilibrium; nudging is centered. The free phase is simulated
        again, from `equilibrium.start`.
    solver : Solver, optional
        Default: a relative tolerance of 1e-10.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.durations(net, [0.5, 0.2], [1.0, 0.0])
    >>> predicted, measured = found.needed("nudged", 0.01)
    >>> abs(measured / predicted - 1.0) < 0.1
    True
    """
    solver = chosen_solver(solver, SOLVER)
    equilibrium = at_rest(network, equilibrium, solver)
    point = resting_point(network, equilibrium)
    target = network.target(y, point.s.shape[1], equilibrium.batched)
    t = default_times(point)
    run = nudge(network, equilibrium, y, beta=beta, t_eval=t, solver=solver)
    side = side_network(network, equilibrium, y, t_eval=t, solver=solver)
    exact = point.exact_gradient(target)
    free = simulate(network, equilibrium.x, start=equilibrium.start, t_eval=t, solver=solver)
    away = np.atleast_2d(equilibrium.start) - np.atleast_2d(equilibrium.state)
    distance = np.linalg.norm(free.state - equilibrium.state, axis=-1).reshape(t.size, -1)
    return Durations(
        network,
        t=t,
        free_predicted=_largest(np.linalg.norm(_linear(point, inward(away), t), axis=1), away),
        free_measured=_largest(distance, away),
        nudged_predicted=np.array([_distance(side.parameter_gradient(time), exact) for time in t]),
        nudged_measured=np.array([_distance(run.parameter_gradient(time), exact) for time in t]),
        beta=float(beta),
    )


def _linear(point: FixedPoint, away: Array, t: Array) -> Array:
    """Displacements (T, n, b) of the linearised free flow that begins with `away` (n, b); 0 of inactive units."""
    out = np.zeros((t.size, *away.shape))
    for j in range(away.shape[1]):
        active = point.local.active[:, j]
        modes = Modes.of(point, j)
        amplitude = np.exp(-np.outer(t, modes.rates)) * (modes.left @ away[active, j])
        out[:, active, j] = (amplitude @ modes.right.T).real
    return out


def _largest(distance: Array, away: Array) -> Array:
    """The largest over samples of distances (T, b) over those at first; samples that began at s* left out."""
    first = np.linalg.norm(away, axis=1)
    moved = first > 0.0
    return np.asarray(np.max(distance[:, moved] / first[moved], axis=1, initial=0.0))


def _distance(gradient: Parameters, exact: Parameters) -> float:
    return (gradient - exact).norm / (exact.norm or np.nan)


def needed(t: Array, error: Array, accuracy: float) -> float:
    """Time after which `error` stays below `accuracy`; between recorded times its logarithm is a straight line."""
    above = np.flatnonzero(~(error <= accuracy))
    if not above.size:
        return 0.0
    last = int(above[-1])
    if last == t.size - 1:
        return float("nan")
    ends = np.log(np.maximum(error[last : last + 2], 1e-300))
    return float(t[last] + (t[last + 1] - t[last]) * (ends[0] - np.log(accuracy)) / (ends[0] - ends[1]))
