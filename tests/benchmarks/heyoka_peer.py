"""heyoka: Taylor series whose order follows from the tolerance, compiled for the system, several trajectories at once.

Its batch integrator fills the vector registers with trajectories, which step together by sizes of their own. Every
tolerance is a program of its own, compiled once; for that, large dense networks are too long.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.numerics.processor import vector_unit

from .cases import Case
from .measure import Runner

#: Units of the largest network that it is given.
MOST_UNITS = 16
#: Tolerances to which it is sought, in decades: every one is compiled.
COARSE = 0.25
#: Trajectories side by side: what it recommends, and what its option for registers of 512 bits has room for.
WIDTHS = (4, 8)


def widths(case: Case, threads: int) -> tuple[int, ...]:
    """How many trajectories side by side to try on this processor; none where the case or the threads do not suit."""
    if case.units > MOST_UNITS or case.sparsity or threads > 1:
        return ()
    return tuple(width for width in WIDTHS if width <= max(WIDTHS[0], vector_unit().doubles))


def name(width: int) -> str:
    """What a table calls it."""
    return f"heyoka, {width} side by side"


def runner(case: Case, width: int) -> Runner:
    """Solve the case, `width` trajectories at a time, on one thread."""
    import heyoka  # noqa: F401

    padded = np.concatenate([case.start, case.start[: -case.batch % width]]).T
    starts = [np.ascontiguousarray(padded[:, k : k + width]) for k in range(0, padded.shape[1], width)]
    grid = np.repeat(np.concatenate([[0.0], case.times])[:, None], width, axis=1)

    def run(rtol: float) -> list[Array]:
        integrator, found = _integrator(case, width, rtol), []
        for start in starts:
            integrator.state[:] = start
            integrator.set_time(0.0)
            found.append(integrator.propagate_grid(grid)[-1][1:])
        return found

    def states(found: list[Array]) -> Array:
        return np.concatenate(found, axis=2)[..., : case.batch].swapaxes(1, 2)

    return Runner(run, states, case.batch, "Taylor series", COARSE)


@cache
def _integrator(case: Case, width: int, rtol: float) -> Any:
    """Its integrator of `width` trajectories, compiled for this tolerance."""
    import heyoka

    s = heyoka.make_vars(*[f"s{i}" for i in range(case.units)])
    r = [heyoka.tanh(one) for one in s]
    rates = []
    for i, tau in enumerate(case.network.tau):
        drive = heyoka.sum([float(w) * one for w, one in zip(case.weights[i], r, strict=True) if w])
        rates.append((s[i], ((1.0 - r[i] * r[i]) * drive - s[i]) / float(tau)))
    return heyoka.taylor_adaptive_batch(rates, np.zeros((case.units, width)), tol=rtol, force_avx512=width > WIDTHS[0])
