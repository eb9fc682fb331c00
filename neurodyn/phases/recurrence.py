"""Whether a trajectory comes back to where it was: the first sight of a limit cycle, and of its period.

The plane through the last state, across its velocity, is a section: where the trajectory went through it before, in the
same direction and close by, it was one period earlier, or several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.numerics.arrays import Array, Mask
from neurodyn.phases.relax import free_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: Spans that are searched, in units of the longest time constant, and how many states each records.
SPANS, RECORDED = (50.0, 500.0, 5000.0), 4001
#: A return at this fraction of the size of the motion is worth a closer look; this close is as good as the best.
NEAR, AS_GOOD = 0.05, 3.0
#: A motion of this size, relative to the states, is none.
STILL = 1e-5


@dataclass(frozen=True)
class Return:
    """A trajectory that came back: after which time, how near, as a fraction of its size, and to which state (n,)."""

    period: float
    gap: float
    state: Array


def first_return(
    network: Network,
    state: Array,
    x: Array | None,
    solver: Solver,
    longest: float,
    held: Mask | None = None,
) -> Return | None:
    """Follow the free flow from a state (n,) under x (1, n_in) until it comes back, for at most the time `longest`.

    None if it does not.
    """
    scale = float(network.tau.max())
    for span in SPANS:
        if span * scale > longest:
            return None
        found = _follow(free_problem(network, _column(state), x, held), solver, span * scale)
        if found.status[0] != Status.DONE:
            return None
        seen = _look_back(np.linspace(0.0, span * scale, RECORDED), found)
        if seen is not None:
            return _closer(network, x, solver, seen, held)
        state = found.last[:, 0]
    return None


def _column(state: Array) -> Array:
    return np.ascontiguousarray(state[:, None])


def _follow(problem: Problem, solver: Solver, span: float) -> Solution:
    return integrate(problem, solver, np.linspace(0.0, span, RECORDED), what="looking for a cycle")


def _look_back(times: Array, found: Solution) -> Return | None:
    """The last earlier time at which a recorded trajectory was about where it ended."""
    states, velocities = found.y[:, :, 0], found.f[:, :, 0]
    end, size = states[-1], float(np.ptp(states, axis=0).max())
    if size <= STILL * (1.0 + np.abs(states).max()):
        return None
    across = velocities[-1]
    height, speed = (states - end) @ across, velocities @ across
    crossings = np.flatnonzero((height[:-1] < 0.0) & (height[1:] >= 0.0))[:-1]  # the last of them is the end itself
    if not crossings.size:
        return None
    step = times[1] - times[0]
    gaps, at = np.empty(crossings.size), np.empty(crossings.size)
    for k, j in enumerate(crossings):
        part = _root(height[j], height[j + 1], step * speed[j], step * speed[j + 1])
        here = _between(part, states[j], states[j + 1], step * velocities[j], step * velocities[j + 1])
        gaps[k], at[k] = np.abs(here - end).max() / size, times[j] + part * step
    good = np.flatnonzero(gaps <= max(1e-4, AS_GOOD * gaps.min()))
    last = good[-1]
    return Return(float(times[-1] - at[last]), float(gaps[last]), end) if gaps[last] <= NEAR else None


def _closer(network: Network, x: Array | None, solver: Solver, seen: Return, held: Mask | None) -> Return:
    """The same return, of a trajectory recorded so densely that its time and gap are those of the solver."""
    span = 1.02 * seen.period
    found = _follow(free_problem(network, _column(seen.state), x, held), solver, span)
    step = span / (RECORDED - 1)
    states, velocities = found.y[:, :, 0], found.f[:, :, 0]
    size = float(np.ptp(states, axis=0).max())
    across = velocities[0]
    height, speed = (states - states[0]) @ across, velocities @ across
    late = int(0.9 * RECORDED)
    crossings = late + np.flatnonzero((height[late:-1] < 0.0) & (height[late + 1 :] >= 0.0))
    if not crossings.size:
        return seen
    j = int(crossings[np.argmin(np.abs(crossings * step - seen.period))])
    part = _root(height[j], height[j + 1], step * speed[j], step * speed[j + 1])
    here = _between(part, states[j], states[j + 1], step * velocities[j], step * velocities[j + 1])
    return Return((j + part) * step, float(np.abs(here - states[0]).max() / size), seen.state)


def _between(part: float, a: Array, b: Array, slope_a: Array, slope_b: Array) -> Array:
    """Hermite's cubic between two recorded states, at a fraction of the step; slopes are per step."""
    p, q = part, 1.0 - part
    return np.asarray(q * q * ((1.0 + 2.0 * p) * a + p * slope_a) + p * p * ((1.0 + 2.0 * q) * b - q * slope_b))


def _root(a: float, b: float, slope_a: float, slope_b: float) -> float:
    """Where Hermite's cubic rises through zero between a < 0 and b >= 0, as a fraction of the step."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        height = _between(middle, np.array(a), np.array(b), np.array(slope_a), np.array(slope_b))
        low, high = (middle, high) if height < 0.0 else (low, middle)
    return 0.5 * (low + high)
