"""Phases that start at the equilibrium, for a given time or until they rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.estimators.task import Task
from neurodyn.inputs import as_duration, is_positive
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase, default_times
from neurodyn.phases.side import SidePhase

P = TypeVar("P", NudgedPhase, SidePhase)

#: A phase rests where the error signal has fallen to this part of its first size, and lasts at most so many tau.
REST, LONGEST = 1e-6, 1e5


def check_duration(duration: float | None) -> None:
    """Refuse a duration that is none."""
    if duration is not None and not is_positive(duration):
        raise ArgumentError(f"`duration` must be a positive time, or None for a phase to rest; got {duration!r}")


def follow(task: Task, run: Callable[[Array], P], duration: float | None, what: str) -> P:
    """Run a phase for `duration`; without one until its slowest mode, as it is at s*, has decayed to 1e-10.

    It is recorded at its beginning and its end. A phase that does not rest then, as the nudge has made it slower, is
    run again for four times as long, and so on.
    """
    brief = float(task.network.tau.min())
    end = float(default_times(task.point)[-1]) if duration is None else as_duration(duration, brief)
    longest = LONGEST * float(task.network.tau.max())
    phase = _counted(task, run, end)
    while duration is None and _unrest(phase) > REST and 4.0 * end <= longest:
        end *= 4.0
        phase = _counted(task, run, end)
    if (unrest := _unrest(phase)) > REST:
        task.note(f"the {what} does not rest at t = {end:.4g}: its largest error signal is {unrest:.2g} of the first")
    return phase


def _counted(task: Task, run: Callable[[Array], P], end: float) -> P:
    phase = run(np.array([0.0, end]))
    branches = len(phase.strengths) if isinstance(phase, NudgedPhase) else 1
    task.count(force_evaluations=phase.counters["nfev"], time=branches * end)
    return phase


def _unrest(phase: P) -> float:
    """Largest error signal at the end over the largest at the beginning, of the worst sample.

    Of all units and each branch: a nudge of finite strength moves units that sat on a bound at s*, too, where the
    linearised network has no signal, and branches of opposite sign may move against each other.
    """
    signals = _signals(phase)
    first, last = (np.abs(signals[:, k]).max(axis=(0, 2)) for k in (0, -1))
    return float(np.max(last[first > 0.0] / first[first > 0.0], initial=0.0))


def _signals(phase: NudgedPhase | SidePhase) -> Array:
    """Error signals but for their sign, (branch, time, batch, unit)."""
    if isinstance(phase, NudgedPhase):
        return np.asarray(phase.network.tau * phase.displacement_rate)
    return phase.error_signal[None]
