"""scikit-learn estimators: layers of hard sigmoids with linear outputs that learn by equilibrium propagation.

The same network and the same recipe in both; a classifier's targets are one-hot rows, a regressor's are scaled numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import cleandoc
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from neurodyn.errors import ArgumentError, DivergenceError
from neurodyn.inputs import LARGEST, positive_number, whole_number
from neurodyn.learning.evaluate import predict
from neurodyn.learning.learn import learn
from neurodyn.learning.recipe import EP_2017, Recipe
from neurodyn.learning.training import Training
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

Kind = TypeVar("Kind")

#: Width of the range that a feature seen in the first call of `fit` or `partial_fit` has as an input.
SPAN = 4.0
#: Standard deviation of a regressor's targets as the network sees them.
SPREAD = 0.5
#: Free units begin with biases of up to so much, either sign.
BIAS = 0.25
#: Steps of a free phase, at most, and of a nudged phase, for each layer of connections.
FREE_STEPS, NUDGED_STEPS = 25, 2
#: What is kept of every epoch.
HISTORY = ("train_error", "train_cost", "energy", "steps")

#: The part of their docstrings that is the same.
_SHARED = """
    Features are shifted by their means and scaled so that the range of each, as seen by `fit` or by the first call of
    `partial_fit`, becomes 4 wide: they are the clamped rates x. Hidden units are hard sigmoids, output units linear;
    weights change by centered equilibrium propagation, the scheme `ep-2017` of `neurodyn.learn`, with free phases that
    begin at zero.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer.
    beta : float
        Strength of the nudging.
    learning_rate_init : float
        A connection's learning rate is this over the number of units on its side of the inputs.
    batch_size : int
        Samples per change of the weights.
    max_iter : int
        Epochs that `fit` runs; `partial_fit` runs one.
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
    history_ : dict of (n_iter_,) arrays
        The measures of every epoch: mean `train_cost` (½‖s_out − target‖²), `energy` and `steps` to settle of the free
        phases; and `train_error`, the fraction misread (NaN for a regressor).
    n_features_in_ : int
    feature_names_in_ : (n_features_in_,) array of str
        Only where X has column names that are all strings.
