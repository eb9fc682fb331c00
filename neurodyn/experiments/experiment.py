"""The central experiment: relax, nudge, run the side network, on one time grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_times, is_positive
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase, default_times, nudge, resting_point
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.results.result import Composite
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Experiment(Composite):
    """The free phase, the nudged phase, and the side network of one run; saved as one file."""

    equilibrium: Equilibrium = field(kw_only=True)
    nudged: NudgedPhase = field(kw_only=True)
    side: SidePhase = field(kw_only=True)


def experiment(
    network: Network,
    x: Any,
    y: Any,
    *,
    start: Any = None,
    tol: float = 1e-10,
    t_max: float | None = None,
    beta: float = 1e-3,
    nudging: str = "centered",
    duration: float | None = None,
    t_eval: Any = None,
    solver: Solver | None = None,
) -> Experiment:
    """Run `relax`, `nudge` and `side_network` with one solver; see there for the arguments and errors.

    `duration` ends the second phase at that time instead of where the slowest mode has decayed.
    """
    if duration is not None and t_eval is not None:
        raise ArgumentError("give `duration` or `t_eval`, not both")
    equilibrium = relax(network, x, start=start, tol=tol, t_max=t_max, solver=solver)
    times = second_phase_times(network, equilibrium, duration) if t_eval is None else as_times(t_eval)
    nudged = nudge(network, equilibrium, y, beta=beta, nudging=nudging, t_eval=times, solver=solver)
    side = side_network(network, equilibrium, y, t_eval=times, solver=solver)
    return Experiment(network, equilibrium=equilibrium, nudged=nudged, side=side)


def second_phase_times(network: Network, equilibrium: Equilibrium, duration: float | None = None) -> Array:
    """Times of the second phase, dense at first: to `duration`, or to where the slowest mode has decayed."""
    times = default_times(resting_point(network, equilibrium))
    if duration is None:
        return times
    if not is_positive(duration):
        raise ArgumentError(f"`duration` must be positive and finite; got {duration!r}")
    return times / times[-1] * float(duration)
