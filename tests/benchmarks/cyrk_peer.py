"""CyRK: SciPy's way to solve a system, in C++, with a right-hand side that numba compiles; one trajectory at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from neurodyn.numerics.arrays import Array

from .cases import Case
from .measure import ABSOLUTE, Runner

#: The fastest at an error of 1e-6 of its explicit methods, and of LSODA, on all networks here.
METHOD = "Tsit5"
#: Trajectories that it solves of a batch; its time grows in proportion.
MOST = 50
CYRK = "CyRK"


def takes_part(case: Case, threads: int) -> bool:
    """Whether the case suits: on one thread, with weights that are written down."""
    return threads == 1 and not case.sparsity


def runner(case: Case) -> Runner:
    """Solve trajectories of the case in turn, with the weights as arguments of the compiled right-hand side."""
    from CyRK import cyjit, nbsolve2_ivp

    n, samples = case.units, min(case.batch, MOST)
    weights_and_tau = np.concatenate([np.ravel(case.weights), case.network.tau])
    times = np.ascontiguousarray(case.times)

    @cyjit
    def rate(out: Any, t: Any, state: Any, given: Any) -> None:
        change, s, constants = carray(out, (n,)), carray(state, (n,)), carray(given, (n * n + n,))
        r = np.tanh(s)
        drive = np.dot(constants[: n * n].reshape((n, n)), r)
        for i in range(n):
            change[i] = ((1.0 - r[i] * r[i]) * drive[i] - s[i]) / constants[n * n + i]

    def run(rtol: float) -> list[Array]:
        found = []
        for start in case.start[:samples]:
            result = nbsolve2_ivp(
                rate.address,
                (0.0, case.end),
                start,
                METHOD,
                t_eval=times,
                args=weights_and_tau,
                rtol=rtol,
                atol=ABSOLUTE * rtol,
            )
            found.append(result.y.T.copy())
            result.free()
        return found

    what = METHOD if samples == case.batch else f"{METHOD}, from {samples} of {case.batch:,}"
    return Runner(run, lambda found: np.stack(found, axis=1), samples, what)
