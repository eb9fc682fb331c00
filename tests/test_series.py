"""What correlated series say of their means, on autoregressive series whose closed forms are known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from neurodyn.numerics import series

PHI = np.array([0.0, 0.5, 0.9])
#: Integral of phi^|k| from lag 0 on.
TIMES = 0.5 + PHI / (1.0 - PHI)


def autoregressive(rng, length, chains, start=None):
    """x(t) = phi x(t - 1) + noise of the variance 1 - phi², (length, chains, 3); stationary without a `start`."""
    found = np.empty((length, chains, PHI.size))
    for k, phi in enumerate(PHI):
        noise = np.sqrt(1.0 - phi**2) * rng.standard_normal((length, chains))
        noise[0] = rng.standard_normal(chains) if start is None else start
        found[:, :, k] = lfilter([1.0], [1.0, -phi], noise, axis=0)
    return found


def test_autocorrelation_times_effective_sizes_and_error_bars_are_those_of_the_closed_form(rng):
    x = autoregressive(rng, 20_000, 4)
    np.testing.assert_allclose(series.autocovariance(x)[:6, 2], 0.9 ** np.arange(6), rtol=0.1)
    np.testing.assert_allclose(series.autocorrelation_time(x), TIMES, rtol=0.1)
    np.testing.assert_allclose(series.windowed_time(x), TIMES, rtol=0.1)
    np.testing.assert_allclose(series.effective_size(x), 80_000 / (2.0 * TIMES), rtol=0.1)
    np.testing.assert_allclose(series.standard_error(x), np.sqrt(2.0 * TIMES / 80_000), rtol=0.1)


def test_error_bars_are_the_spread_of_means(rng):
    means, bars = [], []
    for _ in range(200):
        x = autoregressive(rng, 1000, 2)
        means.append(x.mean(axis=(0, 1)))
        bars.append(series.standard_error(x))
    np.testing.assert_allclose(np.mean(bars, axis=0), np.std(means, axis=0), rtol=0.15)


def test_r_hat_tells_chains_that_have_met_from_those_that_have_not(rng):
    x = autoregressive(rng, 2000, 4)
    assert np.all(np.abs(series.r_hat(x) - 1.0) < 0.02)
    apart = x + np.array([-1.0, -1.0, 1.0, 1.0])[:, None]
    # Between halves: four means at -1 and four at 1, variance 8/7; within: 1.
    np.testing.assert_allclose(series.r_hat(apart), np.sqrt(1.0 + 8.0 / 7.0), rtol=0.05)
    drift = x + 4.0 * np.linspace(0.0, 1.0, 2000)[:, None, None]
    # Only the split shows it: between halves as before, within: 1 + 2²/12.
    np.testing.assert_allclose(series.r_hat(drift), np.sqrt(1.0 + (8.0 / 7.0) / (4.0 / 3.0)), rtol=0.05)


def test_burn_in_is_some_relaxation_times_of_a_start_far_away(rng):
    still = series.burn_in(autoregressive(rng, 4000, 4))
    far = series.burn_in(autoregressive(rng, 4000, 4, start=100.0))
    assert 1 <= far[0] < 20  # white noise forgets at once
    lasting = np.log(100.0) / -np.log(PHI[1:])  # until what is left of the start is as small as the noise
    assert np.all((far[1:] > 0.5 * lasting) & (far[1:] < 3.0 * lasting))
    assert np.all(still < 2000)


def test_a_series_that_stands_still_has_no_autocorrelation():
    still = np.full((10, 2, 1), 3.0)
    assert series.autocorrelation_time(still) == pytest.approx(0.0)
    assert series.effective_size(still) == 20
    assert series.standard_error(still) == 0.0
    assert series.r_hat(still) == pytest.approx(np.sqrt(0.8))
