"""What the scikit-learn estimators share: features to rates, the network, its recipe, its epochs and their history."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from neurodyn.errors import ArgumentError
from neurodyn.inputs import positive_number, real_number, whole_number
from neurodyn.learning.evaluate import predict
from neurodyn.learning.optimizer import Adam
from neurodyn.learning.recipe import EP_2017, Recipe
from neurodyn.learning.scikit_epochs import Standing, Watch, run_epochs
from neurodyn.learning.scikit_samples import check_scale, in_order, row_order
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

#: Width of the range that a feature seen in the first call of `fit` or `partial_fit` has as an input.
SPAN = 4.0
#: Free units begin with biases of up to so much, either sign.
BIAS = 0.25
#: Steps of a free phase, at most, and of a nudged phase, for each layer of connections.
FREE_STEPS, NUDGED_STEPS = 50, 2
#: Weights whose gradients are smaller hardly move, like those from pixels that are hardly ever inked.
EPSILON = 1e-3
#: Where a minibatch has as many samples as is good: such a part of all, from the least to the most.
PART, LEAST, MOST = 50, 5, 50
#: What is kept of every epoch, and the means that it is of.
HISTORY = {"train_error": "error", "train_cost": "cost", "energy": "energy", "steps": "steps"}


class EquilibriumPropagationBase(BaseEstimator, ABC):
    """Layers of hard sigmoids with linear outputs, and how they learn."""

    network_: Network
    n_iter_: int
    history_: dict[str, Array]

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (256,),
        *,
        beta: float = 0.2,
        learning_rate_init: float = 0.001,
        weight_decay: float = 0.0,
        batch_size: int | str = "auto",
        max_iter: int = 30,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.beta = beta
        self.learning_rate_init = learning_rate_init
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    # -- what the classifier and the regressor have of their own ---------------------------------------------------

    @abstractmethod
    def _targets(self, y: Any, new: bool, classes: Any) -> Array:
        """Targets of the output units, (n_samples, n_out)."""

    @abstractmethod
    def _quality(self, outputs: Array, target: Array) -> float:
        """How good outputs are, for early stopping: more is better."""

    def _kept(self) -> None:
        """Take note that it has learned."""

    # -- fitting ---------------------------------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Fit from new weights, or with `warm_start` from those that are there."""
        new = not (self.warm_start and hasattr(self, "network_"))
        epochs = whole_number(self.max_iter, "max_iter", 1)
        if not new:
            return self._take(X, y, sample_weight, None, epochs, False)
        return self._from_new(lambda: self._take(X, y, sample_weight, None, epochs, True))

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """Go on for one epoch."""
        if hasattr(self, "network_"):
            return self._take(X, y, sample_weight, classes, 1, False)
        return self._from_new(lambda: self._take(X, y, sample_weight, classes, 1, True))

    def _from_new(self, take: Callable[[], Self]) -> Self:
        """Fit from new weights; where that fails, the estimator is not fitted, whatever it was before."""
        try:
            return take()
        except Exception:
            for name in set(vars(self)) - set(self.get_params(deep=False)):
                delattr(self, name)
            raise

    def _take(self, X: Any, y: Any, sample_weight: Any, classes: Any, epochs: int, new: bool) -> Self:
        self._check()
        X, y = self._validated(X, y, new)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        X, y, weight = in_order(X, y, weight)
        targets = self._targets(y, new, classes)
        if new:
            self._start(X, targets.shape[1])
        order = row_order(self._rates(X).astype(np.float32))  # the same in any units
        X, targets, weight = X[order], targets[order], None if weight is None else weight[order]
        held = None
        if self.early_stopping and epochs > 1:
            X, targets, weight, held = self._hold_out(X, targets, weight)
        self._learn(X, targets, weight, held, epochs)
        return self

    def _validated(self, X: Any, y: Any, new: bool) -> tuple[Any, Any]:
        return validate_data(self, X, y, dtype=np.float64, multi_output=True, reset=new)

    def _hold_out(self, X: Array, targets: Array, weight: Array | None) -> Any:
        """Samples to learn from, and a pair to stop by; of classes, the same part of each if there are enough."""
        labels = targets.argmax(axis=1)
        enough = targets.sum() == len(targets) and np.bincount(labels).min() > 1
        numbers = np.arange(len(X))
        count = max(1, round(float(self.validation_fraction) * len(X)))
        by = labels if enough and count >= targets.shape[1] else None
        learn, held = train_test_split(numbers, test_size=count, stratify=by, random_state=self._seed)
        return X[learn], targets[learn], None if weight is None else weight[learn], (X[held], targets[held])

    def _learn(self, X: Array, targets: Array, weight: Array | None, held: Any, epochs: int) -> None:
        recipe = self._recipe(len(X))
        learner = self._standing.run(self._rates(X), targets, weight, recipe)
        watch = Watch(self, learner, held)
        rate = f"`learning_rate_init` than {self.learning_rate_init:g}"
        standing = Standing(self.network_, self.n_iter_, self._standing.state)
        try:
            run_epochs(standing, learner, epochs, watch.after, rate)
        except KeyboardInterrupt as error:
            if standing.done == self.n_iter_:
                raise
            self._keep(standing, watch, recipe)
            text = f"stopped; {len(watch.rows)} epochs are done, and kept: go on with `partial_fit`, or `warm_start`"
            raise type(error)(text) from error
        self._keep(standing, watch, recipe)

    def _keep(self, standing: Standing, watch: Watch, recipe: Recipe) -> None:
        """The estimator has learned what was watched."""
        rows = watch.rows[: standing.done - self.n_iter_]
        if watch.best is not None:
            standing.network, standing.state = watch.best
            self.best_validation_score_ = max(watch.scores)
            self.validation_scores_ = [*getattr(self, "validation_scores_", []), *watch.scores]
        self._standing, self.network_, self.n_iter_ = standing, standing.network, standing.done
        for name, kind in HISTORY.items():
            found = [getattr(means, kind) for means in rows]
            self.history_[name] = np.concatenate([self.history_[name], found])
        self.loss_curve_ = self.history_["train_cost"].tolist()
        self.loss_, self.recipe_ = self.loss_curve_[-1], recipe
        self._kept()

    def _check(self) -> None:
        """Refuse parameters that make no sense."""
        real_number(self.tol, "tol", 0.0)
        real_number(self.weight_decay, "weight_decay", 0.0)
        whole_number(self.n_iter_no_change, "n_iter_no_change", 1)
        for name in ("early_stopping", "warm_start"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise ArgumentError(f"`{name}` must be True or False; got {getattr(self, name)!r}")
        if not 0.0 < real_number(self.validation_fraction, "validation_fraction") < 1.0:
            raise ArgumentError(f"`validation_fraction` must lie between 0 and 1; got {self.validation_fraction!r}")

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
        self._seed = int(self._random.randint(2**31 - 1))
        self.n_iter_, self._standing = 0, Standing(self.network_, 0, {})
        self.history_ = {name: np.empty(0) for name in HISTORY}
        for name in ("validation_scores_", "best_validation_score_"):
            if hasattr(self, name):
                delattr(self, name)

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

    def _recipe(self, samples: int) -> Recipe:
        layers = len(self.network_.graph.connections)
        return Recipe(
            method=EP_2017,
            batch_size=self._batch_size(samples),
            rates=positive_number(self.learning_rate_init, "learning_rate_init"),
            optimizer=Adam(epsilon=EPSILON),
            weight_decay=float(self.weight_decay),
            persistent=False,
            seed=self._seed,
            options={
                "beta": positive_number(self.beta, "beta"),
                "nudging": "centered",
                "free_steps": FREE_STEPS * layers,
                "nudged_steps": NUDGED_STEPS * layers,
                "tol": 1e-3,
            },
        )

    def _batch_size(self, samples: int) -> int:
        if isinstance(self.batch_size, str):
            if self.batch_size != "auto":
                raise ArgumentError(f"`batch_size` must be a whole number >= 1, or 'auto'; got {self.batch_size!r}")
            return min(max(samples // PART, LEAST), MOST)
        return whole_number(self.batch_size, "batch_size", 1)

    def _rates(self, X: Array) -> Array:
        return np.asarray((X - self._shift) * self._scale)

    def _outputs(self, X: ArrayLike) -> Array:
        """States of the output units at rest, (samples, n_out)."""
        check_is_fitted(self)
        checked = validate_data(self, X, dtype=np.float64, reset=False)
        return predict(self.network_, self._rates(checked), self.recipe_)


__all__ = ["EquilibriumPropagationBase"]
