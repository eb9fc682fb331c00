"""The correction of the nudged phase, which restores the equality where weights there and back differ.

A network without an energy answers a nudge through the weights as they are, and errors travel through their transpose.
With J the Jacobian of the force at s* and A = (J - Jᵀ)/2, a further force -2A(s - s*), linear in the motion since the
phase began, exchanges the one for the other: see `neurodyn.flows.corrected`. In the rate form, whose cost is one of the
rates, it is -(W - Wᵀ) rho'(u*) (u - u*).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from neurodyn.flows.corrected import corrected
from neurodyn.inputs import choice
from neurodyn.numerics.arrays import Array
from neurodyn.solvers.problem import Problem
from neurodyn.system.constants import linear_rows
from neurodyn.system.fixed_point import LEAST_SLOPE
from neurodyn.system.local import Local
from neurodyn.system.network import Network

ANTISYMMETRIC = "antisymmetric"
#: The names of corrections; None is none.
CORRECTIONS = (ANTISYMMETRIC,)


def check_correction(correction: str | None) -> None:
    """Refuse what is neither None nor the name of a correction."""
    if correction is not None:
        choice(correction, CORRECTIONS, "correction")


def with_correction(problem: Problem, network: Network, local: Local) -> Problem:
    """The flow of delta of `nudged_problem` with the correction, for its columns' fixed points."""
    rows = linear_rows(network, local)

    @lru_cache(maxsize=1)
    def difference(sample: int) -> Array:
        return difference_of(network, local, sample)

    def jacobian(sample: int, t: float, delta: Array) -> Array:
        plain = problem.jacobian(sample, t, delta)
        return np.asarray(plain + difference(sample) / network.tau[:, None])

    return replace(
        problem,
        flow=corrected,
        rows=np.concatenate([rows, problem.rows]),
        work_rows=network.work_rows(corrected),
        jacobian=jacobian,
        bounds=problem.bounds if problem.bounds < 0 else problem.bounds + len(rows),
    )


def difference_of(network: Network, local: Local, sample: int) -> Array:
    """K - m^-1 Kᵀ m of one sample, (n, n): what the correction adds to the Jacobian of the force."""
    k, m = network.linearized(local, sample), local.coordinate_slope[:, sample]
    return np.asarray(k - k.T * (m / np.maximum(m, LEAST_SLOPE)[:, None]))
