"""Where ensembles of trajectories come to rest, through the compiled engine, and which of them share an attractor."""

from __future__ import annotations

import numpy as np

from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import roots
from neurodyn.numerics.arrays import Array, Integers, Mask, inward
from neurodyn.phases.driven import Nudge, driven_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status

#: Longest time, in the largest time constant, until trajectories rest; and of those that may go round for ever.
PATIENCE, SHORT = 1e4, 1e3
#: Force at rest: loose first, as the attractor is refined afterwards; tight for those that rest at none.
LOOSE, TIGHT = 1e-4, 1e-7
#: Farther than this, in any unit, from where a trajectory came to rest, a fixed point is not what it rests at.
REACH = 0.02


def settle(landscape: Landscape, start: Array, tol: float = LOOSE) -> tuple[Array, Mask]:
    """Ends (k, n) of the trajectories from `start` (k, n), and which came to rest, every unit's force below `tol`.

    Each trajectory has its own steps and its own end.
    """
    tau = float(landscape.network.tau.max())
    solver = Solver(rtol=1e-2 * tol, atol=1e-4 * tol)
    end = (PATIENCE if landscape.has_energy else SHORT) * tau
    problem = _problem(landscape, start)
    solution = integrate(problem, solver, np.zeros(0), t_end=end, settle=tol, dwell=tau, what="settling")
    return solution.last.T.copy(), solution.status == Status.SETTLED


def attractors(landscape: Landscape, start: Array) -> tuple[Array, Integers]:
    """Stable fixed points (a, n) that trajectories from `start` (k, n) end at, and which of them each does, (k,).

    −1 for a trajectory that ends at none: it rests at a saddle, on the boundary of basins, or does not come to rest,
    as where it goes round on a cycle for ever.
    """
    labels = np.full(len(start), -1)
    found: list[Array] = []
    ends, todo = start, np.arange(len(start))
    for tol in (LOOSE, TIGHT):
        ends, calm = settle(landscape, ends, tol)
        label, found = _group(landscape, ends, calm, found)
        labels[todo] = label
        again = (label < 0) & (calm | landscape.has_energy)
        todo, ends = todo[again], ends[again]
        if not todo.size:
            break
    return np.array(found).reshape(-1, landscape.network.n), labels


def _group(landscape: Landscape, ends: Array, calm: Mask, found: list[Array]) -> tuple[Integers, list[Array]]:
    """Labels of the ends, (k,): one after the other is refined, and takes those near it along."""
    labels, found = np.full(len(ends), -1), list(found)
    waiting = calm.copy()
    for k, point in enumerate(found):
        near = waiting & _near(ends, point)
        labels[near] = k
        waiting &= ~near
    while waiting.any():
        first = int(np.argmax(waiting))
        refined, residual = roots(landscape, ends[first : first + 1])
        point = refined[0]
        near = waiting & _near(ends, point)
        if near[first] and residual[0] <= 1e-9 and not landscape.index(refined)[0]:
            labels[near] = len(found)
            found.append(point)
        near[first] = True
        waiting &= ~near
    return labels, found


def _near(states: Array, point: Array) -> Mask:
    near: Mask = np.abs(states - point).max(axis=1) <= REACH
    return near


def _problem(landscape: Landscape, start: Array) -> Problem:
    """The flow from `start` (k, n) as a problem for the engine."""
    count, nudge = len(start), None
    if landscape.beta:
        nudge = Nudge(landscape.beta, np.tile(np.asarray(landscape.y), (count, 1)))
    return driven_problem(landscape.network, inward(start), landscape.inputs(count), nudge)
