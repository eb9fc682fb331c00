"""A plane through state space: two units, or two directions, and what the units outside it do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.units import Unit, unit_index, unit_name
from neurodyn.errors import ArgumentError, shown
from neurodyn.inputs import is_whole, real_number
from neurodyn.numerics.arrays import Array, Integers, Mask
from neurodyn.numerics.memory import check_memory
from neurodyn.system.network import Network

#: Two units, or two directions (n,) in the space of states.
PlaneAxes = Sequence[Unit | ArrayLike] | Array


#: So many arrays as large as the states of a grid are held at once: copies, forces, ends, linearisations.
ARRAYS = 12


@dataclass(frozen=True, eq=False)
class Plane:
    """States s = origin + u·basis + w·complement, with coordinates u (2,) in the plane and w (n − 2,) off it.

    Lengths are measured with the time constants, a·T·b, in which the flow of an energy of the states is steepest
    descent; the complement is perpendicular in that sense. For two units u are their states and w those of the other
    units.

    origin (n,); basis (2, n); complement (n − 2, n); units: the two units, or None for directions; names: of the two
    axes; tau (n,); boxed (n,).
    """

    origin: Array
    basis: Array
    complement: Array
    units: tuple[int, int] | None
    names: tuple[str, str]
    tau: Array
    boxed: Mask

    @classmethod
    def of(cls, landscape: Landscape, axes: PlaneAxes, state: ArrayLike | None) -> Plane:
        """Read the two axes: units by number, name or (population, number), or directions (n,), from `state`."""
        network = landscape.network
        listed = isinstance(axes, Sequence) or (isinstance(axes, np.ndarray) and axes.ndim > 0)
        if isinstance(axes, str) or not listed or len(axes) != 2:
            raise ArgumentError(f"`axes` must be two units or two directions; got {axes!r}")
        base = landscape.state(state) if state is not None else np.where(landscape.boxed, 0.5, 0.0)
        if all(np.shape(axis) == (network.n,) and not _is_unit(axis) for axis in axes):
            return cls._of_directions(landscape, np.array(axes, dtype=float), base)
        units = [unit_index(network.graph, axis, "axes") for axis in axes]
        if units[0] == units[1]:
            raise ArgumentError(f"`axes` must be two different units; got {unit_name(network.graph, units[0])} twice")
        identity = np.eye(network.n)
        base[units] = 0.0
        return cls(
            base,
            identity[units],
            np.delete(identity, units, axis=0),
            (units[0], units[1]),
            (unit_name(network.graph, units[0]), unit_name(network.graph, units[1])),
            network.tau,
            landscape.boxed,
        )

    @classmethod
    def _of_directions(cls, landscape: Landscape, basis: Array, base: Array) -> Plane:
        size = np.linalg.norm(basis, axis=1)
        if not np.isfinite(basis).all() or np.linalg.matrix_rank(basis / np.maximum(size, 1e-300)[:, None]) < 2:
            raise ArgumentError("`axes` must be two finite directions that are not parallel")
        tau = landscape.network.tau
        _, _, rows = np.linalg.svd(basis * tau)
        names = ("direction 1", "direction 2")
        return cls(base, basis, np.ascontiguousarray(rows[2:]), None, names, tau, landscape.boxed)

    @cached_property
    def metric(self) -> Array:
        """basis·T·basis, (2, 2): force along the plane over it is velocity in the plane."""
        metric: Array = (self.basis * self.tau) @ self.basis.T
        return metric

    def states(self, u: Array) -> Array:
        """States (k, n) in the plane, at coordinates u (k, 2)."""
        states: Array = self.origin + u @ self.basis
        return states

    def coordinates(self, s: Array) -> Array:
        """Coordinates u (k, 2) of states (k, n)."""
        along = ((s - self.origin) * self.tau) @ self.basis.T
        return np.asarray(np.linalg.solve(self.metric, along.T).T)

    def velocity(self, force: Array) -> Array:
        """du/dt, (k, 2), under forces (k, n)."""
        return np.asarray(np.linalg.solve(self.metric, self.basis @ force.T).T)

    @property
    def box(self) -> Mask:
        """Which of the two coordinates live in [0, 1], (2,)."""
        return self.boxed[list(self.units)] if self.units else np.zeros(2, dtype=bool)


@dataclass(frozen=True, eq=False)
class Section:
    """A landscape on an affine subspace: z (k, m) stands for the states base + z·basis. A `Surface`.

    Its force is that along the basis. Where the energy is one of the rates it is descended along units only.

    base (n,) or (k, n); basis (m, n); boxed (m,).
    """

    landscape: Landscape
    base: Array
    basis: Array
    boxed: Mask

    def part(self, samples: Integers) -> Section:
        """The section for some of the points, if each has its own base."""
        return self if self.base.ndim == 1 else replace(self, base=self.base[samples])

    def states(self, z: Array) -> Array:
        """The states, (k, n)."""
        states: Array = self.base + z @ self.basis
        return states

    def energy(self, z: Array) -> Array:
        """Energy, (k,)."""
        return self.landscape.energy(self.states(z))

    def weights(self, z: Array) -> Array | None:
        """Of the energy's gradient, (k, m), as `Surface` has them."""
        weights = self.landscape.weights(self.states(z))
        if weights is None or not (self.landscape.is_flat or self._along_units):
            return None
        return np.ones_like(z) if self.landscape.is_flat else np.asarray(weights @ self.basis.T)

    @property
    def _along_units(self) -> bool:
        return np.count_nonzero(self.basis) == len(self.basis)

    def force(self, z: Array) -> Array:
        """Along the basis, (k, m)."""
        force: Array = self.landscape.force(self.states(z)) @ self.basis.T
        return force

    def linearized(self, z: Array) -> Array:
        """Minus its derivative, (k, m, m)."""
        states = self.states(z)
        if len(states) and 2 * len(self.basis) < states.shape[1]:  # of a few coordinates among many units
            return np.asarray(self.basis @ self.landscape.linearized_along(states, self.basis))
        return np.asarray(self.basis @ self.landscape.linearized(states) @ self.basis.T)


