"""The complex functions against extended precision: tiny and large arguments, near poles and cuts, in any lane."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from called import called
from neurodyn.flows.activation import CODES, rate_and_slope
from neurodyn.flows.complex_activation import change_rates, slope_changes
from neurodyn.numerics import complexmath

rate_and_slope, change_rates, slope_changes = called(rate_and_slope), called(change_rates), called(slope_changes)

exact = pytest.mark.skipif(bool(np.finfo(np.longdouble).eps > 1e-18), reason="no extended precision to compare with")
ANALYTIC = ["tanh", "sigmoid", "softplus", "linear"]


@njit
def _turn(y, a, b):
    for j in range(y.size):
        a[j], b[j] = complexmath.cosm1_and_sin(y[j])


@njit
def _exponentials(x, y, a, b):
    for j in range(x.size):
        a[j], b[j] = complexmath.complex_expm1_and_exp(complex(x[j], y[j]))


@njit
def _logarithm(x, y, a):
    for j in range(x.size):
        a[j] = complexmath.complex_log1p(complex(x[j], y[j]))


@njit
def _quotients(x, y, a, b):
    for j in range(x.size):
        a[j] = complexmath.times(complex(x[j], y[j]), complex(y[j], 1.0))
        b[j] = complexmath.divide(complex(x[j], y[j]), complex(y[j], 1.0))


def magnitudes(rng, low, high, size=20_000):
    return rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(low, high, size)


def polar(rng, low, high, size=20_000):
    return np.abs(magnitudes(rng, low, high, size)) * np.exp(1j * rng.uniform(-np.pi, np.pi, size))


def parts(z, kind=float):
    return z.real.astype(kind), z.imag.astype(kind)


def relative_error(found, expected):
    return float(np.max(np.abs(found - expected) / np.abs(expected)))


def moved(name, s, x):
    """Changes of rate and slope by the kernels, at real s and complex x."""
    rate, slope = np.empty_like(s), np.empty_like(s)
    rate_and_slope(CODES[name], s, rate, slope)
    change, bent = tuple(np.array(part) for part in parts(x)), (np.empty_like(s), np.empty_like(s))
    change_rates(CODES[name], rate, slope, change)
    slope_changes(CODES[name], rate, change, bent)
    return change[0] + 1j * change[1], bent[0] + 1j * bent[1]


def in_extended_precision(name, s, x):
    """The same by subtraction, of functions of s + x."""
    before, after = s.astype(np.clongdouble), s + x.astype(np.clongdouble)

    def softplus(z):  # the branch without a cut on either side of the imaginary axis
        right = z.real > 0
        return np.where(right, z, 0) + np.log(1 + np.exp(np.where(right, -z, z)))

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    functions: dict[str, Any] = {
        "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
        "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
        "softplus": (softplus, sigmoid),
        "linear": (lambda z: z, np.ones_like),
    }
    rate, slope = functions[name]
    return rate(after) - rate(before), slope(after) - slope(before)


@exact
def test_sines_and_cosines_are_exact_to_rounding_far_beyond_a_turn(rng):
    y = np.concatenate([rng.uniform(-10, 10, 20_000), magnitudes(rng, -140, 6.4)])
    c, s = np.empty_like(y), np.empty_like(y)
    _turn(y, c, s)
    half = np.sin(y.astype(np.longdouble) / 2)
    sine, cosm1 = np.sin(y.astype(np.longdouble)), -2 * half**2
    assert np.max(np.abs(s - sine)) < 3e-16
    assert np.max(np.abs(c - cosm1)) < 5e-16
    near = np.abs(y) < np.pi / 2
    assert relative_error(s[near], sine[near]) < 3e-16
    assert relative_error(c[near], cosm1[near]) < 4e-16


@exact
def test_complex_exponentials_are_exact_to_a_few_roundings(rng):
    z = np.concatenate([rng.uniform(-300, 300, 20_000) + 1j * rng.uniform(-10, 10, 20_000), polar(rng, -140, 1)])
    a, b = np.empty_like(z), np.empty_like(z)
    _exponentials(*map(np.array, parts(z)), a, b)
    x, y = parts(z, np.longdouble)
    assert relative_error(b, np.exp(x) * (np.cos(y) + 1j * np.sin(y))) < 1e-15
    growth = np.expm1(x) * np.cos(y) - 2 * np.sin(y / 2) ** 2 + 1j * np.exp(x) * np.sin(y)
    assert relative_error(a, growth) < 1e-15


@exact
def test_complex_logarithms_are_exact_to_a_few_roundings_in_their_half_plane(rng):
    u = np.concatenate([polar(rng, -100, 50), -1 + polar(rng, -12, 1)])
    u = u[u.real >= -1]
    a = np.empty_like(u)
    _logarithm(*map(np.array, parts(u)), a)
    x, y = parts(u, np.longdouble)
    square = 2 * x + x**2 + y**2
    size = np.where(square > -0.5, np.log1p(np.maximum(square, -0.6)), np.log((1 + x) ** 2 + y**2))
    assert relative_error(a, size / 2 + 1j * np.arctan2(y, 1 + x)) < 1e-15


def test_products_and_quotients_are_those_of_complex_numbers(rng):
    x, y = rng.normal(size=(2, 1000))
    a, b = np.empty(1000, complex), np.empty(1000, complex)
    _quotients(x, y, a, b)
    np.testing.assert_allclose(a, (x + 1j * y) * (y + 1j), rtol=1e-15)
    np.testing.assert_allclose(b, (x + 1j * y) / (y + 1j), rtol=1e-14)


@exact
@pytest.mark.parametrize("name", ANALYTIC)
@pytest.mark.parametrize("reach", [(-4.0, -2.0), (-2.0, 0.1)])
def test_changes_of_rates_and_slopes_are_exact_however_small_the_step(rng, name, reach):
    s = rng.normal(0.0, 2.0, 20_000)
    x = polar(rng, *reach)
    (rates, slopes), (rate, slope) = moved(name, s, x), in_extended_precision(name, s, x)
    tail = in_extended_precision(name, s, np.full_like(x, 1e-6))[0] * 1e6  # rho', by which slopes change at most
    for found, expected, scale in [(rates, rate, np.abs(rate)), (slopes, slope, np.abs(slope) + tail.real * np.abs(x))]:
        subtracted = 1e-18 * (1 + np.abs(s))  # what extended precision loses
        assert np.max(np.abs(found - expected) / (3e-14 * scale + subtracted)) < 1


@pytest.mark.parametrize("name", ANALYTIC)
def test_changes_by_tiny_steps_are_the_slope_times_the_step(rng, name):
    s, x = rng.normal(0.0, 2.0, 1000), polar(rng, -100.0, -20.0, 1000)
    rate, slope = np.empty_like(s), np.empty_like(s)
    rate_and_slope(CODES[name], s, rate, slope)
    assert relative_error(moved(name, s, x)[0], slope * x) < 1e-15


@exact
@pytest.mark.parametrize(("name", "height"), [("tanh", np.pi / 2), ("sigmoid", np.pi)])
def test_changes_near_a_pole_are_as_exact_as_the_distance_to_it(rng, name, height):
    s = rng.normal(size=5000)
    distance = polar(rng, -6.0, -1.0, 5000)
    x = -s + 1j * height + distance
    found, expected = moved(name, s, x)[0], in_extended_precision(name, s, x)[0]
    assert np.max(np.abs(found * distance)) < 1.2
    assert np.max(np.abs(found - expected) / np.abs(expected) * np.abs(distance)) < 2e-15


def test_the_softplus_has_no_cut_right_of_the_imaginary_axis():
    s = np.full(401, 0.3)
    x = 1.0 + 1j * np.linspace(np.pi - 0.1, np.pi + 0.1, 401)
    change = moved("softplus", s, x)[0]
    assert np.max(np.abs(np.diff(change))) < 1e-3
    slope = np.diff(change) / np.diff(x)
    np.testing.assert_allclose(slope, 1 / (1 + np.exp(-(s + x)[:-1])), rtol=1e-3)


@pytest.mark.parametrize("name", ANALYTIC)
def test_a_complex_value_does_not_depend_on_its_place_in_the_loop(rng, name):
    s, x = rng.normal(size=37), rng.normal(size=37) + 1j * rng.normal(size=37)
    whole = moved(name, s, x)
    for j in range(37):
        alone = moved(name, s[j : j + 1].copy(), x[j : j + 1].copy())
        assert all(a[0] == b[j] for a, b in zip(alone, whole, strict=True))


def test_not_a_number_goes_through_and_large_complex_arguments_stay_finite():
    s = np.array([0.3, 0.3, 5.0, -5.0])
    x = np.array([np.nan + 0j, 1j * np.nan, 600 + 1j, -600 + 1j])
    for name in ANALYTIC[:3]:
        with np.errstate(invalid="ignore"):
            change = moved(name, s, x)[0]
        assert np.isnan(change[:2]).all()
        assert np.isfinite(change[2:]).all()
