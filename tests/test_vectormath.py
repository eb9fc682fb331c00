"""The vector mathematics against extended precision, over the whole range, in any lane of a vector."""

import numpy as np
import pytest
from numba import njit

from called import called
from neurodyn.flows.activation import CODES, rate_and_slope
from neurodyn.numerics import vectormath

rate_and_slope = called(rate_and_slope)

exact = pytest.mark.skipif(bool(np.finfo(np.longdouble).eps > 1e-18), reason="no extended precision to compare with")


@njit
def _exponentials(x, a, b):
    for j in range(x.size):
        a[j], b[j] = vectormath.expm1_and_exp(x[j])


@njit
def _logarithm(x, a):
    for j in range(x.size):
        a[j] = vectormath.log(x[j])


@njit
def _logarithm_of_sum(x, a):
    for j in range(x.size):
        a[j] = vectormath.log1p(x[j])


def magnitudes(rng, low, high, size=20_000):
    return rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(low, high, size)


def relative_error(found, expected):
    expected = np.asarray(expected)
    return float(np.max(np.abs(found - expected) / np.abs(expected)))


@exact
def test_exponentials_are_exact_to_a_few_roundings(rng):
    x = np.concatenate([rng.uniform(-700, 700, 20_000), magnitudes(rng, -300, 2)])
    a, b = np.empty_like(x), np.empty_like(x)
    _exponentials(x, a, b)
    assert relative_error(a, np.expm1(x.astype(np.longdouble))) < 1e-15
    assert relative_error(b, np.exp(x.astype(np.longdouble))) < 1e-15


@exact
def test_logarithms_are_exact_to_a_few_roundings(rng):
    x = np.concatenate([np.abs(magnitudes(rng, -300, 300)), 1.0 + magnitudes(rng, -12, -1)])
    a = np.empty_like(x)
    _logarithm(x, a)
    assert relative_error(a, np.log(x.astype(np.longdouble))) < 1e-15
    x = np.concatenate([magnitudes(rng, -300, -0.01), np.abs(magnitudes(rng, -3, 200))])
    a = np.empty_like(x)
    _logarithm_of_sum(x, a)
    assert relative_error(a, np.log1p(x.astype(np.longdouble))) < 1e-15


@exact
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus"])
def test_activations_and_slopes_are_exact_to_1e_14_in_both_tails(rng, name):
    s = np.concatenate([magnitudes(rng, -12, 1.2), rng.uniform(-30, 30, 20_000)])
    x = s.astype(np.longdouble)
    rate, slope = {
        "tanh": (np.tanh(x), 1 / np.cosh(x) ** 2),
        "sigmoid": (1 / (1 + np.exp(-x)), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2),
        "softplus": (np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), 1 / (1 + np.exp(-x))),
    }[name]
    r, d = np.empty_like(s), np.empty_like(s)
    rate_and_slope(CODES[name], s, r, d)
    inside = np.abs(s) < 18  # tanh is 1 to rounding beyond, and its slope below 1e-15
    assert relative_error(r, rate) < 1e-14
    assert relative_error(d[inside], slope[inside]) < 1e-14


@pytest.mark.parametrize("name", list(CODES))
def test_a_value_does_not_depend_on_its_place_in_the_loop(rng, name):
    s = rng.normal(size=37) * 3
    r, d = np.empty_like(s), np.empty_like(s)
    rate_and_slope(CODES[name], s, r, d)
    for j in range(s.size):
        one, slope = np.empty(1), np.empty(1)
        rate_and_slope(CODES[name], s[j : j + 1], one, slope)
        assert (one[0], slope[0]) == (r[j], d[j])


def test_not_a_number_goes_through_and_large_arguments_stay_finite():
    x = np.array([np.nan, 1e300, -1e300])
    a, b = np.empty(3), np.empty(3)
    _exponentials(x, a, b)
    assert np.isnan([a[0], b[0]]).all()
    assert np.isfinite([a[1:], b[1:]]).all()
    for name in CODES:
        rate_and_slope(CODES[name], x[:1].copy(), a[:1], b[:1])
        assert np.isnan(a[0]) or name == "hard-sigmoid"
