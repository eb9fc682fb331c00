"""A dense associative memory: −(1/κ) log Σ_m exp(κ Ξ_m·s), whose minima lie near the stored patterns Ξ_m.

With p = softmax(κ Ξ s): V_s = −Ξᵀ p, V″ v = −κ Ξᵀ (p ∘ (Ξ v − p·Ξ v)). Together with ½ |s|² one step of its gradient
flow is the attention of a transformer. Ξ is (memories, size), p and its change (memories, b), s (size, b).

Source: D. Krotov, J. J. Hopfield, NIPS 29 (2016); H. Ramsauer et al., ICLR (2021), eq. 1, there with a constant.
"""

from dataclasses import dataclass

from neurodyn.models.terms import products as pr
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


@pr.helper
def attend(s, theta, place, work):
    """κ, Ξ, p, and two rows: the largest κ Ξ_m·s, and the sum of the exponentials relative to that of it."""
    m, kappa, top, total = theta.size // place[pr.SIZE], theta[theta.size - 1], pr.row(work, 0), pr.row(work, 1)
    xi, p = pr.rectangle(theta, 0, m, place[pr.SIZE]), pr.units(work, 2, m)
    p[:] = 0.0
    pr.add_product(kappa, xi, pr.population(s, place, 0), p)
    pr.soften(p, top, total)
    return kappa, xi, p, top, total


@pr.helper
def change(v, p, xi, place, work):
    """How p changes along v, over κ: p ∘ (Ξ v − p·Ξ v)."""
    out = pr.units(work, 2 + p.shape[0], p.shape[0])
    out[:] = 0.0
    pr.add_product(1.0, xi, pr.population(v, place, 0), out)
    pr.soften_change(p, out, pr.row(work, 0), pr.row(work, 1))
    return out


def energy(s, r, theta, place, work, out):
    """V = −(1/κ) log Σ exp(κ Ξ s)."""
    kappa, _, _, top, total = attend(s, theta, place, work)
    for j in range(total.size):
        out[0, j] -= (top[j] + pr.log(total[j])) / kappa


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = −Ξᵀ p."""
    _, xi, p, _, _ = attend(s, theta, place, work)
    pr.add_transposed(-1.0, xi, p, pr.population(out_s, place, 0))


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = −κ Ξᵀ (p ∘ (Ξ v − p·Ξ v))."""
    kappa, xi, p, _, _ = attend(s, theta, place, work)
    pr.add_transposed(-kappa, xi, change(v_s, p, xi, place, work), pr.population(out_s, place, 0))


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dΞ_m = −p_m s."""
    pr.add_outer(-1.0, attend(s, theta, place, work)[2], pr.population(s, place, 0), out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dΞ_m ds · v = −p_m v − κ p_m (Ξ_m·v − p·Ξ v) s."""
    kappa, xi, p, _, _ = attend(s, theta, place, work)
    pr.add_outer(-1.0, p, pr.population(v_s, place, 0), out)
    pr.add_outer(-kappa, change(v_s, p, xi, place, work), pr.population(s, place, 0), out)


@dataclass(frozen=True)
class LogSumExp(Term, kind="log-sum-exp"):
    """−(1/κ) log Σ_m exp(κ Ξ_m·s) with κ = sharpness; the block "population.memories" is Ξ, (memories, size).

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.LogSumExp("h", memories=12, sharpness=2.0).populations
    ('h',)
    """

    population: str
    memories: int
    sharpness: float = 1.0
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )

    def __post_init__(self) -> None:
        self.require(whole=["memories"], positive=["sharpness"])

    @property
    def populations(self) -> tuple[str, ...]:
        return (self.population,)

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        return (Block(f"{self.population}.memories", (self.memories, graph[self.population].size), False),)

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return (self.sharpness,)

    def scratch_rows(self, graph: Graph) -> int:
        return 2 * self.memories + 2
