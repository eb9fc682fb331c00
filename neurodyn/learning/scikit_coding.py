"""Labels of a classifier as targets of output units, and outputs as labels and probabilities.

Three kinds: one class for each sample, with an output unit for each class; several labels for each sample that are
there or not, a unit for each (multilabel); and several classes for each sample, one from each of several sets, with a
unit for each class of each set (multi-output).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array

Labels = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Coding:
    """What the outputs stand for.

    Attributes
    ----------
    kind : {"classes", "multilabel", "multi-output"}
    sets : tuple of (classes,) arrays
        The classes of each set, in the order of the outputs; of a multilabel one, the numbers of its labels.
    """

    kind: str
    sets: tuple[Labels, ...]

    @classmethod
    def of(cls, y: Labels, classes: Any = None) -> Coding:
        """The coding for labels (n_samples,) or (n_samples, n_outputs), of all that are in `classes`, if given."""
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] > 1:
            if type_of_target(y).startswith("multilabel"):
                return cls("multilabel", (np.arange(y.shape[1]),))
            sets = classes if classes is not None else y.T
            return cls("multi-output", tuple(_some(np.unique(column)) for column in sets))
        return cls("classes", (_some(np.unique(y if classes is None else np.asarray(classes))),))

    @property
    def size(self) -> int:
        """Number of outputs."""
        return sum(len(classes) for classes in self.sets)

    @property
    def classes(self) -> Any:
        """Classes, as scikit-learn has them: an array, or for several sets a list of arrays."""
        return list(self.sets) if self.kind == "multi-output" else self.sets[0]

    def targets(self, y: Labels) -> Array:
        """Targets (n_samples, size), of zeros and ones."""
        if self.kind == "multilabel":
            if y.ndim != 2 or y.shape[1] != self.size or not np.isin(y, (0, 1)).all():
                raise ArgumentError(f"y must hold {self.size} labels of 0 or 1 for each sample; got shape {y.shape}")
            return np.asarray(y, dtype=float)
        columns = np.asarray(y).reshape(len(y), -1)
        if columns.shape[1] != len(self.sets):
            raise ArgumentError(f"y must hold {len(self.sets)} classes for each sample; got shape {y.shape}")
        found = []
        for column, classes in zip(columns.T, self.sets, strict=True):
            strange = ~np.isin(column, classes)
            if strange.any():
                raise ArgumentError(f"label {column[strange][0]!r} is none of the classes {classes}")
            found.append(np.equal(column[:, None], classes).astype(float))
        return np.concatenate(found, axis=1)

    def labels(self, outputs: Array) -> Labels:
        """Labels as y had them: of each set the class of the largest output, of a multilabel one those above ½."""
        if self.kind == "multilabel":
            return (outputs > 0.5).astype(int)
        found = [classes[part.argmax(axis=1)] for part, classes in zip(self._parts(outputs), self.sets, strict=True)]
        return found[0] if self.kind == "classes" else np.stack(found, axis=1)

    def scores(self, outputs: Array) -> Array:
        """Outputs; of two classes the second less the first, of labels what they are above ½."""
        if self.kind == "multilabel":
            return outputs - 0.5
        return outputs[:, 1] - outputs[:, 0] if self.kind == "classes" and self.size == 2 else outputs

    def log_probabilities(self, outputs: Array, noise: float) -> Any:
        """Logarithms of the softmax of outputs / noise in each set; of labels, of each against its absence."""
        if self.kind == "multilabel":
            return -np.logaddexp(0.0, (1.0 - 2.0 * outputs) / noise)
        found = [_log_softmax(part / noise) for part in self._parts(outputs)]
        return found[0] if self.kind == "classes" else found

    def _parts(self, outputs: Array) -> list[Array]:
        """The outputs of each set."""
        return np.split(outputs, np.cumsum([len(classes) for classes in self.sets])[:-1], axis=1)


def _some(classes: Labels) -> Labels:
    if len(classes) < 2:
        raise ArgumentError("a classifier needs at least 2 classes; the labels are all of one class")
    return classes


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True)))


__all__ = ["Coding", "Labels"]
