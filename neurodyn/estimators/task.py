"""What an estimator works on: a network, data and a solver; and the meter of what its work costs."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.inputs import as_condition
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters


class Task:
    """One estimate of a gradient, in the making.

    Attributes
    ----------
    network : Network
    x : (batch, n_in) or None
    start : (batch, n)
        Where the free phase begins.
    target : (batch, n_out)
    solver : Solver
    tol : float
        Largest force at rest.
    batched : bool
        Whether x (or start) came with a batch axis. Everything here has one.
    force_evaluations : int
        Evaluations of the force, products with its Jacobian and its transpose among them, summed over samples.
    simulated_time : float
        Time that was simulated, summed over phases, mean over samples.
    notes : list of str
        Plain sentences that the reader of the gradient should know.
    standard_error : Parameters, optional
        The error bar of the gradient, from an estimator that draws at random.
    """

    def __init__(
        self,
        network: Network,
        x: ArrayLike | None,
        y: ArrayLike,
        *,
        start: ArrayLike | None = None,
        solver: Solver | None = None,
        tol: float = 1e-10,
    ) -> None:
        self.network = as_network(network)
        self.x, self.start, self.batched = as_condition(x, start, network.n_in, network.n)
        self.target = network.target(y, len(self.start), self.batched)
        self.solver, self.tol = chosen_solver(solver), tol
        self.force_evaluations = 0
        self.simulated_time = 0.0
        self.notes: list[str] = []
        self.standard_error: Parameters | None = None

    @cached_property
    def equilibrium(self) -> Equilibrium:
        """The equilibrium of the free phase, which is run, and counted, when it is first asked for.

        The linear algebra that polishes its last digits is the same for all methods, and not counted.
        """
        found = relax(self.network, self.x, start=self.start, tol=self.tol, solver=self.solver)
        self.count(force_evaluations=found.counters["nfev"], time=found.time)
        return found

    @cached_property
    def point(self) -> FixedPoint:
        """The equilibrium with what follows from it. With the hard sigmoid, what its bounds mean is noted."""
        point = FixedPoint.of(self.network, self.equilibrium.state, self.x)
        if self.network.box.any():
            self._note_bounds(point)
        return point

    def _note_bounds(self, point: FixedPoint) -> None:
        stuck = int(np.sum(~point.local.active))
        silent = int(np.sum(~(point.cost_slope(self.target) * point.local.active).any(axis=0)))
        self.note(
            f"hard sigmoid: J has kinks, between which this is its slope; {stuck:,} of {point.s.size:,} units, over "
            "all samples, sit on a bound and have no part in it"
        )
        if silent:
            self.note(f"{silent:,} of {point.s.shape[1]:,} samples have no error signal, and no gradient")

    def count(self, *, force_evaluations: int = 0, time: float | Array = 0.0) -> None:
        """Add what some work took: force evaluations, summed over samples, and time, of each sample or of all."""
        self.force_evaluations += int(force_evaluations)
        self.simulated_time += float(np.mean(time))

    def note(self, sentence: str) -> None:
        """Tell the reader of the gradient something."""
        self.notes.append(sentence)


__all__ = ["Task"]
