"""About how large the states and signals of each population become: what tolerances are relative to.

Sizes are powers of 1024, the nearest: between 1/32 and 32 they are 1, so that ordinary results do not depend on them,
and what is multiplied by such a power is computed by the same operations, bit for bit, where the flow is linear.
"""

from __future__ import annotations

import numpy as np

from neurodyn.flows.layout import STATES
from neurodyn.flows.linear import jvp
from neurodyn.numerics.arrays import Array
from neurodyn.system.constants import linear_rows
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network

#: Activations of units whose states grow as their inputs do.
UNBOUNDED = ("linear", "softplus")
#: Sizes are two to the power of a multiple of this, and within these powers.
POWER, MOST_POWER = 10, 900


def nearest_power(size: Array) -> Array:
    """The power of 1024 that is nearest to a size; 1 for 0 and what is not finite."""
    known = np.where(np.isfinite(size) & (size > 0.0), size, 1.0)
    powers = POWER * np.round(np.log2(known) / POWER)
    return np.asarray(np.exp2(np.clip(powers, -MOST_POWER, MOST_POWER)))


def signal_sizes(point: FixedPoint, slope: Array) -> Array | None:
    """Sizes of the error signals that dC/dz (n, b) excites, (n, b), the same in a population; None where all are 1.

    That of a population is what reaches it first, by the fewest connections: K multiplied so often by dC/dz.
    """
    network, signal = point.network, slope
    rows, slices = linear_rows(network, point.local), [network.graph.slices[p.name] for p in network.graph.free]
    found = np.zeros((len(slices), slope.shape[1]))
    for _ in slices:
        now = np.array([np.abs(signal[part]).max(axis=0, initial=0.0) for part in slices])
        found = np.where(found > 0.0, found, now)
        if np.all(found > 0.0):
            break
        signal = network.evaluate(jvp, signal, rows, network.n)
    found = np.where(found > 0.0, found, found.max(axis=0))
    return _for_units(network, nearest_power(found))


def state_sizes(network: Network, start: Array, force: Array) -> Array | None:
    """Sizes of the states of a free phase from start (n, b) with this force there, (n, b); None where all are 1.

    Where all is small, it is the size of the whole. Large are only units that can be: in the rate form all, else those
    whose activation has no bound.
    """
    moves, free = np.maximum(np.abs(start), np.abs(force)), network.graph.free
    each = np.array([moves[network.graph.slices[p.name]].max(axis=0, initial=0.0) for p in free])
    top = each.max(axis=0)
    grows = np.array([p.activation in UNBOUNDED for p in free])[:, None]
    reached = np.where(grows, each, 0.0).max(axis=0)
    large = np.where(grows, reached, each if network.metric != STATES else 1.0)
    return _for_units(network, nearest_power(np.where(top < 1.0, top, np.maximum(1.0, large))))


def _for_units(network: Network, sizes: Array) -> Array | None:
    """From (population, b) to (n, b)."""
    if np.all(sizes == 1.0):
        return None
    return np.repeat(sizes, [p.size for p in network.graph.free], axis=0)
