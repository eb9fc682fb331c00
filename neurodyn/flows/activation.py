"""Activation functions rho: rates, slopes, curvatures, and finite differences that do not cancel.

The finite differences (theory: integrate s = s* + beta delta, not s) express rho(s* + beta delta) - rho(s*), divided
by beta, through a = rho(s*) and d = rho'(s*) with `expm1` and `log1p`, so that their relative error does not grow as
beta shrinks. beta = 0 gives the derivative.

The hard sigmoid min(max(s, 0), 1) has slope 1 on the *closed* interval [0, 1] (Scellier & Bengio 2017, eq. 43); its
units live in the box [0, 1], so inside these functions its slope is 1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from neurodyn.errors import ArgumentError, ModelError, nearest
from neurodyn.flows.own_activation import OWN_ACTIVATIONS
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.processor import wide
from neurodyn.numerics.vectormath import HIGHEST, expm1_and_exp, fma, log, log1p

TANH, SIGMOID, HARD_SIGMOID, SOFTPLUS, LINEAR, OWN = range(6)

#: Name of each activation and its code in a kernel's layout.
CODES = {
    "tanh": TANH,
    "sigmoid": SIGMOID,
    "hard-sigmoid": HARD_SIGMOID,
    "softplus": SOFTPLUS,
    "linear": LINEAR,
}


def canonical(name: object) -> str:
    """Return the name as `CODES` has it (`hard_sigmoid` and `hard sigmoid` are accepted), or refuse it.

    Names of a user's own activations, or these themselves, are taken as they are.
    """
    if str(name) in OWN_ACTIVATIONS:
        return str(name)
    plain = str(name).strip().lower().replace("_", "-").replace(" ", "-")
    if plain not in CODES:
        raise ModelError(f"unknown activation {name!r}; {nearest(plain, [*CODES, *OWN_ACTIVATIONS])}")
    return plain


def code_of(name: str) -> int:
    """The code of an activation in a kernel's layout."""
    return CODES.get(name, OWN)


#: What rates can be, by name of a strictly increasing activation.
RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "softplus": (0.0, math.inf), "linear": (-math.inf, math.inf)}
#: The state that stands for an infinite one, where a rate sits on the end of its range: rho is there to rounding.
SATURATED = 700.0


