"""Newton's method for many starts at once, damped: to fixed points of every kind, or downhill to where the flow rests.

K = -d force/dz. Where an energy is descended, steps downhill are taken in w^1/2 z, in which K is symmetric (`Surface`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurodyn.analysis.portraits.algebra import active, symmetrized
from neurodyn.analysis.portraits.landscape import Surface
from neurodyn.numerics.arrays import Array, Mask
from neurodyn.numerics.blas import one_thread

#: Damping beyond which no step helps any more, and below which it is left out of nothing but rounding.
LARGEST, SMALLEST = 1e12, 1e-14
ITERATIONS = 60
#: Longest step on the way to a saddle.
UPHILL = 0.3
#: Matrix entries of one block of starts.
ENTRIES = 4_000_000

#: What a search makes small, (k,): of a surface, coordinates (k, m) and forces (k, m).
Merit = Callable[[Surface, Array, Array], Array]
#: A step (k, m) from matrices K (k, m, m), forces (k, m) and dampings (k,).
Step = Callable[[Array, Array, Array], Array]


def roots(surface: Surface, start: Array) -> tuple[Array, Array]:
    """Fixed points near `start` (k, m), and their largest active force, (k,), which is not small if none was found.

    Minimises |force|² by Levenberg's method, (KᵀK + mu) dz = Kᵀ force, so that minima, saddles and maxima attract
    alike; the last steps are Newton's.
    """

    def merit(part: Surface, z: Array, force: Array) -> Array:
        return np.sum(force**2, axis=1)

    def step(matrix: Array, force: Array, damping: Array) -> Array:
        square = np.swapaxes(matrix, 1, 2) @ matrix
        scale = 1e-300 + np.trace(square, axis1=1, axis2=2) / force.shape[1]
        return _solve(_shifted(square, damping * scale), np.einsum("kji,kj->ki", matrix, force))

    return _search(surface, start, merit, step, damping=1e-2)


def minima(surface: Surface, start: Array) -> tuple[Array, Array]:
    """Minima downhill from `start` (k, m), and their largest active force, (k,), not small if none was found.

    Steps (K + mu) dz = force, where mu falls as the energy does and keeps the first ones close to the flow. Where
    K + mu is not positive definite, |K|, with the magnitudes of the eigenvalues, takes the place of K: such steps leave
    a saddle as Newton's approach a minimum.
    """

    def merit(part: Surface, z: Array, force: Array) -> Array:
        return part.energy(z)

    def step(matrix: Array, force: Array, damping: Array) -> Array:
        shifted = _shifted(matrix, damping)
        easy, change = _definite(shifted), np.empty_like(force)
        change[easy] = _solve(shifted[easy], force[easy])
        values, vectors = np.linalg.eigh(matrix[~easy])
        along = np.einsum("kji,kj->ki", vectors, force[~easy]) / (np.abs(values) + damping[~easy, None])
        change[~easy] = np.einsum("kij,kj->ki", vectors, along)
        return change

    return _search(surface, start, merit, step, damping=1.0, downhill=True)


def at_rest(surface: Surface, start: Array) -> tuple[Array, Array]:
    """Where the flow from `start` (k, m) comes to rest, and the largest active force there, (k,), not small if nowhere.

    Downhill where there is an energy (`minima`). Else by implicit Euler steps (K + mu) dz = force whose length 1/mu
    grows as the force falls (pseudo-transient continuation; Kelley & Keyes, SIAM J. Numer. Anal. 35:508, 1998).
    """
    if not len(start) or surface.part(np.arange(1)).weights(start[:1]) is not None:
        return minima(surface, start)
    z = start.copy()
    force, moving = _projected(surface, z)
    mu, size = np.ones(len(z)), np.linalg.norm(force, axis=1)
    with one_thread():
        for _ in range(ITERATIONS):
            z = _inside(surface, z + _solve(_shifted(_reduced(surface.linearized(z), moving), mu), force))
            force, moving = _projected(surface, z)
            new = np.linalg.norm(force, axis=1)
            mu *= np.clip(np.divide(new, size, out=np.ones_like(new), where=size > 0.0), 0.1, 2.0)
            size = new
            if not np.any(size > 1e-10):
                break
    return roots(surface, z)


def saddles(surface: Surface, start: Array) -> tuple[Array, Array]:
    """Saddles of index 1 uphill from `start` (k, m), and their largest active force, (k,), not small if none was found.

    Eigenvector following: Newton's step with the magnitudes of the eigenvalues, but up along the lowest direction and
    down along all others (Cerjan & Miller, J. Chem. Phys. 75:2800, 1981). Needs an energy; without one those near
    `start` are searched, of any kind (`roots`).
    """
    z = start.copy()
    with one_thread():
        for _ in range(ITERATIONS // 2 if len(z) and surface.weights(z[:1]) is not None else 0):
            force, moving = _projected(surface, z)
            scale = _scale(surface, z)
            values, vectors = np.linalg.eigh(_reduced(symmetrized(surface.linearized(z), scale), moving))
            force = scale * force
            along = np.einsum("kji,kj->ki", vectors, force) / (np.abs(values) + 1e-3)
            along[:, 0] *= -1.0
            change = np.einsum("kij,kj->ki", vectors, along) / scale
            change *= UPHILL / np.maximum(UPHILL, np.linalg.norm(change, axis=1))[:, None]
            z = _inside(surface, z + change)
    return roots(surface, z)


def _search(
    surface: Surface, start: Array, merit: Merit, step: Step, damping: float, *, downhill: bool = False
) -> tuple[Array, Array]:
    """Damped steps, then Newton's, in blocks of starts whose matrices fit into memory."""
    size = max(1, ENTRIES // max(1, start.shape[1]) ** 2)
    parts = [np.zeros((0, start.shape[1]))], [np.zeros(0)]
    with one_thread():
        for k in range(0, len(start), size):
            part = surface.part(np.arange(k, min(k + size, len(start))))
            block, residual = _polish(part, _damped(part, start[k : k + size], merit, step, damping, downhill))
            parts[0].append(block)
            parts[1].append(residual)
    return np.concatenate(parts[0]), np.concatenate(parts[1])


def _damped(surface: Surface, start: Array, merit: Merit, step: Step, damping: float, downhill: bool) -> Array:
    """Steps that make the merit smaller, each sample with its own damping, until none does.

    Downhill, they are taken in the coordinates in which K is symmetric.
    """
    z = start.copy()
    force, moving = _projected(surface, z)
    value, mu = merit(surface, z, force), np.full(len(z), damping)
    todo = np.flatnonzero(np.abs(force).max(axis=1, initial=0.0) > 0.0)
    for _ in range(ITERATIONS):
        if not todo.size:
            break
        part = surface.part(todo)
        coupled = moving[todo] & _off_bounds(surface.boxed, z[todo], force[todo])
        matrix, current = part.linearized(z[todo]), force[todo]
        scale = _scale(part, z[todo]) if downhill else np.ones_like(current)
        change = step(_reduced(symmetrized(matrix, scale), coupled), scale * current, mu[todo]) / scale
        change /= np.maximum(1.0, np.linalg.norm(change, axis=1))[:, None]
        trial = _inside(surface, z[todo] + change)
        new_force, new_moving = _projected(part, trial)
        new_value = merit(part, trial, new_force)
        calmer = np.sum(new_force**2, axis=1) < np.sum(force[todo] ** 2, axis=1)
        level = np.abs(new_value - value[todo]) <= 1e-14 * (1.0 + np.abs(value[todo]))
        better = (new_value < value[todo]) & ~level | level & calmer
        good = todo[better]
        z[good], force[good], moving[good], value[good] = (a[better] for a in (trial, new_force, new_moving, new_value))
        mu[todo] = np.where(better, np.maximum(0.1 * mu[todo], SMALLEST), np.maximum(10.0 * mu[todo], 1e-8))
        small = np.abs(force[todo]).max(axis=1) < 1e-10
        todo = todo[~(small | (mu[todo] > LARGEST))]
    return z


def _polish(surface: Surface, z: Array) -> tuple[Array, Array]:
    """Plain Newton steps, as long as they make the force smaller."""
    z = z.copy()
    force, moving = _projected(surface, z)
    residual = np.abs(force).max(axis=1, initial=0.0)
    for _ in range(4):
        close = np.flatnonzero((residual > 0.0) & (residual < 1e-6))
        if not close.size:
            break
        part = surface.part(close)
        change = _solve(_reduced(part.linearized(z[close]), moving[close]), force[close])
        trial = _inside(surface, z[close] + np.clip(change, -1e-2, 1e-2))
        new_force, new_moving = _projected(part, trial)
        new = np.abs(new_force).max(axis=1)
        better = new < residual[close]
        if not better.any():
            break
        good = close[better]
        z[good], force[good], moving[good], residual[good] = (a[better] for a in (trial, new_force, new_moving, new))
    return z, residual


def _projected(surface: Surface, z: Array) -> tuple[Array, Mask]:
    force = surface.force(z)
    moving = active(surface.boxed, z, force)
    return np.where(moving, force, 0.0), moving


def _scale(surface: Surface, z: Array) -> Array:
    """What K is symmetric in, times z, (k, m)."""
    weights = surface.weights(z)
    assert weights is not None
    return np.sqrt(weights)


def _off_bounds(boxed: Mask, z: Array, force: Array) -> Mask:
    """Coordinates that Newton's step may couple, (k, m): not those that are about to meet a bound.

    They take a step of their own: had the others counted on their full one, the box would cut it short, and the steps
    of all would shrink without end. Bertsekas, SIAM J. Control Optim. 20:221 (1982).
    """
    margin = np.minimum(1e-2, np.abs(force).max(axis=1, initial=0.0))
    return active(boxed, z, force, margin[:, None])


def _inside(surface: Surface, z: Array) -> Array:
    boxed = surface.boxed
    if boxed.any():
        z[:, boxed] = np.clip(z[:, boxed], 0.0, 1.0)
    return z


def _reduced(matrix: Array, moving: Mask) -> Array:
    """The matrices with the rows and columns of coordinates that do not move those of the identity."""
    if moving.all():
        return matrix
    keep = moving[:, :, None] & moving[:, None, :]
    return np.where(keep, matrix, np.eye(matrix.shape[1]))


def _shifted(matrix: Array, amount: Array) -> Array:
    shifted: Array = matrix + amount[:, None, None] * np.eye(matrix.shape[1])
    return shifted


def _definite(matrices: Array) -> Mask:
    """Which of the matrices are positive definite, (k,): twenty times cheaper to find out than their eigenvalues."""
    definite = np.ones(len(matrices), dtype=bool)
    for k, matrix in enumerate(matrices):
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            definite[k] = False
    return definite


def _solve(matrix: Array, right: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:  # one of them is singular to the last bit
        return np.einsum("kij,kj->ki", np.linalg.pinv(matrix), right)
