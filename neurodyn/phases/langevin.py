"""Motion under noise: tau_i ds_i = -dF/ds_i dt + sqrt(2 Theta tau_i) dB_i, for any network, input and nudge.

Where all units have one temperature Theta, its stationary law is exp(-F / Theta), whatever the time constants: in the
state form F is the energy, plus beta times the cost, and units in a box are reflected at its bounds. In the rate form
the same noise acts on u, tau du = force dt + sqrt(2 Theta tau) dB: the membrane potentials fluctuate, not the rates.
Its law is known where the activation is linear, or where no two free units are connected: it is then
exp(-integral of -force du / Theta). Elsewhere, and with unequal temperatures, unequal weights, or noise that is
correlated in time, there is a stationary law but no formula for it.

Sources: B. Leimkuhler, C. Matthews, Appl. Math. Res. Express 2013:34 (2013); G. N. Milstein, M. V. Tretyakov,
Stochastic Numerics for Mathematical Physics (2004).
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError, shown
from neurodyn.flows.linear import jvp
from neurodyn.inputs import as_numbers, as_seed, check_size, choice, positive_number, real_number
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.random import LARGEST_STREAM, key_of
from neurodyn.numerics.sparse_product import threads_lock
from neurodyn.phases.driven import Nudge, driven_problem
from neurodyn.phases.fluctuating_weights import FluctuatingWeights
from neurodyn.solvers import noisy
from neurodyn.solvers.integrate import check_recording, recorded_rates
from neurodyn.solvers.problem import Solution
from neurodyn.solvers.status import Status
from neurodyn.solvers.stepper import EXPLOSION
from neurodyn.solvers.walk import Noise, Place, Weights, begin, gaps_to, walk
from neurodyn.system.constants import free_rows, linear_rows
from neurodyn.system.network import Network
from neurodyn.system.stimulus import Steps, Stimulus

EULER_MARUYAMA, LEIMKUHLER_MATTHEWS, ORNSTEIN_UHLENBECK = "euler-maruyama", "leimkuhler-matthews", "ornstein-uhlenbeck"
#: The default step of each scheme, over the shortest relaxation time that was found: errors of the law are of first
#: order in it, of second, and of first.
DEFAULT_STEPS = {EULER_MARUYAMA: 0.02, LEIMKUHLER_MATTHEWS: 0.1, ORNSTEIN_UHLENBECK: 0.02}
#: More steps than this, days of them, are taken for a slip.
MOST_STEPS = 10**10
#: A default step is at most this part of the correlation time.
CORRELATION_PART = 0.2
#: States at which the shortest relaxation time is looked for, and how often a vector is multiplied there.
PROBES, MULTIPLICATIONS = 8, 30


@dataclass(frozen=True, slots=True)
class Langevin:
    """How noise acts, and how it is integrated.

    Parameters
    ----------
    temperature : float or (n,) sequence
        Theta >= 0, of all units or of each, in units of the energy.
    scheme : {"leimkuhler-matthews", "euler-maruyama", "ornstein-uhlenbeck"}
        The first adds the mean of the normal variates of this step and the next: averages over its stationary law have
        errors O(step²). The second is the usual one, with errors O(step). The third solves each unit's leak, with its
        noise, exactly, and takes the rest as constant in a step: exact without connections, elsewhere O(step), and
        stable for steps beyond the time constants where connections are weak.
    step : float, optional
        In units of time. Default: a tenth of the shortest relaxation time that is found at some states, for the other
        schemes a fiftieth; at most a fifth of `correlation_time`.
    seed : int
        Of all random numbers; each is a function of the seed, the number of the trajectory, the step and the unit.
    correlation_time : float, optional
        The noise is a current of each unit that forgets itself in this time (an Ornstein-Uhlenbeck process), as strong
        as the white noise over longer times. Default: white. The law is no longer exp(-F / Theta).
    weight_noise : float
        Every weight, of connections and of terms, fluctuates around its value: it is multiplied by 1 + eta(t), with an
        eta of its own of this standard deviation. All trajectories of a run have the same weights at the same time; of
        a stationary run, those of one chain of each sample.
    weight_correlation_time : float
        In which eta forgets itself, an Ornstein-Uhlenbeck process. Weights change ten times in it, if steps allow.

    Raises
    ------
    ArgumentError
        For negative temperatures, unknown schemes, or steps that are not positive or longer than `correlation_time`.

    Examples
    --------
    >>> import neurodyn as nd
    >>> noise = nd.Langevin(temperature=0.1, step=0.05)
    >>> noise.scheme
    'leimkuhler-matthews'
    """

    temperature: Any
    scheme: str = LEIMKUHLER_MATTHEWS
    step: float | None = None
    seed: int = 0
    correlation_time: float | None = None
    weight_noise: float = 0.0
    weight_correlation_time: float = 1.0

    def __post_init__(self) -> None:
        found = as_numbers(self.temperature, "`temperature`")
        wrong = found[~(np.isfinite(found) & (found >= 0.0))] if found.ndim < 2 else found
        if found.ndim > 1 or found.size == 0 or wrong.size:
            got = shown(self.temperature) if found.ndim == 0 or found.ndim > 1 or not wrong.size else f"{wrong[0]:g}"
            raise ArgumentError(f"`temperature` must be a number >= 0, or one for each free unit; got {got}")
        check_size(found, "temperature")
        plain: Any = float(found) if found.ndim == 0 else tuple(found.tolist())
        object.__setattr__(self, "temperature", plain)
        choice(self.scheme, DEFAULT_STEPS, "scheme")
        object.__setattr__(self, "seed", as_seed(self.seed))
        object.__setattr__(self, "weight_noise", real_number(self.weight_noise, "weight_noise", 0.0))
        for name in ("step", "correlation_time", "weight_correlation_time"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, positive_number(getattr(self, name), name))
        if self.step is not None and self.correlation_time is not None and self.step > self.correlation_time:
            raise ArgumentError(
                f"`step` must be at most `correlation_time`, or the current is not followed; got {self.step:g} and "
                f"{self.correlation_time:g}"
            )

    def describe(self) -> dict[str, Any]:
        """Plain data, from which `Langevin(**data)` makes an equal one."""
        several = isinstance(self.temperature, tuple)
        return asdict(self) | {"temperature": list(self.temperature) if several else self.temperature}

    @property
    def smooth(self) -> bool:
        """Whether a random number is carried on from step to step."""
        return self.correlation_time is not None or self.scheme == LEIMKUHLER_MATTHEWS


def largest_rate(network: Network) -> float:
    """The largest |eigenvalue| of T⁻¹K, 1/time, at some states drawn once and for all; K as in `flows.linear`.

    It depends on the network alone, so that a default step does not change with the samples of a batch.
    """
    rng = np.random.default_rng(0)
    s = rng.normal(size=(network.n, PROBES))
    s[:, 0] = 0.0
    s[network.box] = rng.uniform(size=(int(network.box.sum()), PROBES))
    x = rng.uniform(-1.0, 1.0, (PROBES, network.n_in)) if network.n_in else None
    rows = linear_rows(network, network.local(s, free_rows(network, x, PROBES)).all_active())
    v, size = rng.normal(size=s.shape), np.zeros(PROBES)
    for _ in range(MULTIPLICATIONS):
        v = network.evaluate(jvp, v, rows, network.n) / network.tau[:, None]
        size = np.linalg.norm(v, axis=0)
        v = v / np.where(size > 0.0, size, 1.0)
    return float(size.max())


def step_of(network: Network, noise: Langevin) -> float:
    """The step, chosen if none is given."""
    if noise.step is not None:
        return noise.step
    rate = max(largest_rate(network), 1e-6 / float(network.tau.max()))
    step = DEFAULT_STEPS[noise.scheme] / rate
    return step if noise.correlation_time is None else min(step, CORRELATION_PART * noise.correlation_time)


def engine_noise(network: Network, noise: Langevin, streams: Integers) -> Noise:
    """What the compiled loop needs of the noise for trajectories that count with these numbers (b,)."""
    given = np.asarray(noise.temperature)
    if given.ndim and given.shape != (network.n,):
        raise ArgumentError(
            f"`temperature` must have one value for each of the {network.n} free units; got {given.size}"
        )
    theta, tau = np.broadcast_to(given, (network.n,)), network.tau
    leak = network.leak / tau

    def weights(h: float) -> Weights:
        drift, spread = np.full(network.n, h), np.sqrt(2.0 * theta * h / tau)
        if noise.scheme == ORNSTEIN_UHLENBECK:  # (1 - e^-ah) / a in the place of h; for the variance with 2a
            leaks = leak > 0.0
            a = np.where(leaks, leak, 1.0)
            drift = np.where(leaks, -np.expm1(-a * h) / a, drift)
            spread = np.where(leaks, np.sqrt(-theta / tau * np.expm1(-2.0 * a * h) / a), spread)
        if noise.correlation_time is None:
            return Weights(drift, spread, 0.0, 1.0)
        kept = math.exp(-h / noise.correlation_time)
        current = np.sqrt(theta / (tau * noise.correlation_time))
        return Weights(drift, drift * current, kept, math.sqrt(-math.expm1(-2.0 * h / noise.correlation_time)))

    # a current presses units against a bound, white noise has no direction to press in
    warm = noisy.MIRROR if noise.correlation_time is None else noisy.PRESS
    walls = np.where(network.box, np.where(theta > 0.0, warm, noisy.STOP), noisy.OPEN)
    return Noise(key_of(noise.seed), streams, weights, noise.smooth, walls)


def as_streams(streams: ArrayLike | None, batch: int) -> Integers:
    """The numbers that trajectories count with, (batch,): by default 0, 1, ..."""
    if streams is None:
        return np.arange(batch)
    found = np.atleast_1d(as_numbers(streams, "`streams`"))
    if found.shape != (batch,) or not np.all(np.isfinite(found) & (found == np.floor(found))):
        raise ArgumentError(f"`streams` must be {batch} whole numbers, one for each trajectory; got {shown(streams)}")
    if found.min() < 0 or found.max() > LARGEST_STREAM:
        raise ArgumentError(f"`streams` must lie between 0 and {LARGEST_STREAM:,}; got {shown(streams)}")
    return found.astype(np.int64)


def wander(
    network: Network,
    start: Array,
    x: Array | Stimulus | None,
    nudge: Nudge | None,
    noise: Langevin,
    streams: Integers,
    times: Array,
    t0: float = 0.0,
) -> Solution:
    """Follow trajectories from start (n, b) under noise and record them at `times`; velocities without the noise.

    All times are counted from t0 of a stimulus on.
    """
    check_recording(times.size, *start.shape)
    step, engine = step_of(network, noise), engine_noise(network, noise, streams)
    check_steps(times, step)
    place = begin(start, engine)
    y, f = np.full((2, times.size, *start.shape), np.nan)
    end, first = float(times[-1]), place.draw
    jumps = x.knots[(x.knots > t0) & (x.knots < t0 + end)] - t0 if isinstance(x, Steps) else np.zeros(0)
    weights = FluctuatingWeights(network, noise, step)
    lock: Any = threads_lock if network.threads_inside else nullcontext()
    edges = np.unique(np.concatenate([[0.0], jumps, weights.changes(end), [end]]))
    for since, stop in pairwise(edges if len(edges) > 1 else [0.0, 0.0]):
        here = (times >= since) & ((times < stop) | (stop == end))
        source = _level(x, t0 + since, start.shape[1]) if isinstance(x, Steps) else x
        problem = driven_problem(weights.at(since), start, source, nudge, t0)
        landings = times[here] if stop == end else np.append(times[here], stop)
        found, place = walk(problem, engine, place, gaps_to(landings, step, since))
        y[here] = found[: int(here.sum())]
        with lock:
            f[here] = recorded_rates(problem, times[here], y[here])
    return _solution(start, times, y, f, place, step, place.draw - first)


def check_steps(times: Array, step: float) -> None:
    """Refuse more steps than anybody can wait for."""
    if times[-1] > MOST_STEPS * step:
        raise ArgumentError(
            f"`step` must be at least {times[-1] / MOST_STEPS:.2g}, or more than {MOST_STEPS:,} steps lead to "
            f"t = {times[-1]:g}; got {step:.3g}"
        )


def _level(x: Steps, t: float, batch: int) -> Array:
    """The rates (batch, n_in) from a time until the next jump."""
    return np.array(np.broadcast_to(x(t), (batch, x.table.shape[-1])))


def _solution(start: Array, times: Array, y: Array, f: Array, place: Place, step: float, steps: int) -> Solution:
    """What was recorded, without what is lost: states that are no numbers, or beyond all bounds, and those after."""
    batch = start.shape[1]
    limit = EXPLOSION * np.maximum(1.0, np.abs(start).max(axis=0))

    def is_lost(states: Array) -> Any:
        return ~(np.abs(np.where(np.isfinite(states), states, np.inf)).max(axis=-2) <= limit)

    gone = np.logical_or.accumulate(is_lost(y), axis=0)
    lost = gone[-1] | is_lost(place.state)
    last, time = place.state.copy(), np.full(batch, place.time)
    for j in np.flatnonzero(lost):
        kept = int((~gone[:, j]).sum())
        y[kept:, :, j] = f[kept:, :, j] = np.nan
        last[:, j], time[j] = (y[kept - 1, :, j], times[kept - 1]) if kept else (start[:, j], 0.0)
    status = np.where(lost, int(Status.DIVERGED), int(Status.DONE))
    counted = np.full(batch, steps)
    counters = {"steps": counted, "rejected": np.zeros_like(counted), "nfev": counted + times.size}
    return Solution(y, f, last, time, np.full(batch, np.inf), np.full(batch, step), status, counters)
