"""Linear algebra at a fixed point of the free flow: Hessian, relaxation rates, beta_c, Newton polish, exact gradient.

Everything is about the active units alone, and no sample's numbers depend on its batch mates. Up to `DENSE_UNITS`
units Hessians are written down, many at a time; beyond that only products with a vector are used, sample by sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from neurodyn.errors import ConvergenceError
from neurodyn.graph import Array
from neurodyn.krylov import Product, smallest_eigenvalue, solve_definite
from neurodyn.network import Local, Network, inward
from neurodyn.parameters import Parameters

#: Above this a Hessian takes more than 32 MB, and a second for each of its factorisations.
DENSE_UNITS = 2000
#: Entries of the Hessians that are written down at a time.
STACK_ENTRIES = 4_000_000


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

    def stacks(self, samples: Any) -> Iterator[tuple[Any, Array]]:
        """Hessians of some samples, (k, n, n), with the samples they belong to, piece by piece.

        Inactive units have the rows of the identity: they take no part in what is solved.
        """
        network, n = self.network, self.network.n
        pieces = max(1, -(-len(samples) * n * n // STACK_ENTRIES))
        for some in np.array_split(np.asarray(samples, dtype=int), pieces):
            rows = network.hessian_rows(self.local.columns(np.repeat(some, n)))
            products = network.evaluate(network.kernels.jvp, np.tile(np.eye(n), some.size), rows, n)
            h = np.moveaxis(products.reshape(n, some.size, n), 1, 0).copy()
            h[:, np.arange(n), np.arange(n)] += ~self.local.active[:, some].T
            yield some, h

    @property
    def large(self) -> bool:
        """Whether the Hessian is not to be written down."""
        return self.network.n > DENSE_UNITS

    def product(self, sample: int) -> Product:
        """The Hessian on the m active units times a vector, both (m,)."""
        network, keep = self.network, self.local.active[:, sample]
        rows = network.hessian_rows(self.local.columns([sample]))

        def times(v: Array) -> Array:
            whole = np.zeros((network.n, 1))
            whole[keep, 0] = v
            return network.evaluate(network.kernels.jvp, whole, rows, network.n)[keep, 0]

        return times

    def modes(self, sample: int) -> tuple[Array, Array]:
        """Eigenvalues (m,) and orthonormal eigenvectors (m, m) of T^-1/2 H T^-1/2 on the active units.

        The eigenvalues are those of T^-1 H: relaxation rates, 1/time.
        """
        root = np.sqrt(self.network.tau[self.local.active[:, sample]])
        values, vectors = np.linalg.eigh(self.hessian(sample) / np.outer(root, root))
        return values, vectors

    def slowest_rate(self) -> float:
        """Smallest relaxation rate over all samples (of those with an active unit); of large networks to 3 digits."""
        samples = [j for j in range(self.s.shape[1]) if self.local.active[:, j].any()]
        if self.large:
            rates = [self._slowest_of_many(j) for j in samples]
        else:
            rates = [float(self.modes(j)[0][0]) for j in samples]
        return min(rates, default=1.0 / float(self.network.tau.max()))

    def _slowest_of_many(self, sample: int) -> float:
        product, root = self.product(sample), np.sqrt(self.network.tau[self.local.active[:, sample]])
        return smallest_eigenvalue(lambda v: product(v / root) / root, len(root), 1e-3)

    def fastest_rate(self) -> float:
        """Largest relaxation rate of the first sample, all of its units taken as active; of large ones to 3 digits."""
        network, root = self.network, np.sqrt(self.network.tau)
        local = self.local._replace(active=np.ones_like(self.local.active))
        if not self.large:
            return float(np.linalg.eigvalsh(network.hessian_matrix(local, 0) / np.outer(root, root))[-1])
        rows = network.hessian_rows(local.columns([0]))

        def minus(v: Array) -> Array:
            return -network.evaluate(network.kernels.jvp, (v / root)[:, None], rows, network.n)[:, 0] / root

        return -smallest_eigenvalue(minus, network.n, 1e-3)

    def index(self, sample: int) -> int:
        """Number of directions in which the energy does not curve upwards: 0 at a stable fixed point.

        Of large networks only whether there is one: 0 or 1. Eigenvalues are then moved by 1, the leak's, so that the
        tolerance is not one of a number near 0.
        """
        if self.large:
            product, m = self.product(sample), int(self.local.active[:, sample].sum())
            return int(m > 0 and smallest_eigenvalue(lambda v: product(v) + v, m, 1e-6) <= 1.0)
        h = self.hessian(sample)
        if not h.size or self.curves_upwards([sample])[0]:
            return 0
        values = np.linalg.eigvalsh(h)
        return max(1, int(np.sum(values <= 1e-12 * np.abs(values).max())))

    def curves_upwards(self, samples: Any) -> npt.NDArray[np.bool_]:
        """Whether the Hessian is positive definite, and well so, of each of some samples."""
        if self.large:
            return np.array([self.index(j) == 0 for j in samples], dtype=bool)
        found = [_positive_definite(h, self.local.active[:, some].T) for some, h in self.stacks(samples)]
        return np.concatenate(found)

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
                inverse = self._inverse(j, columns)
                out[j] = 1.0 / np.linalg.eigvalsh(0.5 * (inverse + inverse.T))[-1]
        return out

    def _inverse(self, sample: int, columns: Any) -> Array:
        """Rows and columns of the inverse of the Hessian on the active units."""
        if not self.large:
            return np.linalg.solve(self.hessian(sample), np.eye(columns.size)[:, columns])[columns]
        product, units = self.product(sample), np.flatnonzero(columns)
        return np.stack([self._solve_large(product, 1.0 * (np.arange(columns.size) == i))[units] for i in units])

    def solve(self, right: Array) -> Array:
        """Lambda with H lambda = right on the active units of each sample, 0 on the others; both (n, b)."""
        out = np.zeros_like(right)
        for j in range(right.shape[1]):
            keep = self.local.active[:, j]
            if self.large:
                out[keep, j] = self._solve_large(self.product(j), right[keep, j])
            elif keep.any():
                out[keep, j] = np.linalg.solve(self.hessian(j), right[keep, j])
        return out

    def _solve_large(self, product: Product, right: Array) -> Array:
        found = solve_definite(product, right, 1e-13)
        if found is None:
            raise ConvergenceError(
                f"the Hessian of {self.network.n:,} units is not positive definite, or nearly singular: "
                "conjugate gradients need a stable fixed point"
            )
        return found

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
            todo = np.flatnonzero(before > 0.01 * tol)
            trial = s.copy()
            trial[:, todo] += point._newton_steps(todo, 0.1 * distance[todo] + 1e-6)
            candidate = FixedPoint(self.network, trial, self.x)
            better = candidate.residual < before
            if not better.any():
                break
            s = np.ascontiguousarray(np.where(better, trial, s))
            point = FixedPoint(self.network, s, self.x)
        return point

    def _newton_steps(self, samples: Any, limits: Array) -> Array:
        """Steps of some samples, (n, k): none where it would be too long, or the Hessian is not positive definite."""
        steps = np.zeros((self.network.n, len(samples)))
        force = np.where(self.local.active, self.local.force, 0.0)[:, samples]
        if self.large:
            for k, j in enumerate(samples):
                keep = self.local.active[:, j]
                found = solve_definite(self.product(j), force[keep, k], 1e-6)
                steps[keep, k] = 0.0 if found is None else found
        else:
            first = 0
            for some, h in self.stacks(samples):
                here = first + np.flatnonzero(_positive_definite(h, self.local.active[:, some].T))
                steps[:, here] = np.linalg.solve(h[here - first], force[:, here].T[:, :, None])[:, :, 0].T
                first += some.size
        steps[:, np.linalg.norm(steps, axis=0) > limits] = 0.0
        box, now = self.network.box, self.s[:, samples]
        steps[box] = np.clip(now[box] + steps[box], 0.0, 1.0) - now[box]
        return steps


def _positive_definite(h: Array, active: Any) -> npt.NDArray[np.bool_]:
    """Which of the matrices (k, n, n) are, with some margin, on their active units (k, n)."""
    try:
        factors: Any = np.linalg.cholesky(h)
    except np.linalg.LinAlgError:  # raised for all if one is not
        if len(h) == 1:
            return np.zeros(1, dtype=bool)
        return np.concatenate([_positive_definite(h[k : k + 1], active[k : k + 1]) for k in range(len(h))])
    diagonal = np.diagonal(factors, axis1=1, axis2=2)
    least, most = np.where(active, diagonal, np.inf).min(axis=1), np.where(active, diagonal, 0.0).max(axis=1)
    return np.asarray(least > 1e-6 * most)
