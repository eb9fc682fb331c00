"""One step of a dense memory's descent is softmax attention (H. Ramsauer et al., ICLR 2021, eqs. 1, 3 and 10).

    E = ½|ξ|² − (1/κ) log Σ_m exp(κ Ξ_m·ξ),    ξ' = ξ − ∂E/∂ξ = Ξᵀ softmax(κ Ξ ξ)

With queries Q as states, keys K as patterns and κ = 1/√d, one step of size τ gives softmax(Q Kᵀ/√d) K. And one step is
enough: from a noisy pattern it lands on the pattern, up to an error that falls exponentially with its distance to the
others (theorem 4).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models import terms
from neurodyn.numerics.arrays import Array
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network

#: Units, patterns and queries of each scale.
SIZES = {"small": (16, 8, 5), "full": (64, 512, 256)}
#: Distances from a pattern, in standard deviations of a unit, from which it is recalled.
NOISE = np.linspace(0.0, 3.0, 13)


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Compare a step with attention, and measure what one step leaves of the noise."""
    n, count, queries = SIZES[scale]
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((count, n))
    table = Table()
    query = rng.standard_normal((queries, n))
    net = memory(patterns, 1 / np.sqrt(n))
    error = np.abs(step(net, query) - attention(query, patterns, 1 / np.sqrt(n))).max()
    table.add("largest difference between a step and softmax attention", error, paper=0.0)
    table.begin()
    sharp = memory(patterns, 1.0)
    left = np.array([_left(sharp, patterns, level, rng) for level in NOISE])
    table.add("distance to a pattern after one step, over that before, at noise 1", left[NOISE == 1.0, 1][0])
    if folder is not None:
        ax = style.new_axes(height=3.0, width=4.5)[0]
        ax.plot(NOISE, left[:, 0], color=style.QUIET, ls="--", label="before")
        ax.plot(NOISE, left[:, 0] * left[:, 1], color=style.FREE, marker="o", label="after one step")
        ax.set(xlabel="noise (standard deviations of a unit)", ylabel="distance per unit to the pattern")
        style.legend(ax, loc="upper left")
        write_figures(folder, {"one-step": ax.figure})
    return table.rows


def memory(patterns: Array, sharpness: float) -> Network:
    """A dense memory that holds patterns (memories, n)."""
    count, n = patterns.shape
    energy = [terms.Leak(("s",)), terms.LogSumExp("s", memories=count, sharpness=sharpness)]
    net = models.EnergyNetwork({"s": {"size": n, "activation": "linear"}}, energy)
    return net.replace(parameters={"s.memories": patterns})


def step(net: Network, state: Array) -> Array:
    """States (batch, n) after one step of the size of a time constant."""
    return state + net.force(state)


def attention(query: Array, keys: Array, scale: float) -> Array:
    """softmax(scale Q Kᵀ) K, where the values are the keys."""
    scores = scale * query @ keys.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True) @ keys)


def _left(net: Network, patterns: Array, level: float, rng: np.random.Generator) -> tuple[float, float]:
    """Root mean square distance of noisy patterns, and by which factor one step changes it (0 without noise)."""
    noisy = patterns + level * rng.standard_normal(patterns.shape)
    before, after = (float(np.sqrt(np.mean((s - patterns) ** 2))) for s in (noisy, step(net, noisy)))
    return before, after / before if before else 0.0