"""


class _EquilibriumPropagation(BaseEstimator):
    """What the classifier and the regressor share: features to rates, the network, its recipe, its history."""

    network_: Network

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (256,),
        *,
        beta: float = 0.2,
        learning_rate_init: float = 3.0,
        batch_size: int = 20,
        max_iter: int = 100,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.beta = beta
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.random_state = random_state

    def _from_new(self, take: Callable[[], Self]) -> Self:
        """Fit from new weights; where that fails, the estimator is not fitted, whatever it was before."""
        try:
            return take()
        except BaseException:
            for name in set(vars(self)) - set(self.get_params(deep=False)):
                delattr(self, name)
            raise

    def _sizes(self) -> tuple[int, ...]:
        """The sizes of the hidden layers."""
        sizes = np.asarray(self.hidden_layer_sizes)
        whole = np.issubdtype(sizes.dtype, np.integer) or sizes.size == 0
        if not whole or sizes.ndim > 1 or (sizes < 1).any():
            raise ArgumentError(
                "`hidden_layer_sizes` must be a whole number >= 1, or a sequence of them; "
                f"got {self.hidden_layer_sizes!r}"
            )
        return tuple(int(size) for size in np.atleast_1d(sizes))

    def _start(self, X: Array, n_out: int) -> None:
        """Begin anew: scales from the features, a network with random weights."""
        from neurodyn import models

        self._random = check_random_state(self.random_state)
        check_scale(X, "X")
        width = np.ptp(X, axis=0)
        self._shift, self._scale = X.mean(axis=0), SPAN / np.where(width > 0.0, width, 1.0)
        sizes = [X.shape[1], *self._sizes(), n_out]
        activations = [*["hard-sigmoid"] * (len(sizes) - 2), "linear"]
        network = models.Hopfield.layered(sizes, activation=activations)
        self.network_ = network.replace(parameters=self._weights(network))
        self.n_iter_, self.history_ = 0, {name: np.empty(0) for name in HISTORY}

    def _weights(self, network: Network) -> dict[str, Array]:
        """Uniform weights with the standard deviation 1/(2 √fan-in), for the wider inputs half of it; and biases."""
        found, draw = {}, self._random.uniform
        for c in network.graph.connections:
            first, second = network.graph[c.first].size, network.graph[c.second].size
            bound = np.sqrt(3.0 / first) * (1.0 / SPAN if c.first == "x" else 0.5)
            found[c.name] = draw(-bound, bound, (first, second))
        for p in network.graph.free[:-1]:
            found[p.name] = draw(-BIAS, BIAS, p.size)
        return found

    def _recipe(self, epochs: int) -> Recipe:
        graph = self.network_.graph
        rate = positive_number(self.learning_rate_init, "learning_rate_init")
        layers = len(graph.connections)
        return Recipe(
            method=EP_2017,
            epochs=epochs,
            batch_size=whole_number(self.batch_size, "batch_size", 1),
            rates=[rate / graph[c.first].size for c in graph.connections],
            persistent=False,
            seed=int(self._random.randint(2**31 - 1)),
            options={
                "beta": positive_number(self.beta, "beta"),
                "nudging": "centered",
                "free_steps": FREE_STEPS * layers,
                "nudged_steps": NUDGED_STEPS * layers,
                "tol": 1e-3,
            },
        )

    def _learn(self, X: Array, targets: Array, epochs: int) -> Training:
        """Go on learning from samples."""
        recipe = self._recipe(epochs)
        try:
            training = learn(self.network_, self._rates(X), targets, recipe)
        except DivergenceError:
            raise DivergenceError(
                "the weights grew beyond every bound: take a smaller `learning_rate_init` than "
                f"{self.learning_rate_init:g}"
            ) from None
        self.network_, self.recipe_ = training.network, recipe
        self.n_iter_ += training.epochs
        self.history_ = {k: np.concatenate([v, getattr(training, k)]) for k, v in self.history_.items()}
        return training

    def _rates(self, X: Array) -> Array:
        return np.asarray((X - self._shift) * self._scale)

    def _outputs(self, X: ArrayLike) -> Array:
        """States of the output units at rest, (samples, n_out)."""
        check_is_fitted(self)
        checked = validate_data(self, X, dtype=np.float64, reset=False)
        return predict(self.network_, self._rates(checked), self.recipe_)


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


def _documented(kind: type[Kind]) -> type[Kind]:
    """Put what is common into the docstring of a class."""
    kind.__doc__ = cleandoc(kind.__doc__ or "").replace("_SHARED", cleandoc(_SHARED))
    return kind


@_documented
class EquilibriumPropagationClassifier(ClassifierMixin, _EquilibriumPropagation):
    """A classifier that learns by equilibrium propagation.

    One output unit for each class; targets are one-hot rows, and the class of a sample is the argmax of the outputs.
    _SHARED
    classes_ : (n_classes,) array
        Labels, of any kind, in the order of the outputs.
    noise_ : float
        Root mean square difference of outputs and targets in the last epoch; the unit of outputs in `predict_proba`.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017).
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from samples X (n_samples, n_features) and their labels y (n_samples,), from new weights."""
        return self._from_new(lambda: self._take(X, y, None, whole_number(self.max_iter, "max_iter", 1), True))

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Go on learning for one epoch; the first call needs `classes`, all that will ever come."""
        new = not hasattr(self, "network_")
        if new and classes is None:
            raise ArgumentError("`classes` must list all labels that will ever come in the first call of `partial_fit`")
        if new:
            return self._from_new(lambda: self._take(X, y, classes, 1, True))
        return self._take(X, y, classes, 1, False)

    def _take(self, X: Any, y: Any, classes: Any, epochs: int, new: bool) -> Self:
        X, y = validate_data(self, X, y, dtype=np.float64, reset=new)
        check_classification_targets(y)
        if new:
            self.classes_ = np.unique(y if classes is None else np.asarray(classes))
            if len(self.classes_) < 2:
                raise ArgumentError("a classifier needs at least 2 classes; the labels are all of one class")
            self._start(X, len(self.classes_))
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ArgumentError(f"`classes` must be those of the first call, {self.classes_}; got {np.unique(classes)}")
        strange = ~np.isin(y, self.classes_)
        if strange.any():
            raise ArgumentError(f"label {y[strange][0]!r} is none of the classes {self.classes_}")
        targets = np.equal(np.asarray(y)[:, None], self.classes_).astype(float)
        training = self._learn(X, targets, epochs)
        noise = np.sqrt(2.0 * training.train_cost[-1] / len(self.classes_))
        self.noise_ = float(max(noise, np.finfo(np.float32).eps))
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """Outputs, (n_samples, n_classes); with two classes the second less the first, (n_samples,)."""
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def predict(self, X: ArrayLike) -> np.ndarray[Any, Any]:
        """Labels, (n_samples,): the class of the largest output."""
        best = np.argmax(self._outputs(X), axis=1)
        found: np.ndarray[Any, Any] = self.classes_[best]
        return found

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities of the classes, (n_samples, n_classes): the softmax of outputs / `noise_`."""
        return np.asarray(np.exp(self.predict_log_proba(X)))

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """Logarithms of `predict_proba`."""
        scores = self._outputs(X) / self.noise_
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True)))


@_documented
class EquilibriumPropagationRegressor(RegressorMixin, _EquilibriumPropagation):
    """A regressor that learns by equilibrium propagation.

    One output unit for each target. Targets are shifted and scaled to mean 0 and standard deviation ½, as seen by `fit`
    or by the first call of `partial_fit`; predictions are scaled back. Outputs are linear, so they reach any value.
    _SHARED

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017).
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from X (n_samples, n_features) and y (n_samples,) or (n_samples, n_targets), from new weights."""
        return self._from_new(lambda: self._take(X, y, whole_number(self.max_iter, "max_iter", 1), True))

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Go on learning for one epoch."""
        if hasattr(self, "network_"):
            return self._take(X, y, 1, False)
        return self._from_new(lambda: self._take(X, y, 1, True))

    def _take(self, X: Any, y: Any, epochs: int, new: bool) -> Self:
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=new)
        targets = np.asarray(y, dtype=float)
        columns = targets.reshape(len(targets), -1)
        if new:
            check_scale(columns, "y")
            self._start(X, columns.shape[1])
            spread = columns.std(axis=0)
            self._single = targets.ndim == 1
            self._level, self._spread = columns.mean(axis=0), np.where(spread > 0.0, spread, 1.0) / SPREAD
        elif columns.shape[1] != self.network_.n_out:
            raise ArgumentError(f"y has {columns.shape[1]} targets, but the first call had {self.network_.n_out}")
        self._learn(X, (columns - self._level) / self._spread, epochs)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Targets, (n_samples,) or (n_samples, n_targets) as y had it."""
        found = self._outputs(X) * self._spread + self._level
        return found[:, 0] if self._single else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


__all__ = ["EquilibriumPropagationClassifier", "EquilibriumPropagationRegressor"]
