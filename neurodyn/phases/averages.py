"""Sums over a stationary run, block by block, and what they say of means: error bars, times, R-hat.

A block is long against the time that the slowest unit remembers. The means over blocks are then independent of each
other, and their scatter is the error bar of the mean over all, whatever is averaged: no correlation function is needed.
All sums are of differences from a value near the mean, so that nothing cancels, and a run may be stopped and go on
between any two blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.numerics import series
from neurodyn.numerics.arrays import Array


class Moments:
    """Sums of one observable of m components, over `count` chains of each sample. Arrays are (m, columns).

    Parameters
    ----------
    near : (m, batch)
        A value near the mean of each sample.
    count : int
        Chains of each sample.
    """

    def __init__(self, near: Array, count: int) -> None:
        self.near, self.chains = near, count
        shape = (near.shape[0], near.shape[1] * count)
        self.sums, self.squares, self.blocks, self._piece = (np.zeros(shape) for _ in range(4))
        self.records = self.number = 0

    def add(self, values: Array) -> None:
        """Take in a piece of a block, (count, m, columns)."""
        moved = values - np.repeat(self.near, self.chains, axis=1)
        self._piece += moved.sum(axis=0)
        self.squares += np.einsum("tij,tij->ij", moved, moved)

    def end_block(self, records: int) -> None:
        """Take the pieces since the last block as one, of so many records."""
        self.sums += self._piece
        self.blocks += (self._piece / records) ** 2
        self._piece[:] = 0.0
        self.records += records
        self.number += 1

    @property
    def mean(self) -> Array:
        """Means over records and chains, (batch, m)."""
        return self._over_chains(self.sums) / self._samples + self.near.T

    @property
    def variance(self) -> Array:
        """(batch, m)."""
        return np.asarray(self._over_chains(self.squares) / self._samples - (self.mean - self.near.T) ** 2)

    @property
    def standard_error(self) -> Array:
        """Error bar of the mean, (batch, m), by the scatter of the means over blocks."""
        return np.asarray(np.sqrt(self._block_variance / (self.number * self.chains)))

    def autocorrelation_time(self, interval: float) -> Array:
        """Integral of the autocorrelation function, (batch, m), in units of time."""
        length, variance = self.records / self.number * interval, self.variance
        ratio = np.divide(self._block_variance, variance, out=np.zeros_like(variance), where=variance > 0.0)
        return np.asarray(0.5 * length * ratio)

    @property
    def effective_samples(self) -> Array:
        """How many independent samples would give as good a mean, (batch, m), at most as many as there are records."""
        error, variance = self.standard_error, self.variance
        found = np.divide(variance, error**2, out=np.full_like(error, np.inf), where=error > 0.0)
        return np.asarray(np.minimum(found, self._samples))

    @property
    def r_hat(self) -> Array:
        """Potential scale reduction between the chains of a sample, (batch, m); NaN for a single chain."""
        means, squares = self.sums / self.records, self.squares / self.records
        variances = squares - means**2
        if self.chains == 1:
            return np.full((self.near.shape[1], self.near.shape[0]), np.nan)
        by_chain = [a.reshape(len(a), -1, self.chains).transpose(2, 1, 0) for a in (means, variances)]
        return series.scale_reduction(by_chain[0], by_chain[1], self.records)

    def arrays(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        counts = np.array([self.records, self.number])
        return {"near": self.near, "sums": self.sums, "squares": self.squares, "blocks": self.blocks, "counts": counts}

    def restore(self, arrays: dict[str, Any]) -> None:
        """Go on from what `arrays` returned."""
        self.near, self.sums, self.squares, self.blocks = (arrays[k] for k in ("near", "sums", "squares", "blocks"))
        self.records, self.number = (int(k) for k in arrays["counts"])

    @property
    def _samples(self) -> int:
        return self.records * self.chains

    @property
    def _block_variance(self) -> Array:
        """Variance of the means over blocks of one chain, (batch, m)."""
        count = self.number * self.chains
        mean = self._over_chains(self.sums) / self._samples
        scatter = self._over_chains(self.blocks) - count * mean**2
        return np.asarray(np.maximum(scatter, 0.0) / (count - 1))

    def _over_chains(self, values: Array) -> Array:
        return np.asarray(values.reshape(len(values), -1, self.chains).sum(axis=2).T)


class Running:
    """Mean and error bar of a vector that comes once for each block."""

    def __init__(self, size: int) -> None:
        self.mean, self.scatter, self.number = np.zeros(size), np.zeros(size), 0

    def add(self, vector: Array) -> None:
        """Take in that of a block."""
        self.number += 1
        before = vector - self.mean
        self.mean = self.mean + before / self.number
        self.scatter = self.scatter + before * (vector - self.mean)

    @property
    def standard_error(self) -> Array:
        """Error bar of the mean; NaN after a single block."""
        if self.number < 2:
            return np.full_like(self.mean, np.nan)
        return np.asarray(np.sqrt(self.scatter / (self.number * (self.number - 1))))

    def arrays(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"mean": self.mean, "scatter": self.scatter, "number": np.array(self.number)}

    def restore(self, arrays: dict[str, Any]) -> None:
        """Go on from what `arrays` returned."""
        self.mean, self.scatter, self.number = arrays["mean"], arrays["scatter"], int(arrays["number"])
