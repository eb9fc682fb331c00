"""Activation functions rho: rates, slopes, curvatures, and finite differences that do not cancel.

The finite differences (theory: integrate s = s* + beta delta, not s) express rho(s* + beta delta) - rho(s*), divided
by beta, through a = rho(s*) and d = rho'(s*) with `expm1` and `log1p`, so that their relative error does not grow as
beta shrinks. beta = 0 gives the derivative.

The hard sigmoid min(max(s, 0), 1) has slope 1 on the *closed* interval [0, 1] (Scellier & Bengio 2017, eq. 43); its
units live in the box [0, 1], so inside these functions its slope is 1.
"""

from __future__ import annotations

import numpy as np

from neurodyn.errors import ModelError, nearest
from neurodyn.kernel import helper

TANH, SIGMOID, HARD_SIGMOID, SOFTPLUS, LINEAR = range(5)

#: Name of each activation and its code in a kernel's layout.
CODES = {
    "tanh": TANH,
    "sigmoid": SIGMOID,
    "hard-sigmoid": HARD_SIGMOID,
    "softplus": SOFTPLUS,
    "linear": LINEAR,
}


def canonical(name: object) -> str:
    """Return the name as `CODES` has it (`hard_sigmoid` and `hard sigmoid` are accepted), or refuse it."""
    plain = str(name).strip().lower().replace("_", "-").replace(" ", "-")
    if plain not in CODES:
        raise ModelError(f"unknown activation {name!r}; {nearest(plain, CODES)}")
    return plain


@helper
def rate_and_slope(code, s, r, d):
    """Write rho(s) and rho'(s) of one unit (a row over the batch) into r and d."""
    if code == TANH:
        for j in range(s.size):
            r[j] = np.tanh(s[j])
            d[j] = (1.0 - r[j]) * (1.0 + r[j])
    elif code == SIGMOID:
        for j in range(s.size):
            r[j] = 1.0 / (1.0 + np.exp(-s[j]))
            d[j] = r[j] * (1.0 - r[j])
    elif code == HARD_SIGMOID:
        for j in range(s.size):
            r[j] = min(max(s[j], 0.0), 1.0)
            d[j] = 1.0
    elif code == SOFTPLUS:
        for j in range(s.size):
            r[j] = max(s[j], 0.0) + np.log1p(np.exp(-abs(s[j])))
            d[j] = 1.0 / (1.0 + np.exp(-s[j]))
    else:
        for j in range(s.size):
            r[j] = s[j]
            d[j] = 1.0


@helper
def bend(code, r, d):
    """rho''(s), from r = rho(s) and d = rho'(s)."""
    if code == TANH:
        return -2.0 * r * d
    if code == SIGMOID:
        return d * (1.0 - 2.0 * r)
    if code == SOFTPLUS:
        return d * (1.0 - d)
    return 0.0


@helper
def divided_differences(code, a, d, delta, beta, dr, dd):
    """Write (rho(s* + beta delta) - rho(s*)) / beta into dr, and the same of rho' into dd, for one unit."""
    for j in range(delta.size):
        b = beta[j]
        if b == 0.0 or code in (LINEAR, HARD_SIGMOID):
            dr[j] = d[j] * delta[j]
            dd[j] = bend(code, a[j], d[j]) * delta[j]
        elif code == TANH:
            u = np.tanh(b * delta[j])
            dr[j] = u * d[j] / (1.0 + a[j] * u) / b
            dd[j] = -(2.0 * a[j] + b * dr[j]) * dr[j]
        elif code == SIGMOID:
            dr[j] = _logistic_difference(a[j], d[j], b * delta[j]) / b
            dd[j] = (1.0 - 2.0 * a[j] - b * dr[j]) * dr[j]
        else:  # softplus, whose slope is the logistic function
            dr[j] = _softplus_difference(d[j], b * delta[j]) / b
            dd[j] = _logistic_difference(d[j], d[j] * (1.0 - d[j]), b * delta[j]) / b


@helper
def _logistic_difference(a, d, x):
    """sigma(s + x) - sigma(s), with a = sigma(s), d = sigma'(s); both forms are exact, neither overflows."""
    if x <= 0.0:
        e = np.expm1(x)
        return d * e / (1.0 + a * e)
    e = -np.expm1(-x)
    return d * e / (1.0 - (1.0 - a) * e)


@helper
def _softplus_difference(d, x):
    """log(1 + exp(s + x)) - log(1 + exp(s)), with d = sigma(s)."""
    if x <= 1.0:
        return np.log1p(d * np.expm1(x))
    return x + np.log1p((1.0 - d) * np.expm1(-x))
