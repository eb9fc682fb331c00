"""How close estimates stay to the exact gradient while a network learns by one of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, inputs_and_start
from neurodyn.analysis.gradients.compare_gradients import Agreement, Methods, estimators_by_label
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Facts, Rows, Shown
from neurodyn.errors import NeurodynError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.gradient import Gradient, estimate, gradient
from neurodyn.estimators.task import Task
from neurodyn.inputs import positive_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import few_threads
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network


@dataclass(frozen=True, slots=True, repr=False)
class GradientTrack(Shown):
    """A network that learns, and the estimates of its gradient on the way.

    Attributes
    ----------
    driver : str
        Label of the estimate that the steps go along.
    rate : float
        Length of a step over that of the estimate.
    loss : (K + 1,)
        J before each of K steps, and after the last.
    cosine, norm_ratio : mapping from label to (K,) array
        Agreement of each estimate with the implicit gradient of the same network; NaN where the estimate failed.
    failures : mapping from label to str
        The estimates that failed: the first step at which each did, and why.
    network : Network
        After the last step.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.track_gradients(net, [0.5, 0.2], [1.0, 0.0], methods=["equilibrium-propagation"], steps=2)
    >>> found.loss.shape, found.cosine["equilibrium-propagation"].shape
    ((3,), (2,))
    """

    driver: str
    rate: float
    loss: Array
    cosine: Mapping[str, Array]
    norm_ratio: Mapping[str, Array]
    failures: Mapping[str, str]
    network: Network

    _head: ClassVar[tuple[str, ...]] = ("estimate", "last cosine", "last norm ratio")

    def _facts(self) -> Facts:
        steps, cost = len(self.loss) - 1, f"{self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        return [("driver", self.driver), ("rate", f"{self.rate:g}"), ("steps", f"{steps:,}"), ("cost", cost)]

    def _rows(self) -> Rows:
        there = [name for name, values in self.cosine.items() if len(values)]
        return [(name, f"{self.cosine[name][-1]:.6g}", f"{self.norm_ratio[name][-1]:.6g}") for name in there]

    def _picture(self) -> Picture | None:
        return curves({"cost": self.loss}, caption="cost over steps")


@few_threads
def track_gradients(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    driver: str = "equilibrium-propagation",
    methods: Methods | None = None,
    steps: int = 20,
    rate: float = 0.1,
    start: ArrayLike | None = None,
    solver: Solver | None = None,
) -> GradientTrack:
    """Descend by theta ← theta − rate · estimate, and measure all estimates at every step.

    Every step works on the whole batch, and relaxes from `start`. What a method draws at random, it draws anew in
    every step. Where the driver fails, or there is no equilibrium, the track ends, with what there is so far and the
    reason among `failures`.

    Parameters
    ----------
    network, x, y, start, solver
        The same as for `neurodyn.gradient`.
    driver : str
        The method that learns, or the label of one of `methods`.
    methods : sequence of str or Estimator, or mapping, optional
        The same as for `compare_gradients`. Default: all without noise but the checks.
    steps : int
    rate : float

    Raises
    ------
    ArgumentError
        For methods, options, steps or a rate that make no sense.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.track_gradients(net, [0.5, 0.2], [1.0, 0.0], methods=["equilibrium-propagation"], steps=3)
    >>> bool(found.loss[-1] < found.loss[0])
    True
    """
    whole_number(steps, "steps", 1)
    positive_number(rate, "rate")
    chosen = estimators_by_label(methods, checks=False)
    if driver not in chosen:
        chosen = estimators_by_label([driver]) | chosen
    x, start = inputs_and_start(x, start)
    track = _Track(network, {"start": start, "solver": solver}, driver, rate)
    with Bar("learning") as bar:
        for k in range(steps):
            bar.update(k / steps)
            if not track.step(k, x, y, chosen):
                break
    return track.result(x, y, list(chosen))


class _Track:
    """The track so far."""

    def __init__(self, network: Network, given: dict[str, Any], driver: str, rate: float) -> None:
        self.network, self.given, self.driver, self.rate = network, given, driver, rate
        self.loss: list[float] = []
        self.rows: list[dict[str, Agreement]] = []
        self.failures: dict[str, str] = {}

    def step(self, k: int, x: ArrayLike | None, y: ArrayLike, chosen: Mapping[str, Estimator]) -> bool:
        """Measure all estimates, and go along the driver's; False if there is no way on."""
        try:
            loss, exact = self.objective(x, y), gradient(self.network, x, y, method="implicit", **self.given)
        except NeurodynError as error:
            self.failures.setdefault(self.driver, f"step {k}: {error}")
            return False
        self.loss.append(loss)
        found: dict[str, Gradient] = {}
        for label, estimator in chosen.items():
            task = Task(self.network, x, y, **self.given)
            try:
                found[label] = estimate(estimator.repeated(k), task, time.perf_counter())
            except NeurodynError as error:
                self.failures.setdefault(label, f"step {k}: {error}")
        self.rows.append({label: Agreement.of(g.vector, exact.vector) for label, g in found.items()})
        if self.driver not in found:
            return False
        self.network = self.network.replace(parameters=self.network.parameters - self.rate * found[self.driver])
        return True

    def objective(self, x: ArrayLike | None, y: ArrayLike) -> float:
        """Return J of the network as it is now."""
        task = Task(self.network, x, y, **self.given)
        return float(np.mean(self.network.cost(task.equilibrium.state, task.target)))

    def result(self, x: ArrayLike | None, y: ArrayLike, labels: list[str]) -> GradientTrack:
        """Return the track of the steps that were made."""
        try:
            last = self.objective(x, y)
        except NeurodynError as error:
            self.failures.setdefault(self.driver, f"step {len(self.rows)}: {error}")
            last = float("nan")
        curves = {
            name: {
                label: np.array([getattr(row[label], name) if label in row else np.nan for row in self.rows])
                for label in labels
            }
            for name in ("cosine", "norm_ratio")
        }
        loss = np.array([*self.loss[: len(self.rows)], last])
        return GradientTrack(
            self.driver, self.rate, loss, curves["cosine"], curves["norm_ratio"], self.failures, self.network
        )
