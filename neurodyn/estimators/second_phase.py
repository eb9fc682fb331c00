"""Phases that start at the equilibrium, for a given time or until they rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.estimators.task import Task
from neurodyn.inputs import as_duration, is_positive
from neurodyn.phases.nudge import NudgedPhase, default_times
from neurodyn.phases.side import SidePhase

P = TypeVar("P", NudgedPhase, SidePhase)

#: A phase rests where the error signal has fallen to this part of its first size, and lasts at most so many tau.
REST, LONGEST = 1e-6, 1e5


def check_duration(duration: float | None) -> None:
    """Refuse a duration that is none."""
    if duration is not None and not is_positive(duration):
        raise ArgumentError(f"`duration` must be a positive time, or None for a phase to rest; got {duration!r}")


def follow(task: Task, run: Callable[[float], P], duration: float | None, what: str) -> P:
    """Run a phase for `duration`; without one until its slowest mode, as it is at s*, has decayed to 1e-10.

    A phase that does not rest then, as the nudge has made it slower, is run again for four times as long, and so on.
    """
    brief = float(task.network.tau.min())
    end = float(default_times(task.point)[-1]) if duration is None else as_duration(duration, brief)
    longest = LONGEST * float(task.network.tau.max())
    phase = _counted(task, run, end)
    while duration is None and _unrest(task, phase) > REST and 4.0 * end <= longest:
        end *= 4.0
        phase = _counted(task, run, end)
    if (unrest := _unrest(task, phase)) > REST:
        task.note(f"the {what} does not rest at t = {end:.4g}: its largest error signal is {unrest:.2g} of the first")
    return phase


def _counted(task: Task, run: Callable[[float], P], end: float) -> P:
    phase = run(end)
    branches = len(phase.strengths) if isinstance(phase, NudgedPhase) else 1
    task.count(force_evaluations=phase.counters["nfev"], time=branches * end)
    return phase


def _unrest(task: Task, phase: P) -> float:
    """Largest error signal at the end over the largest at the beginning, of the worst sample."""
    first = np.abs(task.point.cost_slope(task.target) * task.point.local.active).max(axis=0)
    last = np.abs(phase.error_signal[-1] * phase.active).max(axis=1)
    return float(np.max(last[first > 0.0] / first[first > 0.0], initial=0.0))
