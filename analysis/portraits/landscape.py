"""The landscape that a flow descends: the total energy F = E + beta C at one input and one target, over all states.

Free and nudged flow differ only here. Everything that looks for fixed points, follows or draws them takes a
`Landscape`, or another `Surface` such as a plane through one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.portraits.algebra import Mask, active, modes, one_thread
from neurodyn.errors import ArgumentError
from neurodyn.flows.layout import STATES
from neurodyn.inputs import as_batch, as_input, real_number
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.system.graph import LINEAR
from neurodyn.system.network import ENERGY_OF, Network


class Surface(Protocol):
    """An energy over coordinates z (k, m), with its slope and curvature; what Newton's method needs."""

    @property
    def boxed(self) -> Mask:
        """Which coordinates live in [0, 1], (m,)."""

    def part(self, samples: Integers) -> Surface:
        """The surface of some of the k points, where it is not the same for all."""

    def energy(self, z: Array) -> Array:
        """Energy, (k,)."""

    def force(self, z: Array) -> Array:
        """Minus its gradient, (k, m), not projected onto the box."""

    def hessian(self, z: Array) -> Array:
        """Its second derivative, (k, m, m), all coordinates active."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """F = E(x, s) + beta C(s, y), and the flow tau ds/dt = -dF/ds. x is (n_in,) or None, y (n_out,) or None."""

    network: Network
    x: Array | None = None
    y: Array | None = None
    beta: float = 0.0

    @classmethod
    def of(
        cls, network: Network, x: ArrayLike | None = None, y: ArrayLike | None = None, beta: float = 0.0
    ) -> Landscape:
        """Check what a user passed: an energy of the states, one input, one target or label, a finite strength."""
        require_energy_of_states(network)
        if y is not None and network.graph.readout != LINEAR:
            raise ArgumentError(
                "landscapes and phase portraits of a nudged network know the squared error alone; this network has a "
                f"{network.graph.readout} read-out: leave `y` out to see its free dynamics"
            )
        rates, _ = as_input(x, network.n_in)
        if rates is not None and len(rates) != 1:
            raise ArgumentError(f"`x` must be one input, of shape ({network.n_in},); got {len(rates)} samples")
        strength = real_number(beta, "beta")
        if y is None and strength != 0.0:
            raise ArgumentError(f"`y` is missing: nudging with beta = {strength:g} needs a target")
        target = None if y is None else network.target(y, 1, batched=False)[0]
        return cls(network, None if rates is None else rates[0], target, strength)

    def state(self, value: ArrayLike, name: str = "state") -> Array:
        """One state (n,), checked: shape, finite, inside the box."""
        state, _ = as_batch(value, self.network.n, name)
        if len(state) != 1:
            raise ArgumentError(f"`{name}` must be one state, of shape ({self.network.n},); got {len(state)}")
        return self.states(state, name)[0]

    def states(self, value: ArrayLike, name: str) -> Array:
        """States (k, n), checked: shape, finite, inside the box."""
        states, _ = as_batch(value, self.network.n, name)
        inside = states[:, self.boxed]
        if np.any((inside < 0.0) | (inside > 1.0)):
            raise ArgumentError(f"`{name}` must lie in [0, 1] for units with the hard sigmoid, which live in that box")
        return states

    def free(self) -> Landscape:
        """The same without nudging."""
        return replace(self, beta=0.0)

    @property
    def boxed(self) -> Mask:
        """Units with the hard sigmoid, which live in [0, 1], (n,)."""
        return self.network.box

    def part(self, samples: Integers) -> Landscape:
        """Itself: the landscape is one for all states."""
        return self

    def inputs(self, count: int) -> Array | None:
        """x, once for each of `count` states."""
        return None if self.x is None else np.tile(self.x, (count, 1))

    def gap(self, s: Array) -> Array:
        """dC/ds = s_out − y on the outputs, 0 elsewhere, (k, n)."""
        gap = np.zeros_like(s)
        if self.y is not None:
            gap[:, self.network.outputs] = s[:, self.network.outputs] - self.y
        return gap

    def energy(self, z: Array) -> Array:
        """F at states (k, n), (k,)."""
        if not len(z):
            return np.zeros(0)
        total: Array = self.network.energy(z, self.inputs(len(z)))
        return total + 0.5 * self.beta * np.sum(self.gap(z) ** 2, axis=1) if self.beta else total

    def force(self, z: Array) -> Array:
        """−dF/ds at states (k, n), (k, n), not projected onto the box."""
        if not len(z):
            return np.zeros_like(z)
        force = self.network.force(z, self.inputs(len(z)))
        return force - self.beta * self.gap(z) if self.beta else force

    def hessian(self, z: Array) -> Array:
        """d2F/ds2 at states (k, n), (k, n, n), all units active."""
        k, n = z.shape
        x = self.inputs(k)
        if k <= n:
            matrix = self.network.hessian(z, x)
        else:  # column by column, as many states at once are cheaper than many matrices
            matrix = np.stack([self.network.jvp(z, np.tile(e, (k, 1)), x) for e in np.eye(n)], axis=2)
        if self.beta:
            out = np.arange(n)[self.network.outputs]
            matrix[:, out, out] += self.beta
        return matrix

    def velocity(self, z: Array) -> Array:
        """ds/dt at states (k, n), (k, n), units held by a bound at rest."""
        return self.projected(z) / self.network.tau

    def projected(self, z: Array) -> Array:
        """The force on the units that it can move, (k, n); 0 for those that a bound holds."""
        force = self.force(z)
        return np.where(active(self.boxed, z, force), force, 0.0)

    def index(self, s: Array) -> Integers:
        """Number of directions in which F curves downwards at s (k, n), (k,)."""
        index: Integers = np.sum(self.rates(s) < 0.0, axis=1)
        return index

    def rates(self, s: Array) -> Array:
        """Eigenvalues of T⁻¹ d2F/ds2 on the active units at s (k, n), (k, n), ascending, NaN for inactive units.

        At a fixed point a positive one is the rate of return, a negative one that of departure, 1/time.
        """
        moving, metric = active(self.boxed, s, self.force(s)), np.diag(self.network.tau)
        found = np.full(s.shape, np.nan)
        with one_thread():
            for j in range(len(s)):  # one at a time, as the matrices of many large networks do not fit into memory
                found[j] = modes(self.hessian(s[j : j + 1]), metric, moving[j : j + 1])[0][0]
        return found


def require_energy_of_states(network: Network) -> None:
    """Refuse the rate form, whose flow does not go down the slope of its energy over the states."""
    if network.metric != STATES:
        raise ArgumentError(
            f"landscapes and phase portraits need an energy of the states; that of {type(network).__name__} is one of "
            f"its {ENERGY_OF[network.metric]}"
        )