def inverse(name: str, r: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """States at which a strictly increasing activation has these rates, the ends of their range among them.

    Raises `ArgumentError` for rates that it cannot have.
    """
    low, high = RANGES[name]
    if np.any((r < low) | (r > high)):
        raise ArgumentError(f"`y` must lie in [{low:g}, {high:g}], where rates of the activation {name} are")
    with np.errstate(divide="ignore"):
        if name == "tanh":
            s = np.arctanh(r)
        elif name == "sigmoid":
            s = np.log(r) - np.log1p(-r)
        elif name == "softplus":
            s = r + np.log(-np.expm1(-r))
        else:
            return r
    return np.clip(s, -SATURATED, np.inf if name == "softplus" else SATURATED)


#: Beyond this tanh is 1 and its slope 0: it is 1e-304 here, and taken to be that.
FLAT = 350.0

#: Coefficients of the dilogarithm: Bernoulli's B_k over (k + 1)!.
D2, D4, D6, D8, D10, D12, D14 = (
    b / math.factorial(k + 1)
    for k, b in ((2, 1 / 6), (4, -1 / 30), (6, 1 / 42), (8, -1 / 30), (10, 5 / 66), (12, -691 / 2730), (14, 7 / 6))
)


@helper
def rate_and_slope(code, s, r, d):
    """Write rho(s) and rho'(s) of a stretch of states into r and d; both to rounding in both tails."""
    wide()
    if code == TANH:
        for j in range(s.size):
            a = abs(s[j])
            t, e = expm1_and_exp(2.0 * (FLAT if a > FLAT else a))
            inverse = 1.0 / (t + 2.0)
            r[j] = math.copysign(t * inverse, s[j])
            d[j] = 4.0 * e * inverse * inverse
    elif code == SIGMOID:
        for j in range(s.size):
            _, e = expm1_and_exp(-abs(s[j]))
            inverse = 1.0 / (1.0 + e)
            r[j] = inverse if s[j] >= 0.0 else e * inverse
            d[j] = e * inverse * inverse
    elif code == HARD_SIGMOID:
        for j in range(s.size):
            r[j] = min(max(s[j], 0.0), 1.0)
            d[j] = 1.0
    elif code == SOFTPLUS:
        for j in range(s.size):
            _, e = expm1_and_exp(-abs(s[j]))
            inverse = 1.0 / (1.0 + e)
            r[j] = (s[j] if s[j] >= 0.0 else 0.0) + log1p(e)
            d[j] = inverse if s[j] >= 0.0 else e * inverse
    else:
        for j in range(s.size):
            r[j] = s[j]
            d[j] = 1.0


@helper
def curvature(code, r, d):
    """rho''(s), from r = rho(s) and d = rho'(s)."""
    if code == TANH:
        return -2.0 * r * d
    if code == SIGMOID:
        return d * (1.0 - 2.0 * r)
    if code == SOFTPLUS:
        return d * expm1_and_exp(-r)[1]
    return 0.0


@helper
def leak_energy(code, s, r):
    """Integral of rho^-1 from 0 to r = rho(s), of a strictly increasing activation; its derivative by r is s.

    tanh: s r - log cosh s; sigmoid: r log r + (1 - r) log(1 - r); softplus: s r + Li2(-e^s); linear: s²/2. With
    e = exp(-|s|) none subtracts large numbers. -Li2(-t) is a series in w = log(1 + t) <= log 2 (the Bernoulli numbers
    B_2k over (2k + 1)!; the rest is below 1e-17), and for s > 0 it goes back to t = e^-s by Euler's reflection.
    """
    a = abs(s)
    if code == TANH:
        e = expm1_and_exp(-2.0 * a)[1]
        return math.log(2.0) - log1p(e) - 2.0 * a * e / (1.0 + e)
    if code == SIGMOID:
        e = expm1_and_exp(-a)[1]
        return -a * e / (1.0 + e) - log1p(e)
    if code == SOFTPLUS:
        w = log1p(expm1_and_exp(-a)[1])
        v = w * w
        p = fma(v, D14, D12)
        for d in (D10, D8, D6, D4, D2):
            p = fma(p, v, d)
        found = w + 0.25 * v + w * v * p
        return s * r - found if s <= 0.0 else s * (r - s) + 0.5 * s * s - math.pi**2 / 6.0 + found
    return 0.5 * s * s


@helper
def moved_slope(code, a, d, x):
    """rho'(s + x), where rho is a at s and its slope d; to rounding also where it is nearly 0.

    tanh or the sigmoid; all other slopes are taken to be 1. As in `divided_differences`, with the odds e^x.
    """
    if code == TANH:
        factor = expm1_and_exp(2.0 * x)[1]
        large = 0.5 * (1.0 + abs(a))
        small = 0.25 * d / large
        below = small + large * factor if a > 0.0 else large + small * factor
    elif code == SIGMOID:
        factor = expm1_and_exp(x)[1]
        below = (d / a if a > 0.5 else 1.0 - a) + a * factor
    else:
        return 1.0
    return d * (factor / below) / below


@helper
def nonzero(beta):
    """A divisor in the place of beta, whose quotient is not used where beta is 0."""
    return 1.0 if beta == 0.0 else beta


@helper
def divided_differences(code, a, d, delta, beta, dr, dd):
    """Write (rho(s* + beta delta) - rho(s*)) / beta into dr, and the same of rho' into dd, for a stretch of states.

    All go back to sigma(s + x) - sigma(s) = p q (e^x - 1) / (q + p e^x), p = sigma(s), q = 1 - p, which does not
    cancel if the smaller of p and q is not formed by subtraction.
    """
    if code == TANH:  # tanh s = 2 sigma(2s) - 1
        for j in range(delta.size):
            growth, factor = expm1_and_exp(2.0 * (beta[j] * delta[j]))
            large = 0.5 * (1.0 + abs(a[j]))
            small = 0.25 * d[j] / large
            below = small + large * factor if a[j] > 0.0 else large + small * factor
            change = 0.5 * d[j] * growth / below / nonzero(beta[j])
            dr[j] = d[j] * delta[j] if beta[j] == 0.0 else change
            dd[j] = -(2.0 * a[j] + beta[j] * dr[j]) * dr[j]
    elif code == SIGMOID:
        for j in range(delta.size):
            growth, factor = expm1_and_exp(beta[j] * delta[j])
            rest = d[j] / a[j] if a[j] > 0.5 else 1.0 - a[j]
            change = d[j] * growth / (rest + a[j] * factor) / nonzero(beta[j])
            dr[j] = d[j] * delta[j] if beta[j] == 0.0 else change
            dd[j] = (1.0 - 2.0 * a[j] - beta[j] * dr[j]) * dr[j]
    elif code == SOFTPLUS:  # its slope d is sigma(s), and 1 - d = exp(-rho)
        for j in range(delta.size):
            x = beta[j] * delta[j]
            growth, factor = expm1_and_exp(x)
            rest = expm1_and_exp(-a[j])[1]
            below = rest + d[j] * factor
            change = log1p(d[j] * growth) if d[j] * growth > -0.5 else log(below)
            change += x - HIGHEST if x > HIGHEST else 0.0
            dr[j] = d[j] * delta[j] if beta[j] == 0.0 else change / nonzero(beta[j])
            dd[j] = d[j] * rest * (delta[j] if beta[j] == 0.0 else growth / below / nonzero(beta[j]))
    else:
        for j in range(delta.size):
            dr[j] = delta[j]
            dd[j] = 0.0
