"""The flow of one network at one input, target and beta over all its states, and the energy that it descends, if any.

    tau ds/dt = force(s) = f(s) - beta dC/dz,        K = -d force/ds = -df/ds + beta C'' m,        m = dz/ds

f is the network's own force and z what its energy and cost are functions of (`Network.coordinate`): the states, so
that m = 1, or in the rate form the rates. With an energy F = E + beta C the force is -dF/dz, so that dF/ds = -m force,
and m^1/2 K m^-1/2 is symmetric. Without one, K may have complex eigenvalues.

A corrected nudged flow has one more force, D (s - s*), with D the matrix of `neurodyn.phases.correction` at s*.

Free and nudged flow, networks with and without an energy differ only here. Everything that looks for fixed points,
follows or draws them takes a `Landscape`, or another `Surface` such as a plane through one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, inputs_of
from neurodyn.analysis.portraits.algebra import Rates, active, modes
from neurodyn.errors import ArgumentError
from neurodyn.flows.layout import STATES
from neurodyn.flows.linear import jvp
from neurodyn.inputs import as_batch, as_input, real_number
from neurodyn.numerics.arrays import Array, Integers, Mask, inward
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.correction import check_correction, difference_of
from neurodyn.system.constants import free_rows, linear_rows
from neurodyn.system.local import Local
from neurodyn.system.network import Network, as_network

#: A weight below this is one to rounding: of a unit so saturated that its rate does not move.
LEAST_WEIGHT = 1e-100


class Surface(Protocol):
    """A force over coordinates z (k, m), and the energy that it descends, if any; what Newton's method needs."""

    @property
    def boxed(self) -> Mask:
        """Which coordinates live in [0, 1], (m,)."""

    def part(self, samples: Integers) -> Surface:
        """The surface of some of the k points, where it is not the same for all."""

    def energy(self, z: Array) -> Array:
        """Energy, (k,); NaN where there is none."""

    def force(self, z: Array) -> Array:
        """The force, (k, m), not projected onto the box."""

    def linearized(self, z: Array) -> Array:
        """Minus its derivative K, (k, m, m), all coordinates active."""

    def weights(self, z: Array) -> Array | None:
        """Positive w, (k, m), with -w·force the energy's gradient, and w^1/2 K w^-1/2 symmetric; or None."""


class Correction(NamedTuple):
    """A correction by its name: the state s*, (n,), around which it is linear, and its matrix, (n, n)."""

    name: str
    state: Array
    matrix: Array


