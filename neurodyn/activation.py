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
    """Write rho(s) and rho'(s) of one unit (a row over the batch) into r and d; both to rounding in both tails."""
    if code == TANH:
        for j in range(s.size):
            r[j] = np.tanh(s[j])
            d[j] = (1.0 - r[j]) * (1.0 + r[j])
            if d[j] < 0.02:
                e = np.exp(-2.0 * abs(s[j]))
                d[j] = 4.0 * e / (1.0 + e) ** 2
    elif code == SIGMOID:
        for j in range(s.size):
            e = np.exp(-abs(s[j]))
            r[j] = (1.0 if s[j] >= 0.0 else e) / (1.0 + e)
            d[j] = e / (1.0 + e) ** 2
    elif code == HARD_SIGMOID:
        for j in range(s.size):
            r[j] = min(max(s[j], 0.0), 1.0)
            d[j] = 1.0
    elif code == SOFTPLUS:
        for j in range(s.size):
            e = np.exp(-abs(s[j]))
            r[j] = max(s[j], 0.0) + np.log1p(e)
            d[j] = (1.0 if s[j] >= 0.0 else e) / (1.0 + e)
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
        return d * np.exp(-r)
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
            dr[j] = _tanh_difference(a[j], d[j], b * delta[j]) / b
            dd[j] = -(2.0 * a[j] + b * dr[j]) * dr[j]
        elif code == SIGMOID:
            rest = d[j] / a[j] if a[j] > 0.5 else 1.0 - a[j]
            dr[j] = _logistic_difference(a[j], rest, b * delta[j]) / b
            dd[j] = (1.0 - 2.0 * a[j] - b * dr[j]) * dr[j]
        else:  # softplus, whose slope is the logistic function d, and 1 - d = exp(-rho)
            rest = np.exp(-a[j])
            dr[j] = _softplus_difference(d[j], rest, b * delta[j]) / b
            dd[j] = _logistic_difference(d[j], rest, b * delta[j]) / b


@helper
def _logistic_difference(a, rest, x):
    """sigma(s + x) - sigma(s), with a = sigma(s) and rest = 1 - a: a rest (e^x - 1) / (rest + a e^x)."""
    if a == 0.0 or rest == 0.0:
        return 0.0
    if x <= 0.0:
        return a * rest * np.expm1(x) / (rest + a * np.exp(x))
    return -a * rest * np.expm1(-x) / (rest * np.exp(-x) + a)


@helper
def _tanh_difference(a, d, x):
    """tanh(s + x) - tanh(s), with a = tanh(s), d = 1 - a^2; where it would cancel, as 2 sigma(2s) - 1."""
    u = np.tanh(x)
    if a * u > -0.5:
        return u * d / (1.0 + a * u)
    near, far = 0.5 * d / (1.0 + abs(a)), 0.5 * (1.0 + abs(a))
    if a > 0.0:
        return 2.0 * _logistic_difference(far, near, 2.0 * x)
    return 2.0 * _logistic_difference(near, far, 2.0 * x)


@helper
def _softplus_difference(d, rest, x):
    """log(1 + e^(s + x)) - log(1 + e^s) = log(rest + d e^x), with d = sigma(s) and rest = 1 - d."""
    if x > 700.0:
        return max(0.0, x + np.log(d + rest * np.exp(-x)))
    growth = d * np.expm1(x)
    if growth > -0.5:
        return np.log1p(growth)
    return np.log(rest + d * np.exp(x))
