"""The curve of limit cycles over a parameter: step by step along it, and where multipliers pass the unit circle.

A point of the curve is y = (S/√m, log T, p/scale): the states at which the m pieces of a cycle begin, its period, the
parameter. Pseudo-arclength continuation goes along the curve, as for fixed points; beside the gaps between pieces it
solves the integral phase condition sum_i f(r_i).(s_i - r_i) = 0 with the guess r.

Source: E. J. Doedel, H. B. Keller, J.-P. Kernevez, Int. J. Bifurcation and Chaos 1:745 (1991).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurodyn.analysis.motion.limit_cycle import NEUTRAL
from neurodyn.analysis.motion.shooting import PIECES, Orbit, Shooting, multipliers, write_gaps
from neurodyn.analysis.portraits.cycle_branch import CycleBifurcation, CycleBranch
from neurodyn.analysis.portraits.parameter import Family
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.solvers.solver import Solver

#: Steps of arclength: first, smallest, largest; two tangents of one step are this nearly parallel, as a cosine.
FIRST, SMALLEST, LARGEST, PARALLEL = 0.05, 1e-6, 0.3, 0.97
#: A cycle whose states lie this close together, in root mean square, is at its Hopf bifurcation.
SHRUNK = 0.02
#: A period this many times the shortest of the branch grows without bound; a state this large does.
LONG, UNBOUNDED = 40.0, 1e4
MOST = 400
#: A period this many times that of its pieces' making asks for twice as many pieces, up to so many.
STRETCHED, MOST_PIECES = 1.8, 96
#: Gaps of a cycle on the curve, and those that need no further look.
GAP, FINE = 1e-8, 1e-11
#: What a multiplier of 1 is called where the parameter goes on; next to a fold it is the fold.
BRANCHING = "branch point of cycles"
#: Continuation needs fewer digits than a single cycle.
SOLVER = Solver(rtol=1e-9, atol=1e-11, max_steps=10**6)


@dataclass(frozen=True, eq=False)
class Point:
    """A cycle on the curve: y, states (m, n), period, parameter p, maps (m, n, n) of the pieces, unit tangent."""

    y: Array
    state: Array
    period: float
    p: float
    map: Array
    tangent: Array

    @property
    def size(self) -> float:
        """Root mean square distance of the pieces' beginnings from their mean."""
        return float(np.sqrt(np.mean(np.sum((self.state - self.state.mean(axis=0)) ** 2, axis=1))))


