"""The central experiment: relax, nudge, run the side network, on one time grid."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_duration, as_times
from neurodyn.numerics.arrays import Array
from neurodyn.phases.correction import check_correction
from neurodyn.phases.nudge import NudgedPhase, default_times, nudge, resting_point
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.results.result import Composite
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network

#: Wraps what has a name, to time it: `with watch("free phase"):`.
Watch = Callable[[str], contextlib.AbstractContextManager[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Experiment(Composite):
    """The free phase, the nudged phase, and the side network of one run; saved as one file.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> list(run.parts)
    ['equilibrium', 'nudged', 'side']
    """

    equilibrium: Equilibrium = field(kw_only=True)
    nudged: NudgedPhase = field(kw_only=True)
    side: SidePhase = field(kw_only=True)

    def _picture(self) -> Picture | None:
        return self.nudged._picture()


@dataclass(frozen=True, eq=False)
class Groundwork:
    """What experiments that differ in their nudging alone have in common.

    Its free phase, times and side network are computed when they are first asked for, and kept. The fields are the
    arguments of `experiment`.
    """

    network: Network
    x: Any
    y: Any
    _: KW_ONLY
    start: Any
    tol: float
    t_max: float | None
    duration: float | None
    t_eval: Any = None
    solver: Solver | None

    @cached_property
    def equilibrium(self) -> Equilibrium:
        """The free phase."""
        return relax(self.network, self.x, start=self.start, tol=self.tol, t_max=self.t_max, solver=self.solver)

    @cached_property
    def times(self) -> Array:
        """Times of the second phase: those given; else dense at first, to `duration` or until every mode decayed."""
        if self.t_eval is not None:
            return as_times(self.t_eval)
        times = default_times(resting_point(self.network, self.equilibrium))
        if self.duration is None:
            return times
        return times / times[-1] * as_duration(self.duration, float(self.network.tau.min()))

    @cached_property
    def side(self) -> SidePhase:
        """The side network."""
        return side_network(self.network, self.equilibrium, self.y, t_eval=self.times, solver=self.solver)


def experiment(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    tol: float = 1e-10,
    t_max: float | None = None,
    beta: float = 1e-3,
    nudging: str = "centered",
    correction: str | None = None,
    duration: float | None = None,
    t_eval: ArrayLike | None = None,
    solver: Solver | None = None,
) -> Experiment:
    """Run `relax`, `nudge` and `side_network` with one solver; see there for the arguments and errors.

    `duration` ends the second phase at that time instead of where the slowest mode has decayed.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> bool(abs(run.nudged.error_signal - run.side.error_signal).max() < 1e-5)
    True
    """
    if duration is not None and t_eval is not None:
        raise ArgumentError("give `duration` or `t_eval`, not both")
    shared: dict[str, Any] = {"duration": duration, "t_eval": t_eval, "solver": solver}
    groundwork = Groundwork(network, x, y, start=start, tol=tol, t_max=t_max, **shared)
    return run_phases(groundwork, beta=beta, nudging=nudging, correction=correction)


def run_phases(
    groundwork: Groundwork,
    *,
    beta: float,
    nudging: str,
    correction: str | None = None,
    watch: Watch = contextlib.nullcontext,
) -> Experiment:
    """Run the phases that the groundwork does not have yet, and the nudged one; `watch` wraps each by its name."""
    network = groundwork.network
    check_correction(correction)
    with watch("free phase"):
        rest = groundwork.equilibrium
    times = groundwork.times
    with watch("nudged phase"):
        kind: dict[str, Any] = {"beta": beta, "nudging": nudging, "correction": correction}
        nudged = nudge(network, rest, groundwork.y, **kind, t_eval=times, solver=groundwork.solver)
    with watch("side network"):
        side = groundwork.side
    return Experiment(network, equilibrium=rest, nudged=nudged, side=side)
