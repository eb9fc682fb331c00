"""Comparing a derivative with differences of what it is a derivative of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurodyn.errors import NeurodynError
from neurodyn.numerics.arrays import Array

#: Steps of the differences, and weights that make them exact for polynomials up to the eighth degree.
STEPS = (1, 2, 3, 4)
WEIGHTS = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
STEP = 5e-3
#: What differences of smooth functions leave of a derivative, relative to its size.
TOLERANCE = 1e-8


class CheckError(NeurodynError, AssertionError):
    """A network or a term does not do what it should; the message says which derivative, where, and by how much.

    Examples
    --------
    >>> from neurodyn.testing import CheckError
    >>> issubclass(CheckError, AssertionError)  # so that pytest takes it for a failed check
    True
    """


def slope(function: Callable[[float], Any]) -> Array:
    """The derivative of a function of one number at 0, by central differences of the eighth order."""
    total = sum(
        w * (np.asarray(function(k * STEP)) - np.asarray(function(-k * STEP)))
        for k, w in zip(STEPS, WEIGHTS, strict=True)
    )
    return np.asarray(total) / STEP


def compare(what: str, found: Any, expected: Any, where: Callable[[tuple[int, ...]], str], tolerance: float) -> float:
    """Raise `CheckError` if two arrays differ by more than a tolerance, relative to the largest number among them.

    Returns the largest relative difference. `where` says in words what an index means.
    """
    a, b = np.asarray(found), np.asarray(expected)
    if a.shape != b.shape:
        raise CheckError(f"{what} has shape {a.shape}, where {b.shape} is expected")
    if not a.size:
        return 0.0
    if not np.isfinite(a).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(a))[0])
        raise CheckError(f"{what} is {a[index]} {where(index)}")
    scale = max(float(np.abs(b).max()), float(np.abs(a).max()), 1e-3)
    error = np.abs(a - b) / scale
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
    if error[worst] > tolerance:
        raise CheckError(
            f"{what} is {a[worst]:.10g} {where(worst)}, where {b[worst]:.10g} is expected: "
            f"off by {abs(a[worst] - b[worst]):.2g}, more than {tolerance:.0e} of the largest, {scale:.3g}"
        )
    return float(error[worst])


def anywhere(index: tuple[int, ...]) -> str:
    """An index in words, where nothing better is known."""
    return f"at index {index[0] if len(index) == 1 else index}"
