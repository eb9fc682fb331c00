"""The free flow under an input that moves, and with its outputs nudged: tau ds/dt = -dE/ds(x(t)) - beta dC/ds.

An input of `Sine` or `Series` is evaluated inside the compiled flow, whose theta and layout it is appended to. `Steps`
are taken apart: between two jumps the input is constant, and integration begins anew at each of them, so that no step
of an integration has a jump inside.
"""

from __future__ import annotations

import dataclasses
import time as clocks
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurodyn.flows.driven import driven
from neurodyn.flows.layout import CONSTANT, SERIES, SINE
from neurodyn.flows.rows import LOWER, first_row
from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import free_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.constants import free_rows
from neurodyn.system.network import Network
from neurodyn.system.stimulus import Sine, Steps, Stimulus


@dataclass(frozen=True)
class Nudge:
    """A nudge of the outputs towards targets (batch, n_out) with a strength beta."""

    beta: float
    target: Array


def driven_problem(
    network: Network, start: Array, x: Array | Stimulus | None, nudge: Nudge | None, t0: float = 0.0
) -> Problem:
    """The flow from start (n, b) under rates x (b, n_in) or a smooth stimulus for b samples, and maybe a nudge.

    Its time is counted from t0 of the stimulus on.
    """
    if nudge is None and not isinstance(x, Stimulus):
        return free_problem(network, start, x)
    n, batch = start.shape
    moving = isinstance(x, Stimulus)
    still: Any = inputs_at(x, t0, batch) if isinstance(x, Stimulus) else x
    free = free_rows(network, still, batch)
    strength, target = np.zeros((n, batch)), np.zeros((n, batch))
    if nudge is not None:
        strength[network.outputs], target[network.outputs] = nudge.beta, nudge.target.T
    kind, knots, table = _laid_out(x, network.n_in, t0)
    samples = np.arange(batch) % max(table.shape[1], 1)  # one stimulus may serve all
    rows = np.concatenate([free, strength, target, samples[None].astype(float)])
    extra = [kind, len(free), network.theta.size, knots.size, table.shape[1], network.n_in if moving else 0]
    boxed = bool(network.box.any())

    def jacobian(sample: int, t: float, s: Array) -> Array:
        state = np.ascontiguousarray(s[:, None])
        here: Any = inputs_at(x, t0 + t, batch)[sample : sample + 1] if isinstance(x, Stimulus) else None
        fixed = free_rows(network, here, 1) if moving else np.ascontiguousarray(free[:, sample : sample + 1])
        local = network.local(state, fixed)
        if nudge is None:
            return -network.linearized(local, 0) / network.tau[:, None]
        out = network.outputs
        z, aim = local.coordinate[out], target[out, sample : sample + 1]
        if boxed:  # the nudge has its say in which units are stuck
            force = local.force[:, 0].copy()
            force[out] -= nudge.beta * network.readout.slope(z, aim)[:, 0]
            stuck = network.box & (((s <= 0.0) & (force < 0.0)) | ((s >= 1.0) & (force > 0.0)))
            local = local._replace(active=~stuck[:, None])
        matrix, moves = network.linearized(local, 0), local.active[out, 0]
        pull = nudge.beta * network.readout.curvature(z[:, 0], aim[:, 0])
        matrix[out, out] += moves[:, None] * pull * (moves * local.coordinate_slope[out, 0])
        return -matrix / network.tau[:, None]

    return Problem(
        driven,
        start,
        rows,
        aligned.copy(np.concatenate([network.theta, knots, table.ravel()])),
        np.concatenate([network.layout_for(driven), np.array(extra, dtype=np.int64)]),
        network.work_rows(driven) + 2 * network.n_in + 1,
        n,
        jacobian,
        network.graph.unit,
        first_row(LOWER, n) if boxed else -1,
        network.threads_inside,
    )


def inputs_at(stimulus: Stimulus, t: float, batch: int) -> Array:
    """Rates (batch, n_in) at one time."""
    return np.broadcast_to(stimulus(t), (batch, stimulus.table.shape[-1]))


