"""An initial value problem over a batch of independent trajectories, and its solution. Arrays are unit-major."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.kernel import Kernel, Series


@dataclass(frozen=True, slots=True)
class Problem:
    """dy/dt = flow(t, y), each column of y (m, b) a trajectory of its own from t = 0.

    rows (k, b) holds per-trajectory constants; its first `units` rows are 1/tau of the first `units` components, so
    that y' / rows is a force, and 0 for those that are held. `bounds` is the row of the lower bounds of a box (upper
    bounds follow `units` rows later), -1 without a box. `jacobian(j, t, y)` is d flow/dy of trajectory j, (m, m).
    `unit(i)` names component i. Where the flow is not `smooth` in time, steps land on every recorded time.
    `sizes` (m, b) says how large each component is about, relative to which it is to be resolved and to rest: the
    absolute tolerance and the settling one are multiplied by it. None stands for 1 everywhere.
    `series` gives the Taylor coefficients of the trajectories, and counts where it is one of this flow.
    With `threads_inside` the flow itself runs on numba's threads, and must be called by one thread of Python alone.
    """

    flow: Kernel
    start: Array
    rows: Array
    theta: Array
    layout: Integers
    work_rows: int
    units: int
    jacobian: Callable[[int, float, Array], Array]
    unit: Callable[[int], str]
    bounds: int = -1
    threads_inside: bool = False
    smooth: bool = True
    sizes: Array | None = None
    series: Series | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """States y and rates f = dy/dt at the recorded times, (T, m, b), and how each trajectory ended, (b,).

    What was not reached is NaN. `last` (m, b) is the last finite state, at `time`; `calm` the time since which the
    force stayed below the settling tolerance (inf if it does not). counters: steps, rejected (0 where SciPy does not
    tell), nfev (force evaluations of each trajectory), stability_limited (steps whose size stability bounded, not
    accuracy; 0 for Taylor series), njev (Jacobians, of implicit methods), implicit (1 where `auto` went over to one).
    """

    y: Array
    f: Array
    last: Array
    time: Array
    calm: Array
    step: Array
    status: Integers
    counters: dict[str, Integers]


def describe_counters(counters: dict[str, Integers]) -> dict[str, Any]:
    """Totals over a batch, as plain data."""
    return {name: int(values.sum()) for name, values in counters.items()}
