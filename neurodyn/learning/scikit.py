"""scikit-learn estimators: layers of hard sigmoids with linear outputs that learn by equilibrium propagation.

The same network and the same recipe in both; a classifier's targets are one-hot rows, a regressor's are scaled numbers.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import validate_data

from neurodyn.errors import ArgumentError
from neurodyn.learning.metrics import r2
from neurodyn.learning.scikit_base import EquilibriumPropagationBase
from neurodyn.learning.scikit_coding import Coding, Labels
from neurodyn.learning.scikit_samples import check_scale
from neurodyn.numerics.arrays import Array

Kind = TypeVar("Kind")

#: Standard deviation of a regressor's targets as the network sees them.
SPREAD = 0.5

#: The part of their docstrings that is the same.
_SHARED = """
    Features are shifted by their means and scaled so that the range of each, as seen by `fit` or by the first call of
    `partial_fit`, becomes 4 wide: they are the clamped rates x. Hidden units are hard sigmoids, output units linear;
    weights change by centered equilibrium propagation, the scheme `ep-2017` of `neurodyn.learn`, with free phases that
    begin at zero, and by Adam.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer.
    beta : float
        Strength of the nudging.
    learning_rate_init : float
        Learning rate: about how far a weight moves at each minibatch.
    weight_decay : float
        At each minibatch weights also shrink by the factor 1 − rate · weight_decay.
    batch_size : int or "auto"
        Samples per change of the weights; "auto": a fiftieth of the samples, from 5 to 50.
    max_iter : int
        Epochs that `fit` runs at most; `partial_fit` runs one.
    tol, n_iter_no_change : float, int
        `fit` ends when the mean cost, or with `early_stopping` the validation score, has not become better by `tol` for
        so many epochs.
    early_stopping : bool
        Whether `fit` holds out samples to stop by, and takes the network that answered them best.
    validation_fraction : float
        The part of the samples that it holds out.
    warm_start : bool
        Whether `fit` goes on from what was learned before.
    verbose : bool
        Whether every epoch has a line on standard error.
    random_state : int, RandomState or None
        Seed of the initial weights and of the order of the samples.

    Attributes
    ----------
    network_ : neurodyn.models.Hopfield
        The network with its weights as learned: any function of neurodyn takes it.
    recipe_ : neurodyn.learning.Recipe
        How it learned in the last call.
    n_iter_ : int
        Epochs run.
    loss_, loss_curve_ : float, list of (n_iter_,) floats
        The mean cost ½‖s_out − target‖², while the last epoch and while each ran.
    history_ : dict of (n_iter_,) arrays
        The measures of every epoch: that mean as `train_cost`, means of `energy` and `steps` to settle of the free
        phases; and `train_error`, the fraction misread (NaN where targets are no classes).
    validation_scores_, best_validation_score_ : list of float, float
        Only with `early_stopping`: the accuracy of a classifier, R² of a regressor, after every epoch, and the best.
    n_features_in_ : int
    feature_names_in_ : (n_features_in_,) array of str
        Only where X has column names that are all strings.
"""
#: And what follows after attributes of their own.
_NOTES = """
    Notes
    -----
    What is learned does not depend on the order of the samples, and a whole-number weight is the same as repeating the
    sample. Calls of `partial_fit` with the same samples run the epochs that one `fit` would.
