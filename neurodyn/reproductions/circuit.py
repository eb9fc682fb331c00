"""`circuit`: a network of resistors and diodes that learns, shared by the reproductions that have one.

Two hidden layers of nodes lie between sources and outputs, one with diodes to the ground through which current leaves
where the voltage is positive, one with diodes through which it enters where it is negative. Conductances are positive
as they are e^w, and w is what moves: dw/dt = −g dJ/dg. They stay in the range of a device (`RANGE`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.estimators import build
from neurodyn.estimators.task import Task
from neurodyn.models import terms
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Volts of a source whose input is 1; conductances of a device, at least and at most; the largest step of w.
VOLTS, RANGE, LARGEST_STEP = 4.0, (1e-4, 4.0), 0.3
#: Diodes: saturation current, and the voltage over which they begin to conduct (several in series).
DIODE = {"saturation": 0.02, "thermal": 0.25}
#: Steps are limited by stability, at diodes that conduct well, where small errors of a voltage are large currents.
SOLVER, TOL = nd.Solver(rtol=1e-6, atol=1e-7), 1e-2
MOMENTUM = 0.9


def circuit(n_in: int, hidden: int, n_out: int, *, seed: int, gain: float = 0.3) -> Network:
    """Sources for n_in inputs with both signs and for ±1, two hidden layers, outputs; all layers in full."""
    energy = [terms.Resistor(a, b) for a, b in (("x", "h1"), ("x", "h2"), ("h1", "y"), ("h2", "y"))]
    diodes = [terms.Diode("h1", "", **DIODE), terms.Diode("", "h2", **DIODE)]
    sizes = {"x": 2 * n_in + 2, "h1": hidden, "h2": hidden, "y": n_out}
    roles = {"x": "input", "y": "output"}
    populations = {
        name: {"size": size, "activation": "linear", "role": roles.get(name, "hidden")} for name, size in sizes.items()
    }
    return models.EnergyNetwork(populations, [*energy, *diodes], seed=seed, gain=gain)


def sources(x: Array) -> Array:
    """Voltages of the sources for inputs (batch, n_in): with both signs, as conductances are positive."""
    one = np.ones((len(x), 1))
    return VOLTS * np.concatenate([x, -x, one, -one], axis=1)


def outputs(net: Network, voltages: Array) -> Array:
    """Voltages of the outputs at rest, (batch, n_out)."""
    return np.asarray(nd.relax(net, voltages, tol=TOL, solver=SOLVER).state[:, net.outputs])


def learn(
    net: Network,
    x: Array,
    y: Array,
    *,
    epochs: int,
    batch: int,
    rate: float,
    rng: np.random.Generator,
    method: str = "equilibrium-propagation",
    on_epoch: Callable[[int, Network], object] = lambda *_: None,
    **options: Any,
) -> Network:
    """Gradient descent in the logarithms of the conductances, with momentum, at a rate that falls to 0."""
    theta, velocity = np.array(net.parameters.vector), np.zeros(net.parameters.vector.size)
    estimator, blocks = build(method, options), net.parameters.blocks
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for first in range(0, len(x), batch):
            picks = order[first : first + batch]
            found = estimator.estimate(Task(net, x[picks], y[picks], solver=SOLVER, tol=TOL)).vector
            velocity = MOMENTUM * velocity - rate * (1.0 - epoch / epochs) * theta * found
            theta = np.clip(theta * np.exp(np.clip(velocity, -LARGEST_STEP, LARGEST_STEP)), *RANGE)
            net = net.replace(parameters=Parameters(blocks, theta))
        on_epoch(epoch, net)
    return net


def power(net: Network, voltages: Array) -> float:
    """Power that resistors turn into heat at rest, Σ g (v_i − v_j)², in the mean over samples."""
    state = nd.relax(net, voltages, tol=TOL, solver=SOLVER).state
    places, total = {"x": voltages}, np.zeros(len(voltages))
    places |= {name: state[:, where] for name, where in net.graph.slices.items()}
    for name, g in net.parameters.items():
        first, _, second = name.partition("-")
        total += np.einsum("ij,bij->b", g, (places[first][:, :, None] - places[second][:, None, :]) ** 2)
    return float(total.mean())
