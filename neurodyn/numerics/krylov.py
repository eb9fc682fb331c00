"""Linear algebra with a symmetric matrix that is too large to be written down: only its product with a vector is known.

Sums are NumPy's own, and BLAS is held to one thread, so that no bit depends on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurodyn.errors import ConvergenceError
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread

Product = Callable[[Array], Array]

#: Iterations after which conjugate gradients, and restarts after which Lanczos' method, give up.
MOST = 1000
#: Vectors that Lanczos' method keeps between restarts.
KEPT = 40


class Counted:
    """A product that counts how often it is formed."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.calls = 0

    def __call__(self, v: Array) -> Array:
        """A v."""
        self.calls += 1
        return self.product(v)


def solve_definite(product: Product, right: Array, rtol: float) -> Array | None:
    """X with A x = right by conjugate gradients, to a residual of rtol |right|; None if A is not positive definite.

    Also None if that takes more than `MOST` iterations: then A is nearly singular. Source: M. R. Hestenes, E. Stiefel,
    J. Res. Natl. Bur. Stand. 49:409 (1952).
    """
    x, rest = np.zeros_like(right), right.copy()
    direction, square = rest, _dot(rest, rest)
    goal = rtol * rtol * square
    for _ in range(MOST):
        if square <= goal:
            return x
        image = product(direction)
        curvature = _dot(direction, image)
        if curvature <= 0.0:
            return None
        step = square / curvature
        x = x + step * direction
        rest = rest - step * image
        before, square = square, _dot(rest, rest)
        direction = rest + square / before * direction
    return None


def _dot(a: Array, b: Array) -> float:
    return float(np.sum(a * b))


def smallest_eigenvalue(product: Product, n: int, tol: float) -> float:
    """Smallest eigenvalue of an (n, n) matrix by Lanczos' method from a fixed vector, to a residual of tol times it."""
    if n <= KEPT:
        return float(np.linalg.eigvalsh(np.stack([product(e) for e in np.eye(n)]))[0])
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    operator = LinearOperator((n, n), matvec=lambda v: product(np.ravel(v)), dtype=float)
    options = {"which": "SA", "v0": np.random.default_rng(0).normal(size=n), "ncv": KEPT, "maxiter": MOST, "tol": tol}
    try:
        with one_thread():
            return float(eigsh(operator, 1, return_eigenvectors=False, **options)[0])
    except ArpackNoConvergence as error:
        raise ConvergenceError(
            f"the smallest eigenvalue of a matrix of {n:,} units was not found in {MOST} restarts of Lanczos' method"
        ) from error
