"""Back-propagation through time: the gradient of the cost after fixed steps of the free flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.estimators.base import Estimator
from neurodyn.estimators.fixed_steps import FixedSteps, check
from neurodyn.estimators.task import Task
from neurodyn.inputs import as_times
from neurodyn.numerics.arrays import Array, inward, outward
from neurodyn.phases.nudge import default_times, resting_point
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.side import SidePhase
from neurodyn.solvers.integrate import check_recording
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class BackpropThroughTime(Estimator):
    """The derivative of the cost after `steps` steps of a fixed-step scheme, by going back through them.

    Truncated, the steps start at the equilibrium: they are the last ones of a long run, and the result is what the
    same steps of the side network give. Full, they start where the free phase does. Either way, once the steps have
    reached rest, this is dJ/dtheta of the fixed point whatever the size of the step.

    Of the trajectory, states at `checkpoints` are kept; the steps between two of them are taken once more on the way
    back. For the kinks of hard-sigmoid networks see `neurodyn.estimators.fixed_steps`.

    Parameters
    ----------
    step : float, optional
        In units of time. Default: one over the fastest relaxation rate at the equilibrium; Euler steps are stable
        below twice that.
    steps : int, optional
        Default: until the slowest mode has decayed by 1e-10; full, that long after the free phase has come to rest.
    scheme : {"euler", "rk4"}
    full : bool
    checkpoints : int, optional
        Default: the root of `steps`, so that memory grows with that root.

    References
    ----------
    Werbos, Proc. IEEE 78:1550 (1990); from the equilibrium: Scellier & Bengio, Neural Computation 31:312 (2019).
    """

    step: float | None = None
    steps: int | None = None
    scheme: str = "euler"
    full: bool = False
    checkpoints: int | None = None

    def __post_init__(self) -> None:
        check(self.scheme, self.step, self.steps, self.checkpoints)

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        step = 1.0 / _fastest_rate(task) if self.step is None else self.step
        run = FixedSteps(
            task.network,
            task.x,
            inward(task.start) if self.full else task.point.s,
            scheme=self.scheme,
            step=step,
            steps=self._steps(task, step),
            checkpoints=self.checkpoints,
            solver=task.solver,
        )
        total: Parameters | None = None
        for segment in run.backward(task.target):
            part = segment.gradient()
            total = part if total is None else total + part
        assert total is not None
        task.count(force_evaluations=run.force_evaluations, time=run.steps * step)
        return total

    def _steps(self, task: Task, step: float) -> int:
        if self.steps is not None:
            return self.steps
        duration = float(default_times(task.point)[-1])
        if self.full:
            duration += float(np.max(task.equilibrium.time))
        return max(1, int(np.ceil(duration / step)))


def _fastest_rate(task: Task) -> float:
    """Return the fastest rate of all samples: what is stable for one may not be so for another."""
    x = [None] * len(task.target) if task.x is None else task.x[:, None]
    return max(FixedPoint.of(task.network, s, one).fastest_rate() for s, one in zip(task.point.s.T, x, strict=True))


def truncated(
    network: Network,
    equilibrium: Equilibrium,
    y: ArrayLike,
    *,
    step: float,
    steps: int,
    scheme: str = "euler",
    solver: Solver | None = None,
) -> SidePhase:
    """Truncated back-propagation through the last k steps of a run at its equilibrium, for every k up to `steps`.

    One run and one way back serve all k. The result is laid out like the side network's, with which it shares the
    meaning: t = k·step; `error_signal[k]` is the derivative of the cost by the state (in the rate form the rate) k
    steps before the end, and inactive units have none; `parameter_gradient(t[k])` is the derivative by the parameters
    through the last k steps.

    Parameters
    ----------
    network, equilibrium, y
        The same as for `side_network`.
    step : float
    steps : int
    scheme : {"euler", "rk4"}
    solver : Solver, optional
        For its limits.

    Raises
    ------
    ArgumentError
    DivergenceError, SimulationError
        The step is too large for the scheme, or the limits were too tight.
    """
    point = resting_point(network, equilibrium)
    batched, batch = equilibrium.batched, point.s.shape[1]
    target = network.target(y, batch, batched)
    run = FixedSteps(network, point.x, point.s, scheme=scheme, step=step, steps=steps, solver=chosen_solver(solver))
    check_recording(steps + 1, *point.s.shape)
    signal, integral = np.zeros((2, steps + 1, *point.s.shape))
    signal[0] = run.cost_slope(point.s, target)
    k = 1
    for segment in run.backward(target):
        stretch = slice(k, k + len(segment.cotangent))
        signal[stretch], integral[stretch] = segment.cotangent[::-1], segment.signal.sum(axis=0)[::-1]
        k = stretch.stop
    pick: Any = slice(None) if batched else 0

    def by_argument(values: Array) -> Array:
        return outward(values / point.local.coordinate_slope, batched)

    return SidePhase(
        network,
        t=as_times(step * np.arange(steps + 1)),
        base=equilibrium.state,
        error_signal=by_argument(signal * point.local.active),
        integral=by_argument(np.cumsum(integral, axis=0)),
        target=target[pick],
        active=np.ascontiguousarray(point.local.active.T)[pick],
        status=np.full(batch, int(Status.DONE))[pick],
        x=equilibrium.x,
        method="bptt",
        solver=run.solver.describe(),
        counters={"nfev": run.force_evaluations, "steps": steps * batch},
    )


__all__ = ["BackpropThroughTime", "truncated"]
