"""The gradient of predictive coding is that of back-propagation, on any graph without cycles.

    E = ½ Σ |s_b − Wᵀ ρ(s_a) − s_c − b|² + ...,    E = 0 at the forward pass of the network

There H = Bᵀ B with B unit lower triangular in the order of the graph, and Hλ = ∂C/∂s is back-propagation's recursion: a
weak nudge has the same gradient, here in a perceptron, a residual network and a recurrent one unrolled over its steps.
The reference knows nothing of energies: it is the derivative of the forward pass, by complex steps, exact to rounding.

Sources: J. C. R. Whittington, R. Bogacz, Neural Computation 29:1229 (2017); B. Millidge, A. Tschantz, C. L. Buckley,
Neural Computation 34:1329 (2022).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.estimators.gradient import gradient
from neurodyn.models import terms
from neurodyn.models.load import read
from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar
from neurodyn.reproductions.predictive_chain import RATE
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Models of the library, and what they are.
GRAPHS = {
    "predictive-coding": "perceptron",
    "predictive-coding-residual": "residual",
    "predictive-coding-recurrent": "recurrent",
}
#: States of rest are looked for to rounding.
TIGHT = Solver(rtol=1e-13, atol=1e-15)
#: Strengths of nudging, of each scale.
BETAS = {"small": (1e-2,), "full": (0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4)}
KINDS = ("positive", "centered")


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Compare gradients on all graphs, exact ones and those of a nudge of finite strength."""
    table, curves = Table(), {}
    with Bar("gradients of predictive coding") as bar:
        for k, (name, graph) in enumerate(GRAPHS.items()):
            table.begin()
            net, x, y = drawn(name, seed)
            reference = back_propagation(net, x, y)
            exact = gradient(net, x, y, method="implicit", solver=TIGHT)
            table.add(f"distance to back-propagation, relative, {graph}", apart(exact, reference), paper=0.0)
            found = [[apart(_nudged(net, x, y, b, kind), reference) for b in BETAS[scale]] for kind in KINDS]
            curves[graph] = np.array(found)
            bar.update((k + 1) / len(GRAPHS))
    if folder is not None:
        write_figures(folder, {"distance": _figure(BETAS[scale], curves)})
    return table.rows


def _nudged(net: Network, x: Array, y: Array, beta: float, kind: str) -> Parameters:
    """The gradient by a nudge of finite strength."""
    return gradient(net, x, y, method="equilibrium-propagation", beta=beta, nudging=kind)


def drawn(name: str, seed: int) -> tuple[Network, Array, Array]:
    """A model of the library with weights, inputs and targets drawn anew."""
    net = read(name).network
    rng = np.random.default_rng(seed)
    size = net.parameters.vector.size
    net = net.replace(parameters=Parameters(net.parameters.blocks, rng.normal(0.0, 0.4, size)))
    return net, rng.uniform(-1.0, 1.0, (3, net.n_in)), rng.uniform(-1.0, 1.0, (3, net.n_out))


def apart(one: Parameters, other: Parameters) -> float:
    """Norm of the difference over that of the other."""
    return (one - other).norm / other.norm


def back_propagation(net: Network, x: Array, y: Array) -> Parameters:
    """The gradient of ½ |output − y|², averaged over the batch, of the forward pass by complex steps."""
    blocks, vector, step = net.parameters.blocks, net.parameters.vector, 1e-30
    slope = np.empty(vector.size)
    for k in range(vector.size):
        moved = vector.astype(complex)
        moved[k] += 1j * step
        error = forward(net, moved, x) - y
        slope[k] = (0.5 * (error * error).sum(axis=1).mean()).imag / step
    return Parameters(blocks, slope)


def forward(net: Network, theta: Array, x: Array) -> Array:
    """Outputs (batch, n_out) of the network for a vector of parameters, which may be complex; no energy is involved."""
    blocks, start = {}, 0
    for block in net.parameters.blocks:
        blocks[block.name] = theta[start : start + block.size].reshape(block.shape)
        start += block.size
    states: dict[str, Array] = {}
    rates = {"x": x}

    def arrive(name: str, state: Array) -> None:
        states[name], rates[name] = state, RATE[net.graph[name].activation](state)

    assert isinstance(net, models.EnergyNetwork)
    for term in net.terms:
        if isinstance(term, terms.RecurrentPrediction):
            first, second = term.names[:2]
            parts = np.split(x, len(term.names), axis=1)
            for t, (name, part) in enumerate(zip(term.names, parts, strict=True)):
                before = rates[term.names[t - 1]] @ blocks[f"{first}-{second}"] if t else 0.0
                arrive(name, part @ blocks[f"x-{first}"] + before + blocks[f"{first}-{second}.bias"])
        elif isinstance(term, terms.Prediction):
            weights = f"{term.first}-{term.second}"
            skipped = states[term.skip] if term.skip else 0.0
            arrive(term.second, rates[term.first] @ blocks[weights] + blocks[f"{weights}.bias"] + skipped)
    return states["y"]


def _figure(betas: tuple[float, ...], curves: dict[str, Array]) -> Any:
    """Distance to back-propagation against the strength of the nudge."""
    ax = style.new_axes(height=3.2, width=5.2)[0]
    for k, (graph, (one_sided, centered)) in enumerate(curves.items()):
        look: dict[str, Any] = {"color": style.METHODS[k], "marker": style.MARKERS[k], "ms": 4}
        ax.plot(betas, one_sided, **look, ls="--", label=f"{graph}, one-sided")
        ax.plot(betas, centered, **look, label=f"{graph}, centered")
    ax.set(xscale="log", yscale="log", xlabel=r"strength of the nudge $\beta$")
    ax.set_ylabel("distance to back-propagation, relative")
    style.legend(ax)
    return ax.figure
