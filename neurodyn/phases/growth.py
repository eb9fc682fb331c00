"""How fast neighbouring trajectories part: mean rates of growth along a trajectory, with standard errors.

Orthonormal vectors are carried along (`neurodyn.flows.tangent`), the first following the direction that grows most, the
first two the plane that does, and so on; the time averages of their growth are the Lyapunov exponents. A run is divided
into 32 blocks of equal length, and the standard error of the mean is the scatter of the blocks' own means over the root
of their number. The run is doubled, and so are the blocks, until all errors are small enough.

Source: G. Benettin, L. Galgani, A. Giorgilli, J.-M. Strelcyn, Meccanica 15:9 (1980).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array, Integers
from neurodyn.phases.tangent import growth_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Solution
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: Blocks into which a run is divided.
BLOCKS = 32
#: An exponent this many standard errors away from zero is not zero.
CLEAR = 3.0
#: Statistics need few digits of each step, and many steps.
SOLVER = Solver(rtol=1e-6, atol=1e-8, max_steps=10**9)


@dataclass(frozen=True, eq=False)
class Growth:
    """Mean growth of k orthonormal vectors along b trajectories.

    exponents, standard_error (k, b), by falling exponents; time (b,), over which they are means; state (n, b),
    where the trajectories are; status (b,); `solution`, of the last piece that was integrated of the b.
    """

    exponents: Array
    standard_error: Array
    time: Array
    state: Array
    status: Integers
    solution: Solution


def growth(
    network: Network,
    start: Array,
    x: Array | None,
    count: int,
    *,
    transient: float,
    first: float,
    longest: float,
    tol: float,
    solver: Solver,
) -> Growth:
    """Follow trajectories from start (n, b) under x (b, n_in), with `count` vectors.

    What happens in the time `transient` is left out. Then they run for the time `first`, and on for as long as that
    again, until all standard errors of a trajectory are at most `tol`, or twice the time would exceed `longest`.
    """
    n, batch = start.shape
    frame = np.linalg.qr(np.random.default_rng(0).normal(size=(n, count)))[0].T
    vectors = np.repeat(frame[:, :, None], batch, axis=2)
    run = _Run(network, x, count, solver)
    solution = run.go(start, vectors, np.arange(batch), np.array([transient]))
    found = Growth(
        np.full((count, batch), np.nan),
        np.full((count, batch), np.nan),
        np.zeros(batch),
        solution.last[:n].copy(),
        solution.status.copy(),
        solution,
    )
    last, todo, span = solution.last, np.flatnonzero(solution.status == Status.DONE), first
    rates = np.empty((0, count, batch))
    while todo.size:
        piece = run.go(last[:n, todo], _vectors(last[:, todo], n, count), todo, np.linspace(0.0, span, BLOCKS + 1))
        last[:, todo], found.state[:, todo], found.status[todo] = piece.last, piece.last[:n], piece.status
        found.solution.last[:, todo], found.solution.time[todo] = piece.last, found.time[todo] + piece.time
        new = np.full((BLOCKS, count, batch), np.nan)
        new[:, :, todo] = np.diff(piece.y[:, -count:], axis=0) / (span / BLOCKS)
        rates = (
            new if not len(rates) else 0.5 * (np.concatenate([rates, new])[0::2] + np.concatenate([rates, new])[1::2])
        )
        found.time[todo] += span
        found.exponents[:, todo] = rates[:, :, todo].mean(axis=0)
        found.standard_error[:, todo] = rates[:, :, todo].std(axis=0, ddof=1) / np.sqrt(BLOCKS)
        settled = found.standard_error.max(axis=0) <= tol
        todo = todo[(piece.status == Status.DONE) & ~settled[todo] & (2.0 * found.time[todo] <= longest)]
        span = float(found.time[todo[0]]) if todo.size else span
    order = np.argsort(-found.exponents, axis=0, kind="stable")
    return replace(
        found,
        exponents=np.take_along_axis(found.exponents, order, 0),
        standard_error=np.take_along_axis(found.standard_error, order, 0),
    )


@dataclass(frozen=True)
class _Run:
    """What all pieces of a run have in common."""

    network: Network
    x: Array | None
    count: int
    solver: Solver

    def go(self, start: Array, vectors: Array, samples: Any, times: Array) -> Solution:
        """One piece, of some of the samples."""
        x = None if self.x is None else self.x[samples]
        problem = growth_problem(self.network, np.ascontiguousarray(start), x, vectors)
        return integrate(problem, self.solver, times, what="following tangent vectors")


def _vectors(z: Array, n: int, count: int) -> Array:
    """The tangent vectors (k, n, b) of states z of `growth_problem`, made orthonormal to rounding."""
    columns = np.moveaxis(z[n : n * (1 + count)].reshape(count, n, -1), 0, 2)  # (n, b, k)
    frames, upper = np.linalg.qr(np.moveaxis(columns, 1, 0))  # (b, n, k)
    frames = frames * np.sign(np.diagonal(upper, axis1=1, axis2=2))[:, None, :]
    return np.ascontiguousarray(np.moveaxis(frames, 0, 2).swapaxes(0, 1))


def dimension(exponents: Array, standard_error: Array, n: int) -> float:
    """Kaplan and Yorke's dimension of an attractor of n units from its largest exponents (k,), in falling order.

    Exponents within three standard errors of zero count as zero. NaN where more exponents would be needed.
    """
    values = np.where(np.abs(exponents) <= CLEAR * standard_error, 0.0, exponents)
    if not np.isfinite(values).all():
        return float("nan")
    sums = np.cumsum(values)
    below = np.flatnonzero(sums < 0.0)
    if not below.size:
        return float(n) if len(values) == n else float("nan")
    j = int(below[0])
    return float(j + (sums[j - 1] / -values[j] if j else 0.0))
