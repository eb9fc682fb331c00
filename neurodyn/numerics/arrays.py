"""Types of arrays, and how they are turned: the batch comes first outside, units come first inside."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Complex = np.ndarray[Any, np.dtype[np.complex128]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def inward(values: Array) -> Array:
    """(batch, n) to unit-major (n, batch)."""
    return np.ascontiguousarray(values.T)


def outward(values: Array, batched: bool = True) -> Array:
    """Unit-major (..., n, batch) to (..., batch, n), or to (..., n) for a single sample: a view, no copy."""
    turned: Array = np.swapaxes(values, -1, -2)
    return turned if batched else turned[..., 0, :]
