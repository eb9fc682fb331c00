"""A perceptron as predictive coding, and two rules for its weights: learn, then move; or move, then learn.

    E = ½ Σ_l |s_l − W_lᵀ ρ(s_{l−1}) − b_l|²,    F = E + β ½ |s_out − y|²

At the forward pass E = 0, and back-propagation changes weights from there. A *prospective configuration* is where units
are with the outputs clamped to their targets by a large β: all errors are as small as can be, and weights learn from
∂E/∂W = −ρ(s) eᵀ there. With a small β units hardly move, and both rules are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from neurodyn import models
from neurodyn.models import terms
from neurodyn.numerics.arrays import Array
from neurodyn.phases.simulate import simulate
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network

#: What weights learn from, by name and averaged over the batch; to be subtracted.
Signal = dict[str, Array]
#: What says this of a network, inputs and targets.
Rule = Callable[[Network, Array, Array], Signal]
#: A strength of nudging that clamps.
CLAMPED = 1e6
#: Rates as functions of states, which may be complex, and slopes as functions of rates.
RATE: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": lambda s: 0.5 + 0.5 * np.tanh(0.5 * s),
    "linear": np.asarray,
}
SLOPE: dict[str, Callable[[Array], Array]] = {
    "tanh": lambda r: 1.0 - r * r,
    "sigmoid": lambda r: r * (1.0 - r),
    "linear": np.ones_like,
}


def chain(sizes: Sequence[int], activation: str, seed: int) -> Network:
    """A perceptron x, h1, h2, ..., y of these sizes with linear outputs, biases 0 and uniform Glorot weights."""
    names = ["x", *(f"h{i}" for i in range(1, len(sizes) - 1)), "y"]
    populations = {name: {"size": size, "activation": activation} for name, size in zip(names, sizes, strict=True)}
    populations["x"] = {"size": sizes[0], "role": "input"}
    populations["y"] = {"size": sizes[-1], "role": "output", "activation": "linear"}
    return models.EnergyNetwork(populations, list(map(terms.Prediction, names[:-1], names[1:])), seed=seed)


def layers(net: Network) -> list[tuple[str, slice, str]]:
    """Of each layer after the input: the weights into it, by name, where its units are, and its activation."""
    free = net.graph.free
    names = ["x", *(p.name for p in free)]
    return [(f"{a}-{p.name}", net.graph.slices[p.name], p.activation) for a, p in zip(names, free, strict=False)]


def forward(net: Network, x: Array) -> Array:
    """States (batch, n) of the forward pass, at which E = 0."""
    s, rate = np.empty((len(x), net.n)), x
    for weights, units, activation in layers(net):
        s[:, units] = rate @ net.parameters[weights]
        rate = RATE[activation](s[:, units])
    return s


def outputs(net: Network, x: Array) -> Array:
    """What the network says of x, (batch, n_out)."""
    return forward(net, x)[:, net.outputs]


def back_propagation(net: Network, x: Array, y: Array) -> Signal:
    """The gradient of ½ |output − y|² by the weights: the error goes back layer by layer from the forward pass."""
    s, found = forward(net, x), {}
    error = s[:, net.outputs] - y
    route = layers(net)
    for k in range(len(route) - 1, -1, -1):
        weights = route[k][0]
        if k == 0:
            found[weights] = x.T @ error / len(x)
            break
        _, units, activation = route[k - 1]
        rate = RATE[activation](s[:, units])
        found[weights] = rate.T @ error / len(x)
        error = error @ net.parameters[weights].T * SLOPE[activation](rate)
    return found


@dataclass(frozen=True)
class Prospective:
    """∂E/∂W after units have moved from the forward pass for a while with the outputs clamped to y."""

    duration: float
    solver: Solver | None = None

    def __call__(self, net: Network, x: Array, y: Array) -> Signal:
        """See `Rule`."""
        tau = np.ones(net.n)
        tau[net.outputs] = 1.0 + CLAMPED  # a clamp that acts as fast as units move
        start, held = forward(net, x), net.replace(tau=tau)
        run = simulate(held, x, start=start, y=y, beta=CLAMPED, t_eval=[self.duration], solver=self.solver)
        slope = net.energy_gradient(run.state[-1], x)
        return {weights: slope[weights] for weights, _, _ in layers(net)}


def learned(net: Network, x: Array, y: Array, rule: Rule, rate: float) -> Network:
    """The network after one update of its weights; biases stay 0."""
    signal = rule(net, x, y)
    return net.replace(parameters={name: net.parameters[name] - rate * value for name, value in signal.items()})
