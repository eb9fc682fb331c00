"""Samples of scikit-learn estimators: the order they are learned in, their weights, and whether they can be scaled."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.inputs import LARGEST
from neurodyn.numerics.arrays import Array, Integers

#: Weights that are whole numbers are repetitions, up to so many times as many samples.
REPEATED = 10


def in_order(X: Array, y: Any, weight: Array | None) -> tuple[Array, Any, Array | None]:
    """Samples in an order of their own, whatever order they came in; whole weights, not too large, are repetitions.

    Samples without weight are left out. With it an estimator learns the same from samples in any order, and from
    samples that are there twice as from those with a weight of 2.
    """
    if weight is not None:
        whole = np.array_equal(weight, np.round(weight)) and weight.sum() <= REPEATED * len(weight)
        kept = np.repeat(np.arange(len(X)), weight.astype(int)) if whole else np.flatnonzero(weight)
        X, y, weight = X[kept], y[kept], None if whole else weight[kept] / weight[kept].mean()
    codes = np.unique(y, return_inverse=True)[1].reshape(len(X), -1)
    columns = [X, codes, *([] if weight is None else [weight[:, None]])]
    order = row_order(np.concatenate(columns, axis=1))
    return X[order], y[order], None if weight is None else weight[order]


def row_order(values: Any) -> Integers:
    """The order of rows by their bytes, equal ones as they came."""
    rows = np.ascontiguousarray(values)
    return np.argsort(rows.view(f"V{rows.itemsize * rows.shape[1]}").reshape(-1), kind="stable")


def check_scale(columns: Array, name: str) -> None:
    """Refuse columns that cannot be scaled: beyond what can be squared, or apart by less than can be divided by."""
    beyond = np.flatnonzero(np.abs(columns).max(axis=0) > LARGEST)
    if beyond.size:
        column = columns[:, beyond[0]]
        raise ArgumentError(
            f"`{name}` must lie between -{LARGEST:g} and {LARGEST:g}; got {column[np.argmax(np.abs(column))]:g} in "
            f"column {beyond[0]}: scale it"
        )
    width = np.ptp(columns, axis=0)
    narrow = np.flatnonzero((width > 0.0) & (width < 1.0 / LARGEST))
    if narrow.size:
        raise ArgumentError(
            f"the range of a column of `{name}` must be 0, or at least {1.0 / LARGEST:g}; got {width[narrow[0]]:g} in "
            f"column {narrow[0]}: scale it"
        )


__all__ = ["check_scale", "in_order", "row_order"]
