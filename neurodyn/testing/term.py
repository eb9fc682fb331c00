"""`check_term`: the primitives of a term against differences of each other."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.system.attached import Attached, Pair
from neurodyn.system.graph import Graph
from neurodyn.system.initial import parameters as drawn
from neurodyn.system.parameters import Parameters, blocks_of
from neurodyn.system.term import Term
from neurodyn.testing.check import TOLERANCE, CheckError, anywhere, compare, slope

#: How many states are tried at once.
SAMPLES = 3


def check_term(
    term: Term, populations: Any, *, states: Any = None, seed: int = 0, tolerance: float = TOLERANCE
) -> dict[str, float]:
    """Hold the primitives of a term against differences of each other, at random states.

    Parameters
    ----------
    term : Term
    populations : mapping or sequence of Population
        As for `Network`: at least those that the term is a function of. Small ones are enough.
    states : (samples, units) array, optional
        Where to look: states of all free units, then of the clamped ones. Default: normal random numbers of size 0.7.
    seed : int
        Of the states, directions, and the term's first parameters.
    tolerance : float
        Largest difference, relative to the largest number of the array.

    Returns
    -------
    dict
        The largest relative difference found by each check.

    Raises
    ------
    CheckError
        A derivative is wrong: the message says which, of which unit or parameter, and by how much.
    ModelError
        The term makes no sense in these populations.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> from neurodyn.testing import check_term
    >>> found = check_term(terms.LogSumExp("h", memories=3, sharpness=2.0), {"h": 4})
    >>> max(found.values()) < 1e-8
    True
    """
    graph = Graph.build(populations, ())
    term.check(graph)
    blocks = term.blocks(graph)
    values = drawn(graph, blocks_of(graph, None, blocks, ()), (term,), seed, 1.0) if blocks else Parameters((), [])
    checks = _Checks(term, graph, values, np.random.default_rng(seed), states, tolerance)
    return checks.run()


class _Checks:
    """All checks of one term: `at` are states and rates, `v` and `u` directions of both, (units, samples) each."""

    def __init__(
        self, term: Term, graph: Graph, values: Parameters, rng: np.random.Generator, states: Any, tolerance: float
    ) -> None:
        self.term, self.graph, self.values, self.tolerance, self.rng = term, graph, values, tolerance, rng
        units = graph.n + graph.n_in
        given = 0.7 * rng.normal(size=(SAMPLES, units)) if states is None else np.atleast_2d(states)
        s = np.ascontiguousarray(given.T, dtype=float)
        self.at = s, np.tanh(s)
        self.attached = self._with(values)
        self.v, self.u = self._direction(), self._direction()
        self.found: dict[str, float] = {}

    def _with(self, values: Parameters) -> Attached:
        return next(Attached.all((self.term,), self.graph, values))

    def _direction(self) -> Pair:
        parts = self.rng.normal(size=(2, *self.at[0].shape))
        parts[:, self.graph.n :] = 0.0  # clamped units do not move
        return parts[0], parts[1]

    def _near(self, step: float, v: Pair) -> Pair:
        return self.at[0] + step * v[0], self.at[1] + step * v[1]

    def _energy(self, v: Pair, step: float) -> Array:
        return self.attached.energy(self._near(step, v))

    def _gradient_along(self, k: int, step: float) -> Array:
        return self.attached.gradient(self._near(step, self.v))[k][: self.graph.n]

    def _unit(self, index: tuple[int, ...]) -> str:
        return f"at {self.graph.unit(index[0])} in sample {index[1]}"

    def _compare(self, what: str, found: Any, expected: Any, where: Any = anywhere) -> None:
        name = f"{type(self.term).__name__}: {what}"
        self.found[what] = compare(name, found, expected, where, self.tolerance)

    def run(self) -> dict[str, float]:
        """All of them."""
        if self.term.has_energy:
            self._gradient()
        self._curve()
        if self.attached.parameters:
            self._parameters()
        self._added()
        self._alone()
        if self.term.primitives.complex_gradient is not None:
            self._complex()
        return self.found

    def _gradient(self) -> None:
        """V_s and V_r are the slopes of V, unit by unit."""
        n, samples = self.graph.n, self.at[0].shape[1]
        for k, name in enumerate(("V_s", "V_r")):
            expected = np.zeros((n, samples))
            for i in range(n):
                v = np.zeros((2, *self.at[0].shape))
                v[k, i] = 1.0
                expected[i] = slope(partial(self._energy, (v[0], v[1])))
            found = self.attached.gradient(self.at)[k][:n]
            self._compare(f"gradient, {name}", found, expected, self._unit)

    def _curve(self) -> None:
        """V″ v is the slope of the gradient along v; symmetric, or with its transpose; constant if quadratic."""
        n, found = self.graph.n, self.attached.curve(self.at, self.v)
        for k, name in enumerate(("by states", "by rates")):
            expected = slope(partial(self._gradient_along, k))
            self._compare(f"curve, {name}", found[k][:n], expected, self._unit)
        back = self.attached.curve(self.at, self.u, transposed=True)
        products = [sum(np.sum(a * b, axis=0) for a, b in zip(*pairs, strict=True))
                    for pairs in ((self.u, found), (self.v, back))]  # fmt: skip
        what = "curve, symmetry" if self.term.has_energy else "curve_transposed"
        self._compare(what, products[1], products[0], lambda index: f"in the product u·V″v of sample {index[0]}")
        if self.term.quadratic:
            elsewhere = self.attached.curve(self._near(1.0, self.u), self.v)
            for k, name in enumerate(("by states", "by rates")):
                what = f"curve of a term that says it is quadratic, {name}"
                self._compare(what, elsewhere[k][:n], found[k][:n], self._unit)

    def _parameters(self) -> None:
        """dV/dtheta is the slope of V, and the mixed derivative that of the gradient along v."""
        entries = range(self.attached.parameters)
        if self.term.has_energy:
            expected = np.array([slope(partial(self._energy_of_parameter, k)) for k in entries])
            self._compare("parameter_gradient", self.attached.parameter_gradient(self.at), expected, self._parameter)
        along = np.array([slope(partial(self._product_of_parameter, k)) for k in entries])
        self._compare("mixed", self.attached.mixed(self.at, self.v), along, self._parameter)

    def _moved(self, k: int, step: float) -> Attached:
        theta = np.array(self.values.vector)
        theta[k] += step
        return self._with(Parameters(self.values.blocks, theta))

    def _energy_of_parameter(self, k: int, step: float) -> Any:
        return np.sum(self._moved(k, step).energy(self.at))

    def _product_of_parameter(self, k: int, step: float) -> Any:
        found = self._moved(k, step).gradient(self.at)
        return sum(np.sum(a * b) for a, b in zip(found, self.v, strict=True))

    def _parameter(self, index: tuple[int, ...]) -> str:
        place = index[0]
        for block in self.values.blocks:
            if place < block.size:
                return f"at entry {place} of the parameters {block.name!r}"
            place -= block.size
        return anywhere(index)

    def _added(self) -> None:
        """Primitives add to what is there."""
        attached, rng = self.attached, self.rng
        before: tuple[Array, Array] = tuple(rng.normal(size=self.at[0].shape) for _ in range(2))  # type: ignore[assignment]
        after = before[0].copy(), before[1].copy()
        work = np.empty((attached.scratch, self.at[0].shape[1]))
        attached.term.primitives.gradient(*self.at, attached.theta, attached.place, work, *after)
        n, found = self.graph.n, attached.gradient(self.at)
        for k in range(2):
            self._compare("gradient, added to what is there", (after[k] - before[k])[:n], found[k][:n], self._unit)

    def _alone(self) -> None:
        """A sample has the same bits alone as in company."""
        for j in range(self.at[0].shape[1]):
            at, v = _column(self.at, j), _column(self.v, j)
            pairs = {
                "gradient": (self.attached.gradient(at), self.attached.gradient(self.at)),
                "curve": (self.attached.curve(at, v), self.attached.curve(self.at, self.v)),
            }
            for what, (alone, all_of_them) in pairs.items():
                for a, b in zip(alone, all_of_them, strict=True):
                    if not np.array_equal(a[: self.graph.n, 0], b[: self.graph.n, j]):
                        raise CheckError(
                            f"{type(self.term).__name__}: {what} of sample {j} has other bits alone than in company: "
                            "no operation may mix samples, nor the order of additions depend on their number"
                        )

    def _complex(self) -> None:
        """Complex primitives are the real ones on the real line, and analytic off it."""
        at, n = (self.at[0] + 0j, self.at[1] + 0j), self.graph.n
        found = self.attached.complex_gradient(at)
        real = self.attached.gradient(self.at)
        step = 1e-30j
        off = self.attached.complex_gradient((at[0] + step * self.v[0], at[1] + step * self.v[1]))
        curves = self.attached.curve(self.at, self.v)
        for k, name in enumerate(("by states", "by rates")):
            self._compare(f"complex gradient, {name}", found[k][:n].real, real[k][:n], self._unit)
            self._compare(
                f"complex gradient off the real line, {name}", off[k][:n].imag / 1e-30, curves[k][:n], self._unit
            )


def _column(pair: Pair, j: int) -> Pair:
    return np.ascontiguousarray(pair[0][:, j : j + 1]), np.ascontiguousarray(pair[1][:, j : j + 1])


__all__ = ["check_term"]
