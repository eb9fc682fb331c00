"""The branch of an equilibrium along beta: up to where s* continues smoothly, by Newton's method.

beta_c is where the network linearised at s* loses its stability. The branch itself may fold before that, and at a
beta of either sign: only following it tells. It ends where K + beta C'' dz/ds, at its own state, becomes singular.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from neurodyn.numerics.arrays import Array
from neurodyn.system.fixed_point import FixedPoint

#: A step along the branch is taken if Newton's corrections are at most this part of it.
CORRECTION = 0.2
#: Steps shorter than this part of the way to the strength asked for mean that the branch ends.
SHORTEST = 3e-5
#: Newton's iterations per step; a correction below this, over 1 or the largest state, is the last.
ITERATIONS, CLOSE = 8, 1e-12
#: Samples whose branches are followed in search of the first fold: those of the smallest beta_c.
LOOKED_AT = 64


class Followed(NamedTuple):
    """Up to which strength a branch was followed, the state (n,) there, and whether it ends there at a fold."""

    beta: float
    state: Array
    folds: bool


def first_fold(point: FixedPoint, target: Array, beta: float) -> float:
    """The smallest |strength| up to beta at which the branch of a sample folds, of either sign; infinite without one.

    Targets (b, n_out). Not looked for in networks whose matrices are not written down.
    """
    if point.large:
        return float("inf")
    samples = np.argsort(point.critical_beta(target), kind="stable")[:LOOKED_AT]
    ends = [followed(point, target, int(j), sign * beta) for j in samples for sign in (1.0, -1.0)]
    return min((abs(end.beta) for end in ends if end.folds), default=float("inf"))


def followed(point: FixedPoint, target: Array, sample: int, beta: float) -> Followed:
    """Follow the branch of one sample's s* from 0 to beta; targets (b, n_out).

    Units that sit on a bound of their box at s* are held; where another unit meets a bound the branch has a kink, and
    is followed no further. A fold is found to a thousandth of beta.
    """
    branch = _Branch(point, target, sample)
    state, done, step = point.s[:, sample].copy(), 0.0, 1.0
    sign, tangent = branch.tangent(state, 0.0)
    while done < 1.0 and step >= SHORTEST:
        trial = min(1.0, done + step)
        found = branch.step(state, tangent * (trial - done) * beta, trial * beta)
        if found is not None:
            new_sign, new_tangent = branch.tangent(found, trial * beta)
            if new_sign == sign:
                state, done, tangent, step = found, trial, new_tangent, 2.0 * step
                continue
        step = 0.5 * min(step, 1.0 - done)
    return Followed(done * beta, state, done < 1.0 and not branch.met_a_bound)


class _Branch:
    """Forces and their derivatives of one sample, its active units alone."""

    def __init__(self, point: FixedPoint, target: Array, sample: int) -> None:
        x = None if point.x is None else point.x[sample : sample + 1]
        self.point, self.x, self.target = point, x, target[sample : sample + 1]
        self.active = point.local.active[:, sample]
        self.rest = np.where(self.active, point.local.force[:, sample], 0.0)  # what is left at s*
        self.bounded = point.network.box & self.active
        self.met_a_bound = False

    def parts(self, state: Array, beta: float) -> tuple[Array, Array, Array]:
        """The nudged force (n,), its derivative by the state with the sign turned (n, n), and dC/dz (n,)."""
        network = self.point.network
        here = FixedPoint(network, np.ascontiguousarray(state[:, None]), self.x)
        local = here.local._replace(active=self.active[:, None])
        slope, out = here.cost_slope(self.target)[:, 0], network.outputs
        matrix = network.linearized(local, 0)
        curvature = network.readout.curvature(local.coordinate[out, 0], self.target[0])
        matrix[out, out] += beta * curvature * local.coordinate_slope[out, 0]
        still = ~self.active
        matrix[still, :] = matrix[:, still] = 0.0
        matrix[still, still] = 1.0
        force = local.force[:, 0] - self.rest - beta * slope
        return np.where(self.active, force, 0.0), matrix, np.where(self.active, slope, 0.0)

    def tangent(self, state: Array, beta: float) -> tuple[float, Array]:
        """The sign of the determinant, 0 where there is none, and ds/dbeta (n,)."""
        _, matrix, slope = self.parts(state, beta)
        sign = float(np.linalg.slogdet(matrix)[0])
        if not sign:
            return 0.0, np.zeros(slope.size)
        return sign, np.asarray(-np.linalg.solve(matrix, slope))

    def step(self, state: Array, move: Array, beta: float) -> Array | None:
        """The state of the branch at beta, near state + move; None if Newton's method does not stay near."""
        allowed, corrected = CORRECTION * np.linalg.norm(move), np.zeros_like(move)
        size = max(1.0, float(np.abs(state).max(initial=0.0)))
        for _ in range(ITERATIONS):
            trial = state + move + corrected
            self.met_a_bound = bool(np.any((trial[self.bounded] < 0.0) | (trial[self.bounded] > 1.0)))
            if self.met_a_bound:
                return None
            force, matrix, _ = self.parts(trial, beta)
            try:
                change = np.linalg.solve(matrix, force)
            except LinAlgError:
                return None
            corrected = corrected + change
            if not np.linalg.norm(corrected) <= allowed + CLOSE * size:
                return None
            if np.abs(change).max(initial=0.0) <= CLOSE * size:
                return np.asarray(state + move + corrected)
        return None
