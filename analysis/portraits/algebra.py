"""Linear algebra of small flows: which coordinates a box holds, eigenvalues in a metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array, Mask

#: Eigenvalues or eigenvectors: real where there is an energy, else complex.
Rates = np.ndarray[Any, np.dtype[Any]]


def active(boxed: Mask, z: Array, force: Array, margin: float | Array = 0.0) -> Mask:
    """Which coordinates can move, (k, m): not those within `margin` of a bound whose force points out."""
    stuck = boxed & (((z <= margin) & (force < 0.0)) | ((z >= 1.0 - margin) & (force > 0.0)))
    return ~stuck


def modes(matrix: Array, metric: Array, moving: Mask, weights: Array | None) -> tuple[Rates, Rates]:
    """Eigenvalues (k, m), by rising real part, and unit eigenvectors (k, m, m), in columns, of metric⁻¹ K.

    On the moving coordinates of each point; what the others lack is NaN, behind. metric (m, m) is positive definite.
    Where the flow descends an energy there are weights w (k, m) that make w^1/2 K w^-1/2 symmetric, and commute with
    the metric: all is real then. Without weights all is complex.
    """
    k, m = moving.shape
    kind: type = complex if weights is None else float
    rates: Rates = np.full((k, m), np.nan, dtype=kind)
    directions: Rates = np.full((k, m, m), np.nan, dtype=kind)
    for j, keep in enumerate(moving):
        size, block = int(keep.sum()), np.ix_(keep, keep)
        if weights is None:
            values, vectors = np.linalg.eig(np.linalg.solve(metric[block], matrix[j][block]))
            order = np.lexsort((values.imag, values.real))
            values, vectors = values[order], vectors[:, order]
        else:
            root, scale = np.linalg.inv(np.linalg.cholesky(metric[block])), np.sqrt(weights[j, keep])
            values, vectors = np.linalg.eigh(root @ symmetrized(matrix[j][block], scale) @ root.T)
            vectors = (root.T @ vectors) / scale[:, None]
        rates[j, :size] = values
        directions[j, :, :size] = 0.0
        directions[j, keep, :size] = vectors / np.linalg.norm(vectors, axis=0)
    return rates, directions


def symmetrized(matrix: Array, scale: Array) -> Array:
    """scale K scale⁻¹, for matrices (..., m, m) and diagonals (..., m)."""
    return np.asarray(matrix * (scale[..., :, None] / scale[..., None, :]))


def returns(matrix: Array, metric: Array) -> bool:
    """Whether the linear flow metric dz/dt = -K z, with K (m, m), comes back to rest from everywhere."""
    if np.allclose(matrix, matrix.T, rtol=1e-12, atol=1e-13):
        return bool(np.all(np.linalg.eigvalsh(matrix) > 0.0))
    return bool(np.all(np.linalg.eigvals(np.linalg.solve(metric, matrix)).real > 0.0))
