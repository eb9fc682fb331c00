"""Weighted connections between two populations: −r_aᵀ W r_b; within one: −½ rᵀ W r with a symmetric W."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from neurodyn.models.terms.between import Between
from neurodyn.models.terms.leak import FIRST, PER_POPULATION, SIZE
from neurodyn.numerics.kernel import helper
from neurodyn.system.graph import Connection
from neurodyn.system.term import Primitives


@helper
def weight(theta, place, i, j):
    """The weight between unit i of the first and unit j of the second population, 0 from a unit to itself."""
    first, second, size = place[FIRST], place[PER_POPULATION + FIRST], place[PER_POPULATION + SIZE]
    if first != second:
        return theta[i * size + j]
    if i == j:
        return 0.0
    a, b = min(i, j), max(i, j)  # each pair once, row by row above the diagonal
    return theta[a * size - a * (a + 1) // 2 + b - a - 1]


@helper
def half(place):
    """How often a pair is met: within a population twice, with a half each time."""
    return 0.5 if place[FIRST] == place[PER_POPULATION + FIRST] else 1.0


def energy(s, r, theta, place, work, out):
    """V = −Σ r_i W_ij r_j."""
    for i in range(place[SIZE]):
        for k in range(place[PER_POPULATION + SIZE]):
            w = half(place) * weight(theta, place, i, k)
            for j in range(r.shape[1]):
                out[0, j] -= w * r[place[FIRST] + i, j] * r[place[PER_POPULATION + FIRST] + k, j]


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_r = −W r."""
    subtract_product(r, theta, place, out_r)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = −W v_r."""
    subtract_product(v_r, theta, place, out_r)


@helper
def subtract_product(r, theta, place, out):
    """out −= W r, in both directions."""
    for i in range(place[SIZE]):
        for k in range(place[PER_POPULATION + SIZE]):
            a, b, w = place[FIRST] + i, place[PER_POPULATION + FIRST] + k, half(place) * weight(theta, place, i, k)
            for j in range(r.shape[1]):
                out[a, j] -= w * r[b, j]
                out[b, j] -= w * r[a, j]


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dW_ij = −r_i r_j."""
    subtract_pairs(r, r, 0.5, place, out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dW_ij d(s, r) · v = −(v_i r_j + r_i v_j)."""
    subtract_pairs(v_r, r, 1.0, place, out)


@helper
def subtract_pairs(u, r, factor, place, out):
    """out[ij] −= factor (u_i r_j + r_i u_j), summed over the samples."""
    same, k = place[FIRST] == place[PER_POPULATION + FIRST], 0
    for i in range(place[SIZE]):
        for m in range(i + 1 if same else 0, place[PER_POPULATION + SIZE]):
            a, b = place[FIRST] + i, place[PER_POPULATION + FIRST] + m
            for j in range(r.shape[1]):
                out[k] -= factor * (u[a, j] * r[b, j] + r[a, j] * u[b, j])
            k += 1


@dataclass(frozen=True)
class Bilinear(Between, kind="bilinear"):
    """−Σ r_i W_ij r_j between two populations, each pair sharing one weight. Parameters: the block "first-second".

    Flows multiply by its weights themselves and do not call these primitives, unless it is subclassed with
    ``fused = False``. The primitives know neither `sparsity` nor `feedback`, which are those of `Connection`.

    Parameters
    ----------
    first, second : str
    sparsity : float
    feedback : float or "random"

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Bilinear("x", "h").populations
    ('x', 'h')
    """

    sparsity: float = 0.0
    feedback: float | str = 1.0
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    quadratic: ClassVar[bool] = True
    of_rates: ClassVar[bool] = True
    fused: ClassVar[bool] = True

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """The term of a connection."""
        return cls(connection.first, connection.second, connection.sparsity, connection.feedback)

    @property
    def connection(self) -> Connection:
        """The connection that flows know."""
        return Connection(self.first, self.second, self.sparsity, self.feedback)
