"""Pattern completion, learned at fixed points (L. B. Almeida 1987; F. J. Pineda, PRL 59:2229, 1987).

    τ du/dt = −u + W ρ(u) + b,    τ_side dλ/dt = dC/dr − (1 − W ρ′) λ,    τ_θ dθ/dt = (∂²E/∂θ∂r) λ

The network is given a part of a pattern and comes to rest at the whole; the side network comes to rest at the error
signals; their products are the gradient of the cost at the fixed point. Here all three run at once, on scales of time
that are apart, while patterns are shown in turn. Each pattern begins at states of 0: begun where the last one ended,
the network learns to stay there, as it has several states of rest. Feedback here has the weights of the forward
direction. Both papers show by examples that it learns, and give no rate of success.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array
from neurodyn.phases.concurrent import concurrent
from neurodyn.progress import Bar
from neurodyn.reproductions.mosaic import plot_mosaic
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network

#: How often every pattern is shown, and for how long; time constants of side network and weights (units have 1).
ROUNDS, DWELL = {"small": 2, "full": 60}, 20.0
TAU_SIDE, TAU_THETA = 1.0, 200.0


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn while patterns are shown in turn, and count the pixels that are completed."""
    model, table = models.read("fixed-point-learning", overrides=[f"seed={seed + 1}"]), Table()
    x, y, net = np.asarray(model.x), np.asarray(model.y), model.network
    rng, ends = np.random.default_rng(seed), [completed(net, x)]
    with Bar("fixed-point learning") as bar:
        for number in range(ROUNDS[scale]):
            bar.update(number / ROUNDS[scale])
            net = one_round(net, x, y, rng)
            ends.append(completed(net, x))
    right = np.array([100.0 * (np.sign(end) == np.sign(y)).mean() for end in ends])
    cost = np.array([0.5 * np.mean(np.sum((end - y) ** 2, axis=1)) for end in ends])
    whole = 100.0 * np.all(np.sign(ends[-1]) == np.sign(y), axis=1).mean()
    table.add("pixels completed before learning", right[0], unit="%")
    table.add("pixels completed", right[-1], unit="%")
    table.add("letters completed to the last pixel", whole, unit="%")
    table.add("cost in the end over that before", cost[-1] / cost[0])
    if folder is not None:
        _draw(folder, cost, right)
        completions = {"wanted": y, "before": ends[0], "learned": ends[-1]}
        letters = {name: np.concatenate([x, found], axis=1) for name, found in completions.items()}
        write_figures(folder, {"letters": plot_mosaic(letters, (5, 5), height=2.6).figure})
    return table.rows


def one_round(net: Network, x: Array, y: Array, rng: np.random.Generator) -> Network:
    """The network after every pattern was shown once, in a drawn order, each time from states and signals of 0."""
    for k in rng.permutation(len(x)):
        shown = concurrent(
            net,
            x[k],
            y[k],
            tau_side=TAU_SIDE,
            tau_theta=TAU_THETA,
            t_eval=[DWELL],
            solver=nd.Solver(rtol=1e-4, atol=1e-6),
        )
        net = shown.learned()
    return net


def completed(network: Network, x: Array) -> Array:
    """Rates of the outputs at rest, (patterns, n_out)."""
    return np.tanh(nd.relax(network, x).state[:, network.outputs])


def _draw(folder: Path, cost: Array, right: Array) -> None:
    left, right_ax = style.new_axes(1, 2, height=2.8)
    left.semilogy(cost, color=style.FREE, marker="o", ms=3)
    left.set(xlabel="rounds", ylabel="cost per pattern at rest")
    right_ax.plot(right, color=style.FREE, marker="o", ms=3)
    right_ax.set(xlabel="rounds", ylabel="pixels completed (%)", ylim=(None, 101.0))
    write_figures(folder, {"learning": left.figure})
