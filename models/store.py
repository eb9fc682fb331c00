"""`store`: a network that holds given patterns, by one of three rules.

With the patterns ξ_m as rows of Ξ (memories, n) and κ, the sharpness:

    "outer"         W = (κ/n) Σ_m ξ_m ξ_mᵀ                 Hebb's rule: as many as 0.138 n random patterns
    "projection"    W ∝ the projection onto their span      as many as n − 1 that are linearly independent
    "dense"         E = ½|s|² − (1/κ) log Σ_m exp(κ ξ_m·s)  more than units; one memory unit for each pattern

The first two are pairwise weights without self-connections of a network in the rate form with tanh units; those of the
projection are scaled so that a pattern gives its units the field κ ξ in the mean, as the outer product does.

Source: J. J. Hopfield, PNAS 79:2554 (1982), eq. 2; L. Personnaz, I. Guyon, G. Dreyfus, J. Physique Lett. 46:L359
(1985); H. Ramsauer et al., ICLR (2021), eq. 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_numbers, choice, positive_number
from neurodyn.models.energy_network import EnergyNetwork
from neurodyn.models.rate import Rate
from neurodyn.models.terms import Leak, LogSumExp
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

RULES = ("outer", "projection", "dense")
#: At this field a unit's rate is 0.999; and patterns of ±1 that differ in two units differ by 4 in their products.
SHARPNESS = {"outer": 4.0, "projection": 4.0, "dense": 1.0}
#: Singular values below this part of the largest belong to patterns that depend on each other.
DEPENDENT = 1e-10


def store(patterns: ArrayLike, rule: str = "outer", *, sharpness: float | None = None) -> Network:
    """A network without input that holds patterns; relaxed from near one it comes to rest at that one.

    Parameters
    ----------
    patterns : (memories, n)
        One in each row, of n units; usually +1 and -1.
    rule : {"outer", "projection", "dense"}
        How they are held: the outer product (Hebb, Hopfield), the projection onto their span (Personnaz et al.), or a
        dense associative memory, whose energy has one term for each pattern.
    sharpness : float, optional
        κ: the field of a unit in a stored pattern, 4 by default; of the dense memory the factor within its softmax, 1
        by default.

    Returns
    -------
    Network
        One population "s" of n units: `Rate` with tanh units, or for "dense" an `EnergyNetwork` with linear units.

    Raises
    ------
    ArgumentError
        The patterns are no finite matrix; or the projection rule cannot hold them, because they depend on each other or
        are as many as the units.

    Examples
    --------
    >>> import numpy as np
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> patterns = np.random.default_rng(0).choice([-1.0, 1.0], size=(3, 50))
    >>> noisy = np.where(np.arange(50) < 5, -patterns, patterns)
    >>> rest = nd.relax(models.store(patterns), start=noisy)
    >>> np.round(analysis.overlap(np.sign(rest.state), patterns).diagonal(), 3)
    array([1., 1., 1.])
    """
    held = _as_patterns(patterns)
    choice(rule, RULES, "rule")
    kappa = SHARPNESS[rule] if sharpness is None else positive_number(sharpness, "sharpness")
    count, n = held.shape
    if rule == "dense":
        energy = [Leak(("s",)), LogSumExp("s", memories=count, sharpness=kappa)]
        net = EnergyNetwork({"s": {"size": n, "activation": "linear"}}, energy)
        return net.replace(parameters={"s.memories": held})
    weights = held.T @ held / n if rule == "outer" else _projection(held)
    np.fill_diagonal(weights, 0.0)
    return Rate.recurrent(n).replace(parameters={"s-s": kappa * (weights + weights.T) / 2})


def _as_patterns(patterns: ArrayLike) -> Array:
    held = as_numbers(patterns, "`patterns`")
    if held.ndim != 2 or held.shape[0] < 1 or held.shape[1] < 2:
        raise ArgumentError(
            f"`patterns` must have shape (memories, n), one pattern of at least two units in each row; got {held.shape}"
        )
    if not np.isfinite(held).all():
        raise ArgumentError("`patterns` must be finite")
    return np.array(held)


def _projection(held: Array) -> Array:
    """The projection onto the patterns' span, over the mean part of its fields without self-connections."""
    count, n = held.shape
    if count >= n:
        raise ArgumentError(
            f"the projection rule holds fewer patterns than units, of which there are {n}; got {count}: store fewer, "
            "or take rule='dense'"
        )
    _, sizes, basis = np.linalg.svd(held, full_matrices=False)
    if sizes[-1] <= DEPENDENT * sizes[0]:
        raise ArgumentError(
            "the projection rule holds patterns that are linearly independent; one of these is a sum of multiples of "
            "others (or the same twice): leave it out"
        )
    projection: Array = basis.T @ basis / (1.0 - count / n)
    return projection
