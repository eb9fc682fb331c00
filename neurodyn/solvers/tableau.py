"""Explicit Runge-Kutta methods as data: one compiled loop serves all of them.

The last stage is always the force at the end of the step, which is the first stage of the next step, whatever the
method; so the velocity at the end of every step comes for free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.solvers.order_conditions import violation

#: Largest error of an order condition that is taken for rounding: coefficients must be given to all digits.
ROUNDING = 1e-11
#: Up to this order are conditions looked at, 1842 at the last.
HIGHEST_ORDER = 10


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Tableau:
    """An explicit Runge-Kutta method, for `Solver(method=...)`.

    Of the coefficients of a method with m stages are checked: their shapes, that no stage needs a later one, and all
    order conditions up to the claimed orders.

    Parameters
    ----------
    a : (m, m) array, or m rows
        Weights of the stages, strictly lower triangular; row i may have its first i entries alone.
    b : (m,) array
        Weights of the solution.
    order : int
        Order of the solution, at most 10.
    error : (m,) or (m + 1,) array, optional
        Weights of the error estimate: those of the solution minus those of the embedded one, or the reverse. The last
        of m + 1 is for the force at the end of the step. Without them steps are fixed.
    embedded_order : int, optional
        Order of the embedded solution. Default: one less than `order`.
    c : (m,) array, optional
        Times of the stages, which are the sums of the rows of `a`, and are only compared with them.
    second_error : (m,) or (m + 1,) array, optional
        Weights of a second error estimate, of lower order than the first. With the norms E and F of both, the step is
        judged by E² / sqrt(E² + F²/100), which is of higher order in the step than E.

    Attributes
    ----------
    a, b, c : array
        A method that is given with the force at the end of the step as its last stage (FSAL) is kept without it, as
        the compiled loop takes this force as the first one of the next step, whatever the method.
    e : (m + 1,) array
        Weights of the error estimate, all zero without one.
    second : (m + 1,) array
        Weights of the second error estimate, all zero without one.
    order, embedded_order : int
    error_power : int
        The power of the step that the error estimate follows.
    reach : float
        The largest h·|lambda| at which steps are stable for an eigenvalue lambda < 0.

    Raises
    ------
    ArgumentError
        The coefficients are not those of an explicit method of these orders.

    Examples
    --------
    >>> from neurodyn.solvers.tableau import Tableau
    >>> heun = Tableau([[], [1.0]], [0.5, 0.5], order=2, error=[-0.5, 0.5])
    >>> heun, heun.adaptive, round(heun.reach, 12)
    (Tableau(2 stages, order 2(1)), True, 2.0)
    """

    a: Array
    b: Array
    e: Array
    second: Array
    c: Array
    order: int
    embedded_order: int
    error_power: int
    reach: float

    def __init__(
        self,
        a: Sequence[Sequence[float]] | Array,
        b: ArrayLike,
        order: int,
        error: ArrayLike | None = None,
        embedded_order: int | None = None,
        c: ArrayLike | None = None,
        *,
        second_error: ArrayLike | None = None,
    ) -> None:
        weights = _vector(b, "b", None)
        m = len(weights)
        stages = _stages(a, m)
        if c is not None and not np.allclose(_vector(c, "c", m), stages.sum(axis=1), rtol=0.0, atol=ROUNDING):
            raise ArgumentError(f"tableau `c` must be the sums of the rows of `a`, {stages.sum(axis=1)}; got {c!r}")
        e, second = _error(error, m), _error(second_error, m)
        if m > 1 and weights[-1] == 0.0 and np.array_equal(stages[-1, :-1], weights[:-1]):
            stages, weights = stages[:-1, :-1], weights[:-1]
            e, second = (np.append(error[:-2], error[-2] + error[-1]) for error in (e, second))
        embedded = order - 1 if embedded_order is None else embedded_order
        _check_orders(stages, weights, e, order, embedded)
        power = 1 + min(order, embedded)
        if second.any():
            power = 2 * power - 1 - _order_reached(stages, weights, second, embedded)
        arrays = {"a": stages, "b": weights, "e": e, "second": second, "c": stages.sum(axis=1)}
        for array in arrays.values():
            array.flags.writeable = False
        numbers = {"order": int(order), "embedded_order": int(embedded), "error_power": int(power)}
        for name, value in {**arrays, **numbers, "reach": _reach(stages, weights)}.items():
            object.__setattr__(self, name, value)

    @property
    def adaptive(self) -> bool:
        """Whether there is an error estimate."""
        return bool(self.e.any())

    def describe(self) -> dict[str, Any]:
        """Plain data, from which `Tableau(**data)` makes an equal one."""
        rows = [row[:i].tolist() for i, row in enumerate(self.a)]
        about: dict[str, Any] = {"a": rows, "b": self.b.tolist(), "order": self.order}
        if self.adaptive:
            about |= {"error": self.e.tolist(), "embedded_order": self.embedded_order}
        if self.second.any():
            about["second_error"] = self.second.tolist()
        return about

    def __eq__(self, other: object) -> bool:
        return self.describe() == other.describe() if isinstance(other, Tableau) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.order, self.a.tobytes(), self.b.tobytes(), self.e.tobytes()))

    def __repr__(self) -> str:
        orders = f"{self.order}({self.embedded_order})" if self.adaptive else str(self.order)
        return f"Tableau({len(self.b)} stage{'s' * (len(self.b) > 1)}, order {orders})"


def _vector(values: ArrayLike, name: str, length: int | None) -> Array:
    """Finite numbers in a row, as a new array."""
    try:
        found = np.array(values, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all() or len(found) != (length or len(found)):
        count = "" if length is None else f"{length} "
        raise ArgumentError(f"tableau `{name}` must be a list of {count}finite numbers; got {values!r}")
    return found


def _stages(rows: Any, m: int) -> Array:
    """Weights of m stages, (m, m), from rows that may end before the diagonal."""
    try:
        found = [[float(value) for value in row] for row in rows]
    except (TypeError, ValueError):
        found = []
    if len(found) != m or any(len(row) not in (i, m) for i, row in enumerate(found)):
        raise ArgumentError(
            f"tableau `a` must have {m} rows, as many as `b` has weights, each of {m} numbers or, row i, of its first "
            f"i; got {rows!r}"
        )
    a = np.zeros((m, m))
    for i, row in enumerate(found):
        a[i, : len(row)] = row
    if not np.isfinite(a).all() or np.triu(a).any():
        raise ArgumentError(
            "tableau `a` must be finite, and zero on and above its diagonal: the compiled loop takes explicit methods "
            "only, and implicit ones are SciPy's, by name: Radau, BDF"
        )
    return a


def _error(weights: ArrayLike | None, m: int) -> Array:
    """Weights of the error estimate with that of the force at the end of the step, (m + 1,)."""
    if weights is None:
        return np.zeros(m + 1)
    e = _vector(weights, "error", m + 1 if np.size(weights) == m + 1 else m)
    if not e.any():
        raise ArgumentError("tableau `error` must not be all zero: leave it out, and steps are fixed")
    return e if len(e) == m + 1 else np.append(e, 0.0)


def _check_orders(a: Array, b: Array, e: Array, order: int, embedded: int) -> None:
    """Refuse a method that is not of the orders that it claims."""
    for name, value in {"order": order, "embedded_order": embedded}.items():
        whole_number(value, name, 1 if name == "order" or e.any() else 0)
        if value > HIGHEST_ORDER:
            raise ArgumentError(f"tableau `{name}` must be at most {HIGHEST_ORDER}; got {value}")
    off = violation(b, a, order)
    if off > ROUNDING:
        raise ArgumentError(f"tableau `b` is not of order {order}: it misses an order condition by {off:.2g}")
    if not e.any():
        return
    if len(b) == 1:
        raise ArgumentError("a tableau with `error` must have at least two stages besides that at the end of the step")
    off = violation(np.append(b, 0.0) - e, _with_end(a, b), embedded)
    if off > ROUNDING:
        raise ArgumentError(
            f"tableau `error` does not belong to an embedded solution of order {embedded}: the weights of the solution "
            f"minus these miss an order condition by {off:.2g}"
        )


def _with_end(a: Array, b: Array) -> Array:
    """The stages with the force at the end of the step as a further one, (m + 1, m + 1)."""
    whole = np.zeros((len(b) + 1, len(b) + 1))
    whole[:-1, :-1], whole[-1, :-1] = a, b
    return whole


def _order_reached(a: Array, b: Array, e: Array, bound: int) -> int:
    """The order of the embedded solution of an error estimate, below that of a better one."""
    whole, weights = _with_end(a, b), np.append(b, 0.0) - e
    orders = [order for order in range(1, bound) if violation(weights, whole, order) <= ROUNDING]
    if not orders:
        raise ArgumentError("tableau `second_error` must belong to an embedded solution of order 1 at least")
    return orders[-1]


def _reach(a: Array, b: Array) -> float:
    """Where |R(-x)| first passes 1: R(z) = 1 + z b (1 + z a 1 + ...)."""
    powers = [np.ones(len(b))]
    for _ in b[1:]:
        powers.append(a @ powers[-1])
    growth = np.polynomial.Polynomial([1.0, *(b @ power for power in powers)])
    ends = np.concatenate([(growth - 1.0).roots(), (growth + 1.0).roots()])
    return float(min((-z.real for z in ends if z.real < -1e-3 and abs(z.imag) < 1e-6), default=np.inf))
