"""Explicit Runge-Kutta methods as data: one compiled loop serves all of them.

The last stage is always the force at the end of the step, which is the first stage of the next step, whatever the
method; so a step of `tsit5` or `dopri5` costs six new forces, of `rk4` four, of `euler` one, and the velocity at the
end of every step comes for free.

Sources: J. R. Dormand, P. J. Prince, J. Comput. Appl. Math. 6:19 (1980), table 2; Ch. Tsitouras, Comput. Math. Appl.
62:770 (2011), table 1; W. Kutta (1901).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurodyn.graph import Array


class Tableau(NamedTuple):
    """A method with m stages per step.

    a (m, m) strictly lower triangular; b (m,) weights of the solution; e (m + 1,) weights of the error estimate, the
    last of them for the force at the end of the step (all zero without an embedded method); c (m,) stage times;
    order of the solution.
    """

    a: Array
    b: Array
    e: Array
    c: Array
    order: int

    @property
    def adaptive(self) -> bool:
        """Whether there is an error estimate."""
        return bool(self.e.any())


def _tableau(rows: list[list[float]], b: list[float], e: list[float] | None, order: int) -> Tableau:
    m = len(b)
    a = np.zeros((m, m))
    for i, row in enumerate(rows, 1):
        a[i, : len(row)] = row
    error = np.zeros(m + 1) if e is None else np.array(e)
    return Tableau(a, np.array(b), error, a.sum(axis=1), order)


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
    return _tableau(rows, _TSIT_B, _TSIT_E, 5)


#: The compiled methods by name.
TABLEAUS = {
    "tsit5": _tsitouras(),
    "dopri5": _tableau(
        [
            [1 / 5],
            [3 / 40, 9 / 40],
            [44 / 45, -56 / 15, 32 / 9],
            [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
            [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        ],
        _DOPRI_B,
        [p - q for p, q in zip([*_DOPRI_B, 0.0], _DOPRI_B4, strict=True)],
        5,
    ),
    "rk4": _tableau([[1 / 2], [0.0, 1 / 2], [0.0, 0.0, 1.0]], [1 / 6, 1 / 3, 1 / 3, 1 / 6], None, 4),
    "euler": _tableau([], [1.0], None, 1),
}
