"""The flow of the two coordinates of a plane, with the other units frozen, relaxed or sliced through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.portraits.algebra import Rates, active, modes, returns
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import at_rest
from neurodyn.analysis.portraits.plane import Plane, Section
from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array, Mask


@dataclass(frozen=True, eq=False)
class PlaneFlow:
    """The flow of the two coordinates, the others frozen, relaxed or sliced through."""

    landscape: Landscape
    plane: Plane
    others: str

    @property
    def relaxes(self) -> bool:
        """Whether there are units that have to be relaxed."""
        return self.others == "relaxed" and len(self.plane.complement) > 0

    def lift(self, u: Array, near: Array | None = None) -> Array:
        """States (k, n) at coordinates u (k, 2); relaxed, from the others' places in the states `near` (k, n)."""
        plane = self.plane
        states = plane.states(u)
        if not self.relaxes:
            return states
        if near is not None:
            states = states + near - plane.states(plane.coordinates(near))
        start = states @ plane.complement.T
        boxed = plane.complement @ plane.boxed > 0.0
        section = Section(self.landscape, states - start @ plane.complement, plane.complement, boxed)
        rest, residual = at_rest(section, start)
        if np.any(residual > 1e-8):
            worst = u[np.argmax(residual)]
            raise ArgumentError(
                f"the other units do not come to rest for the point {worst} of the plane: freeze them, or slice through"
            )
        return section.states(rest)

    def velocity(self, states: Array, projected: bool) -> tuple[Array, Array]:
        """du/dt (k, 2), and the speed (k,) at which the full flow leaves the plane."""
        landscape = self.landscape
        force = landscape.projected(states) if projected else landscape.force(states)
        velocity = self.plane.velocity(force)
        leaving = np.linalg.norm(force / self.plane.tau - velocity @ self.plane.basis, axis=1)
        return velocity, np.zeros(len(states)) if self.relaxes else leaving

    def linearized(self, states: Array) -> Array:
        """Minus the derivative of the force along the plane, (k, 2, 2); relaxed, with the others staying at rest."""
        basis, matrix = self.plane.basis, self.landscape.linearized
        if not self.relaxes:
            return Section(self.landscape, states, basis, self.plane.box).linearized(np.zeros((len(states), 2)))
        return np.array([basis @ matrix(s[None])[0] @ self.response(s).T for s in states])

    def modes(self, states: Array, moving: Mask) -> tuple[Rates, Rates]:
        """Rates (k, 2) and directions (k, 2, 2) of the flow in the plane at fixed points, for its moving coordinates.

        Complex without an energy, and along directions where the energy is one of the rates.
        """
        section = Section(self.landscape, states, self.plane.basis, self.plane.box)
        weights = section.weights(np.zeros((len(states), 2)))
        return modes(self.linearized(states), self.plane.metric, moving, weights)

    @property
    def leaves(self) -> bool:
        """Whether the flow leaves the plane."""
        return self.others == "sliced" and len(self.plane.complement) > 0

    def full(self, states: Array) -> Array:
        """ds/dt, (k, n): of all units if sliced, within the plane if frozen."""
        if self.leaves:
            return self.landscape.velocity(states)
        velocity: Array = self.velocity(states, projected=True)[0] @ self.plane.basis
        return velocity

    def slaved(self, states: Array) -> Array:
        """ds/dt, (k, n), with the others following at once; 0 where they would not stay any more."""
        force, moving, matrices = self._local(states)
        velocity = self.plane.velocity(np.where(moving, force, 0.0))
        followed = [self._followed(k, m) for k, m in zip(matrices, moving, strict=True)]
        return np.array([v @ response * rests for v, (response, rests) in zip(velocity, followed, strict=True)])

    def response(self, state: Array) -> Array:
        """ds/du, (2, n), at a state; relaxed, with the others staying at rest."""
        if not self.relaxes:
            return self.plane.basis
        _, moving, matrices = self._local(state[None])
        return self._followed(matrices[0], moving[0])[0]

    def rests(self, state: Array) -> bool:
        """Whether the others are at a stable state of rest: with an energy, at a minimum."""
        _, moving, matrices = self._local(state[None])
        return self._followed(matrices[0], moving[0])[1]

    def _local(self, states: Array) -> tuple[Array, Mask, Array]:
        """Forces (k, n), units that can move (k, n), and K (k, n, n) at states."""
        force = self.landscape.force(states)
        return force, active(self.landscape.boxed, states, force), self.landscape.linearized(states)

    def _followed(self, matrix: Array, moving: Mask) -> tuple[Array, bool]:
        """ds/du, (2, n), with the others staying at rest, and whether they would come back to it; matrix is K."""
        basis, off = self.plane.basis, self.plane.complement
        if not moving.all():
            off = off[~np.any(off[:, ~moving] != 0.0, axis=1)]  # not those that a bound holds
        own, coupling = off @ matrix @ off.T, off @ matrix @ basis.T
        rests = returns(own, (off * self.plane.tau) @ off.T)
        return basis - np.linalg.solve(own, coupling).T @ off, rests
