"""The gradient of the objective, by any estimator, and what it cost."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from neurodyn.cards.shown import Facts, told
from neurodyn.errors import ModelError
from neurodyn.estimators import build, name_of
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import few_threads
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network
from neurodyn.system.parameters import Block, Parameters


class Gradient(Parameters):
    """An estimate of dJ/dtheta, laid out like the parameters, and what it cost. Sums and products are `Parameters`.

    Attributes
    ----------
    method : str
        The name of the method, or of the class of an estimator that has none.
    options : dict
        All options of the method, those by default too.
    force_evaluations : int
        Evaluations of the force, the products with its Jacobian or its transpose among them, summed over samples.
    simulated_time : float
        Time that the network, or a network beside it, was simulated for: summed over phases, mean over samples.
    seconds : float
        Wall time.
    notes : tuple of str
        Plain sentences about this estimate, such as what is not exact, and why.
    standard_error : Parameters or None
        The error bar, one standard deviation, of every entry; None for a method that draws nothing at random.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = nd.gradient(net, [0.5, 0.2], [1.0, 0.0], method="implicit")
    >>> found.method, found.simulated_time > 0.0
    ('implicit', True)
    >>> net.replace(parameters=net.parameters - 0.1 * found).n
    5
    """

    __slots__ = ("force_evaluations", "method", "notes", "options", "seconds", "simulated_time", "standard_error")

    def __init__(
        self,
        blocks: tuple[Block, ...],
        vector: Array,
        *,
        method: str,
        options: Mapping[str, Any],
        force_evaluations: int,
        simulated_time: float,
        seconds: float,
        notes: tuple[str, ...] = (),
        standard_error: Parameters | None = None,
    ) -> None:
        super().__init__(blocks, vector)
        self.method = method
        self.options = dict(options)
        self.force_evaluations = force_evaluations
        self.simulated_time = simulated_time
        self.seconds = seconds
        self.notes = tuple(notes)
        self.standard_error = standard_error

    def __repr__(self) -> str:
        cost = f"{self.force_evaluations:,} force evaluations, time {self.simulated_time:.4g}, {self.seconds:.2g} s"
        return told("Gradient", [f"{self.method}; {', '.join(f'{b.name} {b.shape}' for b in self.blocks)}; {cost}"])

    def _facts(self) -> Facts:
        cost = [("force evaluations", f"{self.force_evaluations:,}"), ("simulated time", f"{self.simulated_time:.4g}")]
        notes = [("note", text) for text in self.notes]
        return [("method", self.method), *Parameters._facts(self), *cost, ("seconds", f"{self.seconds:.2g}"), *notes]

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.blocks, self.vector, {name: getattr(self, name) for name in self.__slots__})


def _rebuild(blocks: tuple[Block, ...], vector: Array, about: Mapping[str, Any]) -> Gradient:
    return Gradient(blocks, vector, **about)


@few_threads
def gradient(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    *,
    method: str | Estimator = "equilibrium-propagation",
    start: ArrayLike | None = None,
    solver: Solver | None = None,
    **options: Any,
) -> Gradient:
    """Estimate dJ/dtheta, J = mean over the batch of C(s*, y).

    Parameters
    ----------
    network, x, y, start, solver
        The same as for `relax` and `nudge`.
    method : str or Estimator
        One of `neurodyn.estimators.ESTIMATORS`; `implicit` is exact, the reference. Or an estimator of your own, an
        instance of a class that inherits `neurodyn.estimators.base.Estimator`.
    **options
        Options of the method: the fields of its class, such as `beta` and `nudging` of equilibrium propagation. None
        beside an estimator, which has its own.

    Returns
    -------
    gradient : Gradient
        The derivative, with the layout of the parameters; learning subtracts it.

    Raises
    ------
    ArgumentError
        For an unknown method or option, or arguments that do not fit.
    ModelError
        For a network on which the method makes no sense, and an estimator that returns no gradient of its parameters.
    ConvergenceError, DivergenceError, SimulationError
        Some phase did not end as it should.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = nd.gradient(net, [0.5, 0.2], [1.0, 0.0], beta=0.01)
    >>> exact = nd.gradient(net, [0.5, 0.2], [1.0, 0.0], method="implicit")
    >>> round(found.cosine(exact), 6)
    1.0
    """
    chosen = build(method, options)
    began = time.perf_counter()
    return estimate(chosen, Task(network, x, y, start=start, solver=solver), began)


def estimate(chosen: Estimator, task: Task, began: float) -> Gradient:
    """What an estimator makes of a task that was begun at `began` on the clock `time.perf_counter`."""
    found = chosen.estimate(task)
    check_layout(chosen, found, task.network.parameters)
    return Gradient(
        found.blocks,
        found.vector,
        method=name_of(chosen),
        options=dataclasses.asdict(chosen),
        force_evaluations=task.force_evaluations,
        simulated_time=task.simulated_time,
        seconds=time.perf_counter() - began,
        notes=tuple(task.notes),
        standard_error=task.standard_error,
    )


def check_layout(chosen: Estimator, found: object, parameters: Parameters) -> None:
    """Refuse what is not a gradient of these parameters."""
    if not isinstance(found, Parameters) or found.blocks != parameters.blocks:
        raise ModelError(
            f"{type(chosen).__name__}.estimate must return `Parameters` with the blocks of `task.network.parameters`; "
            f"got {found!r}"
        )