@dataclass(frozen=True, eq=False)
class Landscape:
    """The flow tau ds/dt = force(s) at one input x, (n_in,) or None, and target y, (n_out,) or None; see the module."""

    network: Network
    x: Array | None = None
    y: Array | None = None
    beta: float = 0.0
    correction: Correction | None = None

    @classmethod
    def of(cls, network: Network, x: AtRest = None, y: ArrayLike | None = None, beta: float = 0.0) -> Landscape:
        """Check what a user passed: one input, one target or label, a finite strength."""
        rates, _ = as_input(inputs_of(x), as_network(network).n_in)
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
        """Return the same landscape without nudging."""
        return replace(self, beta=0.0, correction=None)

    def corrected(self, correction: str | None, state: Array) -> Landscape:
        """Return the landscape with the correction (None for none) around the state s*, (n,)."""
        check_correction(correction)
        if correction is None or self.network.has_energy:
            return self
        matrix = difference_of(self.network, self.local(state[None]), 0)
        return replace(self, correction=Correction(correction, state, matrix))

    @property
    def boxed(self) -> Mask:
        """Units with the hard sigmoid, which live in [0, 1], (n,)."""
        return self.network.box

    def part(self, samples: Integers) -> Landscape:
        """Return the landscape itself, which is the same for all states."""
        return self

    def inputs(self, count: int) -> Array | None:
        """x, once for each of `count` states."""
        return None if self.x is None else np.tile(self.x, (count, 1))

    @cached_property
    def _constants(self) -> Array:
        """What the kernels read of x for one state, which is the same for all, (rows, 1)."""
        return free_rows(self.network, self.inputs(1), 1)

    def local(self, z: Array) -> Local:
        """Rates, slopes and forces at states (k, n), unit-major."""
        return self.network.local(inward(z), np.repeat(self._constants, len(z), axis=1))

    @property
    def has_energy(self) -> bool:
        """Whether the flow descends an energy."""
        return self.network.has_energy

    @property
    def is_flat(self) -> bool:
        """Whether the energy is one of the states themselves, so that m = 1."""
        return self.network.metric == STATES

    def slopes(self, z: Array) -> Array:
        """The derivative m of the energy's coordinate by the state at states (k, n), (k, n)."""
        if self.is_flat:
            return np.ones_like(z)
        return np.ascontiguousarray(self.local(z).coordinate_slope.T)

    def weights(self, z: Array) -> Array | None:
        """m at states (k, n), (k, n), as `Surface` wants it; None without an energy."""
        return np.maximum(self.slopes(z), LEAST_WEIGHT) if self.has_energy else None

    def cost(self, z: Array) -> Array:
        """C at states (k, n), (k,); 0 without a target."""
        if self.y is None:
            return np.zeros(len(z))
        return self.network.readout.cost(self._outputs(z), self._targets(z))

    def cost_slope(self, z: Array) -> Array:
        """dC/dz at states (k, n), (k, n), which is not 0 on the outputs only."""
        slope = np.zeros_like(z)
        if self.y is not None:
            slope[:, self.network.outputs] = self.network.readout.slope(self._outputs(z), self._targets(z)).T
        return slope

    def cost_linearized(self, z: Array) -> Array:
        """The derivative C'' m of dC/dz by the states of the outputs at states (k, n), (k, n_out, n_out)."""
        y = np.asarray(self.y)
        curvature = np.stack([self.network.readout.curvature(outputs, y) for outputs in self._outputs(z).T])
        return np.asarray(curvature * self.slopes(z)[:, None, self.network.outputs])

    def _outputs(self, z: Array) -> Array:
        """What the cost is a function of, (n_out, k)."""
        return self.network.coordinate(inward(z))[self.network.outputs]

    def _targets(self, z: Array) -> Array:
        """The target, once for each state, (n_out, k)."""
        return np.tile(np.asarray(self.y)[:, None], (1, len(z)))

    def energy(self, z: Array) -> Array:
        """F at states (k, n), (k,); NaN without an energy."""
        if not len(z) or not self.has_energy:
            return np.full(len(z), np.nan)
        total: Array = self.network.energy(z, self.inputs(len(z)))
        return total + self.beta * self.cost(z) if self.beta else total

    def gradient(self, z: Array) -> Array:
        """dF/ds = -m force at states (k, n), (k, n). Raises `ModelError` where there is no energy."""
        self.network.require_energy("gradient of the energy")
        return -self.slopes(z) * self.force(z)

    def force(self, z: Array) -> Array:
        """The force at states (k, n), (k, n), not projected onto the box."""
        if not len(z):
            return np.zeros_like(z)
        force = np.ascontiguousarray(self.local(z).force.T)
        if self.correction is not None:
            force = force + (z - self.correction.state) @ self.correction.matrix.T
        return force - self.beta * self.cost_slope(z) if self.beta else force

    def linearized(self, z: Array) -> Array:
        """K at states (k, n), (k, n, n), all units active: the Hessian of F where that is one of the states."""
        k, n = z.shape
        if k > n:  # column by column, as many states at once are cheaper than many matrices
            return self.linearized_along(z, np.eye(n))
        matrix = -self.network.jacobian(z, self.inputs(k))
        if self.correction is not None:
            matrix = matrix - self.correction.matrix
        if self.beta:
            out = self.network.outputs
            matrix[:, out, out] += self.beta * self.cost_linearized(z)
        return matrix

    def linearized_along(self, z: Array, directions: Array) -> Array:
        """K times directions (m, n) at states (k, n), (k, n, m): of a few directions much less than all of K."""
        k = len(z)
        at = linear_rows(self.network, self.local(z).all_active())
        along = (np.repeat(v[:, None], k, axis=1) for v in directions)
        product = np.stack([self.network.evaluate(jvp, v, at, self.network.n).T for v in along], axis=2)
        if self.correction is not None:
            product -= self.correction.matrix @ directions.T
        if self.beta:
            out = self.network.outputs
            product[:, out] += self.beta * (self.cost_linearized(z) @ directions[:, out].T)
        return product

    def velocity(self, z: Array) -> Array:
        """ds/dt at states (k, n), (k, n), units held by a bound at rest."""
        return self.projected(z) / self.network.tau

    def projected(self, z: Array) -> Array:
        """The force on the units that it can move, (k, n); 0 for those that a bound holds."""
        force = self.force(z)
        return np.where(active(self.boxed, z, force), force, 0.0)

    def index(self, s: Array) -> Integers:
        """Number of directions that leave s (k, n), (k,): with an energy those in which it curves downwards."""
        index: Integers = np.sum(self.rates(s).real < 0.0, axis=1)
        return index

    def rates(self, s: Array) -> Rates:
        """Eigenvalues of T⁻¹K on the active units at s (k, n), (k, n), by rising real part, NaN for inactive units.

        At a fixed point a positive one is the rate of return, a negative one that of departure, 1/time. Without an
        energy they are complex: the imaginary parts are frequencies.
        """
        moving = active(self.boxed, s, self.force(s))
        found = np.full(s.shape, np.nan, dtype=float if self.has_energy else complex)
        with one_thread():
            for j in range(len(s)):  # one at a time, as the matrices of many large networks do not fit into memory
                found[j] = self.modes(s[j : j + 1], moving[j : j + 1])[0][0]
        return found

    def modes(self, s: Array, moving: Mask) -> tuple[Rates, Rates]:
        """`rates` of some moving units (k, n), and the eigenvectors (k, n, n) in columns."""
        return modes(self.linearized(s), np.diag(self.network.tau), moving, self.weights(s))
