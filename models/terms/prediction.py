"""Predictive coding: ½ |s_b − Wᵀ r_a − b|² / σ², how far the states of a population are from what another predicts.

With e = s_b − Wᵀ r_a − b: V_s = e/σ² of the second population, V_r = −W e/σ² of the first. W is (size of the first,
size of the second). In a residual network e = s_b − s_c − Wᵀ r_a − b, where s_c are the states of a third population:
V_s = −e/σ² of this. Alone in an energy, predictions come to rest where E = 0, as the forward pass of their graph, and
the exact gradient of a cost is the one of back-propagation.

Source: J. C. R. Whittington, R. Bogacz, Neural Computation 29, 1229 (2017).
"""

from dataclasses import dataclass

from neurodyn.errors import ModelError
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
    if skips(place):
        pr.subtract(precision, pr.population(s, place, 2), e)
    pr.add_transposed(-precision, w, first, e)
    return precision, w, e


@pr.helper
def skips(place):
    """Whether there is a third population, whose states are added to the prediction."""
    return place.size > 2 * pr.PER_POPULATION


@pr.helper
def add_slopes(s, r, bias, theta, place, work, out_s, out_r):
    """out_s += e/σ² of the second population, −= of the third, out_r −= W e/σ² of the first."""
    _, w, e = error(s, r, bias, theta, place, work)
    pr.add(e, pr.population(out_s, place, 1))
    if skips(place):
        pr.subtract(1.0, e, pr.population(out_s, place, 2))
    pr.add_product(-1.0, w, e, pr.population(out_r, place, 0))


def energy(s, r, theta, place, work, out):
    """V = ½ |e|²/σ²."""
    precision, _, e = error(s, r, 1.0, theta, place, work)
    pr.add_squares(0.5 / precision, e, out)


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = e/σ² and −e/σ², V_r = −W e/σ²."""
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

    Parameters
    ----------
    first, second : str
    sigma : float
    skip : str, optional
        A population as large as the second whose states are added to the prediction, as in a residual network. It may
        be the first.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Prediction("x", "h", sigma=0.5).populations
    ('x', 'h')
    >>> terms.Prediction("h1", "h2", skip="h1").populations
    ('h1', 'h2', 'h1')
    """

    sigma: float = 1.0
    skip: str = ""
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    quadratic = True
    within = False

    def __post_init__(self) -> None:
        self.require(positive=["sigma"])

    @property
    def populations(self) -> tuple[str, ...]:
        return self.first, self.second, *([self.skip] if self.skip else [])

    def check(self, graph: Graph) -> None:
        super().check(graph)
        self.check_moves(graph, self.second)
        if self.skip == self.second:
            raise ModelError(f"{self!r}: a population cannot skip to itself")
        if self.skip and graph[self.skip].size != graph[self.second].size:
            sizes = f"{graph[self.skip].size} and {graph[self.second].size}"
            raise ModelError(f"{self!r}: {self.skip!r} and {self.second!r} must have as many units; got {sizes}")

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        return *super().blocks(graph), Block(f"{self.first}-{self.second}.bias", (graph[self.second].size,), False)

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return (1.0 / self.sigma**2,)

    def scratch_rows(self, graph: Graph) -> int:
        return graph[self.second].size
