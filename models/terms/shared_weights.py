"""Weights that many pairs of units share: −share Σ_t W[w_t] r_a[i_t] r_b[k_t], over the rows t of a table.

Each row names a place of the first population, one of the second, and a weight. Populations may be images of several
channels: the table then holds for each channel c of the first with each channel o of the second, with weights W[o, c].
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from neurodyn.models.terms import products as pr
from neurodyn.numerics.arrays import Integers
from neurodyn.system.graph import Graph
from neurodyn.system.term import Primitives, Term

# Its integers: how many weights a pair of channels has, places a channel of the first and of the second population,
# channels of the first, rows the table; and links there are in all. After them the table.
WEIGHTS, PLACES_A, PLACES_B, CHANNELS_A, ROWS, LINKS, TABLE = range(2 * pr.PER_POPULATION, 2 * pr.PER_POPULATION + 7)


@pr.helper
def link(place, q):
    """Link q: the unit of the first population, that of the second, and their weight."""
    c, t = q // place[ROWS], q % place[ROWS]
    i, k, w = place[TABLE + 3 * t], place[TABLE + 3 * t + 1], place[TABLE + 3 * t + 2]
    first, second = c % place[CHANNELS_A] * place[PLACES_A] + i, c // place[CHANNELS_A] * place[PLACES_B] + k
    return first, second, c * place[WEIGHTS] + w


def energy(s, r, theta, place, work, out):
    """V = −share Σ W r_a r_b."""
    a, b = pr.pair(r, place)
    for q in range(place[LINKS]):
        i, k, w = link(place, q)
        for j in range(r.shape[1]):
            out[0, j] -= theta[theta.size - 1] * theta[w] * a[i, j] * b[k, j]


@pr.helper
def subtract_products(r, theta, place, out):
    """out −= V″ r: each unit receives from each that is joined to it."""
    (a, b), (into_a, into_b) = pr.pair(r, place), pr.pair(out, place)
    for q in range(place[LINKS]):
        i, k, w = link(place, q)
        weight = theta[theta.size - 1] * theta[w]
        for j in range(r.shape[1]):
            into_a[i, j] -= weight * b[k, j]
            into_b[k, j] -= weight * a[i, j]


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_r: the sum over all that a unit is joined to."""
    subtract_products(r, theta, place, out_r)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v: the same of v; it is none between clamped and free units."""
    if place[pr.FREE] and place[pr.PER_POPULATION + pr.FREE]:
        subtract_products(v_r, theta, place, out_r)


@pr.helper
def subtract_pairs(u, v, theta, place, out):
    """out[w] −= share Σ u_a v_b over all links of weight w, and the samples."""
    a, b = pr.population(u, place, 0), pr.population(v, place, 1)
    for q in range(place[LINKS]):
        i, k, w = link(place, q)
        for j in range(u.shape[1]):
            out[w] -= theta[theta.size - 1] * a[i, j] * b[k, j]


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dW = −share Σ r_a r_b."""
    subtract_pairs(r, r, theta, place, out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dW dr · v = −share Σ (v_a r_b + r_a v_b)."""
    subtract_pairs(v_r, r, theta, place, out)
    subtract_pairs(r, v_r, theta, place, out)


class SharedWeights(Term):
    """A term of this kind. A subclass says what its table is, and its one block, (channels, channels, ...)."""

    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    quadratic = True
    of_rates = True

    @abstractmethod
    def table(self) -> Integers:
        """Place of the first population, place of the second, weight: (rows, 3)."""

    def integers(self, graph: Graph) -> Sequence[int]:
        first, second = self.populations
        (block,), table = self.blocks(graph), self.table()
        outer, inner = block.shape[:2]
        sizes = block.size // (outer * inner), graph[first].size // inner, graph[second].size // outer
        return [*sizes, inner, len(table), outer * inner * len(table), *table.ravel().tolist()]
