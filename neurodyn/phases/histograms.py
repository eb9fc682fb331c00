"""How often states are where: counts in even bins, of each unit and of pairs of units."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array

#: Bins reach so many standard deviations to either side of the mean.
REACH = 5.0


class Histograms:
    """Counts over all chains of a sample.

    Parameters
    ----------
    states : (count, n, columns)
        From which the edges are chosen: the same for all samples.
    batch, bins : int
    pairs : tuple of pairs of units
    box : (n,)
        Units whose edges are 0 and 1.
    """

    def __init__(self, states: Array, batch: int, bins: int, pairs: tuple[tuple[int, int], ...], box: Any) -> None:
        mean, spread = states.mean(axis=0), np.maximum(states.std(axis=0), 1e-12)
        low = np.where(box, 0.0, (mean - REACH * spread).min(axis=1))
        high = np.where(box, 1.0, (mean + REACH * spread).max(axis=1))
        self.edges = np.linspace(low, high, bins + 1, axis=1)
        self.bins, self.pairs, self.batch = bins, pairs, batch
        self.counts = np.zeros((batch, len(low), bins))
        self.pair_counts = np.zeros((len(pairs), batch, bins, bins))

    def add(self, states: Array) -> None:
        """Count the states of a block."""
        low, width = self.edges[:, :1], (self.edges[:, -1:] - self.edges[:, :1]) / self.bins
        places = np.clip(((states - low) / width).astype(np.int64), 0, self.bins - 1)
        count, n, columns = places.shape
        places = places.reshape(count, n, self.batch, columns // self.batch)
        for j in range(self.batch):
            for i in range(n):
                self.counts[j, i] += np.bincount(places[:, i, j].ravel(), minlength=self.bins)
            for k, (a, b) in enumerate(self.pairs):
                both = places[:, a, j] * self.bins + places[:, b, j]
                found = np.bincount(both.ravel(), minlength=self.bins**2)
                self.pair_counts[k, j] += found.reshape(self.bins, self.bins)

    @property
    def single(self) -> Array:
        """Parts of the time, (batch, n, bins)."""
        return np.asarray(self.counts / self.counts.sum(axis=2, keepdims=True))

    @property
    def double(self) -> Array:
        """Parts of the time, (K, batch, bins, bins)."""
        return np.asarray(self.pair_counts / self.pair_counts.sum(axis=(2, 3), keepdims=True))

    def arrays(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"edges": self.edges, "counts": self.counts, "pair_counts": self.pair_counts}

    def restore(self, arrays: dict[str, Any]) -> None:
        """Go on from what `arrays` returned."""
        self.edges, self.counts, self.pair_counts = (arrays[k] for k in ("edges", "counts", "pair_counts"))
