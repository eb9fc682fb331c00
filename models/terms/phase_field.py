"""What drives oscillators: −Σ h_j cos(φ_j − ψ), with h_j = Σ_i r_i W_ij, fields that are products with other rates.

V_s(j) = h_j sin(φ_j − ψ), V_r(i) = −Σ_j W_ij cos(φ_j − ψ), dV/dW_ij = −r_i cos(φ_j − ψ). ψ is the phase of the
reference that all fields are in step with. W is (size of the first, size of the second), phases φ in radians.

Source: A. Gower, arXiv:2505.02103 (2025), eq. for V.
"""

from dataclasses import dataclass

import numpy as np

from neurodyn.models.terms import products as pr
from neurodyn.models.terms.between import Between
from neurodyn.system.graph import Graph
from neurodyn.system.term import Primitives


@pr.helper
def driven(s, r, theta, place, work):
    """W, and scratch rows (size of the second, b): cos(φ − ψ), sin(φ − ψ), the fields, and as many for the change."""
    rates, phases = pr.population(r, place, 0), pr.population(s, place, 1)
    n, angle = phases.shape[0], theta[theta.size - 1]
    w = pr.rectangle(theta, 0, rates.shape[0], n)
    cosine, sine, field = pr.units(work, 0, n), pr.units(work, n, n), pr.units(work, 2 * n, n)
    for i in range(n):
        for j in range(phases.shape[1]):
            cosine[i, j], sine[i, j] = np.cos(phases[i, j] - angle), np.sin(phases[i, j] - angle)
            field[i, j] = 0.0
    pr.add_transposed(1.0, w, rates, field)
    return w, cosine, sine, field


def energy(s, r, theta, place, work, out):
    """V = −Σ h cos(φ − ψ)."""
    _, cosine, _, field = driven(s, r, theta, place, work)
    for i in range(field.shape[0]):
        for j in range(s.shape[1]):
            out[0, j] -= field[i, j] * cosine[i, j]


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = h sin(φ − ψ), V_r = −W cos(φ − ψ)."""
    w, cosine, sine, field = driven(s, r, theta, place, work)
    into = pr.population(out_s, place, 1)
    for i in range(field.shape[0]):
        for j in range(s.shape[1]):
            into[i, j] += field[i, j] * sine[i, j]
    if place[pr.FREE]:
        pr.add_product(-1.0, w, cosine, pr.population(out_r, place, 0))


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v: h cos(φ − ψ) v_φ + sin(φ − ψ) Wᵀ v_r, and W (sin(φ − ψ) v_φ)."""
    w, cosine, sine, field = driven(s, r, theta, place, work)
    v, into = pr.population(v_s, place, 1), pr.population(out_s, place, 1)
    change = pr.units(work, 3 * v.shape[0], v.shape[0])
    change[:] = 0.0
    if place[pr.FREE]:
        pr.add_transposed(1.0, w, pr.population(v_r, place, 0), change)
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            into[i, j] += field[i, j] * cosine[i, j] * v[i, j] + sine[i, j] * change[i, j]
            change[i, j] = sine[i, j] * v[i, j]
    if place[pr.FREE]:
        pr.add_product(1.0, w, change, pr.population(out_r, place, 0))


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dW = −r cos(φ − ψ)ᵀ."""
    pr.add_outer(-1.0, pr.population(r, place, 0), driven(s, r, theta, place, work)[1], out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """−v_r cos(φ − ψ)ᵀ + r (sin(φ − ψ) v_φ)ᵀ."""
    _, cosine, sine, _ = driven(s, r, theta, place, work)
    v = pr.population(v_s, place, 1)
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            sine[i, j] *= v[i, j]
    pr.add_outer(-1.0, pr.population(v_r, place, 0), cosine, out)
    pr.add_outer(1.0, pr.population(r, place, 0), sine, out)


@dataclass(frozen=True)
class PhaseField(Between, kind="phase-field"):
    """−Σ r_i W_ij cos(φ_j − ψ): the rates of the first population drive the oscillators of the second; ψ = angle.

    Parameters
    ----------
    first, second : str
        The block of the weights W is "first-second".
    angle : float
        ψ, in radians. With π/2 oscillators begin in the middle, as states begin at zero, and a positive field turns
        them forward; the energy is the same in phases that are counted from elsewhere.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.PhaseField("x", "h").populations
    ('x', 'h')
    """

    angle: float = 0.0
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    within = False

    def __post_init__(self) -> None:
        self.require(finite=["angle"])

    def check(self, graph: Graph) -> None:
        super().check(graph)
        self.check_moves(graph, self.second)

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return (self.angle,)

    def scratch_rows(self, graph: Graph) -> int:
        return 4 * graph[self.second].size
