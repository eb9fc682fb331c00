"""A dense associative memory: −(1/κ) log Σ_m exp(κ Ξ_m·s), whose minima lie near the stored patterns Ξ_m.

With p = softmax(κ Ξ s): V_s = −Ξᵀ p, V″ v = −κ Ξᵀ (p ∘ (Ξ v − p·Ξ v)). Together with ½ |s|² one step of its gradient
flow is the attention of a transformer.

Source: D. Krotov, J. J. Hopfield, NIPS 29 (2016); H. Ramsauer et al., ICLR (2021), eq. 1, there with a constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.models.terms.leak import FIRST, SIZE
from neurodyn.numerics.kernel import helper
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


@helper
def overlaps(s, theta, place, out):
    """out[m] = Ξ_m·s."""
    first, size = place[FIRST], place[SIZE]
    for m in range(theta.size // size):
        for j in range(s.shape[1]):
            out[m, j] = 0.0
        for i in range(size):
            for j in range(s.shape[1]):
                out[m, j] += theta[m * size + i] * s[first + i, j]


@helper
def attend(s, theta, place, work):
    """Write p = softmax(κ Ξ s) into the first rows of work, and log Σ exp(κ Ξ s) into the last; of complex s too."""
    memories, kappa = theta.size // place[SIZE], theta[theta.size - 1]
    overlaps(s, theta, place, work)
    last = work.shape[0] - 1
    for j in range(s.shape[1]):
        top = 0
        for m in range(memories):
            if work[m, j].real > work[top, j].real:
                top = m
        largest = kappa * work[top, j]
        work[last, j] = 0.0
        for m in range(memories):
            work[m, j] = np.exp(kappa * work[m, j] - largest)
            work[last, j] += work[m, j]
        for m in range(memories):
            work[m, j] /= work[last, j]
        work[last, j] = largest + np.log(work[last, j])


@helper
def subtract_patterns(weights, theta, place, factor, out):
    """out −= factor Ξᵀ weights."""
    first, size = place[FIRST], place[SIZE]
    for m in range(theta.size // size):
        for i in range(size):
            for j in range(weights.shape[1]):
                out[first + i, j] -= factor * theta[m * size + i] * weights[m, j]


@helper
def response(v, theta, place, work):
    """Write p ∘ (Ξ v − p·Ξ v) into the second rows of work, whose first ones hold p."""
    memories = theta.size // place[SIZE]
    moved = work[memories : 2 * memories]
    overlaps(v, theta, place, moved)
    for j in range(v.shape[1]):
        mean = 0.0 * work[0, j]
        for m in range(memories):
            mean += work[m, j] * moved[m, j]
        for m in range(memories):
            moved[m, j] = work[m, j] * (moved[m, j] - mean)


def energy(s, r, theta, place, work, out):
    """V = −(1/κ) log Σ exp(κ Ξ s)."""
    attend(s, theta, place, work)
    for j in range(s.shape[1]):
        out[0, j] -= work[work.shape[0] - 1, j] / theta[theta.size - 1]


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = −Ξᵀ p."""
    attend(s, theta, place, work)
    subtract_patterns(work, theta, place, 1.0, out_s)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = −κ Ξᵀ (p ∘ (Ξ v − p·Ξ v))."""
    attend(s, theta, place, work)
    response(v_s, theta, place, work)
    memories = theta.size // place[SIZE]
    subtract_patterns(work[memories:], theta, place, theta[theta.size - 1], out_s)


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dΞ_m = −p_m s."""
    attend(s, theta, place, work)
    subtract_products(work, s, place, 1.0, out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dΞ_m ds · v = −p_m v − κ p_m (Ξ_m·v − p·Ξ v) s."""
    attend(s, theta, place, work)
    subtract_products(work, v_s, place, 1.0, out)
    response(v_s, theta, place, work)
    subtract_products(work[theta.size // place[SIZE] :], s, place, theta[theta.size - 1], out)


@helper
def subtract_products(weights, s, place, factor, out):
    """out[m] −= factor weights_m s, summed over the samples."""
    first, size = place[FIRST], place[SIZE]
    for m in range(out.size // size):
        for i in range(size):
            for j in range(s.shape[1]):
                out[m * size + i] -= factor * weights[m, j] * s[first + i, j]


@dataclass(frozen=True)
class LogSumExp(Term, kind="log-sum-exp"):
    """−(1/κ) log Σ_m exp(κ Ξ_m·s): a memory of patterns Ξ_m in one population.

    Parameters
    ----------
    population : str
        With κ = `sharpness` the larger, the more one pattern takes all. The block "population.memories" has the
        patterns, (memories, size).
    memories : int
        How many patterns there are.
    sharpness : float
        κ.

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
        if isinstance(self.memories, bool) or not isinstance(self.memories, int) or self.memories < 1:
            raise ModelError(f"`memories` must be a whole number >= 1; got {self.memories!r}")
        if not 0.0 < self.sharpness < math.inf:
            raise ModelError(f"`sharpness` must be a positive number; got {self.sharpness!r}")

    @property
    def populations(self) -> tuple[str, ...]:
        """The one."""
        return (self.population,)

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        """The patterns."""
        return (Block(f"{self.population}.memories", (self.memories, graph[self.population].size), False),)

    def constants(self, graph: Graph) -> Sequence[float]:
        """κ."""
        return (self.sharpness,)

    def scratch_rows(self, graph: Graph) -> int:
        """Two rows a pattern, and one."""
        return 2 * self.memories + 1
