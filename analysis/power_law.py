"""Straight lines in log-log plots."""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.arrays import Array


def power_law(x: Array, y: Array) -> tuple[float, float]:
    """Exponent p and factor c of y = c·x^p, by least squares of the logarithms; NaN with fewer than two different x."""
    if np.unique(x).size < 2:
        return float("nan"), float("nan")
    exponent, logarithm = np.polyfit(np.log(x), np.log(y), 1)
    return float(exponent), float(np.exp(logarithm))
