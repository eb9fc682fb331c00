"""Euler's method against continuous time: what a finite step makes of error signals and gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.analysis.compare import compare
from neurodyn.analysis.convergence import SOLVER
from neurodyn.analysis.ladder import ladder
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.graph import Array
from neurodyn.inputs import as_positives
from neurodyn.network import Network
from neurodyn.nudge import NudgedPhase, nudge
from neurodyn.progress import Bar
from neurodyn.relax import Equilibrium, relax
from neurodyn.side import side_network
from neurodyn.solver import Solver

#: Default steps, in units of the largest stable one; the fit of the order takes those up to `SMALL`.
FRACTIONS = (1.1, 1.02, 0.98, 0.75, *(0.5**k for k in range(1, 9)))
SMALL = 0.1
#: How long the nudged phase is followed, in relaxation times of the slowest mode; how many times are compared.
LENGTH, TIMES = 5.0, 80
#: Steps in which an unstable mode is sure to show.
LONG = 1000


def discretisation(
    network: Network, x: Any, y: Any, *, start: Any = None, steps: Any = None, solver: Solver | None = None
) -> Study:
    """Run the nudged phase by Euler's method with fixed steps, and compare it with continuous time.

    Nudging is the limit beta → 0, so that all error is the steps'. The reference is the side network, integrated
    adaptively to a relative tolerance of 1e-10. Where Euler's method is stable, the gradient in the end is exact.

    Parameters
    ----------
    network, x, y, start
        As for `relax` and `nudge`.
    steps : (K,) array, optional
        Step sizes. Default: 12, from 1/256 of the largest stable one to 1.1 times it.
    solver : Solver, optional
        Of the free phase and the reference.

    Returns
    -------
    study : Study
        Over `step`: `fraction` of the largest stable step, 2/λ_max; `signal_error`, `Comparison.max_relative_error` up
        to the time 5/λ_min; `gradient_error`, the largest distance of the gradient from the one of continuous time,
    XX
    """
    solver = solver or SOLVER
    rest = relax(network, x, start=start, solver=solver)
    rungs = ladder(network, rest)
    sizes = rungs.euler_limit * np.array(FRACTIONS) if steps is None else as_positives(steps, "steps")
    end = LENGTH / rungs.slowest_rate
    errors, stable = np.empty((2, sizes.size)), np.empty(sizes.size, dtype=bool)
    with Bar("discretisation") as bar:
        for k, step in enumerate(sizes):
            bar.update(k / sizes.size)
            errors[:, k] = _errors(network, rest, y, float(step), end, solver)
            stable[k] = _settles(network, rest, y, float(step))
    small = (sizes <= SMALL * rungs.euler_limit) & np.isfinite(errors).all(axis=0)
    return Study(
        network,
        "discretisation",
        "Euler's method against continuous time, in the nudged phase",
        columns(
            {"step": (sizes, "time")},
            fraction=("step", sizes / rungs.euler_limit),
            signal_error=("step", errors[0]),
            gradient_error=("step", errors[1]),
            stable=("step", stable),
        ),
        {
            "limit": rungs.euler_limit,
            "largest_stable_step": float(np.max(sizes, where=stable, initial=0.0)),
            "signal_order": power_law(sizes[small], errors[0, small])[0],
            "gradient_order": power_law(sizes[small], errors[1, small])[0],
        },
    )


def _errors(
    network: Network, rest: Equilibrium, y: Any, step: float, end: float, solver: Solver
) -> tuple[float, float]:
    """Errors of signal and gradient up to a time, with one size of steps; NaN where it overflows."""
    count = max(1, round(end / step))
    times = step * np.unique(np.linspace(0, count, min(count, TIMES) + 1).round())
    run = _euler(network, rest, y, step, times)
    if not np.isfinite(run.displacement_rate).all():
        return np.nan, np.nan
    found = compare(run, side_network(network, rest, y, t_eval=times, solver=solver))
    return found.max_relative_error, float(found.gradient.over_time.max())


def _settles(network: Network, rest: Equilibrium, y: Any, step: float) -> bool:
    """Whether the network comes to rest: at the end its velocity still falls, or is gone."""
    run = _euler(network, rest, y, step, step * np.array([0.0, LONG / 2, LONG]))
    first, middle, last = np.nan_to_num(np.abs(run.error_signal), nan=np.inf).reshape(3, -1).max(axis=1)
    return bool(last <= max(middle, 1e-6 * first) and np.isfinite(last))


def _euler(network: Network, rest: Equilibrium, y: Any, step: float, times: Array) -> NudgedPhase:
    solver = Solver(method="euler", step=step, max_steps=10 * round(times[-1] / step))
    return nudge(network, rest, y, beta=0.0, nudging="positive", t_eval=times, solver=solver, on_failure="return")
