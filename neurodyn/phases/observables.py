"""What is averaged over a stationary law: states, rates, energy, cost, and dE/dtheta."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.phases.chains import Chains
from neurodyn.system.constants import every, free_rows
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import Pair, pairwise_change, whole

#: Columns of one product: larger ones do not stay in the cache.
COLUMNS = 4096


class Observables:
    """Functions of the states (count, n, columns) that chains record.

    Parameters
    ----------
    chains : Chains
    target : (batch, n_out), optional
        Without it there is no cost.
    """

    def __init__(self, chains: Chains, target: Array | None = None) -> None:
        self.network, self.x = chains.network, chains.x
        self.columns = chains.batch * chains.count
        self.target = None if target is None else np.repeat(target, chains.count, axis=0).T
        self.clamped = self.network.input_rates(self.x, self.columns)
        self._group = max(1, COLUMNS // self.columns)
        self._rows = np.tile(free_rows(self.network, self.x, self.columns), self._group)

    def rate(self, states: Array) -> Array:
        """Rho(s), (count, n, columns)."""
        return self._each(states, lambda s: rates_of(self.network, s))

    def energy(self, states: Array) -> Array:
        """E, (count, 1, columns)."""
        return self._each(
            states, lambda s: self.network.energies(s, np.ascontiguousarray(self._rows[:, : s.shape[1]]))[None]
        )

    def cost(self, states: Array) -> Array:
        """C, (count, 1, columns)."""
        assert self.target is not None
        network, target = self.network, np.tile(self.target, self._group)
        outputs, readout = network.outputs, network.readout
        return self._each(states, lambda s: readout.cost(network.coordinate(s)[outputs], target[:, : s.shape[1]])[None])

    def _each(self, states: Array, function: Callable[[Array], Array]) -> Array:
        """A function of states (n, b) that gives (m, b), of some records side by side at a time."""
        parts = []
        for first in range(0, len(states), self._group):
            some = states[first : first + self._group]
            found = function(side_by_side(some))
            parts.append(found.reshape(len(found), len(some), -1).transpose(1, 0, 2))
        return np.concatenate(parts)

    def gradient(self, states: Array, rate: Array, weights: Array | None = None) -> Array:
        """dE/dtheta, (p,), the mean over records and columns; of each times its weight (count, columns), if given."""
        total = np.zeros(self.network.parameters.vector.size)
        for first in range(0, len(states), self._group):
            part = slice(first, first + self._group)
            w = None if weights is None else np.ascontiguousarray(weights[part]).reshape(-1)
            clamped = np.tile(self.clamped, len(states[part]))
            total += energy_gradients(self.network, side_by_side(states[part]), side_by_side(rate[part]), clamped, w)
        return total / (len(states) * self.columns)


def side_by_side(values: Array) -> Array:
    """Records (count, m, columns) as (m, count·columns)."""
    return np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(values.shape[1], -1)


def rates_of(network: Network, s: Array) -> Array:
    """Rho(s), (n, b)."""
    return network.rates(s)


def energy_gradients(network: Network, s: Array, r: Array, clamped: Array, weights: Array | None = None) -> Array:
    """Sum of dE/dtheta, (p,), over columns: states and rates (n, b), clamped rates (n_in, b), weights (b,) or all 1."""
    change = r if weights is None else r * weights
    pairwise = pairwise_change(network, clamped, np.zeros_like(r), change, r)
    own = []
    for attached in network.attached:
        at = every(s, clamped), every(r, clamped)
        if weights is None or not attached.parameters:
            own.append(attached.parameter_gradient(at))
            continue
        found = np.zeros(attached.parameters)
        for j, weight in enumerate(weights):  # what a term sums it sums without weights
            one = np.ascontiguousarray(at[0][:, j : j + 1]), np.ascontiguousarray(at[1][:, j : j + 1])
            found += weight * attached.parameter_gradient(one)
        own.append(found)
    return np.array(whole(network, pairwise, own, 1).vector)


def gradient_changes(network: Network, s: Pair, r: Pair, factor: float, clamped: Array) -> Array:
    """Sum over columns of dE/dtheta(after) − dE/dtheta(before), times a factor, (p,), for states and rates (n, b).

    Without an energy it is what `neurodyn.system.parameter_gradient` says of a change.
    """
    pairwise = pairwise_change(network, clamped, r[0], factor * (r[1] - r[0]), r[1])
    own = []
    for attached in network.attached:
        before, after = ((every(s[k], clamped), every(r[k], clamped)) for k in (0, 1))
        if not attached.term.has_energy:
            still = np.zeros_like(clamped)
            own.append(factor * attached.mixed(before, (every(s[1] - s[0], still), every(r[1] - r[0], still))))
            continue
        own.append(factor * (attached.parameter_gradient(after) - attached.parameter_gradient(before)))
    return np.array(whole(network, pairwise, own, 1).vector)
