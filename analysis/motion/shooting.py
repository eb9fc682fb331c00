"""Closed orbits by multiple shooting: the compiled flow with all its tangent vectors, over pieces of one period.

A cycle of period T is cut into m pieces of equal time; piece i begins at s_i, and phi is the flow over T/m. Newton's
method solves

    phi(s_i) = s_{i+1},   f(s_0) . (change of s_0) = 0,

the second of which tells the cycle's beginning from its other states. The pieces are columns of one block, and short
ones keep errors from growing where the flow is unstable or stiff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array, Complex
from neurodyn.phases.relax import free_problem
from neurodyn.phases.tangent import tangent_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: Pieces of a period, and at most for its multipliers: within one, directions should part by no more than exp(MILD).
PIECES, MOST_PIECES, MILD = 12, 1200, 3.0
#: Nearly all digits: what is lost in a step is found again in period and multipliers.
SOLVER = Solver(rtol=1e-11, atol=1e-13, max_steps=10**6)
#: A closed orbit closes to this, relative to the size of its states.
CLOSED = 1e-9
#: Laps around a cycle in which its multipliers part, and below which they have.
LAPS, SEPARATE = 25, 1e-12


@dataclass(frozen=True, eq=False)
class Pieces:
    """What one integration over all pieces gives: ends (m, n), velocities there (m, n), maps (m, n, n)."""

    end: Array
    velocity: Array
    map: Array


@dataclass(frozen=True, eq=False)
class Orbit:
    """A closed orbit: states (m, n) at the beginnings of its pieces, period, the maps (m, n, n) of the pieces."""

    state: Array
    period: float
    map: Array


@dataclass(frozen=True, eq=False)
class Shooting:
    """The free flow of one network under one input x (1, n_in), to be closed up."""

    network: Network
    x: Array | None
    solver: Solver = SOLVER

    def inputs(self, count: int) -> Array | None:
        """The input, once for each piece."""
        return None if self.x is None else np.repeat(self.x, count, axis=0)

    def velocity(self, states: Array) -> Array:
        """ds/dt at states (k, n)."""
        return np.asarray(self.network.force(states, self.inputs(len(states))) / self.network.tau)

    def ends(self, states: Array, time: float) -> Array | None:
        """Where states (m, n) are after a time, (m, n); None where the flow does not get so far."""
        problem = free_problem(self.network, np.ascontiguousarray(states.T), self.inputs(len(states)))
        found = integrate(problem, self.solver, np.array([time]), what="following a cycle")
        return np.ascontiguousarray(found.last.T) if np.all(found.status == Status.DONE) else None

    def pieces(self, states: Array, time: float) -> Pieces | None:
        """The same with the derivatives of the ends by states and time."""
        m, n = states.shape
        vectors = np.repeat(np.eye(n)[:, :, None], m, axis=2)
        problem = tangent_problem(self.network, np.ascontiguousarray(states.T), self.inputs(m), vectors)
        found = integrate(problem, self.solver, np.array([time]), what="following a cycle")
        if not np.all(found.status == Status.DONE):
            return None
        maps = found.last[n:].reshape(n, n, m)  # [k, i]: component i of the k-th vector
        velocity = found.f[0, :n].T
        return Pieces(np.ascontiguousarray(found.last[:n].T), velocity, np.ascontiguousarray(maps.transpose(2, 1, 0)))

    def recorded(self, states: Array, times: Array) -> Array:
        """Where states (m, n) are at some times (k,), (m, k, n)."""
        problem = free_problem(self.network, np.ascontiguousarray(states.T), self.inputs(len(states)))
        found = integrate(problem, self.solver, times, what="following a cycle")
        return np.ascontiguousarray(found.y.transpose(2, 0, 1))

    def path(self, state: Array, period: float, count: int) -> tuple[Array, Array, Array]:
        """Times (count,), states and velocities (count, n) along one period from a state on."""
        times = np.linspace(0.0, period, count)
        problem = free_problem(self.network, np.ascontiguousarray(state[:, None]), self.x)
        found = integrate(problem, self.solver, times, what="following a cycle")
        return times, found.y[:, :, 0], found.f[:, :, 0]

    def spread(self, state: Array, period: float, count: int) -> Array:
        """States (count, n) at the beginnings of so many pieces of the trajectory of one period from a state on."""
        return self.path(state, period, count + 1)[1][:-1]

    def closed(self, states: Array, period: float) -> Orbit | None:
        """The closed orbit near pieces that begin at states (m, n), by Newton's method; None if it finds none."""
        size = 1.0 + float(np.abs(states).max())
        before = np.inf
        for _ in range(25):
            here = self.pieces(states, period / len(states))
            if here is None:
                return None
            miss = here.end - np.roll(states, -1, axis=0)
            gap = float(np.abs(miss).max())
            if not np.isfinite(gap) or gap > 1e3 * size:
                return None
            if gap <= 1e-13 * size or (gap <= CLOSED * size and gap >= 0.3 * before):
                return Orbit(states, period, here.map)
            step = np.linalg.lstsq(self._matrix(here, states), -np.append(miss.ravel(), 0.0), rcond=1e-14)[0]
            change = min(1.0, 0.2 * period / max(abs(step[-1]), 1e-300))
            states, period = states + change * step[:-1].reshape(states.shape), period + change * float(step[-1])
            before = gap
        return None

    def finer(self, orbit: Orbit) -> Orbit:
        """The same orbit in so many pieces that no direction grows or shrinks much more than another within one."""
        parts = int(np.ceil(_spread(orbit.map) / MILD))
        parts = min(parts, max(1, MOST_PIECES // len(orbit.state)))
        if parts <= 1:
            return orbit
        m, n = orbit.state.shape
        times = np.arange(parts) * (orbit.period / m / parts)
        states = self.recorded(orbit.state, times).reshape(m * parts, n)
        here = self.pieces(states, orbit.period / len(states))
        return orbit if here is None else Orbit(states, orbit.period, here.map)

    def _matrix(self, here: Pieces, states: Array) -> Array:
        """Derivative of the pieces' gaps, and of the phase, by all states and the period."""
        m, n = states.shape
        matrix = np.zeros((m * n + 1, m * n + 1))
        write_gaps(matrix, here.map, here.velocity)
        matrix[-1, :n] = self.velocity(states[:1])[0]
        return matrix


def _spread(maps: Array) -> float:
    """The largest logarithm of a ratio of singular values of one of the maps (m, n, n)."""
    sizes = np.linalg.svd(maps, compute_uv=False)
    return float(np.log(sizes[:, 0] / np.maximum(sizes[:, -1], 1e-300)).max())


def write_gaps(matrix: Array, maps: Array, velocity: Array) -> None:
    """Write the derivatives of phi(s_i) - s_{i+1} by the states, and by the period in the next column, (mn, mn + 1)."""
    m, n = velocity.shape
    for i in range(m):
        rows, after = slice(i * n, (i + 1) * n), (i + 1) % m
        matrix[rows, i * n : (i + 1) * n] += maps[i]
        matrix[rows, after * n : (after + 1) * n] -= np.eye(n)
        matrix[rows, m * n] = velocity[i] / m


def multipliers(maps: Array) -> Complex:
    """Eigenvalues of the product of the maps (m, n, n) of all pieces, the last map leftmost, by falling size, (n,).

    Small ones are lost in the product itself. Orthogonal iteration around the cycle makes all maps triangular, but for
    blocks of eigenvalues of about equal size, and each block has its own digits.
    """
    frame = np.eye(maps.shape[1])
    for _ in range(LAPS):
        begun, upper = frame, []
        for one in maps:
            frame, triangular = np.linalg.qr(one @ frame)
            upper.append(triangular)
        turn = begun.T @ frame
        if np.abs(np.tril(turn, -1)).max() <= SEPARATE:
            break
    found: list[Any] = []
    first, n = 0, len(turn)
    while first < n:
        last = first + 1
        while last < n and np.abs(turn[last:, first:last]).max() > SEPARATE:
            last += 1
        found += list(_of_block(turn[first:last, first:last], [r[first:last, first:last] for r in upper]))
        first = last
    values = np.array(found, dtype=complex)
    return np.asarray(values[np.argsort(-np.abs(values), kind="stable")])


def _of_block(turn: Array, upper: list[Array]) -> Complex:
    """The eigenvalues of turn R_m ... R_1."""
    product, scale = np.eye(len(turn)), 0.0
    for r in upper:
        product = r @ product
        size = float(np.abs(product).max())
        product, scale = product / size, scale + np.log(size)
    return np.asarray(np.linalg.eigvals(turn @ product) * np.exp(scale), dtype=complex)
