"""What a correlated series says of its mean: autocorrelation times, effective sizes, error bars, R-hat, burn-in.

Series are arrays (time, chain, ...): recorded at even times, some independent chains of one law side by side, and any
further axes, each entry of which is a series of its own. Results have those further axes. Times are counted in records;
a series that does not move has an autocorrelation time of 0, and as many effective samples as records.

The autocorrelation time is the integral of the autocorrelation function from lag 0 on, 1/2 + sum of rho(k): of an
Ornstein-Uhlenbeck process the relaxation time. The variance of a mean over T records is 2 tau var / T, which makes
T / (2 tau) effective samples.
"""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.arrays import Array, Integers

#: Fewer records in a chain say nothing.
FEWEST = 4


def autocovariance(series: Array) -> Array:
    """C(k) = mean of (x(t) - m)(x(t + k) - m), (time, ...), over t and all chains; m is the mean of all chains.

    The sum over t is divided by the number of records, not of pairs, which keeps the estimate positive.
    """
    length = len(series)
    moved = series - series.mean(axis=(0, 1))
    padded = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(moved, padded, axis=0)
    power = np.mean(spectrum.real**2 + spectrum.imag**2, axis=1)
    return np.asarray(np.fft.irfft(power, padded, axis=0)[:length] / length)


def autocorrelation_time(series: Array) -> Array:
    """Integral of the autocorrelation function, in records, (...), by the initial positive sequence.

    The sums rho(2m) + rho(2m + 1) of neighbouring lags are positive and fall with m for every observable of a
    reversible process, as gradient flow with noise is: the integral ends where an estimated sum is not positive, and no
    sum counts for more than the one before. No window has to be chosen.

    References
    ----------
    Geyer, Statistical Science 7:473 (1992), section 3.3.
    """
    covariance = autocovariance(series)
    variance = covariance[0]
    rho = np.divide(covariance, variance, out=np.zeros_like(covariance), where=variance > 0.0)
    even = len(rho) // 2 * 2
    pairs = rho[0:even:2] + rho[1:even:2]
    positive = np.logical_and.accumulate(pairs > 0.0, axis=0)
    monotone = np.minimum.accumulate(np.where(positive, pairs, 0.0), axis=0)
    return np.asarray(np.maximum(monotone.sum(axis=0) - 0.5 * (variance > 0.0), 0.0))


def windowed_time(series: Array, window: float = 5.0) -> Array:
    """The same integral by Sokal's window: up to the first lag that is `window` times the integral so far.

    For what is not reversible; the part beyond the window, some exp(-window), is left out.

    References
    ----------
    Sokal, in Functional Integration (1997), section 3.
    """
    covariance = autocovariance(series)
    rho = np.divide(covariance, covariance[0], out=np.zeros_like(covariance), where=covariance[0] > 0.0)
    sums = np.cumsum(rho, axis=0) - 0.5 * rho[0]
    lags = np.arange(len(rho)).reshape(-1, *[1] * (rho.ndim - 1))
    inside = lags < window * sums
    first = np.where(inside.all(axis=0), len(rho) - 1, np.argmin(inside, axis=0))
    return np.asarray(np.take_along_axis(sums, first[None], axis=0)[0])


def effective_size(series: Array) -> Array:
    """How many independent samples would give means as good as those over all chains, (...)."""
    return np.asarray(series.shape[0] * series.shape[1] / np.maximum(2.0 * autocorrelation_time(series), 1.0))


def standard_error(series: Array) -> Array:
    """The error bar of the mean over all chains, (...): one standard deviation of it."""
    return np.asarray(np.sqrt(series.var(axis=(0, 1)) / effective_size(series)))


def r_hat(series: Array) -> Array:
    """The potential scale reduction of split chains, (...): 1 where all halves of all chains show one law.

    The root of (W (L - 1)/L + B) / W, with the variance W within half chains of L records and that of their means, B.
    Above some 1.05 the chains have not forgotten where they began.

    References
    ----------
    Gelman & Rubin, Statistical Science 7:457 (1992); split: Gelman et al., Bayesian Data Analysis (2013), section 11.4.
    """
    half = len(series) // 2
    halves = np.concatenate([series[:half], series[len(series) - half :]], axis=1)
    return scale_reduction(halves.mean(axis=0), halves.var(axis=0, ddof=1), half)


def scale_reduction(means: Array, variances: Array, length: float) -> Array:
    """R-hat from the mean and variance of each of some chains, (chain, ...), of so many records."""
    within, between = variances.mean(axis=0), means.var(axis=0, ddof=1)
    ratio = np.divide(between, within, out=np.zeros_like(within), where=within > 0.0)
    return np.asarray(np.sqrt(1.0 - 1.0 / length + ratio))


def burn_in(series: Array) -> Integers:
    """How many records to leave out at the beginning, (...): those that make the error bar of the rest smallest.

    The sum of squares about the mean of what is left, over the square of its length, is smallest there; it is asked
    of means over the chains, and of the first half alone, as the end of a series is too short to tell.

    References
    ----------
    White, Simulation 69:323 (1997).
    """
    mean = series.mean(axis=1)
    left = np.arange(len(mean), 0, -1.0).reshape(-1, *[1] * (mean.ndim - 1))
    moved = mean - mean.mean(axis=0)
    sums, squares = (np.cumsum(part[::-1], axis=0)[::-1] for part in (moved, moved**2))
    score = (squares - sums**2 / left) / left**2
    return np.asarray(np.argmin(score[: max(len(mean) // 2, 1)], axis=0))


__all__ = [
    "FEWEST",
    "autocorrelation_time",
    "autocovariance",
    "burn_in",
    "effective_size",
    "r_hat",
    "scale_reduction",
    "standard_error",
    "windowed_time",
]
