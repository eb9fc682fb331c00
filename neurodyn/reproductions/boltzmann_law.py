"""The law of a network of visible units in double wells and hidden units that leak, by enumeration.

    E = Σ_v B (s_v² − 1)² − b·s_v − s_vᵀ W tanh(h) − c·tanh(h) + ½ |h|²,    p ∝ exp(−E/Θ)

A *pattern* is which well each visible unit is in. Given the visible states hidden units are independent, and what each
contributes is an integral over one variable, z(a) = ∫ exp(−(½h² − a tanh h)/Θ) dh. Within its well a visible unit has
few nodes of the Gauss quadrature for the weight exp(−B (s² − 1)²/Θ). The probability of each of the 2ⁿ patterns is
then a sum over all nodes of its wells: two in each are 4ⁿ terms.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from neurodyn import models
from neurodyn.models import terms
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

#: Temperature, and the height B of the barrier between two wells.
TEMPERATURE, BARRIER = 1.0, 2.0
#: Fields at which z is tabulated, and how far hidden states reach.
FIELDS, REACH = np.linspace(-40.0, 40.0, 2001), 45.0


def machine(visible: int, hidden: int, seed: int) -> Network:
    """A network that knows nothing yet: weak random weights, no biases."""
    wells = terms.Unit("v", "b*(s*s - 1)**2", b=BARRIER)
    populations = {
        "v": {"size": visible, "role": "output", "activation": "linear"},
        "h": {"size": hidden, "activation": "tanh"},
    }
    found = [wells, terms.Leak(("h",)), terms.Bias(("v", "h")), terms.Bilinear("v", "h")]
    return models.EnergyNetwork(populations, found, seed=seed, gain=0.2)


def patterns(visible: int) -> Array:
    """All patterns of signs (2ⁿ, n), in the order of `law`."""
    return np.asarray(2.0 * (np.arange(2**visible)[:, None] >> np.arange(visible)[::-1] & 1) - 1.0)


def law(net: Network, nodes: int = 2) -> Array:
    """Probabilities (2ⁿ,) of all patterns."""
    weights, visible, hidden = net.parameters["v-h"], net.parameters["v"], net.parameters["h"]
    at, weight = well_nodes(nodes)
    states, logs = np.concatenate([-at[::-1], at]), np.log(np.concatenate([weight[::-1], weight]))
    n = len(visible)
    index = np.indices((2 * nodes,) * n, dtype=np.int8).reshape(n, -1)
    total = np.zeros(index.shape[1])
    field = np.repeat(hidden[:, None], index.shape[1], axis=1)
    for i in range(n):
        s = states[index[i]]
        total += logs[index[i]] + visible[i] * s / TEMPERATURE
        field += weights[i][:, None] * s
    table = log_hidden()
    for a in field:
        total += np.interp(a, FIELDS, table)
    mass = np.exp(total - total.max()).reshape((2, nodes) * n)
    found = mass.sum(axis=tuple(range(1, 2 * n, 2))).ravel()
    return np.asarray(found / found.sum())


@cache
def log_hidden() -> Array:
    """Log z of a hidden unit at the `FIELDS`."""
    h = np.linspace(-REACH, REACH, 1801)
    exponent = (FIELDS[:, None] * np.tanh(h) - 0.5 * h * h) / TEMPERATURE
    most = exponent.max(axis=1)
    return np.asarray(most + np.log(np.exp(exponent - most[:, None]).sum(axis=1)))


def well_nodes(count: int) -> tuple[Array, Array]:
    """Nodes and weights of the Gauss quadrature for exp(−B (s² − 1)²/Θ) over s > 0, by the recurrence of Stieltjes."""
    s = np.linspace(0.0, 3.0, 20_001)[1:]
    weight = np.exp(-BARRIER * (s * s - 1.0) ** 2 / TEMPERATURE)
    weight /= weight.sum()
    diagonal, beside = np.zeros(count), np.zeros(count)
    before, now, norm = np.zeros_like(s), np.ones_like(s), 1.0
    for k in range(count):
        diagonal[k] = (weight * s * now * now).sum() / norm
        before, now = now, (s - diagonal[k]) * now - beside[k] * before
        if k + 1 < count:
            beside[k + 1] = (weight * now * now).sum() / norm
            norm = (weight * now * now).sum()
    matrix = np.diag(diagonal) + np.diag(np.sqrt(beside[1:]), 1) + np.diag(np.sqrt(beside[1:]), -1)
    values, vectors = np.linalg.eigh(matrix)
    return values, vectors[0] ** 2
