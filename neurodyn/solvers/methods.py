"""The compiled methods by name.

A step of `relax5`, `tsit5` and `dopri5` costs six new forces, of `dop8` twelve, of `rk4` four, of `euler` one.

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

from neurodyn.solvers.dop8 import DOP8
from neurodyn.solvers.tableau import Tableau

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
    "dop8": DOP8,
    "rk4": Tableau([[], [1 / 2], [0.0, 1 / 2], [0.0, 0.0, 1.0]], [1 / 6, 1 / 3, 1 / 3, 1 / 6], 4),
    "euler": Tableau([[]], [1.0], 1),
}
