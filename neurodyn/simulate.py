"""Any time evolution of the free dynamics, recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurodyn.errors import DivergenceError, SimulationError
from neurodyn.graph import Array
from neurodyn.inputs import as_condition, as_times
from neurodyn.integrate import integrate
from neurodyn.network import Network, inward, outward
from neurodyn.problem import Integers, Solution, describe_counters
from neurodyn.relax import check_box, free_problem
from neurodyn.result import Result, array, check_on_failure
from neurodyn.solver import Solver
from neurodyn.status import Status


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Result):
    """States and velocities ds/dt of the free dynamics at the times t.

    t (T,); state, velocity (T, batch, n), the velocity from the vector field; status (batch,). What a trajectory did
    not reach is NaN.
    """

    t: Array = array("time", units="time")
    state: Array = array("time", "batch", "unit")
    velocity: Array = array("time", "batch", "unit", units="1/time")
    status: Integers = array("batch", units="status")
    x: Array | None = array("batch", "input", default=None)
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)


def simulate(
    network: Network,
    x: Any = None,
    *,
    start: Any = None,
    t_eval: Any = None,
    solver: Solver | None = None,
    on_failure: str = "raise",
) -> Trajectory:
    """Integrate tau ds/dt = -dE/ds from `start` (default zeros) and record it at `t_eval`.

    Parameters
    ----------
    network : Network
    x : (batch, n_in) or (n_in,) array, optional
        Clamped rates.
    start : (batch, n) or (n,) array, optional
        One serves all x, and one x all starts.
    t_eval : (T,) array, optional
        Times to record, increasing from t >= 0; the state is `start` at t = 0. Default: 201 times over 20·max(tau).
    solver : Solver, optional
    on_failure : {"raise", "return"}

    Raises
    ------
    DivergenceError, SimulationError
        A trajectory did not reach the end; `.result` is the Trajectory as far as it came.
    """
    solver = solver or Solver()
    check_on_failure(on_failure)
    rates, initial, batched = as_condition(x, start, network.n_in, network.n)
    check_box(network, initial)
    times = as_times(np.linspace(0.0, 20.0 * network.tau.max(), 201) if t_eval is None else t_eval)
    problem = free_problem(network, inward(initial), rates)
    solution = integrate(problem, solver, times, what="simulating")
    pick: Any = slice(None) if batched else 0
    result = Trajectory(
        network,
        t=times,
        state=outward(solution.y, batched),
        velocity=outward(solution.f, batched),
        status=np.asarray(solution.status[pick]),
        x=None if rates is None else rates[pick],
        solver=solver.describe(),
        counters=describe_counters(solution.counters),
    )
    if on_failure == "raise" and np.any(solution.status != Status.DONE):
        raise failure(["simulation"], network, solution, result)
    return result


def failure(phases: list[str], network: Network, solution: Solution, result: Any, more: str = "") -> SimulationError:
    """The error for the first trajectory that did not end DONE: unit, time, last finite value, step.

    The trajectories are those of all samples in the first of the phases, then in the next.
    """
    failed = np.flatnonzero(solution.status != Status.DONE)
    j = int(failed[0])
    status = Status(int(solution.status[j]))
    worst = int(np.argmax(np.abs(solution.last[: network.n, j])))
    phase, sample = divmod(j, len(solution.status) // len(phases))
    text = (
        f"{phases[phase]}: sample {sample} {status.sentence}; at t = {solution.time[j]:.4g}, "
        f"step {solution.step[j]:.2g}, the largest state is {solution.last[worst, j]:.4g}, "
        f"of {network.graph.unit(worst)}{more}"
    )
    if len(failed) > 1:
        text += f" ({len(failed)} of {len(solution.status)} failed)"
    return (DivergenceError if status is Status.DIVERGED else SimulationError)(text, result)