def principal_direction(network: Network, states: ArrayLike, population: str, order: int = 0) -> Array:
    """Direction (n,), of length 1, along which the states (k, n) of one population vary most (order 0), or next most.

    An axis for a plane: the other populations have no part in it.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> states = np.outer([0.0, 1.0, 2.0], np.ones(net.n))
    >>> abs(analysis.principal_direction(net, states, "y")).round(3)
    array([0.   , 0.   , 0.   , 0.707, 0.707])
    """
    from neurodyn.inputs import as_batch

    values, _ = as_batch(states, network.n, "states")
    part = network.population(values, population)
    if not 0 <= order < min(part.shape):
        raise ArgumentError(f"`order` must lie between 0 and {min(part.shape) - 1}; got {order!r}")
    direction = np.zeros(network.n)
    direction[network.graph.slices[population]] = np.linalg.svd(part - part.mean(axis=0))[2][order]
    return direction


def grid(plane: Plane, window: ArrayLike | None, resolution: int) -> tuple[Array, Array]:
    """The coordinates along both axes, (resolution,) each; `window` is ((low, high), (low, high)) or (low, high)."""
    if window is None:
        window = [(0.0, 1.0) if boxed else (-2.0, 2.0) for boxed in plane.box]
    try:
        shape = np.shape(window)
    except ValueError:  # ragged
        shape = ()
    if shape not in ((2,), (2, 2)):
        raise ArgumentError(f"`window` must be (low, high) or ((low, high), (low, high)); got {shown(window)}")
    pairs = np.broadcast_to(np.asarray(window, dtype=object), (2, 2))
    limits = [[real_number(v, "window") for v in pair] for pair in pairs]
    for (low, high), name, boxed in zip(limits, plane.names, plane.box, strict=True):
        if not low < high:
            raise ArgumentError(f"`window` must rise from low to high; got {low:g} to {high:g} for {name}")
        if boxed and not (low >= 0.0 and high <= 1.0):
            raise ArgumentError(f"`window` must lie in the box [0, 1] of {name}; got {low:g} to {high:g}")
    first, second = (np.linspace(low, high, resolution) for low, high in limits)
    return first, second


def points(first: Array, second: Array) -> Array:
    """All pairs of coordinates, (len(second)·len(first), 2), the first axis running fastest."""
    return np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)


def check_grid(count: int, network: Network, what: str) -> None:
    """Refuse a grid on which so many states would not fit into memory, with what is computed of each."""
    check_memory(8 * count * network.n * ARRAYS, f"{what} of {count:,} states of {network.n:,} units", "take fewer")


def _is_unit(axis: object) -> bool:
    return isinstance(axis, (str, tuple)) or is_whole(axis)
