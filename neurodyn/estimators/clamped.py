"""The clamped phase: outputs held where they should be, the others relaxed; and the contrast of two states.

A clamp is the limit of an infinitely strong nudge. It imposes a displacement where a nudge applies a force, and so
knows nothing of the cost but its targets.
"""

from __future__ import annotations

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.estimators.task import Task
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import TOL, Relaxation, longest
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.graph import LINEAR, SOFTMAX
from neurodyn.system.parameter_gradient import gradient_change
from neurodyn.system.parameters import Parameters


def clamped(task: Task, start: Array, argument: Array) -> FixedPoint:
    """The equilibrium with the outputs held, the others relaxed from `start` (n, batch), and counted.

    `argument` (n_out, batch) is what the cost is a function of: the outputs' states, in the rate form their rates.

    Raises
    ------
    ModelError
        For a softmax read-out, whose targets are no states: probabilities leave the outputs' common level open. For a
        cost of a user's own, which need not be least where the outputs are on their targets.
    ArgumentError
        Where no state has this argument.
    ConvergenceError, DivergenceError
        Some sample did not come to a stable rest.
    """
    network = task.network
    if network.graph.readout == SOFTMAX:
        raise ModelError(
            "outputs with a softmax read-out cannot be clamped to their targets, which are probabilities and not "
            "states: take a linear read-out, or a method that nudges"
        )
    if network.graph.readout != LINEAR:
        raise ModelError(
            f"outputs with the cost {network.graph.readout!r} cannot be clamped to their targets, where it need not be "
            "least: take a linear read-out, or a method that nudges"
        )
    outputs, held = network.outputs, np.zeros(network.n, dtype=bool)
    held[outputs] = True
    begin = np.array(start)
    begin[outputs] = network.output_state(argument)
    search = Relaxation(network, task.x, begin, task.solver, TOL, longest(network), held)
    search.run()
    task.count(force_evaluations=search.counters["nfev"], time=search.settled)
    if np.any(search.status != Status.STABLE):
        raise search.failure(search.equilibrium(task.batched))
    return to_rounding(search.point(slice(None)))


def to_rounding(point: FixedPoint) -> FixedPoint:
    """A fixed point whose force is as small as it gets: differences of two of them are divided by small numbers."""
    return point.polished(0.0, np.zeros(point.s.shape[1]))


def contrast(before: FixedPoint, after: FixedPoint, factor: float = 1.0) -> Parameters:
    """[dE/dtheta(after) − dE/dtheta(before)] · factor, averaged over the batch.

    For a weight −factor·(r_i r_j after − r_i r_j before), Hebb's products; without an energy what
    `neurodyn.system.parameter_gradient` says.
    """
    moved = factor * (after.s - before.s), factor * (after.local.rate - before.local.rate)
    return gradient_change(before.network, before.local, moved, 1.0 / factor, before.x)