@dataclass(frozen=True, eq=False)
class CycleCurve:
    """Cycles of the free flow of a family of networks, for a parameter from `low` to `high`; `scale` as of `Curve`."""

    family: Family
    low: float
    high: float
    scale: float

    def shooting(self, p: float) -> Shooting:
        """The flow at a value of the parameter."""
        at = self.family.at(p)
        return Shooting(at.network, None if at.x is None else at.x[None], SOLVER)

    def join(self, states: Array, period: float, p: float) -> Array:
        """The point of pieces, a period and a parameter."""
        return np.concatenate([states.ravel() / np.sqrt(len(states)), [np.log(period), p / self.scale]])

    def split(self, y: Array, n: int) -> tuple[Array, float, float]:
        """Pieces (m, n), period and parameter of a point."""
        states = y[:-2].reshape(-1, n)
        return states * np.sqrt(len(states)), float(np.exp(y[-2])), float(y[-1] * self.scale)

    def correct(self, guess: Array, normal: Array, n: int) -> Point | None:
        """The cycle in the plane through `guess` with that normal, on the same side of the curve as it; or None."""
        states, period, p = self.split(guess, n)
        phase = self.shooting(p).velocity(states) * period
        phase = np.append(phase.ravel() / max(float(np.linalg.norm(phase)), 1e-300), [0.0, 0.0])
        y, before, slope = guess, np.inf, None
        for _ in range(10):
            states, period, p = self.split(y, n)
            shooting = self.shooting(p)
            here = shooting.pieces(states, period / len(states))
            if here is None:
                return None
            gaps = (here.end - np.roll(states, -1, axis=0)).ravel()
            gap = float(np.abs(gaps).max())
            if not np.isfinite(gap) or gap > 10.0 * (1.0 + np.abs(states).max()):
                return None
            if slope is None:
                slope = self._slope(states, period, p)
                if slope is None:
                    return None
            matrix = self._matrix(here.map, here.velocity, period, slope)
            rows = np.vstack([matrix, phase, normal])
            off = normal @ (y - guess)
            if gap <= GAP * (1.0 + np.abs(states).max()) and abs(off) <= 1e-10 and (gap <= FINE or gap >= 0.1 * before):
                tangent = np.linalg.lstsq(rows, np.append(np.zeros(len(gaps) + 1), 1.0), rcond=1e-13)[0]
                return Point(y, states, period, p, here.map, tangent / np.linalg.norm(tangent))
            right = np.concatenate([gaps, [phase @ (y - guess), off]])
            y, before = y - np.linalg.lstsq(rows, right, rcond=1e-13)[0], gap
        return None

    def _matrix(self, maps: Array, velocity: Array, period: float, slope: Array) -> Array:
        """Derivative of the gaps by y, (mn, mn + 2)."""
        m, n = velocity.shape
        matrix = np.zeros((m * n, m * n + 2))
        write_gaps(matrix, maps, velocity)
        matrix[:, :-2] *= np.sqrt(m)
        matrix[:, -2] *= period
        matrix[:, -1] = slope
        return matrix

    def _slope(self, states: Array, period: float, p: float) -> Array | None:
        """Derivative of the pieces' ends by p/scale, (mn,): a central difference."""
        h = 1e-5 * self.scale
        ends = [self.shooting(p + side * h).ends(states, period / len(states)) for side in (1.0, -1.0)]
        if ends[0] is None or ends[1] is None:
            return None
        return np.asarray((ends[0] - ends[1]).ravel() * (self.scale / (2.0 * h)))

    def from_hopf(self, s: Array, p: float, q: Complex, frequency: float) -> CycleBranch | None:
        """The cycles that begin at a Hopf bifurcation with the critical vector q (n,); None if there are none."""
        turns = np.exp(2j * np.pi * np.arange(PIECES) / PIECES)
        aside = np.real(turns[:, None] * q)
        begin = self.join(np.tile(s, (PIECES, 1)), 2.0 * np.pi / frequency, p)
        tangent = np.append(aside.ravel(), [0.0, 0.0])
        tangent /= np.linalg.norm(tangent)
        first = self.correct(begin + SHRUNK * tangent, tangent, len(s))
        if first is None:
            return None
        path, why = self.trace(first)
        return self.branch(path, ("Hopf", why))

    def from_cycle(self, orbit: Orbit, p: float) -> CycleBranch | None:
        """The branch through a closed orbit, both ways."""
        y = self.join(orbit.state, orbit.period, p)
        here = self.correct(y, _last(len(y)), orbit.state.shape[1])
        if here is None:
            return None
        first, why_first = self.trace(_turned(here))
        if why_first == "closed":
            return self.branch(first, ("closed", "closed"))
        second, why_second = self.trace(here)
        return self.branch([*first[::-1], *second[1:]], (why_first, why_second))

    def trace(self, first: Point) -> tuple[list[Point], str]:
        """Cycles from the first on in the direction of its tangent, and why they end."""
        path, step, n, shortest, made = [first], FIRST, first.state.shape[1], first.period, first.period
        while len(path) < MOST:
            here = path[-1]
            shortest = min(shortest, here.period)
            if here.period > STRETCHED * made and 2 * len(here.state) <= MOST_PIECES:
                finer = self.refined(here)
                made = here.period
                here = path[-1] = here if finer is None else finer
            if here.period > LONG * shortest:
                return path, "infinite period"
            if np.abs(here.state).max() > UNBOUNDED:
                return path, "unbounded"
            final = self._border(here, step)
            guess, normal = (here.y + step * here.tangent, here.tangent) if final is None else final
            new = self.correct(guess, normal, n)
            new = None if new is None else _along(new, here.tangent)
            if new is None or new.tangent @ here.tangent < PARALLEL or _jumped(new, here, step):
                if here.size < 2.0 * SHRUNK and len(path) > 3 and here.size < path[-2].size:
                    return path, "Hopf"
                step *= 0.5
                if step < SMALLEST:
                    return path, "step"
                continue
            path.append(new)
            if final is not None:
                return path, "span"
            if new.size < 0.5 * SHRUNK:
                return path, "Hopf"
            if len(path) > 8 and len(new.y) == len(first.y) and np.linalg.norm(new.y - first.y) < 0.75 * step:
                return path, "closed"
            step = min(LARGEST, 1.4 * step)
        return path, "points"

    def refined(self, here: Point) -> Point | None:
        """The same cycle in twice as many pieces."""
        n, m = here.state.shape[1], len(here.state)
        states = self._between(here, 2).reshape(-1, n)
        y = self.join(states, here.period, here.p)
        pieces, period, p = self.split(here.tangent, n)[0], here.tangent[-2], here.tangent[-1]
        along = np.append(np.repeat(pieces, 2, axis=0).ravel() / np.sqrt(2 * m), [period, p])
        found = self.correct(y, _last(len(y)) if abs(p) > 1e-3 else along / np.linalg.norm(along), n)
        return None if found is None else _along(found, along)

    def _between(self, here: Point, parts: int) -> Array:
        """States (m, parts, n) at even times in each piece."""
        times = np.linspace(0.0, here.period / len(here.state), parts, endpoint=False)
        return self.shooting(here.p).recorded(here.state, times)

    def _border(self, here: Point, step: float) -> tuple[Array, Array] | None:
        """Where the tangent leaves the span within this step, if it does, and the plane of one parameter there."""
        speed = here.tangent[-1] * self.scale
        limit = self.high if speed > 0.0 else self.low
        if speed == 0.0 or (limit - here.p) / speed > step:
            return None
        at = here.y + max(0.0, (limit - here.p) / speed) * here.tangent
        at[-1] = limit / self.scale
        return at, _last(len(at))

    def branch(self, path: list[Point], ended: tuple[str, str]) -> CycleBranch:
        """The branch along these cycles, its bifurcations located."""
        values = np.array([multipliers(point.map) for point in path])
        index = np.array([int(np.sum(np.abs(_others(v)) > 1.0 + NEUTRAL)) for v in values])
        found: list[CycleBifurcation] = []
        for k, (here, there) in enumerate(pairwise(path)):
            if len(here.y) != len(there.y):
                continue
            changes = np.ptp(index[max(k - 1, 0) : k + 3]) > 0  # else rounding made the parameter turn
            if changes and here.tangent[-1] * there.tangent[-1] < 0.0:
                found.append(self._described("fold of cycles", self._zero(_parameter_speed, here, there), k))
            elif index[k] != index[k + 1]:
                found += self._crossing(here, there, int(min(index[k], index[k + 1])), k)
        folds = [b.position for b in found if b.kind.startswith("fold")]
        found = [b for b in found if b.kind != BRANCHING or min((abs(b.position - k) for k in folds), default=2) > 1]
        spans = [self._between(point, 16).reshape(-1, point.state.shape[1]) for point in path]
        return CycleBranch(
            self.family.name,
            np.array([self.family.value(point.p) for point in path]),
            np.array([point.period for point in path]),
            np.array([states.min(axis=0) for states in spans]),
            np.array([states.max(axis=0) for states in spans]),
            np.array([point.state[0] for point in path]),
            values,
            index,
            tuple(found),
            ended,
            self.family.graph,
        )

    def _crossing(self, here: Point, there: Point, which: int, position: int) -> list[CycleBifurcation]:
        """The bifurcation at which the multiplier with this number passes the unit circle."""

        def excess(point: Point) -> float:
            return float(np.log(np.abs(_others(multipliers(point.map))[which])))

        if excess(here) * excess(there) >= 0.0:
            return []
        at = self._zero(excess, here, there)
        value = _others(multipliers(at.map))[which]
        kind = "torus" if abs(value.imag) > 1e-4 else "period doubling" if value.real < 0.0 else BRANCHING
        return [self._described(kind, at, position)]

    def _described(self, kind: str, at: Point, position: int) -> CycleBifurcation:
        return CycleBifurcation(kind, self.family.value(at.p), at.period, at.state[0], position)

    def _zero(self, test: Callable[[Point], float], here: Point, there: Point) -> Point:
        """The cycle between two others at which a test function vanishes."""
        chord, n = there.y - here.y, here.state.shape[1]
        normal = chord / np.linalg.norm(chord)
        last = here

        def value(t: float) -> float:
            nonlocal last
            if t in (0.0, 1.0):
                return test(there if t else here)
            found = self.correct(here.y + t * chord, normal, n)
            last = here if found is None else _along(found, here.tangent)
            return test(last)

        from scipy.optimize import brentq  # here: `import neurodyn.analysis` does without SciPy

        brentq(value, 0.0, 1.0, xtol=1e-9, rtol=1e-9)
        return last


def _parameter_speed(point: Point) -> float:
    return float(point.tangent[-1])


def _others(values: Complex) -> Complex:
    """All multipliers but that along the flow."""
    return np.delete(values, int(np.argmin(np.abs(values - 1.0))))


def _along(point: Point, direction: Array) -> Point:
    """The point with its tangent on the side of a direction."""
    if len(direction) == len(point.tangent) and direction @ point.tangent < 0.0:
        return _turned(point)
    return point


def _turned(point: Point) -> Point:
    return Point(point.y, point.state, point.period, point.p, point.map, -point.tangent)


def _jumped(new: Point, here: Point, step: float) -> bool:
    """Whether a corrected point is too far from where the step led."""
    return bool(np.linalg.norm(new.y - here.y) > 2.0 * step + 1e-9)


def _last(size: int) -> Array:
    return np.append(np.zeros(size - 1), 1.0)
