"""The curve of fixed points over a parameter: step by step along it, and what kind of bifurcation it meets.

Pseudo-arclength continuation (Keller 1977): a point y = (s, p/scale) on the curve force(s, p) = 0 is advanced by a
step along the tangent and corrected perpendicular to it, so that a branch turns at a fold as anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.portraits.branch import Bifurcation, Branch
from neurodyn.analysis.portraits.hopf import critical_vector, first_lyapunov_coefficient
from neurodyn.analysis.portraits.parameter import Equations
from neurodyn.errors import ConvergenceError
from neurodyn.numerics.arrays import Array

#: Steps of arclength, where the span of the parameter has length 4: first, smallest, and largest relative to the
#: size of the point, at least 1.
FIRST, SMALLEST, LARGEST = 0.02, 1e-7, 0.1
#: A state this large is on its way to infinity.
UNBOUNDED = 1e4
#: Two tangents of one step must be this nearly parallel, as a cosine.
PARALLEL = 0.995
#: Below this step a corner may be turned, if there is a box.
CORNER = 1e-4
#: Offset from a branch point at which another branch is looked for.
ASIDE = 1e-3
MAX_POINTS = 2000
#: A branch is at most this part of the length of a chord away from it. Two points closer than this are one.
SAG, SAME = 0.1, 0.1 * ASIDE
#: Directions that are tried where several eigenvalues vanish at once, those below this part of the largest singular
#: value; at what offset, as near the branch point the terms of fifth order that may choose between directions are lost
#: in rounding; and how many times farther away a point of another branch may be found.
TRIED, VANISHED, WIDE, FAR = 24, 1e-6, 0.05, 5.0
#: An eigenvalue is one of a complex pair if its imaginary part is larger than this fraction of the largest.
PAIR = 1e-7


@dataclass(frozen=True, eq=False)
class Curve:
    """The curve force(s, p) = 0, for p from `low` to `high`. Points are y = (s, p/scale), (n + 1,).

    A change of p by `scale` counts as much as one of 1 in a unit's state.
    """

    equations: Equations
    low: float
    high: float
    scale: float

    def refined(self, s: Array, p: float) -> Array:
        """The fixed point (n,) near s."""
        found = self.correct(self.join(s, p), _last(len(s) + 1))
        if found is None:
            force = np.abs(self.equations.force(s, p)).max()
            raise ConvergenceError(f"`start` is not near a fixed point: the largest force there is {force:.3g}")
        return self.split(found[0])[0]

    def split(self, y: Array) -> tuple[Array, float]:
        """State and parameter of a point."""
        return y[:-1], float(y[-1] * self.scale)

    def join(self, s: Array, p: float) -> Array:
        """The point of a state and a parameter."""
        return np.append(s, p / self.scale)

    def matrix(self, y: Array) -> Array:
        """Derivative of the force with respect to y, (n, n + 1)."""
        s, p = self.split(y)
        return np.column_stack([self.equations.jacobian(s, p), self.scale * self.equations.slope(s, p)])

    def tangent(self, y: Array, along: Array) -> Array:
        """Unit tangent (n + 1,) at a point, on the side of `along`."""
        matrix = np.vstack([self.matrix(y), along])
        right = np.append(np.zeros(len(y) - 1), 1.0)
        found = np.linalg.lstsq(matrix, right, rcond=1e-12)[0]
        return np.asarray(found / np.linalg.norm(found))

    def correct(self, guess: Array, normal: Array) -> tuple[Array, int] | None:
        """The point of the curve in the plane through `guess` with that normal, and the steps it took; or None."""
        y = self.boxed(guess)  # rounding of the tangent must not take a unit off its bound either
        before = np.inf
        for count in range(12):
            s, p = self.split(y)
            force = self.equations.force(s, p)
            size = float(np.abs(force).max(initial=0.0))
            if size <= 1e-17 or (size <= 1e-10 and size >= 0.5 * before):  # to rounding: near a pitchfork, p needs it
                return y, count
            if not np.isfinite(size) or size > 1e3 * (1.0 + before):
                return None
            matrix = np.vstack([self.matrix(y), normal])
            right = np.append(force, normal @ (y - guess))
            y = self.boxed(y - np.linalg.lstsq(matrix, right, rcond=1e-12)[0])
            before = size
        return None

    def boxed(self, y: Array) -> Array:
        """The point with units inside their box; rounding must not take one off its bound, where it is held."""
        box = np.append(self.equations.boxed, False)
        inside = np.clip(y, 0.0, 1.0)
        snapped = np.where(inside < 1e-13, 0.0, np.where(inside > 1.0 - 1e-13, 1.0, inside))
        return np.where(box, snapped, y)

    def both_ways(self, s: Array, p: float) -> Branch:
        """The branch through a fixed point, downwards in the parameter, then upwards, as far as it goes."""
        y = self.join(s, p)
        up = self.tangent(y, np.append(np.zeros(len(s)), 1.0))
        first, why_first = self.trace(y, -up)
        if why_first == "closed":
            return self.branch(first, ("closed", "closed"))
        second, why_second = self.trace(y, up)
        return self.branch([*first[::-1], *second[1:]], (why_first, why_second))

    def trace(self, y: Array, tangent: Array) -> tuple[list[Array], str]:
        """Points from `y` on in the direction of `tangent`, and why they end."""
        path, step, still = [y], FIRST, 0
        while len(path) < MAX_POINTS:
            here, size = path[-1], float(np.linalg.norm(path[-1]))
            if size > UNBOUNDED:
                return path, "unbounded"
            final = self.border(here, tangent, step)
            guess = here + step * tangent if final is None else final
            found = self.correct(guess, tangent if final is None else _last(len(y)))
            new = None if found is None else self.tangent(found[0], tangent)
            if found is None or new is None or not self.smooth(found[0] - guess, float(new @ tangent), step):
                step *= 0.5
                if step < SMALLEST:
                    return path, "step"
                continue
            path.append(found[0])
            still = still + 1 if abs(found[0][-1] - here[-1]) < 1e-13 else 0
            if still == 3:
                return path[:-3], "vertical"
            if final is not None:
                return path, "span"
            if len(path) > 10 and np.linalg.norm(found[0] - y) < 0.75 * step:
                return [*path, y], "closed"
            easy = found[1] <= 5 and new @ tangent > 1.0 - 0.25 * (1.0 - PARALLEL)
            step, tangent = min(LARGEST * max(1.0, size), 1.5 * step if easy else step), new
        return path, "points"

    def smooth(self, correction: Array, cosine: float, step: float) -> bool:
        """Whether a step stayed on its curve; where units may meet a bound, a short one may turn a corner."""
        if step <= CORNER and self.equations.boxed.any():
            return cosine > 0.0
        return cosine >= PARALLEL and bool(np.linalg.norm(correction) <= 0.5 * step)

    def border(self, y: Array, tangent: Array, step: float) -> Array | None:
        """Where the tangent leaves the span within this step, if it does."""
        p, speed = y[-1] * self.scale, tangent[-1] * self.scale
        limit = self.high if speed > 0.0 else self.low
        if speed == 0.0 or (limit - p) / speed > step:
            return None
        at = y + max(0.0, (limit - p) / speed) * tangent
        at[-1] = limit / self.scale
        return at

    def branch(self, path: list[Array], ended: tuple[str, str], first: int = 0) -> Branch:
        """The branch along these points, its bifurcations located, from the segment number `first` on."""
        states, values = np.array([self.split(y)[0] for y in path]), np.array([self.split(y)[1] for y in path])
        rates = np.array([self.equations.rates(s, p) for s, p in zip(states, values, strict=True)])
        index = np.sum(rates.real < 0.0, axis=1)
        found: list[Bifurcation] = []
        for k in first + np.flatnonzero(np.diff(index[first:])):
            which, last = min(index[k], index[k + 1]), max(index[k], index[k + 1])
            while which < last:
                found.append(self.locate(path[k], path[k + 1], int(which), int(k)))
                which += 2 if found[-1].kind == "Hopf" else 1  # a pair crosses at once
        folds = first + np.flatnonzero(np.diff(np.sign(np.diff(values[first:])))) + 1
        for k in folds[[np.ptp(index[k - 1 : k + 2]) == 0 for k in folds]]:
            found += self.vertex(path[k - 1], path[k + 1], int(k))
        energy = np.array([self.equations.energy(s, p) for s, p in zip(states, values, strict=True)])
        shown = np.array([self.equations.value(p) for p in values])
        found.sort(key=lambda b: b.position)
        return Branch(
            self.equations.name, shown, states, energy, rates, index, tuple(found), ended, self.equations.graph
        )

    def locate(self, here: Array, there: Array, which: int, position: int) -> Bifurcation:
        """Where the eigenvalue with this number passes through zero between two points, or its real part."""

        def eigenvalue(y: Array) -> float:
            return float(np.clip(self.equations.rates(*self.split(y))[which].real, -1e3, 1e3))

        y = self.zero(eigenvalue, here, there)
        rates = self.equations.rates(*self.split(y))
        turns = abs(rates[which].imag) > PAIR * np.max(np.abs(rates[np.isfinite(rates)]))
        return self.hopf(y, float(rates[which].imag), position) if turns else self.described(y, position)

    def vertex(self, here: Array, there: Array, position: int) -> list[Bifurcation]:
        """Where the parameter turns between two points although no eigenvalue changes sign: a branch meets its root."""
        along = (there - here) / np.linalg.norm(there - here)

        def parameter_speed(y: Array) -> float:
            return float(self.tangent(y, along)[-1])

        if parameter_speed(here) * parameter_speed(there) >= 0.0:  # rounding made the parameter turn
            return []
        return [self.described(self.zero(parameter_speed, here, there), position)]

    def zero(self, test: Callable[[Array], float], here: Array, there: Array) -> Array:
        """The point of the curve between two others at which a test function vanishes."""
        chord = there - here
        normal = chord / np.linalg.norm(chord)

        def point(t: float) -> Array:
            guess: Array = here + t * chord
            found = None if t in (0.0, 1.0) else self.correct(guess, normal)
            return guess if found is None else found[0]

        from scipy.optimize import brentq  # here: `import neurodyn.analysis` does without SciPy

        return point(brentq(lambda t: test(point(t)), 0.0, 1.0, xtol=1e-15, rtol=1e-15))

    def hopf(self, y: Array, frequency: float, position: int) -> Bifurcation:
        """The point at which a pair of eigenvalues ± i·frequency crosses the imaginary axis."""
        s, p = self.split(y)
        turning, v = abs(frequency), np.real(critical_vector(self.equations, s, p, frequency))
        smooth = not self.equations.boxed.any()
        coefficient = first_lyapunov_coefficient(self.equations, s, p, turning) if smooth else np.nan
        value, v = self.equations.value(p), v / np.linalg.norm(v)
        return Bifurcation("Hopf", value, s, v, position, turning, coefficient)

    def described(self, y: Array, position: int) -> Bifurcation:
        """What kind of bifurcation there is at a point at which a real eigenvalue passes through zero, or jumps."""
        s, p = self.split(y)
        matrix = self.equations.jacobian(s, p)
        v, size = _critical(matrix)
        kind = self.kind(s, p, v, _critical(matrix.T)[0], size)
        return Bifurcation(kind, self.equations.value(p), s, v, position)

    def kind(self, s: Array, p: float, v: Array, left: Array, size: float) -> str:
        """What kind of bifurcation a critical right and left eigenvector (n,) tell, of an eigenvalue of some size."""
        if size > 1e-5:
            return "border collision"
        slope = self.equations.slope(s, p)
        if abs(left @ slope) * self.scale > 1e-5:
            return "fold"
        h = 1e-3
        bend = left @ (self.equations.jacobian(s + h * v, p) - self.equations.jacobian(s - h * v, p)) @ v / (2.0 * h)
        return "transcritical" if abs(bend) > 1e-3 else "pitchfork"

    def others_from(self, b: Bifurcation, branch: Branch, known: list[Branch]) -> list[Branch]:
        """The branches that leave a branch point to both sides of the one it was found on."""
        y = self.join(b.state, b.parameter)
        k = b.position
        ends = [self.join(branch.state[j], branch.parameter[j]) for j in (k, k + 1)]
        along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        found: list[Branch] = []
        ways = self.directions(y, along)
        offset = ASIDE if len(ways) == 2 else WIDE
        for aside in ways:
            new = self.correct(y + offset * aside, aside)
            if new is None or np.linalg.norm(new[0] - y) > FAR * offset or self.passes(new[0], [*known, *found]):
                continue
            path, why = self.trace(new[0], self.tangent(new[0], aside))
            found.append(self.branch([y, *path], ("start", why), first=1))
        return found

    def directions(self, y: Array, along: Array) -> Array:
        """Unit vectors (d, n + 1) from a branch point in which branches may leave a known one with tangent `along`.

        Where one eigenvalue vanishes there are two, of opposite sign. Where several do, as symmetry makes them,
        branches leave in directions that only higher derivatives of the force tell: many are tried, evenly around for
        two eigenvalues, at random for more.
        """
        _, sizes, rows = np.linalg.svd(self.matrix(y))
        many = max(1, int(np.sum(sizes < VANISHED * sizes[0])))
        plane = rows[-1 - many :]  # all tangents lie in it
        inside = np.linalg.svd((plane @ along)[None])[2][1:] @ plane  # across the known branch
        if many == 1:
            return np.concatenate([inside, -inside])
        if many == 2:
            angle = 2.0 * np.pi * np.arange(TRIED) / TRIED
            return np.column_stack([np.cos(angle), np.sin(angle)]) @ inside
        drawn = np.random.default_rng(0).normal(size=(TRIED * many, many))
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True) @ inside)

    def passes(self, y: Array, branches: list[Branch]) -> bool:
        """Whether a point lies on one of the branches, between two of their points.

        A branch sags between its points by far more than what tells two branches apart: near y its arc counts.
        """
        for branch in branches:
            path = np.column_stack([branch.state, branch.parameter / self.scale])
            chord = np.diff(path, axis=0)
            squared = np.sum(chord**2, axis=1)
            t = np.clip(np.sum((y - path[:-1]) * chord, axis=1) / np.maximum(squared, 1e-300), 0.0, 1.0)
            distance = np.linalg.norm(path[:-1] + t[:, None] * chord - y, axis=1)
            for k in np.flatnonzero(distance < SAG * np.sqrt(squared) + SAME):
                if distance[k] < SAME or self.on_arc(y, path[k], path[k + 1], float(t[k])):
                    return True
        return False

    def on_arc(self, y: Array, here: Array, there: Array, t: float) -> bool:
        """Whether a point lies on the curve between two others, at about the part t of their chord.

        The curve is taken as the cubic through both points along their tangents. Newton's method would put it in place
        exactly, but near a branch point also on the other branch.
        """
        chord = there - here
        length = float(np.linalg.norm(chord))
        first, second = (length * self.tangent(end, chord / length) for end in (here, there))
        for _ in range(4):
            arc = here + t * t * (3.0 - 2.0 * t) * chord + t * (1.0 - t) * ((1.0 - t) * first - t * second)
            t = min(max(t + float((y - arc) @ chord) / length**2, 0.0), 1.0)
        return bool(np.linalg.norm(arc - y) < SAME)


def _critical(matrix: Array) -> tuple[Array, float]:
    """The eigenvector (n,) of the eigenvalue that is nearest to zero, and its size."""
    values, vectors = np.linalg.eig(matrix)
    k = int(np.argmin(np.abs(values)))
    return np.real(vectors[:, k]), float(np.abs(values[k]))


def _last(size: int) -> Array:
    return np.append(np.zeros(size - 1), 1.0)
