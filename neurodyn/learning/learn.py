"""The verb `learn`: epochs over samples, with validation, early stopping, checkpoints and progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError, DivergenceError, ResultFileError, shown
from neurodyn.estimators.gradient import gradient
from neurodyn.learning.callback import Callback, EpochRecord, as_callbacks, stops
from neurodyn.learning.checkpoint import Checkpoint
from neurodyn.learning.descent import totals
from neurodyn.learning.feedback import feedback_cosine
from neurodyn.learning.learner import EpochMeans, FreePhaseEnds, Learner, at_rest, make_learner, order
from neurodyn.learning.metrics import RISING, check_classes, measure_metrics
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.sample_weights import ClassWeight, weighed
from neurodyn.learning.samples import Samples, Validation, split
from neurodyn.learning.training import Training, history
from neurodyn.numerics.blas import few_threads
from neurodyn.progress import Bar, note, work_clock
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters

#: What was measured in one epoch, by the names of the fields of `Training`.
Row = dict[str, float]


@few_threads
def learn(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    recipe: Recipe | Mapping[str, Any] | None = None,
    *,
    validation: Validation | None = None,
    test: tuple[ArrayLike | None, ArrayLike] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    on_epoch: Callable[[int, Row], object] | None = None,
    callbacks: Callback | Sequence[Callback] | None = None,
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight | None = None,
    solver: Solver | None = None,
    **changes: Any,
) -> Training:
    """Let a network learn from samples.

    Parameters
    ----------
    network : Network
        A network with the weights to begin with.
    x : (samples, n_in) array
    y : (samples, n_out) array or (samples,) labels
    recipe : Recipe or mapping, optional
        How it learns; `changes` are changes to it: fields of `Recipe`, or options of its method, like
        ``learn(net, x, y, epochs=10, optimizer="adam", weight_decay=0.01, beta=0.5)``.
    validation : (x, y), int or float, optional
        Samples to validate with after each epoch; or how many of the last samples, or what fraction, to hold out.
    test : (x, y), optional
        Samples looked at once, with the network that is returned.
    checkpoint : path, optional
        A file written after each epoch, whole or not at all. With `resume`, learning goes on from it if it is there,
        to the same weights bit for bit; it holds the order and signs by their seed.
    on_epoch : callable, optional
        Called with the number of each epoch, from 0, and what was measured in it.
    callbacks : callable or sequence, optional
        Each is called after each epoch with an `EpochRecord`: its number, measures and network. Learning stops, and
        returns as usual, after an epoch for which one returns True or raises StopIteration.
    sample_weight : (samples,) array, optional
        What each sample's part of the gradient is multiplied by, over their mean. Errors and costs are measured alike.
    class_weight : "balanced" or mapping, optional
        The same by class; balanced, all classes weigh as much together. Both multiply. Methods other than `ep-2017`
        estimate a minibatch in as many parts as it has different weights.
    solver : Solver, optional
        For methods other than `ep-2017`.

    Raises
    ------
    ArgumentError
        Something does not fit; says what is allowed.
    DivergenceError
        The weights grew beyond every bound.
    ResultFileError
        The checkpoint cannot be written, or is not of this network, recipe and samples.

    Where it is stopped, by Ctrl-C or by an exception of a callback, the exception has the `Training` so far as its
    `result`: in a notebook ``sys.last_value.result``.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> training = nd.learn(net, x, y, method="implicit", epochs=20, rates=0.5, batch_size=2)
    >>> bool(training.train_cost[-1] < 0.1 * training.train_cost[0])
    True
    """
    as_network(network)
    chosen = Recipe.of(recipe, **changes).resolved(network)
    given = weighed(Samples.of(network, x, y), sample_weight, class_weight)
    samples, validated = split(network, given, validation)
    if test is not None and not (isinstance(test, (tuple, list)) and len(test) == 2):
        raise ArgumentError(f"`test` must be a pair (x, y) of samples; got {shown(test)}")
    if not isinstance(resume, bool):
        raise ArgumentError(f"`resume` must be True or False; got {shown(resume)}")
    tested = None if test is None else Samples.of(network, test[0], test[1], "test")
    if chosen.patience is not None and validated is None:
        raise ArgumentError("`patience` needs `validation` samples")
    if chosen.metrics:
        if validated is None:
            raise ArgumentError("`metrics` need `validation` samples to be measured on")
        check_classes(chosen.metrics, validated.labels is not None)
    called = as_callbacks(callbacks)
    if on_epoch is not None:
        called = (_of_numbers(on_epoch), *called)
    if resume and checkpoint is None:
        raise ArgumentError("`resume` needs a `checkpoint` to go on from")
    learner = make_learner(network, samples, chosen, solver)
    file = None if checkpoint is None else Checkpoint(checkpoint, learner, validated, solver)
    run = _Run(learner, validated, file, solver)
    if resume:
        run.resume()
    try:
        run.to_end(called)
        return run.training(tested)
    except KeyboardInterrupt as error:
        if not run.rows:
            raise
        told = type(error)(f"{error}; {run.sentence}" if str(error) else run.sentence)
        run.keep(told)
        raise told from error
    except Exception as error:
        run.keep(error)
        raise


class _Run:
    """The epochs of a learner, those of a checkpoint included."""

    def __init__(
        self, learner: Learner, validated: Samples | None, checkpoint: Checkpoint | None, solver: Solver | None
    ) -> None:
        self.learner, self.validated, self.checkpoint, self.solver = learner, validated, checkpoint, solver
        self.recipe = learner.recipe
        self.rows: list[Row] = []
        self.best: dict[str, Any] = {}
        self.weights: Any = None  # after the last epoch that is finished

    def resume(self) -> None:
        assert self.checkpoint is not None
        found = self.checkpoint.read()
        if found is not None:
            self.rows, state, self.best = found
            try:
                self.learner.restore(state)
            except (KeyError, TypeError, ValueError) as error:
                raise ResultFileError(
                    f"{self.checkpoint.path} holds no state of the method {self.recipe.method!r}: {error!r}"
                ) from error
            self.weights = self.learner.weights()

    @property
    def theta(self) -> Any:
        """The parameters after the last epoch that is finished, as a vector."""
        return np.array(self.learner.parameters(self.weights).vector)

    @property
    def ended(self) -> bool:
        """Whether all epochs are done, or validation has not improved for too long."""
        done, patience = len(self.rows), self.recipe.patience
        return done >= self.recipe.epochs or (patience is not None and done > 0 and done - self.best_epoch >= patience)

    @property
    def best_epoch(self) -> int:
        """Number of the epoch with the best validation, counted from 1."""
        return int(np.argmin([self._score(row) for row in self.rows])) + 1

    def to_end(self, callbacks: tuple[Callback, ...]) -> None:
        with Bar("learning") as bar:
            while not self.ended:
                done = len(self.rows)
                row = self._epoch(done, self._report(bar, done))
                self.weights = self.learner.weights()
                self.rows.append(row)
                if self.recipe.patience is not None and self.best_epoch == len(self.rows):
                    self.best = {"theta": self.theta}
                if self.checkpoint is not None:
                    self.checkpoint.write(self.rows, self.learner.state(), self.best, self.theta)
                if stops(callbacks, EpochRecord(done, row, partial(self._network, self.weights))):
                    note(f"neurodyn: stopped by a callback after {len(self.rows):,} of {self.recipe.epochs:,} epochs")
                    break

    def _report(self, bar: Bar, done: int) -> Callable[[float], None]:
        """What brings the progress line up to date within an epoch: how far, and what the one before measured."""
        epochs, now = self.recipe.epochs, f"epoch {done + 1:,}"
        if self.rows:
            row = self.rows[-1]
            cost = row.get("validation_cost", row["train_cost"])
            error = row.get("validation_error", row["train_error"])
            now += f", cost {cost:.4g}" + ("" if np.isnan(error) else f", error {100.0 * error:.2f} %")
        return lambda part: bar.update((done + part) / epochs, now)

    def _network(self, weights: Any) -> Network:
        return self.learner.start.replace(parameters=self.learner.parameters(weights))

    def training(self, tested: Samples | None) -> Training:
        """Return the result, with the test samples measured."""
        start, theta = self.learner.start, self.best.get("theta", self.theta)
        network = start.replace(parameters=Parameters(start.parameters.blocks, theta))
        fields = history(self.rows, self.recipe.metrics)
        if tested is not None:
            tester = make_learner(network, tested.take(slice(0)), self.recipe, self.solver)
            found = _means(tested, at_rest(tester, tested))
            fields |= {"test_error": found.error, "test_cost": found.cost}
        return Training(network, **fields, settings=self.recipe.plain())

    @property
    def sentence(self) -> str:
        """How far it came, and how to go on."""
        way = "they are the `result` of this exception (in a notebook: sys.last_value.result)"
        if self.checkpoint is not None:
            way = f"go on with resume (--resume) and the checkpoint {self.checkpoint.path}"
        return f"stopped; {len(self.rows):,} of {self.recipe.epochs:,} epochs are done: {way}"

    def keep(self, error: Any) -> None:
        """Give an exception the training so far as its `result`."""
        if self.rows:
            error.result = self.training(None)
            error.add_note(self.sentence)

    def _epoch(self, number: int, report: Callable[[float], None]) -> Row:
        began = work_clock()  # epochs do not count what is compiled in them
        learner = self.learner
        found = learner.epoch(number, order(self.recipe, number, len(learner.samples)), report)
        if not np.isfinite(found.cost + (found.energy if learner.start.has_energy else 0.0)):
            raise DivergenceError(
                f"the weights grew beyond every bound in epoch {number + 1}: take smaller `rates`, "
                f"not {self.recipe.rates}"
            )
        row: Row = {"train_error": found.error, "train_cost": found.cost, "energy": found.energy, "steps": found.steps,
               "rate_factor": self.recipe.factor(number)}  # fmt: skip
        if self.validated is not None:
            ends = at_rest(learner, self.validated)
            validation = _means(self.validated, ends)
            row |= {"validation_error": validation.error, "validation_cost": validation.cost}
            row |= measure_metrics(self.recipe.metrics, ends.outputs, self.validated.target)
        if self.recipe.alignment:
            row["cosine"] = _cosine(learner)
        aligned = feedback_cosine(learner.network)
        if not np.isnan(aligned):
            row["feedback_cosine"] = aligned
        return row | {"seconds": work_clock() - began}

    def _score(self, row: Row) -> float:
        """What early stopping makes small."""
        name = self.recipe.monitor
        if name is None:
            name = "validation_cost" if np.isnan(row["validation_error"]) else "validation_error"
        return -row[name] if name in RISING else row[name]


def _of_numbers(on_epoch: Callable[[int, Row], object]) -> Callback:
    """A callback that only wants the number of an epoch, and what was measured in it."""
    return lambda epoch: on_epoch(epoch.number, dict(epoch.measures))


def _means(samples: Samples, ends: FreePhaseEnds) -> EpochMeans:
    return EpochMeans(*(totals(samples, ends) / len(samples)).tolist())


def _cosine(learner: Learner) -> float:
    """Return the cosine between the learner's gradient and the exact one, on the first samples."""
    probe = learner.samples.take(slice(learner.recipe.alignment))
    return learner.gradient(probe).cosine(gradient(learner.network, probe.x, probe.target, method="implicit"))
