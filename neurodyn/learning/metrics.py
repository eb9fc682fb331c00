"""Metrics by name: how well outputs answer targets, one number over all samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array, Integers


def are_classes(target: Array) -> bool:
    """Whether targets (samples, n_out) are one-hot rows of two outputs or more."""
    ones = np.all((target == 0.0) | (target == 1.0)) and np.all(target.sum(axis=1) == 1.0)
    return target.shape[1] > 1 and bool(ones)


def accuracy(outputs: Array, target: Array) -> float:
    """Fraction of the samples whose largest output is the target's."""
    return float(np.mean(outputs.argmax(axis=1) == target.argmax(axis=1)))


def balanced_accuracy(outputs: Array, target: Array) -> float:
    """Mean over the classes that occur of the fraction of their samples answered rightly."""
    counts = _confusion(outputs, target)
    there = counts.sum(axis=1) > 0
    return float(np.mean(np.diag(counts)[there] / counts.sum(axis=1)[there]))


def macro_f1(outputs: Array, target: Array) -> float:
    """Mean over classes of F1, the harmonic mean of precision and recall; 0 for a class never answered rightly."""
    counts = _confusion(outputs, target)
    either = counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean(2.0 * np.diag(counts)[either > 0] / either[either > 0]))


def mean_absolute_error(outputs: Array, target: Array) -> float:
    """Mean |output − target| over samples and outputs."""
    return float(np.mean(np.abs(outputs - target)))


def root_mean_square_error(outputs: Array, target: Array) -> float:
    """Root of the mean (output − target)² over samples and outputs."""
    return float(np.sqrt(np.mean((outputs - target) ** 2)))


def r2(outputs: Array, target: Array) -> float:
    """1 − Σ (output − target)² / Σ (target − its mean)², mean over the outputs whose targets differ at all."""
    spread = np.sum((target - target.mean(axis=0)) ** 2, axis=0)
    some = spread > 0.0
    return float(np.mean(1.0 - np.sum((outputs - target) ** 2, axis=0)[some] / spread[some])) if some.any() else np.nan


def _confusion(outputs: Array, target: Array) -> Integers:
    n = target.shape[1]
    pairs = np.argmax(target, axis=1) * n + np.argmax(outputs, axis=1)
    return np.bincount(pairs, minlength=n * n).reshape(n, n).astype(np.int64)


#: Metrics by name; of the first three a larger number is better, and their targets are classes.
METRICS: Mapping[str, Callable[[Array, Array], float]] = {
    "accuracy": accuracy,
    "balanced-accuracy": balanced_accuracy,
    "macro-f1": macro_f1,
    "mae": mean_absolute_error,
    "rmse": root_mean_square_error,
    "r2": r2,
}
OF_CLASSES = ("accuracy", "balanced-accuracy", "macro-f1")
#: Those of which more is better.
RISING = (*OF_CLASSES, "r2")


def measure_metrics(names: Sequence[str], outputs: Array, target: Array) -> dict[str, float]:
    """The metrics of these names."""
    return {name: METRICS[name](outputs, target) for name in names}


def check_classes(names: Sequence[str], labelled: bool) -> None:
    """Refuse metrics of classes where targets are none."""
    wrong = [name for name in names if name in OF_CLASSES]
    if wrong and not labelled:
        raise ArgumentError(f"`metrics` {wrong[0]!r} needs labels as targets: one class for each sample")


__all__ = ["METRICS", "OF_CLASSES", "RISING", "are_classes", "check_classes", "measure_metrics"]
