"""Whether the cycles that a Hopf bifurcation gives rise to attract: the first Lyapunov coefficient.

On the plane in which the critical pair turns, the flow is z' = (mu + i omega) z + c z |z|^2 + ..., and the coefficient
is Re c / omega. With A, B, C the first three derivatives of the velocity, A q = i omega q, |q| = 1, p^T A = i omega p^T
and p^T q = 1,

    l_1 = Re p^T [C(q, q, q*) - 2 B(q, A^-1 B(q, q*)) + B(q*, (2 i omega - A)^-1 B(q, q))] / (2 omega).

B and C are differences of order eight of the Jacobian, which is exact.

Source: Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, section 5.4, equation (5.39).
"""

from __future__ import annotations

import numpy as np

from neurodyn.analysis.portraits.parameter import Equations
from neurodyn.numerics.arrays import Array, Complex

#: Step of the differences along a vector of length 1, and their coefficients at 1, 2, 3, 4 steps to either side.
STEP = 0.04
FIRST = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
SECOND, MIDDLE = np.array([8 / 5, -1 / 5, 8 / 315, -1 / 560]), -205 / 72


def first_lyapunov_coefficient(equations: Equations, s: Array, p: float, frequency: float) -> float:
    """l_1 at a fixed point s (n,) with the eigenvalues ± i frequency: negative where stable cycles begin there."""

    def jacobian(along: Array, size: float) -> Array:
        return equations.jacobian(s + size * along, p) / equations.tau[:, None]

    def bend(along: Array) -> Array:
        """B(along, .), (n, n)."""
        sides = [jacobian(along, k * STEP) - jacobian(along, -k * STEP) for k in range(1, 5)]
        return np.asarray(np.tensordot(FIRST, sides, 1) / STEP)

    def twist(along: Array) -> Array:
        """C(along, along, .), (n, n)."""
        sides = [jacobian(along, k * STEP) + jacobian(along, -k * STEP) for k in range(1, 5)]
        return np.asarray((np.tensordot(SECOND, sides, 1) + MIDDLE * jacobian(along, 0.0)) / STEP**2)

    matrix, eye = jacobian(s, 0.0), np.eye(len(s))
    q, left = _critical(matrix, frequency), _critical(matrix.T, frequency)
    left = left / (left @ q)
    a, b = q.real, q.imag
    second = bend(a) + 1j * bend(b)  # B(q, .)
    third = twist(a) - twist(b) + 0.5j * (twist(a + b) - twist(a - b))  # C(q, q, .)
    inner = np.linalg.solve(matrix, second @ q.conj())
    outer = np.linalg.solve(2j * frequency * eye - matrix, second @ q)
    whole = third @ q.conj() - 2.0 * second @ inner + second.conj() @ outer
    return float((left @ whole).real / (2.0 * frequency))


def critical_vector(equations: Equations, s: Array, p: float, frequency: float) -> Complex:
    """The unit eigenvector q, (n,), of the eigenvalue i frequency of the flow's Jacobian."""
    return _critical(equations.jacobian(s, p) / equations.tau[:, None], frequency)


def _critical(matrix: Array, frequency: float) -> Complex:
    values, vectors = np.linalg.eig(matrix)
    found: Complex = vectors[:, int(np.argmin(np.abs(values - 1j * frequency)))]
    return found / np.linalg.norm(found)
