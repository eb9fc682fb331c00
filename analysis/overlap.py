"""`overlap`: how close states are to stored patterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_batch, as_numbers
from neurodyn.numerics.arrays import Array


def overlap(states: ArrayLike, patterns: ArrayLike) -> Array:
    """The cosine of each state with each pattern, s·ξ_m / (|s| |ξ_m|); 0 for a state or a pattern of zeros.

    Of states and patterns of ±1 that is the overlap m = (1/n) Σ_i ξ_i s_i of D. J. Amit, H. Gutfreund, H. Sompolinsky,
    PRL 55:1530 (1985): a fraction (1 − m)/2 of the units is wrong.

    Parameters
    ----------
    states : (batch, n) or (n,)
        For example the `state` of an equilibrium, its rates, or their signs.
    patterns : (memories, n)

    Returns
    -------
    (batch, memories) or (memories,)

    Raises
    ------
    ArgumentError
        Shapes do not fit, or entries are not finite.

    Examples
    --------
    >>> from neurodyn import analysis
    >>> analysis.overlap([1.0, 1.0, 1.0, -1.0], [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, -1.0, 1.0]])
    array([0.5, 0. ])
    """
    stored = as_numbers(patterns, "`patterns`")
    if stored.ndim != 2 or stored.size == 0 or not np.isfinite(stored).all():
        raise ArgumentError(f"`patterns` must be finite, of shape (memories, n); got shape {stored.shape}")
    found, batched = as_batch(states, stored.shape[1], "states")
    cosines = _unit(found) @ _unit(stored).T
    return np.asarray(cosines if batched else cosines[0])


def _unit(rows: Array) -> Array:
    """Rows divided by their lengths, those of zeros as they are."""
    scaled = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), np.finfo(float).tiny)  # squares stay finite
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(scaled / np.where(lengths > 0.0, lengths, 1.0))
