"""Both phases of every start, and the side network's signals: what the page shows over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurodyn.analysis.signals.compare import relative_error
from neurodyn.errors import NeurodynError
from neurodyn.explorer.settings import Settings, inputs_of, network_of, target_of
from neurodyn.explorer.subject import Subject
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase, default_times, nudge, resting_point
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.phases.simulate import simulate
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: Recorded times of each phase.
TIMES = 141
#: A phase is drawn until it is as near to its end as this part of its way.
NEAR = 1e-3
#: In the largest time constant: how long a free phase may take before it is given up, and is drawn if it never rests.
LONGEST, NEVER = 400.0, 40.0
#: Steps under noise, in the shortest time constant; at most so many; and the seed of both phases.
STEP, MOST_STEPS, SEEDS = 0.05, 4000, (0, 1)


@dataclass(frozen=True, eq=False)
class Motion:
    """The phases of k starts on one time axis, on which the nudge is at 0.

    Attributes
    ----------
    network : Network
    free_t, free : (T,), (T, k, n)
        Times up to 0, and the states of the free phases.
    resting : (j,)
        Which starts come to rest; the phases after it are theirs.
    rest : (j, n)
        Their s*.
    nudged_t, nudged : (T',), (T', j, n)
        The nudged phases; (0,) and (0, j, n) without a target.
    signal, side : (T', j, n)
        The error signals of the nudged phase, −(tau/beta) ds/dt, and of the side network.
    error : float
        The largest relative error between both, of the selected start; NaN without.
    message : str
        What went wrong, "" where nothing did.
    """

    network: Network
    free_t: Array
    free: Array
    resting: Any
    rest: Array
    nudged_t: Array
    nudged: Array
    signal: Array
    side: Array
    error: float
    message: str

    @property
    def states(self) -> Array:
        """All states that were visited, (m, n)."""
        n = self.free.shape[2]
        visited = np.concatenate([self.free.reshape(-1, n), self.nudged.reshape(-1, n)])
        return visited[np.isfinite(visited).all(axis=1)]

    def of(self, start: int) -> int | None:
        """Where a start is among those that rest."""
        found = np.flatnonzero(self.resting == start)
        return int(found[0]) if found.size else None


def motion_of(subject: Subject, settings: Settings) -> Motion:
    """Run all phases; what cannot be run is told in `message`."""
    network = network_of(subject, settings)
    x, y = inputs_of(subject, settings), target_of(subject, settings)
    starts = settings.starts
    options: dict[str, Any] = {"tol": subject.tol, "solver": subject.solver, "on_failure": "return"}
    limit = LONGEST * float(network.tau.max())
    every = relax(network, _tiled(x, len(starts)), start=starts, t_max=limit, **options)
    message, resting = _unrest(every), np.flatnonzero(every.status == Status.STABLE)
    free_t, free = _free_phase(subject, settings, network, every)
    none = np.zeros((0, len(resting), network.n))
    found = Motion(
        network, free_t, free, resting, every.state[resting], np.zeros(0), none, none, none, float("nan"), message
    )
    if y is None or not resting.size:
        return found
    try:
        return _nudged(subject, settings, found, every)
    except NeurodynError as error:
        return replace(found, message=str(error))


def _nudged(subject: Subject, settings: Settings, found: Motion, every: Equilibrium) -> Motion:
    """The same with the nudged phases and error signals of the starts that come to rest."""
    network, resting = found.network, found.resting
    x, y, count = inputs_of(subject, settings), target_of(subject, settings), len(found.resting)
    if count < len(every.status):
        every = relax(network, _tiled(x, count), start=settings.starts[resting], tol=subject.tol, solver=subject.solver)
    targets = np.tile(np.asarray(y), (count, 1))
    times = default_times(resting_point(network, every))
    end = times[-1] * np.log(NEAR) / np.log(1e-10)  # the default ends where 1e-10 is left of the slowest mode
    common: dict[str, Any] = {"t_eval": end * np.linspace(0.0, 1.0, TIMES) ** 2, "solver": subject.solver}
    nudged = nudge(
        network, every, targets, beta=settings.beta, nudging="positive", correction=subject.correction,
        on_failure="return", **common,
    )  # fmt: skip
    side = side_network(network, every, targets, on_failure="return", **common)
    message = _undone(nudged)
    states = nudged.state
    if settings.temperature > 0.0:
        states = _noisy(network, x, found.free[-1, resting], settings, nudged.t, y=targets, beta=settings.beta)
    return Motion(
        network, found.free_t, found.free, resting, found.rest, nudged.t, states,
        nudged.error_signal, side.error_signal, _error(nudged, side, found.of(settings.selected)),
        found.message or message,
    )  # fmt: skip


def _free_phase(subject: Subject, settings: Settings, network: Network, every: Equilibrium) -> tuple[Array, Array]:
    """Times (T,) up to 0 and states (T, k, n) on the way to rest, or for some time where there is none."""
    x, starts, tau = inputs_of(subject, settings), settings.starts, float(network.tau.max())
    resting = every.status == Status.STABLE
    end = float(every.time[resting].max()) if resting.all() else NEVER * tau
    times = max(end, tau) * np.linspace(0.0, 1.0, TIMES) ** (2 if resting.all() else 1)
    run = simulate(
        network, _tiled(x, len(starts)), start=starts, t_eval=times, solver=subject.solver, on_failure="return"
    )
    states = run.state
    if resting.all():
        away = np.abs(states - every.state).max(axis=(1, 2))
        last = int(np.max(np.flatnonzero(away > NEAR * max(away[0], 1e-300)), initial=0)) + 2
        times, states = times[:last], states[:last]
        if times[-1] < tau:  # it began at rest
            times, states = tau * np.linspace(0.0, 1.0, TIMES), np.broadcast_to(states[-1:], run.state.shape)
    if settings.temperature > 0.0:
        states = _noisy(network, x, starts, settings, times)
    return times - times[-1], states


def _noisy(network: Network, x: Array | None, start: Array, settings: Settings, times: Array, **nudge: Any) -> Array:
    """States (T, k, n) under noise at times from 0 on."""
    step = max(STEP * float(network.tau.min()), float(times[-1]) / MOST_STEPS)
    noise: dict[str, Any] = {"temperature": settings.temperature, "step": step, "seed": SEEDS[bool(nudge)]}
    run = simulate(network, _tiled(x, len(start)), start=start, t_eval=times, on_failure="return", **noise, **nudge)
    return run.state


def _tiled(x: Array | None, count: int) -> Array | None:
    return None if x is None else np.tile(x, (count, 1))


def _error(nudged: NudgedPhase, side: SidePhase, which: int | None) -> float:
    """The largest relative error of one start's error signals."""
    if which is None or not np.isfinite(nudged.error_signal[:, which]).all():
        return float("nan")
    one = slice(which, which + 1)
    difference = np.where(nudged.active[one], nudged.error_signal[:, one] - side.error_signal[:, one], 0.0)
    return relative_error(np.abs(difference), np.abs(side.error_signal[:, one]))[0]


def _unrest(every: Equilibrium) -> str:
    """What the first start that does not come to rest does instead."""
    bad = np.flatnonzero(every.status != Status.STABLE)
    if not bad.size:
        return ""
    sentence = Status(int(every.status[bad[0]])).sentence
    return f"Without rest there is nothing to nudge: the trajectory from start {bad[0] + 1} {sentence}."


def _undone(nudged: NudgedPhase) -> str:
    """What the first nudged phase that did not reach its end did instead."""
    bad = np.flatnonzero(nudged.status != Status.DONE)
    if not bad.size:
        return ""
    sentence = Status(int(nudged.status[bad[0]])).sentence
    critical = float(nudged.critical_beta[bad[0]])
    return f"The nudged phase {sentence}; beta_c is {critical:.3g} here, beta is {nudged.beta:g}."
