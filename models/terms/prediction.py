"""Predictive coding: ½ |s_b − Wᵀ r_a − b|² / σ², how far the states of a population are from what another predicts.

With e = s_b − Wᵀ r_a − b: V_s = e/σ² of the second population, V_r = −W e/σ² of the first. W is (size of the first,
size of the second). Alone in an energy, a chain of predictions comes to rest where E = 0, as its forward pass, and the
exact gradient of a cost is the one of back-propagation.

Source: J. C. R. Whittington, R. Bogacz, Neural Computation 29, 1229 (2017).
"""

from dataclasses import dataclass

from neurodyn.models.terms import products as pr
from neurodyn.models.terms.between import Between
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives


@pr.helper
def error(s, r, bias, theta, place, work):
    """1/σ², W, and e/σ², with b or without it by `bias` 1 or 0."""
    first, second, precision = pr.population(r, place, 0), pr.population(s, place, 1), theta[theta.size - 1]
    m, n = first.shape[0], second.shape[0]
    w, e = pr.rectangle(theta, 0, m, n), pr.units(work, 0, n)
    for i in range(n):
        for j in range(e.shape[1]):
            e[i, j] = precision * (second[i, j] - bias * theta[m * n + i])
    pr.add_transposed(-precision, w, first, e)
    return precision, w, e


@pr.helper
def add_slopes(s, r, bias, theta, place, work, out_s, out_r):
    """out_s += e/σ² of the second population, out_r −= W e/σ² of the first."""
    _, w, e = error(s, r, bias, theta, place, work)
    pr.add(e, pr.population(out_s, place, 1))
    pr.add_product(-1.0, w, e, pr.population(out_r, place, 0))


def energy(s, r, theta, place, work, out):
    """V = ½ |e|²/σ²."""
    precision, _, e = error(s, r, 1.0, theta, place, work)
    pr.add_squares(0.5 / precision, e, out)


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = e/σ², V_r = −W e/σ²."""
    add_slopes(s, r, 1.0, theta, place, work, out_s, out_r)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v: the same of e without b."""
    add_slopes(v_s, v_r, 0.0, theta, place, work, out_s, out_r)


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dW = −r_a eᵀ/σ², dV/db = −e/σ²."""
    _, _, e = error(s, r, 1.0, theta, place, work)
    pr.add_outer(-1.0, pr.population(r, place, 0), e, out)
    pr.add_sums(-1.0, e, out, out.size - e.shape[0])


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """−(v_a eᵀ + r_a e(v)ᵀ)/σ², −e(v)/σ²."""
    pr.add_outer(-1.0, pr.population(v_r, place, 0), error(s, r, 1.0, theta, place, work)[2], out)
    _, _, e = error(v_s, v_r, 0.0, theta, place, work)
    pr.add_outer(-1.0, pr.population(r, place, 0), e, out)
    pr.add_sums(-1.0, e, out, out.size - e.shape[0])


@dataclass(frozen=True)
class Prediction(Between, kind="prediction"):
    """½ |s_b − Wᵀ r_a − b|² / σ²: population a predicts b. Parameters: W is the block "a-b", b the block "a-b.bias".

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Prediction("x", "h", sigma=0.5).populations
    ('x', 'h')
    """

    sigma: float = 1.0
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    quadratic = True
    within = False

    def __post_init__(self) -> None:
        self.require(positive=["sigma"])

    def check(self, graph: Graph) -> None:
        super().check(graph)
        self.check_moves(graph, self.second)

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        return *super().blocks(graph), Block(f"{self.first}-{self.second}.bias", (graph[self.second].size,), False)

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return (1.0 / self.sigma**2,)

    def scratch_rows(self, graph: Graph) -> int:
        return graph[self.second].size
