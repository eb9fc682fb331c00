"""Errors against a tight reference, tolerances that give equal errors, and times taken in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

import neurodyn as nd
from neurodyn.numerics.arrays import Array

from .cases import Case

K = TypeVar("K")
#: Absolute tolerance, in units of the relative one; the same for every solver.
ABSOLUTE = 0.1
#: The search for a tolerance ends when it is known to this many decades.
RESOLUTION = 1.0 / 16.0
LOOSEST, TIGHTEST = 1e-2, 1e-12


@dataclass(frozen=True)
class Runner:
    """One way to solve a case: `run(rtol)` does the work that is timed, `states` reads its result as (T, b, n).

    It solves the first `samples` trajectories of the case; fewer than all where the rest would only take patience.
    `resolution` is how closely its tolerance is sought, in decades; `what` says how it works, for the table.
    """

    run: Callable[[float], Any]
    states: Callable[[Any], Array]
    samples: int
    what: str = ""
    resolution: float = RESOLUTION


class Setting(NamedTuple):
    """A tolerance, and the error measured with it."""

    rtol: float
    error: float


def reference(case: Case) -> Array:
    """States (T, b, n) at the tight tolerance, by Dormand and Prince's pair: ours that is timed is another."""
    solver = nd.Solver("dopri5", rtol=case.tight, atol=ABSOLUTE * case.tight)
    return nd.simulate(case.network, start=case.start, t_eval=case.times, solver=solver).state


def independent_error(case: Case, states: Array, samples: int = 2) -> float:
    """Largest distance of the first trajectories from SciPy's DOP853 with a force written in NumPy."""
    from scipy.integrate import solve_ivp

    worst = 0.0
    for start, found in zip(case.start[:samples], np.swapaxes(states, 0, 1), strict=False):
        solution = solve_ivp(
            force(case), (0.0, case.end), start, method="DOP853", t_eval=case.times, rtol=1e-13, atol=1e-14
        )
        worst = max(worst, float(np.abs(solution.y.T - found).max()))
    return worst


def force(case: Case) -> Callable[[float, Array], Array]:
    """ds/dt of one trajectory in NumPy, with the weights as they are, dense or CSR."""
    weights, tau = case.weights, case.network.tau

    def rate(t: float, s: Array) -> Array:
        r = np.tanh(s)
        change: Array = ((1.0 - r * r) * (weights @ r) - s) / tau
        return change

    return rate


def largest_error(states: Array, exact: Array) -> float:
    """Largest |states − exact| over times, trajectories and units; infinite if anything is not a number."""
    worst = float(np.abs(states - exact[:, : states.shape[1]]).max())
    return worst if np.isfinite(worst) else np.inf


def find_tolerance(error: Callable[[float], float], target: float, resolution: float = RESOLUTION) -> Setting | None:
    """Loosest rtol, to so many decades, whose error stays within the target; None if none does.

    Errors are taken to fall with the tolerance, so that halving an interval finds it; what is returned was measured.
    """
    rtol, found = target, error(target)
    factor = 10.0 if found <= target else 0.1
    good = Setting(rtol, found) if found <= target else None
    bad = None if good else rtol
    while good is None or bad is None:
        rtol *= factor
        if not TIGHTEST <= rtol <= LOOSEST:
            return good
        found = error(rtol)
        if found <= target:
            good = Setting(rtol, found)
        else:
            bad = rtol
    while np.log10(bad / good.rtol) > resolution:
        rtol = float(np.sqrt(bad * good.rtol))
        found = error(rtol)
        if found <= target:
            good = Setting(rtol, found)
        else:
            bad = rtol
    return good


def tune_tolerance(runner: Runner, exact: Array, target: float) -> Setting | None:
    """The tolerance with which a runner meets the target."""
    return find_tolerance(lambda rtol: largest_error(runner.states(runner.run(rtol)), exact), target, runner.resolution)


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(works: Mapping[K, Callable[[], Any]], rounds: int) -> dict[K, list[float]]:
    """Seconds of each work in each round, A B C A B C ..., after one round that does not count."""
    taken: dict[K, list[float]] = {name: [] for name in works}
    for k in range(rounds + 1):
        for name, work in works.items():
            spent = seconds(work)
            if k:
                taken[name].append(spent)
    return taken
