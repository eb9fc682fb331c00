"""How finely the tolerances of two phases resolve the error signals of each population."""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import Solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.sizes import signal_sizes

#: A population whose signal the tolerances resolve no better than this, relative to its largest, gets a note.
COARSE = 0.01


def unresolved(run: NudgedPhase, side: SidePhase) -> tuple[str, ...]:
    """A sentence for each population whose error signal may be no larger than what the solvers leave undecided.

    An adaptive method keeps the error of a component below about atol·size + rtol·|value|, where size is about that of
    the signal of its population when it first arrives.
    """
    signal = np.abs(with_batch(side.error_signal, 3)).max(axis=0)
    left = _left_open(run, side, signal)
    notes = []
    for name, where in run.network.graph.slices.items():
        largest = signal[:, where].max(axis=1, initial=0.0)
        known = largest > 0.0
        share = left[known, where].max(axis=1, initial=0.0) / largest[known]
        if np.any(share > COARSE):
            notes.append(
                f"the error signal of {name} is at most {largest[known][share.argmax()]:.2g}, and the solver's "
                f"tolerances allow errors of about {share.max():.0%} of it: lower `rtol` and `atol`"
            )
    return tuple(notes)


def _left_open(run: NudgedPhase, side: SidePhase, signal: Array) -> Array:
    """Error that the tolerances of both phases allow, (batch, unit); 0 for methods with a step of their own size."""
    point = FixedPoint.of(run.network, run.base, run.x)
    slope = point.cost_slope(np.atleast_2d(run.target)) * point.local.active
    found = signal_sizes(point, slope)
    sizes = np.ones_like(slope) if found is None else found
    solvers = [Solver(**phase.solver) for phase in (run, side) if phase.solver]
    bounds = [s.atol * sizes.T + s.rtol * signal for s in solvers if s.step is None]
    return np.sum(bounds, axis=0) if bounds else np.zeros_like(signal)
