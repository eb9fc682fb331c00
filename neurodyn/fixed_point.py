"""Linear algebra at a fixed point of the free flow: Hessian, relaxation rates, beta_c, Newton polish, exact gradient.

Everything is done sample by sample on the active units, so that no sample's numbers depend on its batch mates.
Dense, so meant for up to a few thousand units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurodyn.graph import Array
from neurodyn.network import Local, Network, inward
from neurodyn.parameters import Parameters


@dataclass(frozen=True)
class FixedPoint:
    """States s (n, b), unit-major, that are (near) fixed points for inputs x (b, n_in), with what follows from them."""

    network: Network
    s: Array
    x: Array | None

    @classmethod
    def of(cls, network: Network, state: Array, x: Array | None) -> FixedPoint:
        """From batch-first arrays, with or without a batch axis."""
        return cls(network, inward(np.atleast_2d(state)), None if x is None else np.atleast_2d(x))

    @cached_property
    def rows(self) -> Array:
        """Constants of the free flow."""
        return self.network.free_rows(self.x, self.s.shape[1])

    @cached_property
    def local(self) -> Local:
        """Rates, slopes, fields, forces."""
        return self.network.local(self.s, self.rows)

    @property
    def residual(self) -> Array:
        """Largest |dE/ds| over active units, (b,)."""
        return self.local.residual

    def hessian(self, sample: int) -> Array:
        """Hessian on the active units, (m, m)."""
        keep = self.local.active[:, sample]
        return self.network.hessian_matrix(self.local, sample)[np.ix_(keep, keep)]

    def modes(self, sample: int) -> tuple[Array, Array]:
        """Eigenvalues (m,) and orthonormal eigenvectors (m, m) of T^-1/2 H T^-1/2 on the active units.

        The eigenvalues are those of T^-1 H: relaxation rates, 1/time.
        """
        root = np.sqrt(self.network.tau[self.local.active[:, sample]])
        values, vectors = np.linalg.eigh(self.hessian(sample) / np.outer(root, root))
        return values, vectors

    def slowest_rate(self) -> float:
        """Smallest relaxation rate over all samples (of those with an active unit)."""
        rates = [self.modes(j)[0] for j in range(self.s.shape[1])]
        return min((float(r[0]) for r in rates if r.size), default=1.0 / float(self.network.tau.max()))

    def index(self, sample: int) -> int:
        """Number of directions in which the energy does not curve upwards: 0 at a stable fixed point."""
        h = self.hessian(sample)
        if not h.size or _positive_definite(h):
            return 0
        values = np.linalg.eigvalsh(h)
        return max(1, int(np.sum(values <= 1e-12 * np.abs(values).max())))

    def critical_beta(self) -> Array:
        """beta_c = 1 / lambda_max((H^-1)_out,out), (b,): s*(beta) is followed smoothly for beta > -beta_c.

        Infinite where no output is active.
        """
        batch = self.s.shape[1]
        out = np.full(batch, np.inf)
        wanted = np.zeros(self.network.n, dtype=bool)
        wanted[self.network.outputs] = True
        for j in range(batch):
            columns = wanted[self.local.active[:, j]]
            if columns.any():
                inverse = np.linalg.solve(self.hessian(j), np.eye(columns.size)[:, columns])[columns]
                out[j] = 1.0 / np.linalg.eigvalsh(0.5 * (inverse + inverse.T))[-1]
        return out

    def solve(self, right: Array) -> Array:
        """Lambda with H lambda = right on the active units of each sample, 0 on the others; both (n, b)."""
        out = np.zeros_like(right)
        for j in range(right.shape[1]):
            keep = self.local.active[:, j]
            if keep.any():
                out[keep, j] = np.linalg.solve(self.hessian(j), right[keep, j])
        return out

    def gap(self, target: Array) -> Array:
        """dC/ds, (n, b): s_out − y on the outputs, for targets (b, n_out)."""
        gap = np.zeros_like(self.s)
        outputs = self.network.outputs
        gap[outputs] = self.s[outputs] - target.T
        return gap

    def exact_gradient(self, target: Array) -> Parameters:
        """dJ/dtheta, by solving H lambda = dC/ds on the active units."""
        return self.side_gradient(self.solve(self.gap(target) * self.local.active))

    def side_gradient(self, integral: Array) -> Parameters:
        """-(d2E/dtheta ds) lambda, averaged over the batch, for lambda (n, b): the time integral of S/tau."""
        local = self.local
        change = -local.slope * local.active * integral
        return self.network.difference_gradient(self.x, local.rate, change, local.rate)

    def polished(self, tol: float, distance: Array) -> FixedPoint:
        """Newton steps on samples whose Hessian is positive definite.

        A step is taken only where it is small against the distance (b,) travelled so far, and makes the residual
        smaller: Newton's method happily jumps to a saddle.
        """
        s = self.s.copy()
        point = self
        for _ in range(6):
            before = point.residual
            todo = [j for j in range(s.shape[1]) if before[j] > 0.01 * tol]
            trial = s.copy()
            for j in todo:
                trial[:, j] += point._newton_step(j, 0.1 * float(distance[j]) + 1e-6)
            candidate = FixedPoint(self.network, trial, self.x)
            better = candidate.residual < before
            if not better.any():
                break
            s = np.ascontiguousarray(np.where(better, trial, s))
            point = FixedPoint(self.network, s, self.x)
        return point

    def _newton_step(self, sample: int, limit: float) -> Array:
        keep = self.local.active[:, sample]
        step = np.zeros(self.network.n)
        h = self.hessian(sample)
        if not h.size or not _positive_definite(h):
            return step
        step[keep] = np.linalg.solve(h, self.local.force[keep, sample])
        if np.linalg.norm(step) > limit:
            return np.zeros_like(step)
        box = self.network.box
        moved = self.s[:, sample] + step
        step[box] = np.clip(moved[box], 0.0, 1.0) - self.s[box, sample]
        return step


def _positive_definite(h: Array) -> bool:
    try:
        factor: Any = np.linalg.cholesky(h)
    except np.linalg.LinAlgError:
        return False
    diagonal = np.diagonal(factor)
    return bool(diagonal.min() > 1e-6 * diagonal.max())