def _laid_out(x: Any, n_in: int, t0: float) -> tuple[int, Array, Array]:
    """Kind, knots and table (rows, samples, n_in) of an input, as the flow reads them, in a time counted from t0."""
    if not isinstance(x, Stimulus):
        return CONSTANT, np.zeros(0), np.zeros((0, 0, 0))
    table, _ = x.at_door(n_in)
    if not isinstance(x, Sine):
        return SERIES, x.knots - t0, table
    mean, amplitude, frequency, phase = table
    return SINE, x.knots, np.stack([mean, amplitude, frequency, phase + 2.0 * np.pi * np.mod(frequency * t0, 1.0)])


def integrate_driven(
    network: Network,
    start: Array,
    x: Array | Stimulus | None,
    nudge: Nudge | None,
    solver: Solver,
    times: Array,
    t0: float = 0.0,
) -> Solution:
    """Integrate from start (n, b) and record at `times`; a stimulus is for b samples, or for one that all share.

    All times are counted from t0 of the stimulus on.
    """
    batch = start.shape[1]
    if isinstance(x, Steps):
        levels, _ = x.at_door(network.n_in)
        rates = np.broadcast_to(levels, (len(levels), batch, network.n_in))
        past = int(np.searchsorted(x.knots, t0, side="right"))

        def problem(k: int, start: Array, samples: Any) -> Problem:
            some = None if nudge is None else Nudge(nudge.beta, nudge.target[samples])
            return driven_problem(network, start, np.ascontiguousarray(rates[past + k, samples]), some)

        return integrate_pieces(problem, start, x.knots[past:] - t0, solver, times, what="simulating")
    landings = x.knots - t0 if isinstance(x, Stimulus) else np.zeros(0)
    return integrate(driven_problem(network, start, x, nudge, t0), solver, times, landings=landings, what="simulating")


def integrate_pieces(
    problem: Callable[[int, Array, Any], Problem],
    start: Array,
    begins: Array,
    solver: Solver,
    times: Array,
    *,
    what: str,
) -> Solution:
    """Integrate flows that change at the times `begins` one after the other, each from where the last one ended.

    `problem(k, start (m, b), samples)` is the flow between begins[k - 1] and begins[k] in a time of its own, for some
    samples. What is recorded at a time of change belongs to the flow that begins there. Trajectories that fail stay
    where they are. `max_steps` holds for every piece, `max_seconds` for all.
    """
    m, batch = start.shape
    end, deadline = float(times[-1]), clocks.monotonic() + solver.max_seconds
    edges = np.concatenate([[0.0], begins[begins <= end], [end]])
    state, alive = start.copy(), np.arange(batch)
    found = Solution(
        np.full((times.size, m, batch), np.nan),
        np.full((times.size, m, batch), np.nan),
        state,
        np.zeros(batch),
        np.full(batch, np.inf),
        np.zeros(batch),
        np.full(batch, int(Status.DONE)),
        {},
    )
    for k, (begin, stop) in enumerate(pairwise(edges)):
        if clocks.monotonic() > deadline:
            found.status[alive] = Status.MAX_SECONDS
            break
        last = k == len(edges) - 2
        here = np.flatnonzero((times >= begin) & ((times < stop) | last))
        local = np.unique(np.append(times[here] - begin, stop - begin))
        left = dataclasses.replace(solver, max_seconds=max(deadline - clocks.monotonic(), 1e-9))
        piece = integrate(problem(k, np.ascontiguousarray(state[:, alive]), alive), left, local, what=what)
        for name, recorded in (("y", piece.y), ("f", piece.f)):
            getattr(found, name)[np.ix_(here, np.arange(m), alive)] = recorded[: here.size]
        state[:, alive], found.time[alive], found.step[alive] = piece.last, begin + piece.time, piece.step
        found.status[alive] = piece.status
        for name, values in piece.counters.items():
            found.counters.setdefault(name, np.zeros(batch, dtype=np.int64))[alive] += values
        alive = alive[piece.status == Status.DONE]
        if not alive.size:
            break
    return found


__all__ = ["Nudge", "driven_problem", "integrate_driven", "integrate_pieces"]
