"""Where a simulation begins: at given states, or where an earlier result ended."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array
from neurodyn.results.result import Result


def beginning(start: ArrayLike | Result | None, t0: float | None) -> tuple[Any, float]:
    """The states to start from, as they were given or the last ones of a result, and the time they belong to.

    Raises `ArgumentError` for a result without states, and for one whose samples ended at different times.
    """
    time = 0.0
    if isinstance(start, Result):
        start, time = _end(start)
    return start, time if t0 is None else real_number(t0, "t0", 0.0)


def _end(result: Result) -> tuple[Array, float]:
    """Last state (batch, n) or (n,) of a result, and the last time, 0 where it has none."""
    state, times = getattr(result, "state", None), getattr(result, "t", None)
    if state is None:
        raise ArgumentError(
            f"`start` must be states, or a result that has them, like a Trajectory or an Equilibrium; "
            f"a {type(result).__name__} has none"
        )
    if times is None:
        return np.asarray(state), 0.0
    state, time = np.asarray(state)[-1], float(times[-1])
    if np.isfinite(state).all():
        return state, time
    last, reached = getattr(result, "last_state", None), getattr(result, "last_time", None)
    if last is None or reached is None or np.unique(reached).size != 1:
        raise ArgumentError("`start` did not reach its last time for all samples: continue those that did, by `state`")
    return np.asarray(last), float(np.ravel(reached)[0])
