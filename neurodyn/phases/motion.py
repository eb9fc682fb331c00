"""How a network moves that does not come to rest: round a limit cycle, or chaotically."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.numerics.arrays import Array, Mask
from neurodyn.phases.growth import CLEAR, SOLVER, growth
from neurodyn.phases.recurrence import first_return
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: A trajectory that comes back this near, as a fraction of its size, goes round a cycle.
CLOSED = 1e-4
#: With the longest time constant as the unit of time: the longest motion in which a cycle is looked for, shortest and
#: longest from which an exponent is told, and its standard error.
LONGEST_CYCLE, SHORTEST, LONGEST, ERROR = 550.0, 100.0, 800.0, 0.01
#: Looking for a cycle needs no more digits than a relaxation, and all its steps.
SEARCH = Solver(max_steps=10**7)


@dataclass(frozen=True)
class Motion:
    """PERIODIC with a period, or CHAOTIC with the largest Lyapunov exponent."""

    status: Status
    value: float

    @property
    def measure(self) -> str:
        """The period or the exponent, for messages."""
        name = "period" if self.status is Status.PERIODIC else "largest Lyapunov exponent"
        return f"{name} {self.value:.4g}"


def motions_of(
    network: Network, states: Array, x: Array | None, moved: Array, held: Mask | None = None
) -> dict[int, Motion]:
    """Tell how the free flow goes on from states (n, b) under x (b, n_in), which it reached after times `moved` (b,).

    By the number of the sample; those are missing of which nothing can be told. No sample is followed for longer than
    it has moved already. Units that are `held`, (n,), do not move. Of a network with an energy there is nothing to
    tell: it goes nowhere but down.
    """
    if network.has_energy:
        return {}
    scale, found = float(network.tau.max()), dict[int, Motion]()
    for j in range(states.shape[1]):
        one = None if x is None else x[j : j + 1]
        back = first_return(network, states[:, j], one, SEARCH, min(LONGEST_CYCLE * scale, float(moved[j])), held)
        if back is not None and back.gap <= CLOSED:
            found[j] = Motion(Status.PERIODIC, back.period)
    if held is not None or network.box.any():
        return found
    rest = np.array([j for j in np.flatnonzero(moved >= 2.0 * LONGEST * scale) if j not in found], dtype=int)
    if not rest.size:
        return found
    grown = growth(
        network,
        np.ascontiguousarray(states[:, rest]),
        None if x is None else x[rest],
        1,
        transient=SHORTEST * scale,
        first=SHORTEST * scale,
        longest=LONGEST * scale,
        tol=ERROR / scale,
        solver=SOLVER,
    )
    for j, exponent, error in zip(rest, grown.exponents[0], grown.standard_error[0], strict=True):
        if exponent > CLEAR * error:
            found[int(j)] = Motion(Status.CHAOTIC, float(exponent))
    return found