"""


def _documented(kind: type[Kind]) -> type[Kind]:
    """Put what is common into the docstring of a class."""
    text = cleandoc(kind.__doc__ or "")
    kind.__doc__ = text.replace("_SHARED", cleandoc(_SHARED)).replace("_NOTES", cleandoc(_NOTES))
    return kind


@_documented
class EquilibriumPropagationClassifier(ClassifierMixin, EquilibriumPropagationBase):
    """A classifier that learns by equilibrium propagation.

    One output unit for each class; targets are one-hot rows, and the class of a sample is the argmax of the outputs.
    Samples may have several labels that are there or not, (n_samples, n_labels) of 0 and 1, which are there where
    outputs are above ½; or a class from each of several sets, (n_samples, n_outputs).
    _SHARED
    classes_ : (n_classes,) array
        Labels, of any kind, in the order of the outputs; for several sets a list of arrays.
    noise_ : float
        Root mean square difference of outputs and targets in the last epoch; the unit of outputs in `predict_proba`.

    _NOTES

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from neurodyn.learning import EquilibriumPropagationClassifier
    >>> x, y = load_iris(return_X_y=True)
    >>> model = EquilibriumPropagationClassifier(hidden_layer_sizes=16, random_state=0).fit(x, y)
    >>> model.score(x, y) > 0.9
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from samples X (n_samples, n_features) and their labels y, from new weights.

        What samples contribute to the gradient is multiplied by their weights, over the mean of all.
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go on learning for one epoch; the first call needs `classes`, all that will ever come."""
        if not hasattr(self, "network_") and classes is None and np.ndim(y) < 2:
            raise ArgumentError("`classes` must list all labels that will ever come in the first call of `partial_fit`")
        return self._partial_fit(X, y, sample_weight, classes)

    def _targets(self, y: Any, new: bool, classes: Any) -> Array:
        if new:
            self._coding = Coding.of(y, classes)
            self.classes_ = self._coding.classes
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ArgumentError(f"`classes` must be those of the first call, {self.classes_}; got {np.unique(classes)}")
        return self._coding.targets(y)

    def _quality(self, outputs: Array, target: Array) -> float:
        return float(np.mean(self._coding.labels(outputs) == self._coding.labels(target)))

    def _kept(self) -> None:
        noise = np.sqrt(2.0 * self.loss_ / self._coding.size)
        self.noise_ = float(max(noise, np.finfo(np.float32).eps))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Fraction of the samples all of whose labels are predicted."""
        right = (self.predict(X) == np.asarray(y)).reshape(len(np.asarray(y)), -1).all(axis=1)
        return float(np.average(right, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def decision_function(self, X: ArrayLike) -> Array:
        """Outputs, (n_samples, n_classes); with two classes the second less the first, (n_samples,).

        For labels that are there or not, what outputs are above ½.
        """
        outputs = self._outputs(X)
        return self._coding.scores(outputs)

    def predict(self, X: ArrayLike) -> Labels:
        """Labels, as y had them: the class of the largest output."""
        outputs = self._outputs(X)
        return self._coding.labels(outputs)

    def predict_proba(self, X: ArrayLike) -> Any:
        """Probabilities of the classes, (n_samples, n_classes): the softmax of outputs / `noise_`.

        Of labels that are there or not, that each is there; for several sets a list.
        """
        found = self.predict_log_proba(X)
        return [np.exp(part) for part in found] if isinstance(found, list) else np.exp(found)

    def predict_log_proba(self, X: ArrayLike) -> Any:
        """Logarithms of `predict_proba`."""
        outputs = self._outputs(X)
        return self._coding.log_probabilities(outputs, self.noise_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


@_documented
class EquilibriumPropagationRegressor(RegressorMixin, EquilibriumPropagationBase):
    """A regressor that learns by equilibrium propagation.

    One output unit for each target. Targets are shifted and scaled to mean 0 and standard deviation ½, as seen by `fit`
    or by the first call of `partial_fit`; predictions are scaled back. Outputs are linear, so they reach any value.
    _SHARED

    _NOTES

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017).

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from neurodyn.learning import EquilibriumPropagationRegressor
    >>> x, y = make_friedman1(200, random_state=0)
    >>> EquilibriumPropagationRegressor(hidden_layer_sizes=32, random_state=0).fit(x, y).score(x, y) > 0.8
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from X (n_samples, n_features) and y (n_samples,) or (n_samples, n_targets), from new weights.

        What samples contribute to the gradient is multiplied by their weights, over the mean of all.
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Go on learning for one epoch."""
        return self._partial_fit(X, y, sample_weight)

    def _validated(self, X: Any, y: Any, new: bool) -> tuple[Any, Any]:
        return validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=new)

    def _targets(self, y: Any, new: bool, classes: Any) -> Array:
        targets = np.asarray(y, dtype=float)
        columns = targets.reshape(len(targets), -1)
        if new:
            check_scale(columns, "y")
            spread = columns.std(axis=0)
            self._single = targets.ndim == 1
            self._level, self._spread = columns.mean(axis=0), np.where(spread > 0.0, spread, 1.0) / SPREAD
        elif columns.shape[1] != self.network_.n_out:
            raise ArgumentError(f"y has {columns.shape[1]} targets, but the first call had {self.network_.n_out}")
        return np.asarray((columns - self._level) / self._spread)

    def _quality(self, outputs: Array, target: Array) -> float:
        return r2(outputs, target)

    def predict(self, X: ArrayLike) -> Array:
        """Targets, (n_samples,) or (n_samples, n_targets) as y had it."""
        found = self._outputs(X) * self._spread + self._level
        return found[:, 0] if self._single else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


__all__ = ["EquilibriumPropagationClassifier", "EquilibriumPropagationRegressor"]
