"""Euler's method against continuous time: what a finite step makes of error signals and gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.signals.compare import relative_error
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.analysis.timing.ladder import ladder
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.inputs import as_positives
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase, nudge
from neurodyn.phases.relax import Equilibrium
from neurodyn.progress import Bar
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.network import Network

#: Default steps, in units of the largest stable one; the fit of the order takes those up to `SMALL`.
FRACTIONS = (1.1, 1.02, 0.98, 0.75, *(0.5**k for k in range(1, 9)))
SMALL = 0.1
#: How long the nudged phase is followed, in relaxation times of the slowest mode; how many times are compared.
LENGTH, TIMES = 5.0, 80
#: Steps in which an unstable mode is sure to show.
LONG = 1000


def discretisation(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    steps: ArrayLike | None = None,
    solver: Solver | None = None,
) -> Study:
    """Run the nudged phase by Euler's method with fixed steps, and compare it with continuous time.

    Nudging is the limit beta → 0, and the reference the same phase, integrated adaptively to a relative tolerance of
    1e-10, so that all error is the steps'. Where Euler's method is stable, the gradient in the end is exact.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax` and `nudge`.
    steps : (K,) array, optional
        Step sizes. Default: 12, from 1/256 of the largest stable one to 1.1 times it.
    solver : Solver, optional
        The solver of the free phase and of the reference.

    Returns
    -------
    study : Study
        Over `step`: `fraction` of the largest stable step, 2/λ_max; `signal_error`, of −(tau/beta) ds/dt up to the time
        5/λ_min, as `Comparison.max_relative_error`; `gradient_error`, the largest distance of the gradient at one of
        these times, over the largest gradient; `stable`, whether the network came to rest in 1,000 steps. Summary:
        `limit`, the largest stable step tried, and the orders in the step, which are 1 in theory.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.discretisation(net, [0.5, 0.2], [1.0, 0.0], steps=[0.01, 0.1])
    >>> study["stable"]
    array([ True,  True])
    """
    solver = chosen_solver(solver, SOLVER)
    rest = relax_with_signal(network, x, y, start, solver)
    spectrum = ladder(network, rest)
    sizes = spectrum.euler_limit * np.array(FRACTIONS) if steps is None else as_positives(steps, "steps")
    end = LENGTH / spectrum.slowest_rate
    errors, stable = np.empty((2, sizes.size)), np.empty(sizes.size, dtype=bool)
    with Bar("discretisation") as bar:
        for k, step in enumerate(sizes):
            bar.update(k / sizes.size)
            errors[:, k] = _errors(network, rest, y, float(step), end, solver)
            stable[k] = _settles(network, rest, y, float(step))
    small = (sizes <= SMALL * spectrum.euler_limit) & np.isfinite(errors).all(axis=0)
    return Study(
        network,
        "discretisation",
        "Euler's method against continuous time, in the nudged phase",
        columns(
            {"step": (sizes, "time")},
            fraction=("step", sizes / spectrum.euler_limit),
            signal_error=("step", errors[0]),
            gradient_error=("step", errors[1]),
            stable=("step", stable),
        ),
        {
            "limit": spectrum.euler_limit,
            "largest_stable_step": float(np.max(sizes, where=stable, initial=0.0)),
            "signal_order": power_law(sizes[small], errors[0, small])[0],
            "gradient_order": power_law(sizes[small], errors[1, small])[0],
        },
    )


def _errors(
    network: Network, rest: Equilibrium, y: ArrayLike, step: float, end: float, solver: Solver
) -> tuple[float, float]:
    """Errors of signal and gradient up to a time, with one size of steps; NaN where it overflows."""
    count = max(1, round(end / step))
    times = step * np.unique(np.linspace(0, count, min(count, TIMES) + 1).round())
    run = _limit(network, rest, y, times, Solver(method="euler", step=step, max_steps=10 * count))
    if not np.isfinite(run.displacement_rate).all():
        return np.nan, np.nan
    true = _limit(network, rest, y, times, solver)
    a, b = with_batch(run.error_signal, 3), with_batch(true.error_signal, 3)
    pairs = [(run.parameter_gradient(t), true.parameter_gradient(t)) for t in times[1 :: max(1, times.size // 10)]]
    largest = max(exact.norm for _, exact in pairs) or np.nan
    return relative_error(np.abs(a - b), np.abs(b))[0], max((g - exact).norm for g, exact in pairs) / largest


def _settles(network: Network, rest: Equilibrium, y: ArrayLike, step: float) -> bool:
    """Whether the network comes to rest: at the end its velocity still falls, or is gone."""
    fixed = Solver(method="euler", step=step, max_steps=10 * LONG)
    run = _limit(network, rest, y, step * np.array([0.0, LONG / 2, LONG]), fixed)
    first, middle, last = np.nan_to_num(np.abs(run.error_signal), nan=np.inf).reshape(3, -1).max(axis=1)
    return bool(last <= max(middle, 1e-6 * first) and np.isfinite(last))


def _limit(network: Network, rest: Equilibrium, y: ArrayLike, times: Array, solver: Solver) -> NudgedPhase:
    """The nudged phase in the limit beta → 0, as far as it comes."""
    return nudge(network, rest, y, beta=0.0, nudging="positive", t_eval=times, solver=solver, on_failure="return")
