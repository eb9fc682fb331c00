"""Weights of samples: given for each, by class, or both; their mean is 1, so that rates mean what they mean without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError, shown
from neurodyn.inputs import as_numbers, real_number
from neurodyn.learning.samples import Samples
from neurodyn.numerics.arrays import Array

#: A weight for each class, by label; or "balanced": as many times as heavy as a class is rarer.
ClassWeight = str | Mapping[int, float]


def weighed(samples: Samples, sample_weight: ArrayLike | None, class_weight: ClassWeight | None) -> Samples:
    """Samples with their weights, the product of both; as they are where neither is given.

    Raises
    ------
    ArgumentError
        Weights are no numbers >= 0, all of them are 0, or do not belong to these samples.
    """
    if sample_weight is None and class_weight is None:
        return samples
    weight = np.ones(len(samples)) if sample_weight is None else _as_weights(sample_weight, len(samples))
    if class_weight is not None:
        weight = weight * _by_class(samples, class_weight)
    if not weight.any():
        raise ArgumentError("`sample_weight` and `class_weight` leave no sample with a weight above 0")
    return replace(samples, weight=weight / weight.mean())


def _as_weights(values: ArrayLike, count: int) -> Array:
    weight = as_numbers(values, "`sample_weight`")
    if weight.shape != (count,):
        raise ArgumentError(
            f"`sample_weight` must have one weight for each of the {count:,} samples; got {weight.shape}"
        )
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0.0)))
    if wrong.size:
        raise ArgumentError(
            f"`sample_weight` must be finite numbers >= 0; got {weight[wrong[0]]} for sample {wrong[0]}"
        )
    return weight


def _by_class(samples: Samples, class_weight: ClassWeight) -> Array:
    if samples.labels is None:
        raise ArgumentError("`class_weight` needs labels as targets: one class for each sample")
    counts = np.bincount(samples.labels, minlength=samples.target.shape[1])
    if isinstance(class_weight, str) and class_weight == "balanced":
        return np.asarray((1.0 / np.maximum(counts, 1))[samples.labels])
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(
            f"`class_weight` must be 'balanced', or a mapping from classes to weights; got {shown(class_weight)}"
        )
    found = np.ones(len(counts))
    for label, weight in class_weight.items():
        if not isinstance(label, (int, np.integer)) or not 0 <= label < len(counts):
            raise ArgumentError(f"`class_weight` must be by class, 0 to {len(counts) - 1}; got {shown(label)}")
        found[label] = real_number(weight, "class_weight", 0.0)
    return np.asarray(found[samples.labels])


__all__ = ["ClassWeight", "weighed"]
