"""Biases of oscillators, and what locks them to two phases: −Σ h_i cos(φ_i − ψ) − ½ S Σ cos 2(φ_i − ψ).

V_s = h sin(φ − ψ) + S sin 2(φ − ψ). A signal of twice the frequency, of strength S > 0, leaves an oscillator two
phases, ψ and ψ + π, the two values of a spin; S < 0 holds it halfway between them. Phases φ in radians, (size, b).

Source: T. Wang, J. Roychowdhury, Unconventional Computation and Natural Computation, 232 (2019); A. Gower,
arXiv:2505.02103 (2025), eq. for V.
"""

from dataclasses import dataclass

import numpy as np

from neurodyn.models.terms import products as pr
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


@pr.helper
def constants_of(theta):
    """S, and ψ."""
    return theta[theta.size - 2], theta[theta.size - 1]


def energy(s, r, theta, place, work, out):
    """V = −Σ h cos(φ − ψ) − ½ S Σ cos 2(φ − ψ)."""
    phases, (sync, angle) = pr.population(s, place, 0), constants_of(theta)
    for i in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            a = phases[i, j] - angle
            out[0, j] -= theta[i] * np.cos(a) + 0.5 * sync * (1.0 - 2.0 * np.sin(a) ** 2)


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = h sin(φ − ψ) + S sin 2(φ − ψ)."""
    phases, into, (sync, angle) = pr.population(s, place, 0), pr.population(out_s, place, 0), constants_of(theta)
    for i in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            a = phases[i, j] - angle
            into[i, j] += (theta[i] + 2.0 * sync * np.cos(a)) * np.sin(a)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = (h cos(φ − ψ) + 2 S cos 2(φ − ψ)) v."""
    phases, into, (sync, angle) = pr.population(s, place, 0), pr.population(out_s, place, 0), constants_of(theta)
    v = pr.population(v_s, place, 0)
    for i in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            a = phases[i, j] - angle
            into[i, j] += (theta[i] * np.cos(a) + 2.0 * sync * (1.0 - 2.0 * np.sin(a) ** 2)) * v[i, j]


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dh = −cos(φ − ψ)."""
    phases, (_, angle) = pr.population(s, place, 0), constants_of(theta)
    for i in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            out[i] -= np.cos(phases[i, j] - angle)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dh ds · v = sin(φ − ψ) v."""
    phases, v, (_, angle) = pr.population(s, place, 0), pr.population(v_s, place, 0), constants_of(theta)
    for i in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            out[i] += np.sin(phases[i, j] - angle) * v[i, j]


@dataclass(frozen=True)
class PhaseBias(Term, kind="phase-bias"):
    """−Σ h_i cos(φ_i − ψ) − ½ S Σ cos 2(φ_i − ψ), S = sync, ψ = angle; h, the block "population.fields", begins at 0.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.PhaseBias("h", sync=0.5).populations
    ('h',)
    """

    population: str
    sync: float = 0.0
    angle: float = 0.0
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )

    def __post_init__(self) -> None:
        self.require(finite=["sync", "angle"])

    @property
    def populations(self) -> tuple[str, ...]:
        return (self.population,)

    def check(self, graph: Graph) -> None:
        super().check(graph)
        self.check_moves(graph, self.population)

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        return (Block(f"{self.population}.fields", (graph[self.population].size,), False),)

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return self.sync, self.angle
