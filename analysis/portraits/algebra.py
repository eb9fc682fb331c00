"""Linear algebra of small flows: which coordinates a box holds, eigenvalues in a metric, one thread at a time."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from neurodyn.numerics.arrays import Array

Mask = npt.NDArray[np.bool_]


def active(boxed: Mask, z: Array, force: Array, margin: float | Array = 0.0) -> Mask:
    """Which coordinates can move, (k, m): not those within `margin` of a bound whose force points out."""
    stuck = boxed & (((z <= margin) & (force < 0.0)) | ((z >= 1.0 - margin) & (force > 0.0)))
    return ~stuck


def modes(hessian: Array, metric: Array, moving: Mask) -> tuple[Array, Array]:
    """Eigenvalues (k, m), ascending, and unit eigenvectors (k, m, m), in columns, of metric⁻¹ H.

    On the moving coordinates of each point; what the others lack is NaN, behind. metric (m, m) is positive definite
    and the flow descends an energy, so they are real.
    """
    k, m = moving.shape
    rates, directions = np.full((k, m), np.nan), np.full((k, m, m), np.nan)
    for j, keep in enumerate(moving):
        size, block = int(keep.sum()), np.ix_(keep, keep)
        root = np.linalg.inv(np.linalg.cholesky(metric[block]))
        values, vectors = _eigen(root @ hessian[j][block] @ root.T)
        vectors = root.T @ vectors
        rates[j, :size] = values
        directions[j, :, :size] = 0.0
        directions[j, keep, :size] = vectors / np.linalg.norm(vectors, axis=0)
    return rates, directions


def _eigen(block: Array) -> tuple[Array, Array]:
    """Real eigenvalues, ascending, and eigenvectors; the matrix need not be symmetric, only similar to such a one."""
    if np.allclose(block, block.T, rtol=1e-12, atol=1e-13):
        values, vectors = np.linalg.eigh(block)
        return values, vectors
    values, vectors = np.linalg.eig(block)
    order = np.argsort(values.real)
    return values.real[order], vectors.real[:, order]


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> Any:
    """A context in which linear algebra runs in one thread: many small systems are ten times slower in two."""
    return _libraries().limit(limits=1, user_api="blas")
