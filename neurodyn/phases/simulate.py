"""Any time evolution, recorded: free or nudged, under an input that is constant or moves, with noise or without."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture
from neurodyn.errors import ArgumentError, DivergenceError, SimulationError, shown
from neurodyn.inputs import as_condition, as_times, real_number
from neurodyn.numerics.arrays import Array, Integers, inward, outward
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.beginning import beginning
from neurodyn.phases.driven import Nudge, integrate_driven
from neurodyn.phases.langevin import Langevin, as_streams, wander
from neurodyn.phases.relax import check_box
from neurodyn.results.result import Result, array, check_on_failure
from neurodyn.solvers.problem import Solution, describe_counters
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network, as_network
from neurodyn.system.stimulus import Stimulus, restore


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Result):
    """States and velocities ds/dt of the free or nudged dynamics at the times t.

    Attributes
    ----------
    t : (T,)
    state, velocity : (T, batch, n)
        The velocity from the vector field, under noise the drift; what a trajectory did not reach is NaN.
    status : (batch,)
    x : (batch, n_in), optional
        The constant input. None where it moved: then `stimulus` is what it followed, and `input` its rates at t.
    target : (batch, n_out), optional
    beta : float
        Strength of the nudge towards the target; 0 without one.
    t0 : float, optional
        The time at which it began; None where that was 0.
    last_time, last_state : (batch,), (batch, n), optional
        How far each trajectory came; None where all reached the end.
    streams : (batch,), optional
        Under noise: the numbers that the trajectories count their random numbers with.
    solver : dict
        What describes the `Solver`, or under noise the `Langevin` with the step that was taken.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> path = nd.simulate(net, [0.5, 0.2], t_eval=[0.0, 1.0, 2.0])
    >>> path.state.shape
    (3, 5)
    >>> path.velocity[-1].round(3)
    array([ 0.054, -0.012,  0.089,  0.094,  0.022])
    """

    t: Array = array("time", units="time")
    state: Array = array("time", "batch", "unit")
    velocity: Array = array("time", "batch", "unit", units="1/time")
    status: Integers = array("batch", units="status")
    x: Array | None = array("batch", "input", default=None)
    target: Array | None = array("batch", "output", default=None)
    stimulus_knots: Array | None = array("knot", units="time", default=None)
    stimulus_table: Array | None = array("entry", "batch", "input", default=None)
    stimulus_kind: str | None = None
    beta: float = 0.0
    t0: float | None = None
    last_time: Array | None = array("batch", units="time", default=None)
    last_state: Array | None = array("batch", "unit", default=None)
    streams: Integers | None = array("batch", default=None)
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    def _picture(self) -> Picture | None:
        return self._over_time("velocity", "largest |ds/dt|")

    @property
    def noise(self) -> Langevin | None:
        """The noise with its step; None without any."""
        return Langevin(**self.solver) if "temperature" in self.solver else None

    @property
    def stimulus(self) -> Stimulus | None:
        """The input that moved, as it was given; None for a constant one."""
        if self.stimulus_kind is None or self.stimulus_table is None:
            return None
        return restore(self.stimulus_kind, self.stimulus_knots, self.stimulus_table)

    @property
    def input(self) -> Array | None:
        """Rates of the input population at the times t, (T, batch, n_in); None without one."""
        if (stimulus := self.stimulus) is None:
            return None if self.x is None else np.broadcast_to(self.x, (len(self.t), *self.x.shape))
        rates = stimulus(self.t)
        if self.state.ndim == 3:
            rates = rates if rates.ndim == 3 else rates[:, None]
            rates = np.broadcast_to(rates, (*self.state.shape[:2], rates.shape[-1]))
        return rates


@few_threads
def simulate(
    network: Network,
    x: ArrayLike | Stimulus | None = None,
    *,
    start: ArrayLike | Result | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
    t0: float | None = None,
    t_eval: ArrayLike | None = None,
    solver: Solver | None = None,
    temperature: ArrayLike | None = None,
    scheme: str | None = None,
    step: float | None = None,
    seed: int | None = None,
    correlation_time: float | None = None,
    noise: Langevin | None = None,
    streams: ArrayLike | None = None,
    on_failure: str = "raise",
) -> Trajectory:
    """Integrate tau ds/dt = -dE/ds - beta dC/ds from `start` (default zeros) and record it at `t_eval`.

    With a `temperature` Theta it is tau ds = -dE/ds dt - beta dC/ds dt + sqrt(2 Theta tau) dB, whose stationary law
    is exp(-(E + beta C) / Theta), whatever tau; the velocities recorded are then those without the noise, the drift.

    Parameters
    ----------
    network : Network
    x : (batch, n_in) or (n_in,) array, or Stimulus, optional
        Clamped rates: constant, or `Steps`, `Sine` or `Series`, which vary in time from t = 0.
    start : (batch, n) or (n,) array, or a result, optional
        One serves all x, and one x all starts. A Trajectory, an Equilibrium, a NudgedPhase or another result with
        states is continued from its last state; under noise with another seed, as the same one repeats its numbers.
    y, beta : (batch, n_out) array or labels, and float, optional
        Targets, towards which the outputs are nudged with the strength beta: here s itself is integrated, from any
        start, and not its displacement from an equilibrium as in `nudge`.
    t0 : float, optional
        The time >= 0 at which the state is `start`, on the clock of a Stimulus. Default: 0, or the last time of a
        result that is continued; an Equilibrium has none.
    t_eval : (T,) array, optional
        Times to record, increasing from t >= t0. Default: 201 times over 20·max(tau), from t0 on.
    solver : Solver, optional
        No step has a jump or kink of the input inside: integration begins anew at the jumps of `Steps`, for each piece
        with its own `max_steps`, and lands on the recorded times of a `Series`. Where the input jumps, the velocity
        recorded is that just afterwards. For motion without noise alone.
    temperature, scheme, step, seed, correlation_time : optional
        The noise, as `Langevin` says. Steps of this fixed size, shortened evenly where a recorded time asks for it.
    noise : Langevin, optional
        The same in one piece; and more, as weights that fluctuate.
    streams : (batch,) whole numbers, optional
        Trajectories with the same seed and number have the same random numbers, whatever else is in the batch, and
        whatever x, y, beta and start are. Default: 0, 1, ...
    on_failure : {"raise", "return"}

    Raises
    ------
    ArgumentError
        For inputs that do not fit.
    DivergenceError, SimulationError
        A trajectory did not reach the end; `.result` is the Trajectory as far as it came.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([4, 6, 3], seed=1)
    >>> noisy = nd.simulate(net, [0.1, 0.2, 0.3, 0.4], temperature=0.1, step=0.05, seed=0, t_eval=[10.0, 20.0])
    >>> noisy.state.shape
    (2, 9)
    >>> net, x = models.Hopfield.layered([1, 4, 2], seed=0), nd.Sine(0.0, 1.0, [0.1])
    >>> first = nd.simulate(net, x, t_eval=[0.0, 20.0])
    >>> nd.simulate(net, x, start=first, t_eval=[20.0, 50.0]).t
    array([20., 50.])
    """
    as_network(network)
    given = {"temperature": temperature, "scheme": scheme, "step": step, "seed": seed}
    langevin = _langevin(given | {"correlation_time": correlation_time}, noise, streams, solver)
    solver = chosen_solver(solver)
    check_on_failure(on_failure)
    moving = x if isinstance(x, Stimulus) else None
    start, begin = beginning(start, t0)
    rates, initial, batched = _conditions(network, x, start)
    check_box(network, initial)
    nudge = _nudge(network, y, beta, len(initial), batched)
    times = as_times(begin + np.linspace(0.0, 20.0 * network.tau.max(), 201) if t_eval is None else t_eval)
    if times[0] < begin:
        raise ArgumentError(f"`t_eval` must begin at {begin:g}, when the state is `start`, or later; got {times[0]:g}")
    source = moving if moving is not None else rates
    numbers = None if langevin is None else as_streams(streams, len(initial))
    passed = times - begin
    if langevin is None or numbers is None:
        solution = integrate_driven(network, inward(initial), source, nudge, solver, passed, begin)
        settings = solver.describe()
    else:
        solution = wander(network, inward(initial), source, nudge, langevin, numbers, passed, begin)
        settings = langevin.describe() | {"step": float(solution.step[0])}
    pick: Any = slice(None) if batched else 0
    failed = np.any(solution.status != Status.DONE)
    result = Trajectory(
        network,
        t=times,
        state=outward(solution.y, batched),
        velocity=outward(solution.f, batched),
        status=np.asarray(solution.status[pick]),
        x=None if rates is None else rates[pick],
        target=None if nudge is None else nudge.target[pick],
        beta=0.0 if nudge is None else nudge.beta,
        **({} if moving is None else _kept(moving, len(initial))),
        t0=begin or None,
        last_time=np.asarray(begin + solution.time[pick]) if failed else None,
        last_state=np.ascontiguousarray(solution.last[: network.n].T)[pick] if failed else None,
        streams=None if numbers is None else np.asarray(numbers[pick]),
        solver=settings,
        counters=describe_counters(solution.counters),
    )
    if failed and on_failure == "raise":
        raise failure(["simulation"], network, solution, result)
    return result


def _langevin(given: dict[str, Any], noise: Any, streams: Any, solver: Any) -> Langevin | None:
    """The noise that is asked for in one piece or by keywords; None without any."""
    settings = {name: value for name, value in given.items() if value is not None}
    if noise is not None:
        if not isinstance(noise, Langevin):
            raise ArgumentError(
                f"`noise` must be a Langevin, like Langevin(temperature=0.1), or None; got {shown(noise)}"
            )
        if settings:
            raise ArgumentError(f"`{next(iter(settings))}` is part of `noise`: give one of them")
    elif "temperature" in settings:
        noise = Langevin(**settings)
    elif settings or streams is not None:
        name = next(iter(settings), "streams")
        raise ArgumentError(f"`{name}` says how noise acts, and there is none: give a `temperature` too")
    if noise is not None and solver is not None:
        raise ArgumentError("`solver` is for motion without noise: leave it out, and choose `scheme` and `step`")
    return noise


def _conditions(network: Network, x: Any, start: Any) -> tuple[Array | None, Array, bool]:
    """Constant rates or None, starts, and whether results have a batch axis."""
    if not isinstance(x, Stimulus):
        return as_condition(x, start, network.n_in, network.n)
    table, x_batched = x.at_door(network.n_in)
    first = table[0] if x_batched else table[0, 0]
    _, initial, batched = as_condition(first, start, network.n_in, network.n)
    return None, initial, batched


def _nudge(network: Network, y: Any, beta: float, batch: int, batched: bool) -> Nudge | None:
    beta = real_number(beta, "beta")
    if y is None and beta == 0.0:
        return None
    if y is None:
        raise ArgumentError(f"a nudge with beta = {beta:g} needs targets `y`")
    return Nudge(float(beta), network.target(y, batch, batched))


def _kept(stimulus: Stimulus, batch: int) -> dict[str, Any]:
    """What a result for a batch keeps of a stimulus."""
    knots, table = stimulus.knots if stimulus.knots.size else None, stimulus.table
    if table.ndim == 3 and table.shape[1] != batch:  # one that all share
        table = table[:, 0]
    return {"stimulus_kind": stimulus.name, "stimulus_knots": knots, "stimulus_table": table}


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
