"""The samples to learn from, and those held out: checked once, when they are given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_input, is_number
from neurodyn.learning.metrics import are_classes
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.system.network import Network, as_network

#: Samples to validate with: a pair (x, y), how many of the last ones, or what fraction of all.
Validation = tuple[ArrayLike | None, ArrayLike] | int | float


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs (N, n_in) or None, targets (N, n_out), and labels (N,) or None where the targets are no classes.

    And the weights (N,) that their parts of the gradient are multiplied by, or None where all count alike.
    """

    x: Array | None
    target: Array
    labels: np.ndarray[Any, np.dtype[np.int64]] | None
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.target)

    @classmethod
    def of(cls, network: Network, x: ArrayLike | None, y: ArrayLike, name: str = "") -> Samples:
        """Check inputs and targets against a network; `name` tells which of several in messages."""
        as_network(network)
        try:
            rates, batched = as_input(x, network.n_in)
            if not batched:
                raise ArgumentError(f"`x` must have shape (samples, {network.n_in}); got ({network.n_in},)")
            target = network.target(y, len(np.atleast_1d(y)) if rates is None else len(rates), batched=True)
        except ArgumentError as error:
            raise ArgumentError(f"{name} samples: {error}" if name else str(error)) from None
        labels = np.argmax(target, axis=1) if are_classes(target) else None
        return cls(rates, target, labels)

    def take(self, where: slice | Integers) -> Samples:
        """Return the inputs, targets, labels and weights of some samples."""
        x = None if self.x is None else self.x[where]
        labels = None if self.labels is None else self.labels[where]
        return Samples(x, self.target[where], labels, None if self.weight is None else self.weight[where])


def split(network: Network, samples: Samples, validation: Validation | None) -> tuple[Samples, Samples | None]:
    """Return the samples to learn from, and those to validate with."""
    if validation is None:
        return samples, None
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        return samples, Samples.of(network, validation[0], validation[1], "validation")
    count = 0
    if is_number(validation):
        count = round(validation * len(samples)) if isinstance(validation, float) else int(validation)
    if not (0 < count < len(samples)) or (isinstance(validation, float) and validation >= 1.0):
        raise ArgumentError(
            f"`validation` must be a pair (x, y), or how many of the {len(samples):,} samples to hold out: a whole "
            f"number below that, or a fraction below 1; got {validation!r}"
        )
    return samples.take(slice(None, -count)), samples.take(slice(-count, None))


def shifted(images: Array, pixels: int, rng: np.random.Generator) -> Array:
    """Square images, one a row, each moved by up to so many pixels along both axes; zeros come in at the edge."""
    side = math.isqrt(images.shape[1])
    square = images.reshape(-1, side, side)
    moved = np.zeros_like(square)
    reach = min(pixels, side - 1)
    down, right = rng.integers(-reach, reach + 1, (2, len(square)))
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            which = np.flatnonzero((down == i) & (right == j))[:, None, None]
            to, source = ((which, *_window(i, j, side)), (which, *_window(-i, -j, side)))
            moved[to] = square[source]
    return moved.reshape(images.shape)


def _window(i: int, j: int, side: int) -> tuple[Any, Any]:
    """Rows and columns that images moved by (i, j) cover, to index with."""
    rows, columns = (np.arange(max(k, 0), side + min(k, 0)) for k in (i, j))
    return rows[:, None], columns[None, :]
