"""Explicit Runge-Kutta methods as data: one compiled loop serves all of them.

The last stage is always the force at the end of the step, which is the first stage of the next step, whatever the
method; so a step of an adaptive method costs six new forces, of `rk4` four, of `euler` one, and the velocity at the end
of every step comes for free.

`relax5` is made for networks of leaky integrators, which come to rest: near it the eigenvalues of the Jacobian are real
and negative, those of an energy's Hessian, and slow units are followed while fast ones must stay stable. It is the
member of the family of Dormand and Prince with the nodes c = (0, 0.1, 0.347, 0.93, 0.98, 1), which were tuned on tanh
networks that relax, on a stiff linear and on an oscillating problem, for the fewest forces at equal error. All else
follows from c: sum_j a_ij c_j = c_i^2/2 and sum_j a_ij c_j^2 = c_i^3/3 + c2 (c2 - 2 c3/3) a_i2 for the stages from the
third on, sum_i b_i a_ij = b_j (1 - c_j), sum_i b_i c_i a_i2 = 0 and b2 = 0. In h·|lambda| it is stable to 4.21 where
`tsit5` is to 3.51 and `dopri5` to 3.31.

Sources: J. R. Dormand, P. J. Prince, J. Comput. Appl. Math. 6:19 (1980), table 2 and the family in section 3; Ch.
Tsitouras, Comput. Math. Appl. 62:770 (2011), table 1; W. Kutta (1901).
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

    Attributes
    ----------
    a, b, c : array
        A method that is given with the force at the end of the step as its last stage (FSAL) is kept without it, as
        the compiled loop takes this force as the first one of the next step, whatever the method.
    e : (m + 1,) array
        Weights of the error estimate, all zero without one.
    order, embedded_order : int
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
    c: Array
    order: int
    embedded_order: int
    reach: float

    def __init__(
        self,
        a: Sequence[Sequence[float]] | Array,
        b: ArrayLike,
        order: int,
        error: ArrayLike | None = None,
        embedded_order: int | None = None,
        c: ArrayLike | None = None,
    ) -> None:
        weights = _vector(b, "b", None)
        m = len(weights)
        stages = _stages(a, m)
        if c is not None and not np.allclose(_vector(c, "c", m), stages.sum(axis=1), rtol=0.0, atol=ROUNDING):
            raise ArgumentError(f"tableau `c` must be the sums of the rows of `a`, {stages.sum(axis=1)}; got {c!r}")
        e = _error(error, m)
        if m > 1 and weights[-1] == 0.0 and np.array_equal(stages[-1, :-1], weights[:-1]):
            stages, weights, e = stages[:-1, :-1], weights[:-1], np.append(e[:-2], e[-2] + e[-1])
        embedded = order - 1 if embedded_order is None else embedded_order
        _check_orders(stages, weights, e, order, embedded)
        arrays = {"a": stages, "b": weights, "e": e, "c": stages.sum(axis=1)}
        for array in arrays.values():
            array.flags.writeable = False
        numbers = {"order": int(order), "embedded_order": int(embedded), "reach": _reach(stages, weights)}
        for name, value in {**arrays, **numbers}.items():
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
    whole = np.zeros((len(b) + 1, len(b) + 1))
    whole[:-1, :-1], whole[-1, :-1] = a, b
    off = violation(np.append(b, 0.0) - e, whole, embedded)
    if off > ROUNDING:
        raise ArgumentError(
            f"tableau `error` does not belong to an embedded solution of order {embedded}: the weights of the solution "
            f"minus these miss an order condition by {off:.2g}"
        )


def _reach(a: Array, b: Array) -> float:
    """Where |R(-x)| first passes 1: R(z) = 1 + z b (1 + z a 1 + ...)."""
    powers = [np.ones(len(b))]
    for _ in b[1:]:
        powers.append(a @ powers[-1])
    growth = np.polynomial.Polynomial([1.0, *(b @ power for power in powers)])
    ends = np.concatenate([(growth - 1.0).roots(), (growth + 1.0).roots()])
    return float(min((-z.real for z in ends if z.real < -1e-3 and abs(z.imag) < 1e-6), default=np.inf))


_DOPRI_B = [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]
_DOPRI_B4 = [5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40]

_TSIT_A32 = 0.3354806554923570
_TSIT_A42, _TSIT_A52, _TSIT_A62 = -6.359448489975075, -11.74888356406283, -12.92096931784711
_TSIT_A43, _TSIT_A53, _TSIT_A54 = 4.362295432869581, 7.495539342889836, -0.09249506636175525
_TSIT_A63, _TSIT_A64, _TSIT_A65 = 8.159367898576159, -0.07158497328140100, -0.02826905039406838
_TSIT_C = [0.161, 0.327, 0.9, 0.9800255409045097, 1.0]
_TSIT_B = [
    0.09646076681806523,
    0.01,
    0.4798896504144996,
    1.379008574103742,
    -3.290069515436081,
    2.324710524099774,
]
_TSIT_E = [
    -0.00178001105222577714,
    -0.0008164344596567469,
    0.007880878010261995,
    -0.1447110071732629,
    0.5823571654525552,
    -0.45808210592918697,
    1 / 66,
]


def _tsitouras() -> Tableau:
    """The first column of a follows from the row sums c."""
    lower = [
        [],
        [_TSIT_A32],
        [_TSIT_A42, _TSIT_A43],
        [_TSIT_A52, _TSIT_A53, _TSIT_A54],
        [_TSIT_A62, _TSIT_A63, _TSIT_A64, _TSIT_A65],
    ]
    rows = [[c - sum(row), *row] for c, row in zip(_TSIT_C, lower, strict=True)]
    return Tableau([[], *rows], _TSIT_B, 5, _TSIT_E)


_RELAX_B = [1015487 / 9487674, 0.0, 128200000000 / 250862748147, 2344000 / 1138599, -394750 / 93051, 70363 / 27426]
_RELAX_E = [
    -18373168208 / 8661517844175,
    0.0,
    1028897419648000 / 128250318774427839,
    -146985345664 / 415781383545,
    36746336416 / 33979367205,
    -37747849699 / 50075664150,
    1 / 50,
]

#: The compiled methods by name.
TABLEAUS = {
    "relax5": Tableau(
        [
            [],
            [1 / 10],
            [-51009 / 200000, 120409 / 200000],
            [1673472597 / 240818000, -7083531 / 694000, 5042367 / 1204090],
            [7492529825893 / 736737517625, -1025139094 / 68489125, 60922412754 / 10456919605, -51695 / 1076878],
            [
                62506206715957 / 5515492342017,
                -407258320 / 24415961,
                20021146723307000 / 3126623315523213,
                -88540270 / 3815011497,
                -10310870 / 311778453,
            ],
        ],
        _RELAX_B,
        5,
        _RELAX_E,
    ),
    "tsit5": _tsitouras(),
    "dopri5": Tableau(
        [
            [],
            [1 / 5],
            [3 / 40, 9 / 40],
            [44 / 45, -56 / 15, 32 / 9],
            [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
            [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        ],
        _DOPRI_B,
        5,
        [p - q for p, q in zip([*_DOPRI_B, 0.0], _DOPRI_B4, strict=True)],
    ),
    "rk4": Tableau([[], [1 / 2], [0.0, 1 / 2], [0.0, 0.0, 1.0]], [1 / 6, 1 / 3, 1 / 3, 1 / 6], 4),
    "euler": Tableau([[]], [1.0], 1),
}
