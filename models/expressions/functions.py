"""Functions that generated expressions call, for real and complex numbers, and what else their text needs.

Each is written so that it keeps its accuracy where the formula of a textbook loses it: for large arguments, whose
exponential overflows, and for small ones, where a difference cancels. `z.real` decides between two forms where one
would overflow; near the real axis both are the same analytic function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neurodyn.numerics.kernel import python_helper
from neurodyn.numerics.view import window

LOG_2 = math.log(2.0)


@python_helper
def row(array, i):
    """One row of a matrix."""
    return window(array, i * array.shape[1], array.shape[1])


@python_helper
def units(array, first, count):
    """Some rows of a matrix as one long row: all samples of all units of a population."""
    return window(array, first * array.shape[1], count * array.shape[1])


def _expm1(z):
    """e^z - 1 = 2 e^(z/2) sinh(z/2), accurate also where z is small."""
    return 2.0 * np.exp(0.5 * z) * np.sinh(0.5 * z)


def _log1p(z):
    """log(1 + z); where z is small, 2 artanh(t) with t = z / (2 + z), by its series (|t| < 1/7, rest below 1e-17)."""
    if np.abs(z) > 0.25:
        return np.log(1.0 + z)
    t = z / (2.0 + z)
    u = t * t
    total = 1.0 / 21.0
    for n in range(19, 0, -2):
        total = total * u + 1.0 / n
    return 2.0 * t * total


def _sigmoid(z):
    """1 / (1 + e^-z)."""
    if z.real < 0.0:
        e = np.exp(z)
        return e / (1.0 + e)
    return 1.0 / (1.0 + np.exp(-z))


def _softplus(z):
    """log(1 + e^z)."""
    if z.real < 0.0:
        return log1p(np.exp(z))
    return z + log1p(np.exp(-z))


def _logcosh(z):
    """log cosh z: from log(1 + 2 sinh(z/2)^2) where z is small."""
    u = -z if z.real < 0.0 else z
    if u.real < 1.0:
        h = np.sinh(0.5 * u)
        return log1p(2.0 * h * h)
    return u + log1p(np.exp(-2.0 * u)) - LOG_2


def _sech2(z):
    """1 / cosh(z)^2, the derivative of tanh."""
    e = np.exp(2.0 * (z if z.real < 0.0 else -z))
    w = 1.0 + e
    return 4.0 * e / (w * w)


def _sign(x):
    """Derivative of |x|: -1, 0 or 1."""
    return 1.0 * (x > 0.0) - 1.0 * (x < 0.0)


def _step(x):
    """Derivative of max(x, 0): 0, 1/2 at 0, or 1."""
    return 0.5 * (x > 0.0) + 0.5 * (x >= 0.0)


def _maximum(x, y):
    return x if x > y else y


def _minimum(x, y):
    return x if x < y else y


expm1 = python_helper(_expm1)
log1p = python_helper(_log1p)
sigmoid = python_helper(_sigmoid)
softplus = python_helper(_softplus)
logcosh = python_helper(_logcosh)
sech2 = python_helper(_sech2)
sign = python_helper(_sign)
step = python_helper(_step)
maximum = python_helper(_maximum)
minimum = python_helper(_minimum)

_NUMPY = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "abs")
#: What generated text calls each function: NumPy's, or one of the above.
SPELLING: dict[str, str] = {name: f"np.{name}" for name in _NUMPY}
OWN = ("expm1", "log1p", "sigmoid", "softplus", "logcosh", "sech2", "sign", "step", "maximum", "minimum")
SPELLING |= {name: name for name in OWN} | {"max": "maximum", "min": "minimum"}


def plain(name: str) -> Callable[..., Any]:
    """One of our own functions as Python runs it, before numba compiles it."""
    function = globals()[name]
    return getattr(function, "py_func", function)
