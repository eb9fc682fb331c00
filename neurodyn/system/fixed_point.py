"""Linear algebra at a fixed point of the free flow: stability, relaxation rates, beta_c, Newton polish, exact gradient.

K = -d force/ds is minus the Jacobian of the force T ds/dt, and m the derivative of the energy's coordinate by the state
(`network.Local`): 1 in the Hopfield form, where K is the Hessian, and rho' in the rate form. A network with an energy
has a symmetric m^1/2 K m^-1/2, positive definite where it is stable, with K's eigenvalues. One without has none: it is
stable where all eigenvalues of T^-1 K have a positive real part, and its side network follows another matrix than its
nudged phase, m^-1 Kᵀ m.

Everything is about the active units alone, and no sample's numbers depend on its batch mates. Up to `DENSE_UNITS`
units matrices are written down, many at a time; beyond that only products with a vector are used, sample by sample, if
there is an energy. Without one they are always written down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from neurodyn.errors import ConvergenceError
from neurodyn.flows.linear import jvp
from neurodyn.numerics.arrays import Array, inward
from neurodyn.numerics.krylov import Counted, Product, smallest_eigenvalue, solve_definite
from neurodyn.system.constants import free_rows, linear_rows
from neurodyn.system.local import Local
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import mixed_product
from neurodyn.system.parameters import Parameters

#: Above this a matrix takes more than 32 MB, and a second for each of its factorisations.
DENSE_UNITS = 2000
#: Slopes below this are one to rounding: of a rate so saturated that it does not move.
LEAST_SLOPE = 1e-100
#: Newton's steps may be this long wherever the flow came from.
CLOSE = 1e-6
#: Entries of the matrices that are written down at a time.
STACK_ENTRIES = 4_000_000


@dataclass(frozen=True)
class FixedPoint:
    """States s (n, b), unit-major, that are (near) fixed points for inputs x (b, n_in), with what follows from them.

    Units that are `held`, (n,) bool, stay where they are, whatever their force: they are inactive.
    """

    network: Network
    s: Array
    x: Array | None
    held: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, network: Network, state: Array, x: Array | None) -> FixedPoint:
        """From batch-first arrays, with or without a batch axis."""
        return cls(network, inward(np.atleast_2d(state)), None if x is None else np.atleast_2d(x))

    @cached_property
    def rows(self) -> Array:
        """Constants of the free flow."""
        return free_rows(self.network, self.x, self.s.shape[1])

    @cached_property
    def local(self) -> Local:
        """Rates, slopes, fields, forces."""
        local = self.network.local(self.s, self.rows)
        return local if self.held is None else local._replace(active=local.active & ~self.held[:, None])

    @property
    def residual(self) -> Array:
        """Largest |force| over active units, (b,)."""
        return self.local.residual

    def linearized(self, sample: int) -> Array:
        """K on the active units, (m, m)."""
        keep = self.local.active[:, sample]
        return self.network.linearized(self.local, sample)[np.ix_(keep, keep)]

    def adjoint(self, sample: int) -> Array:
        """The matrix of the side network's dS/dt = -adjoint T^-1 S on the active units, (m, m).

        It is m^-1 Kᵀ m, and so K itself where there is an energy.
        """
        matrix = self.linearized(sample)
        if self.network.has_energy:
            return matrix
        m = self.local.coordinate_slope[self.local.active[:, sample], sample]
        return matrix.T * (m / m[:, None])

    def symmetric(self, sample: int) -> Array:
        """m^1/2 K m^-1/2 on the active units, (m, m), of a network with an energy."""
        return _symmetric(self.linearized(sample), self.local.coordinate_slope[self.local.active[:, sample], sample])

    def stacks(self, samples: Any) -> Iterator[tuple[Any, Array]]:
        """K of some samples, (k, n, n), with the samples they belong to, piece by piece.

        Inactive units have the rows of the identity: they take no part in what is solved.
        """
        network, n = self.network, self.network.n
        pieces = max(1, -(-len(samples) * n * n // STACK_ENTRIES))
        for some in np.array_split(np.asarray(samples, dtype=int), pieces):
            rows = linear_rows(network, self.local.columns(np.repeat(some, n)))
            products = network.evaluate(jvp, np.tile(np.eye(n), some.size), rows, n)
            k = np.moveaxis(products.reshape(n, some.size, n), 1, 0).copy()
            active = self.local.active[:, some].T
            if self.held is not None:  # a model need not know of them
                k *= active[:, :, None] & active[:, None, :]
            k[:, np.arange(n), np.arange(n)] += ~active
            yield some, k

    def _stable(self, some: Any, k: Array) -> npt.NDArray[np.bool_]:
        """Which of the matrices that `stacks` gave for some samples are those of stable fixed points, and well so.

        Without an energy a positive definite symmetric part of m^1/2 K m^-1/2 is enough, whatever T, and costs little;
        only where there is none are eigenvalues needed.
        """
        active = self.local.active[:, some].T
        matrices = _symmetric(k, self.local.coordinate_slope[:, some].T)
        if self.network.has_energy:
            return _positive_definite(matrices, active)
        found = _positive_definite(0.5 * (matrices + matrices.transpose(0, 2, 1)), active)
        if not found.all():
            rates = np.linalg.eigvals(k[~found] / self.network.tau[:, None])
            found[~found] = rates.real.min(axis=1) > 1e-12 * np.abs(rates).max(axis=1)
        return found

    @property
    def large(self) -> bool:
        """Whether K is not to be written down."""
        return self.network.n > DENSE_UNITS and self.network.has_energy

    def product(self, sample: int, *, all_active: bool = False) -> Product:
        """m^1/2 K m^-1/2 on the active (or all) units times a vector, both (m,), of a network with an energy."""
        network, local = self.network, self.local.columns([sample])
        if all_active:
            local = local._replace(active=np.ones_like(local.active))
        rows, keep = linear_rows(network, local), local.active[:, 0]
        root = np.sqrt(local.coordinate_slope[keep, 0])

        def times(v: Array) -> Array:
            whole = np.zeros((network.n, 1))
            whole[keep, 0] = v / root
            return root * network.evaluate(jvp, whole, rows, network.n)[keep, 0]

        return times

    def modes(self, sample: int) -> tuple[Array, Array]:
        """Eigenvalues (m,) and orthonormal eigenvectors (m, m) of T^-1/2 m^1/2 K m^-1/2 T^-1/2 on the active units.

        The eigenvalues are those of T^-1 K: relaxation rates, 1/time. For networks with an energy.
        """
        self.network.require_energy("orthogonal modes")
        root = np.sqrt(self.network.tau[self.local.active[:, sample]])
        values, vectors = np.linalg.eigh(self.symmetric(sample) / np.outer(root, root))
        return values, vectors

    def rates(self, sample: int) -> Any:
        """Eigenvalues of T^-1 K on the active units, (m,), by rising real part: relaxation rates, 1/time.

        Complex where there is no energy: the imaginary parts are frequencies.
        """
        if self.network.has_energy:
            return self.modes(sample)[0]
        tau = self.network.tau[self.local.active[:, sample]]
        return np.sort_complex(np.linalg.eigvals(self.linearized(sample) / tau[:, None]))

    def slowest_rate(self) -> float:
        """Smallest relaxation rate over all samples (of those with an active unit); of large networks to 3 digits."""
        samples = [j for j in range(self.s.shape[1]) if self.local.active[:, j].any()]
        if self.large:
            rates = [self._slowest_of_many(j) for j in samples]
        else:
            rates = [float(self.rates(j)[0].real) for j in samples]
        return min(rates, default=1.0 / float(self.network.tau.max()))

    def _slowest_of_many(self, sample: int) -> float:
        product, root = self.product(sample), np.sqrt(self.network.tau[self.local.active[:, sample]])
        return smallest_eigenvalue(lambda v: product(v / root) / root, len(root), 1e-3)

    def fastest_rate(self) -> float:
        """Largest relaxation rate of the first sample, all of its units taken as active; of large ones to 3 digits.

        Without an energy the largest |lambda|² / Re lambda: in either case Euler steps are stable below 2 over this.
        """
        network, tau = self.network, self.network.tau
        if self.large:
            product, root = self.product(0, all_active=True), np.sqrt(tau)
            return -smallest_eigenvalue(lambda v: -product(v / root) / root, network.n, 1e-3)
        local = self.local._replace(active=np.ones_like(self.local.active))
        k = network.linearized(local, 0)
        if network.has_energy:
            root = np.sqrt(tau)
            return float(np.linalg.eigvalsh(_symmetric(k, local.coordinate_slope[:, 0]) / np.outer(root, root))[-1])
        rates = np.linalg.eigvals(k / tau[:, None])
        return float(np.max(np.abs(rates) ** 2 / np.where(rates.real > 0.0, rates.real, np.inf)))

    def index(self, sample: int) -> int:
        """Number of directions that lead away: 0 at a stable fixed point.

        Of large networks only whether there is one: 0 or 1. Eigenvalues are then moved by 1, the leak's, so that the
        tolerance is not one of a number near 0.
        """
        if self.large:
            product, m = self.product(sample), int(self.local.active[:, sample].sum())
            return int(m > 0 and smallest_eigenvalue(lambda v: product(v) + v, m, 1e-6) <= 1.0)
        if not self.local.active[:, sample].any() or self.stable([sample])[0]:
            return 0
        values = np.linalg.eigvalsh(self.symmetric(sample)) if self.network.has_energy else self.rates(sample)
        return max(1, int(np.sum(values.real <= 1e-12 * np.abs(values).max())))

    def stable(self, samples: Any) -> npt.NDArray[np.bool_]:
        """Whether each of some samples is a stable fixed point, and well so."""
        if self.large:
            return np.array([self.index(j) == 0 for j in samples], dtype=bool)
        return np.concatenate([self._stable(some, k) for some, k in self.stacks(samples)])

    def critical_beta(self, target: Array) -> Array:
        """beta_c = 1 / max |lambda|, (b,), for the eigenvalues lambda of C'' (m K^-1)_out,out; targets (b, n_out).

        For |beta| < beta_c K + beta C'' m is regular, and s*(beta) followed smoothly. With an energy m K^-1 is the
        inverse of its Hessian, and no lambda is negative where the cost is convex: then all beta > -beta_c will do.
        Without an energy real lambda count: complex ones belong to oscillations that may set in earlier. Infinite
        where no output is active, or all lambda are 0.
        """
        z, largest = self.local.coordinate[self.network.outputs], np.zeros(self.s.shape[1])
        for some, inverse in self._inverses():
            curvature = np.stack([self.network.readout.curvature(z[:, j], target[j]) for j in some])
            largest[some] = self._largest(curvature, inverse)
        return np.divide(1.0, largest, out=np.full(largest.size, np.inf), where=largest > 0.0)

    def _largest(self, curvature: Array, inverse: Array) -> Array:
        """Sizes of the largest real eigenvalues of products, whose second factors are positive definite with an energy.

        Matrices (k, m, m), sizes (k,).
        """
        if self.network.has_energy:
            values, vectors = np.linalg.eigh(0.5 * (inverse + inverse.transpose(0, 2, 1)))
            root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
            return np.asarray(np.abs(np.linalg.eigvalsh(root.transpose(0, 2, 1) @ curvature @ root)).max(axis=1))
        values = np.linalg.eigvals(curvature @ inverse)
        real = np.abs(values.imag) <= 1e-12 * np.abs(values)
        return np.asarray(np.max(np.abs(values), axis=1, where=real, initial=0.0))

    def _inverses(self) -> Iterator[tuple[Any, Array]]:
        """Some samples, and of each m K^-1 among the outputs, 0 where they are inactive, (k, n_out, n_out)."""
        columns = np.eye(self.network.n)[:, self.network.outputs]
        if self.large:
            for j in range(self.s.shape[1]):
                yield [j], self._inverse_large(j)[None]
            return
        slope, active = self.local.coordinate_slope[self.network.outputs], self.local.active[self.network.outputs]
        for some, k in self.stacks(np.arange(self.s.shape[1])):
            inverse = np.linalg.solve(k, np.broadcast_to(columns, (len(some), *columns.shape)))[:, self.network.outputs]
            m, moves = slope[:, some].T, active[:, some].T
            yield some, m[:, :, None] * inverse * (moves[:, :, None] & moves[:, None, :])

    def _inverse_large(self, sample: int) -> Array:
        outputs, active, product = self.network.outputs, self.local.active[:, sample], self.product(sample)
        among = np.flatnonzero(active[outputs])  # of the outputs
        units = np.cumsum(active)[outputs][among] - 1  # of the active units
        root, out = np.sqrt(self.local.coordinate_slope[outputs, sample][among]), np.zeros((active[outputs].size,) * 2)
        for k, i, own_root in zip(among, units, root, strict=True):
            column = self._solve_large(product, 1.0 * (np.arange(active.sum()) == i))[units]
            out[among, k] = root * column * own_root
        return out

    def solve(self, right: Array) -> tuple[Array, int]:
        """Lambda with adjoint · lambda = right on the active units of each sample, 0 on the others; both (n, b).

        By Cholesky's factors or, of large networks, conjugate gradients; without an energy by those of Gauss. Also how
        many products with K that took: n a sample where the matrix is written down.
        """
        out, products = np.zeros_like(right), 0
        for j in range(right.shape[1]):
            keep = self.local.active[:, j]
            root = np.sqrt(self.local.coordinate_slope[keep, j])
            if not keep.any():
                continue
            if self.large:
                product = Counted(self.product(j))
                out[keep, j] = self._solve_large(product, root * right[keep, j]) / root
                products += product.calls
                continue
            products += self.network.n
            if self.network.has_energy:
                out[keep, j] = self._solve_definite(self.symmetric(j), root * right[keep, j]) / root
            else:
                out[keep, j] = np.linalg.solve(self.adjoint(j), right[keep, j])
        return out, products

    def _solve_definite(self, matrix: Array, right: Array) -> Array:
        from scipy.linalg import cho_factor, cho_solve

        try:
            return np.asarray(cho_solve(cho_factor(matrix, lower=True), right))
        except np.linalg.LinAlgError as error:
            raise self._not_stable("its factors") from error

    def _solve_large(self, product: Product, right: Array) -> Array:
        found = solve_definite(product, right, 1e-13)
        if found is None:
            raise self._not_stable("conjugate gradients")
        return found

    def _not_stable(self, what: str) -> ConvergenceError:
        return ConvergenceError(
            f"the Hessian of {self.network.n:,} units is not positive definite, or nearly singular: "
            f"{what} need a stable fixed point"
        )

    def cost_slope(self, target: Array) -> Array:
        """dC/d coordinate, (n, b), not zero on the outputs only, for targets (b, n_out): see `readout`."""
        slope = np.zeros_like(self.s)
        outputs = self.network.outputs
        slope[outputs] = self.network.readout.slope(self.local.coordinate[outputs], target.T)
        return slope

    def exact_gradient(self, target: Array) -> Parameters:
        """dJ/dtheta, by solving adjoint · lambda = dC/d coordinate on the active units."""
        return self.side_gradient(self.solve(self.cost_slope(target) * self.local.active)[0])

    def side_gradient(self, integral: Array) -> Parameters:
        """-(d2E/dtheta ds) lambda, averaged over the batch, for lambda (n, b): the time integral of S/tau."""
        local = self.local
        moved = np.where(local.active, -integral, 0.0)
        return mixed_product(self.network, local, (moved, local.slope * moved), self.x)

    def polished(self, tol: float | Array, distance: Array) -> FixedPoint:
        """Newton steps on samples that are stable.

        A step is taken only where it is small against the distance (b,) travelled so far, and makes the residual
        smaller: Newton's method happily jumps to a saddle.
        """
        s = self.s.copy()
        point = self
        for _ in range(6):
            before = point.residual
            todo = np.flatnonzero(before > 0.01 * tol)
            trial = s.copy()
            trial[:, todo] += point._newton_steps(todo, 0.1 * distance[todo] + CLOSE)
            candidate = replace(self, s=trial)
            better = candidate.residual < before
            if not better.any():
                break
            s = np.ascontiguousarray(np.where(better, trial, s))
            point = replace(self, s=s)
        return point

    def _newton_steps(self, samples: Any, limits: Array) -> Array:
        """Steps of some samples, (n, k): none where it would be too long, or the fixed point is not stable."""
        steps = np.zeros((self.network.n, len(samples)))
        force = np.where(self.local.active, self.local.force, 0.0)[:, samples]
        if self.large:
            for k, j in enumerate(samples):
                keep = self.local.active[:, j]
                root = np.sqrt(self.local.coordinate_slope[keep, j])
                found = solve_definite(self.product(j), root * force[keep, k], 1e-6)
                steps[keep, k] = 0.0 if found is None else found / root
        else:
            first = 0
            for some, matrices in self.stacks(samples):
                here = first + np.flatnonzero(self._stable(some, matrices))
                steps[:, here] = np.linalg.solve(matrices[here - first], force[:, here].T[:, :, None])[:, :, 0].T
                first += some.size
        steps[:, np.linalg.norm(steps, axis=0) > limits] = 0.0
        box, now = self.network.box, self.s[:, samples]
        steps[box] = np.clip(now[box] + steps[box], 0.0, 1.0) - now[box]
        return steps


def _symmetric(k: Array, m: Array) -> Array:
    """m^1/2 K m^-1/2, for matrices (..., n, n) and diagonals (..., n)."""
    root = np.sqrt(np.maximum(m, LEAST_SLOPE))
    return np.asarray(k * (root[..., :, None] / root[..., None, :]))


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
