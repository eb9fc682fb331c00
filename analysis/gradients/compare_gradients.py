"""Every learning signal side by side: estimates of one gradient against the exact one, and what each cost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, inputs_and_start
from neurodyn.analysis.gradients.step_by_step import StepByStep, step_by_step
from neurodyn.cards.picture import Picture
from neurodyn.cards.shown import Facts, Rows, Shown
from neurodyn.errors import ArgumentError, NeurodynError
from neurodyn.estimators import ESTIMATORS, build, name_of
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.gradient import Gradient, estimate, gradient
from neurodyn.estimators.task import Task
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.correction import check_correction
from neurodyn.phases.nudge import default_times, nudge
from neurodyn.phases.side import side_network
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Names of methods and estimators; or for each label an estimator, or a mapping with a `method` and its options.
Methods = Iterable[str | Estimator] | Mapping[str, Estimator | Mapping[str, Any]]
#: Estimators by the labels they go under.
EstimatorsByLabel = dict[str, Estimator]
#: Of the times of the second phase, so many are compared step by step.
STEPS = 21


@dataclass(frozen=True, slots=True, repr=False)
class Agreement(Shown):
    """An estimate, or a block of it, beside the exact gradient.

    cosine: of the angle between the two. norm_ratio: length of the estimate over the exact one's. sign_agreement:
    fraction of the entries that have the sign of the exact one, where that is not 0. relative_error: length of the
    difference over that of the exact one. NaN where the exact gradient (for the cosine, the estimate too) is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis
    >>> analysis.Agreement.of(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    Agreement(cosine 1, norm_ratio 0.5, sign_agreement 1, relative_error 0.5)
    """

    cosine: float
    norm_ratio: float
    sign_agreement: float
    relative_error: float

    @classmethod
    def of(cls, found: Array, exact: Array) -> Agreement:
        """Compare two vectors."""
        size, norm = float(np.linalg.norm(found)), float(np.linalg.norm(exact)) or np.nan
        sure = exact != 0.0
        return cls(
            cosine=float(found @ exact) / ((size or np.nan) * norm),
            norm_ratio=size / norm,
            sign_agreement=float(np.mean(np.sign(found[sure]) == np.sign(exact[sure]))) if sure.any() else np.nan,
            relative_error=float(np.linalg.norm(found - exact)) / norm,
        )


@dataclass(frozen=True, slots=True, repr=False)
class GradientEstimate(Shown):
    """One method's gradient, and how it agrees with the exact one: as a whole, and in each block of parameters.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.compare_gradients(net, [0.5, 0.2], [1.0, 0.0], ["recurrent-backprop"])
    >>> one = found.estimates["recurrent-backprop"]
    >>> one.method, sorted(one.blocks)
    ('recurrent-backprop', ['h1', 'h1-y', 'x-h1', 'y'])
    """

    method: str
    gradient: Gradient
    whole: Agreement
    blocks: Mapping[str, Agreement]


@dataclass(frozen=True, slots=True, repr=False)
class ComparedGradients(Shown):
    """Estimates of one gradient.

    Attributes
    ----------
    exact : Gradient
        The implicit gradient, which all are compared with.
    estimates : mapping from label to GradientEstimate
    refused : mapping from label to str
        The methods that are left out, and the sentence that says why.
    steps : StepByStep
        The nudged phase's updates against the side network's gradients at every time.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.compare_gradients(net, [0.5, 0.2], [1.0, 0.0], ["recurrent-backprop"])
    >>> [row["block"] for row in found.table]
    ['all', 'x-h1', 'h1-y', 'h1', 'y']
    """

    exact: Gradient
    estimates: Mapping[str, GradientEstimate]
    refused: Mapping[str, str]
    steps: StepByStep

    _head: ClassVar[tuple[str, ...]] = ("estimate", "cosine", "norm ratio", "relative error", "force evaluations")

    def _facts(self) -> Facts:
        refused = [("refused", ", ".join(self.refused))] if self.refused else []
        return [("estimates", f"{len(self.estimates)}"), ("compared with", self.exact.method), *refused]

    def _rows(self) -> Rows:
        return [
            (
                label,
                f"{found.whole.cosine:.9g}",
                f"{found.whole.norm_ratio:.6g}",
                f"{found.whole.relative_error:.3g}",
                f"{found.gradient.force_evaluations:,}",
            )
            for label, found in self.estimates.items()
        ]

    def _picture(self) -> Picture | None:
        return self.steps._picture()

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row for each estimate and block, the block "all" first: agreement, and what the estimate cost."""
        rows = []
        for label, found in self.estimates.items():
            cost = {name: getattr(found.gradient, name) for name in ("force_evaluations", "simulated_time", "seconds")}
            for block, agreement in {"all": found.whole, **found.blocks}.items():
                measures = {name: getattr(agreement, name) for name in Agreement.__slots__}
                rows.append({"method": label, "block": block, **measures, **cost})
        return rows


@few_threads
def compare_gradients(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    methods: Methods | None = None,
    *,
    start: ArrayLike | None = None,
    solver: Solver | None = None,
    beta: float = 1e-3,
    correction: str | None = None,
) -> ComparedGradients:
    """Estimate dJ/dtheta by several methods, and compare each with the implicit gradient.

    A method that refuses the network, or fails on it, is left out, with its reason.

    Parameters
    ----------
    network, x, y, start, solver
        The same as for `neurodyn.gradient`.
    methods : sequence of str or Estimator, or mapping, optional
        Names of methods, with their default options, and estimators of your own; or for each label an estimator, or a
        mapping with the name of the `method` and its options, like
        ``{"one-sided": {"method": "equilibrium-propagation", "nudging": "positive"}}``. Default: all without noise.
    beta, correction
        Of the centered nudging whose updates are followed step by step: see `nudge`.

    Raises
    ------
    ArgumentError
        For unknown methods or options.
    ConvergenceError, SimulationError
        There is no equilibrium to compare at.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [0.5, 0.2], [1.0, 0.0]
    >>> found = analysis.compare_gradients(net, x, y, ["equilibrium-propagation", "recurrent-backprop"])
    >>> {label: round(one.whole.cosine, 4) for label, one in found.estimates.items()}
    {'equilibrium-propagation': 1.0, 'recurrent-backprop': 1.0}
    """
    chosen = estimators_by_label(methods)
    check_correction(correction)
    x, start = inputs_and_start(x, start)
    exact = gradient(network, x, y, method="implicit", start=start, solver=solver)
    estimates: dict[str, GradientEstimate] = {}
    refused: dict[str, str] = {}
    with Bar("gradients") as bar:
        for k, (label, estimator) in enumerate(chosen.items()):
            bar.update(k / len(chosen))
            began = time.perf_counter()
            try:
                found = estimate(estimator, Task(network, x, y, start=start, solver=solver), began)
            except NeurodynError as error:
                refused[label] = str(error)
            else:
                estimates[label] = _against(found, exact)
    steps = _steps(Task(network, x, y, start=start, solver=solver), beta, correction)
    return ComparedGradients(exact, estimates, refused, steps)


def estimators_by_label(methods: Methods | None, *, checks: bool = True) -> EstimatorsByLabel:
    """The estimators that `methods` of `compare_gradients` names; by default all that are not under noise.

    Without `checks` only the signals.
    """
    if methods is None:
        methods = [name for name, kind in ESTIMATORS.items() if (checks or not kind.check) and not kind.noisy]
    if isinstance(methods, str) or not isinstance(methods, (Mapping, Iterable)):
        raise ArgumentError(f"`methods` must be a list of names, or a mapping from labels to options; got {methods!r}")
    if not isinstance(methods, Mapping):
        methods = _labelled(methods)
    chosen: EstimatorsByLabel = {}
    for label, given in methods.items():
        if isinstance(given, Estimator):
            chosen[str(label)] = given
            continue
        if not isinstance(given, Mapping) or "method" not in given:
            raise ArgumentError(
                f"`methods[{label!r}]` must be a mapping with the name of a `method`, or an estimator; got {given!r}"
            )
        options = {name: value for name, value in given.items() if name != "method"}
        chosen[str(label)] = build(given["method"], options)
    if not chosen:
        raise ArgumentError(f"`methods` is empty; allowed: {', '.join(ESTIMATORS)}")
    return chosen


def _labelled(methods: Iterable[str | Estimator]) -> dict[str, Estimator | Mapping[str, Any]]:
    """Methods by labels: names by themselves, estimators by what they are called."""
    found: dict[str, Estimator | Mapping[str, Any]] = {}
    for method in methods:
        label = name_of(method) if isinstance(method, Estimator) else method
        given = method if isinstance(method, Estimator) else {"method": method}
        if found.setdefault(label, given) != given:
            raise ArgumentError(
                f"`methods` has two different ones called {label!r}: give a mapping from labels to them"
            )
    return found


def _against(found: Gradient, exact: Parameters) -> GradientEstimate:
    blocks = {name: Agreement.of(found.part(name), exact.part(name)) for name in exact}
    return GradientEstimate(found.method, found, Agreement.of(found.vector, exact.vector), blocks)


def _steps(task: Task, beta: float, correction: str | None) -> StepByStep:
    """Both phases from the task's equilibrium, recorded at the same times."""
    times = default_times(task.point)
    times = times[:: max(1, (len(times) - 1) // (STEPS - 1))]
    given = (task.network, task.equilibrium, task.target)
    run = nudge(*given, beta=beta, correction=correction, t_eval=times, solver=task.solver)
    return step_by_step(run, side_network(*given, t_eval=times, solver=task.solver))
