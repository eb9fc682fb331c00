"""What stiffness costs: every solver's work and accuracy as the time constants spread over six decades."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.signals.compare import relative_error
from neurodyn.analysis.studies.heterogeneity import spread_tau
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.analysis.timing.ladder import ladder
from neurodyn.analysis.with_signal import relax_with_signal, single, with_signal
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_positives
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import nudge, resting_point
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.side import side_network
from neurodyn.progress import Bar
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import SCIPY_METHODS, Solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: Those with a fixed step.
FIXED = ("rk4", "euler")
METHODS = ("relax5", "tsit5", "auto", *FIXED, "RK45", "DOP853", "Radau", "BDF", "LSODA")
DONE, NOT_TRIED = "done", "not tried"
#: Steps of one run, compiled and by SciPy: what needs more is marked, and not tried at larger spreads.
MAX_STEPS, SCIPY_STEPS = 20_000, 5_000
#: Largest error of a method that counts as accurate, in relative tolerances.
ACCURATE = 100.0
#: Recorded times: their number; the first and the last, in relaxation times of the fastest and the slowest mode.
TIMES, FIRST, LAST = 41, 0.1, 15.0


def stiffness(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    spreads: ArrayLike | None = None,
    methods: Sequence[str] = METHODS,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    seed: int = 0,
    solver: Solver | None = None,
) -> Study:
    """Run the nudged phase of one sample by every solver while the time constants spread, and count what it takes.

    Nudging is the limit beta → 0, whose solution is known: the reference is the side network in closed form. A run
    ends where the slowest mode has decayed by 3e-7.

    Parameters
    ----------
    network, x, y, start, solver
        The same as for `relax` and `nudge`; the sample is the first with an error signal.
    spreads : (K,) array, optional
        Largest over smallest time constant, which every population has, drawn as by `heterogeneity`. Default: 1 to 1e6.
    methods : sequence of str
        Default: all. `rk4` and `euler` get steps of 0.9 times the largest that is stable for Euler's method.
    rtol, atol : float
        Tolerances of all others.
    seed : int
        Seed of the order of time constants within populations.

    Returns
    -------
    study : Study
        Over `method` and `spread`: `evaluations` of the force (implicit methods count one for each column of a
        Jacobian), `steps`, `seconds` of the wall clock, `error` of the error signal, relative to its largest; `status`:
        done, what ended it, or "not tried" where a smaller spread was too much. Over `spread`: `stiffness`, the
        largest relaxation rate over the smallest. Summary: for each spread the method with the fewest evaluations
        among those whose error is at most 100·rtol.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.stiffness(net, [0.5, 0.2], [1.0, 0.0], spreads=[1.0, 10.0], methods=["tsit5"])
    >>> list(study.data.sizes)
    ['method', 'spread']
    """
    factors = as_positives(np.logspace(0.0, 6.0, 7) if spreads is None else spreads, "spreads")
    if not len(methods):
        raise ArgumentError("`methods` must name at least one solver; got none")
    rest = relax_with_signal(network, x, y, start, solver)
    point = resting_point(network, rest)
    target = network.target(y, point.s.shape[1], rest.batched)
    sample = int(np.argmax(with_signal(point, target)))
    comparison = _SolverComparison(single(rest, sample), target[sample], rtol, atol)
    shape = (len(methods), factors.size)
    numbers, status = np.full((4, *shape), np.nan), np.full(shape, NOT_TRIED, dtype=object)
    ratio = np.empty(factors.size)
    with Bar("stiffness") as bar:
        for k, spread in enumerate(np.sort(factors)):
            comparison.begin(network.replace(tau=spread_tau(network, float(spread), "within", seed)))
            ratio[k] = comparison.stiffness
            for i, method in enumerate(methods):
                bar.update((k + i / len(methods)) / factors.size)
                if k == 0 or status[i, k - 1] == DONE:
                    *numbers[:, i, k], status[i, k] = comparison.run(method)
    over = ("method", "spread")
    names = ("evaluations", "steps", "seconds", "error")
    data = columns(
        {"method": np.array(methods), "spread": np.sort(factors)},
        **{
            name: (over, values, "s" if name == "seconds" else "1") for name, values in zip(names, numbers, strict=True)
        },
        status=(over, status.astype(str)),
        stiffness=("spread", ratio),
    )
    title = "Work and accuracy of every solver as the time constants spread"
    best = {
        f"{spread:g}": _best(methods, numbers[:, :, k], ACCURATE * rtol) for k, spread in enumerate(np.sort(factors))
    }
    return Study(network, "stiffness", title, data, {"sample": sample, "fewest_evaluations": best})


class _SolverComparison:
    """One sample's nudged phase by many solvers, at equal tolerances, against the closed form."""

    def __init__(self, rest: Equilibrium, target: Array, rtol: float, atol: float) -> None:
        self.rest, self.target = rest, target
        self.tolerances: dict[str, Any] = {"rtol": rtol, "atol": atol}

    def begin(self, network: Network) -> None:
        """Return, for other time constants, the times to record, and the reference there."""
        self.network = network
        spectrum = ladder(network, self.rest)
        self.stiffness, self.step = float(spectrum.stiffness), 0.9 * spectrum.euler_limit
        self.t = np.geomspace(FIRST / spectrum.fastest_rate, LAST / spectrum.slowest_rate, TIMES)
        side = side_network(network, self.rest, self.target, t_eval=self.t, method="exact")
        self.reference = with_batch(side.error_signal, 3)

    def run(self, method: str) -> tuple[float, float, float, float, str]:
        """Evaluations, steps, seconds, error, and the status in words."""
        most = SCIPY_STEPS if method in SCIPY_METHODS else MAX_STEPS
        step = self.step if method in FIXED else None
        solver = Solver(method=method, **self.tolerances, step=step, max_steps=most)
        began = time.perf_counter()
        run = nudge(
            self.network, self.rest, self.target, beta=0.0, nudging="positive", t_eval=self.t, solver=solver,
            on_failure="return",
        )  # fmt: skip
        seconds = time.perf_counter() - began
        counts = run.counters
        work = counts["nfev"] + counts.get("njev", 0) * self.network.n
        status = Status(int(run.status))
        error = np.nan
        if status is Status.DONE:
            difference = np.abs(with_batch(run.error_signal, 3) - self.reference)
            error = relative_error(difference, np.abs(self.reference))[0]
        return work, counts["steps"], seconds, error, status.name.lower().replace("_", " ")


def _best(methods: Sequence[str], numbers: Array, limit: float) -> str:
    """The method with the fewest evaluations among those with an error up to a limit; NaN is above it."""
    good = np.flatnonzero(numbers[3] <= limit)
    return str(methods[good[np.argmin(numbers[0, good])]]) if good.size else "none"
