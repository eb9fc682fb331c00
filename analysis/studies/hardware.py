"""Hardware: what the imperfections of a device do to error signals, gradients and learning in the loop."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.studies.averaging import measured, predicted, reference
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.errors import ModelError, NeurodynError
from neurodyn.inputs import as_positives, as_seed, positive_number, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import default_times, nudge
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.side import side_network
from neurodyn.progress import Bar
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.device import Device, shared_gradient
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: What is varied: the levels of each knob, from good to bad.
KNOBS: dict[str, tuple[float, ...]] = {
    "mismatch": (0.01, 0.03, 0.1, 0.3, 0.6),
    "bits": (8, 6, 4, 3, 2),
    "feedback": (0.01, 0.03, 0.1, 0.3, 0.6),
    "drift": (0.01, 0.03, 0.1, 0.3, 0.6),
}
#: Recorded times of the error signal.
TIMES = 25
BETAS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
#: Averaging time of the noisy gradients, in the longest time constant; repeats of each; and the accuracy asked for.
LASTS, REPEATS, WANTED = 400.0, 12, 0.1
#: All chains together are averaged for so many autocorrelation times at least.
REMEMBERED = 100.0
MOST = 100_000


class Measured(NamedTuple):
    """What is measured on one device."""

    error: Array
    cosine: float
    norm_ratio: float
    own_cosine: float


def hardware(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    devices: int = 8,
    beta: float = 1e-3,
    steps: int = 20,
    rate: float = 0.5,
    temperature: float = 0.01,
    betas: ArrayLike | None = None,
    seed: int = 0,
    solver: Solver | None = None,
) -> Study:
    """Make devices that hold the network, worse and worse, and let them estimate gradients, and learn.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax` and `nudge`.
    devices : int
        Of each kind.
    beta : float
        Strength of the nudged phases without noise, which are centered.
    steps, rate : int, float
        Of gradient descent in the loop: the device gives the gradient, at which the weights that it is asked to hold
        are changed.
    temperature : float
        Of the noise that the strength of nudging is chosen against.
    betas : (K,) array, optional
        Strengths of nudging under noise.
    seed : int
    solver : Solver, optional

    Returns
    -------
    study : Study
        Over `knob` and `level`, means over devices with the scatter between them, `..._spread`: `value` of the knob;
        `cosine` and `norm_ratio` of the device's nudged gradient with the exact one of the network that it holds, and
        `own_cosine` with the exact one of its own cost; `trained`, its cost after learning over that before. Over
        `knob`, `level` and `time` (a part of the second phase): `signal_error`, the largest distance of nudged
        velocities from the device's side network, relative to the largest signal. NaN where a network cannot have the
        knob: unequal feedback is for `models.Rate`. Over `mismatch` and `bits`: `pair_cosine`. Over `beta`:
        `noisy_error`, the relative error of a gradient under noise after an averaging time, measured with an error bar
        `noisy_error_bar`, and predicted, `predicted_error`. Summary: the best beta, and the time needed for a wanted
        accuracy, as predicted, with what was reached in it.
    """
    solver, seed = chosen_solver(solver), as_seed(seed)
    count, steps = whole_number(devices, "devices", 1, MOST), whole_number(steps, "steps", 1, MOST)
    beta, rate = real_number(beta, "beta"), positive_number(rate, "rate")
    strengths = as_positives(BETAS if betas is None else betas, "betas")
    rest = relax_with_signal(network, x, y, start, solver)
    bench = _Bench(network, rest, y, beta, solver)
    with Bar("hardware") as bar:
        knobs = _knobs(bench, count, steps, rate, seed, bar)
        pairs = np.array([[bench.mean_cosine(Device(mismatch=m, bits=int(b), seed=seed), min(count, 4))
                           for b in KNOBS["bits"]] for m in KNOBS["mismatch"]])  # fmt: skip
        bar.update(0.8)
        noisy, summary = _noisy(network, rest, y, positive_number(temperature, "temperature"), strengths, seed, bar)
    over = ("knob", "level")
    data = columns(
        {
            "knob": np.array(list(KNOBS)),
            "level": np.arange(len(KNOBS["bits"])),
            "time": np.linspace(0.0, 1.0, TIMES),
            "mismatch": np.array(KNOBS["mismatch"]),
            "bits": np.array(KNOBS["bits"]),
            "beta": strengths,
        },
        value=(over, np.array([KNOBS[name] for name in KNOBS])),
        **{name: ((*over, "time") if values.ndim == 3 else over, values) for name, values in knobs.items()},
        pair_cosine=(("mismatch", "bits"), pairs),
        **{name: ("beta", values) for name, values in noisy.items()},
    )
    title = "Error signals, gradients and learning of imperfect devices"
    return Study(network, "hardware", title, data, {"devices": count, "temperature": temperature, **summary})


class _Bench:
    """What devices that hold a network are measured with."""

    def __init__(self, network: Network, rest: Equilibrium, y: ArrayLike, beta: float, solver: Solver) -> None:
        self.network, self.rest, self.y, self.beta, self.solver = network, rest, y, beta, solver
        point = FixedPoint.of(network, np.atleast_2d(rest.state), None if rest.x is None else np.atleast_2d(rest.x))
        self.target = network.target(y, point.s.shape[1], rest.batched)
        self.exact = point.exact_gradient(self.target)
        self.times = np.linspace(0.0, float(default_times(point)[-1]) / 2.0, TIMES)

    def measure(self, device: Network) -> Measured:
        """A device: its error signal, and its gradient."""
        rest = self._at_rest(device)
        run = nudge(device, rest, self.y, beta=self.beta, t_eval=self.times, solver=self.solver)
        side = side_network(device, rest, self.y, t_eval=self.times, solver=self.solver)
        ours, theirs = with_batch(run.error_signal, 3), with_batch(side.error_signal, 3)
        error = np.abs(ours - theirs).max(axis=(1, 2)) / np.abs(theirs).max()
        found = shared_gradient(run.parameter_gradient(), self.network)
        point = FixedPoint.of(device, np.atleast_2d(rest.state), None if rest.x is None else np.atleast_2d(rest.x))
        own = shared_gradient(point.exact_gradient(self.target), self.network)
        return Measured(error, found.cosine(self.exact), found.norm / self.exact.norm, found.cosine(own))

    def mean_cosine(self, device: Device, count: int) -> float:
        """The mean over devices of the cosine with the exact gradient; NaN where none comes to rest."""
        found = [self._tried(made) for made in device.networks(self.network, count, time=1.0)]
        cosines = [m.cosine for m in found if m is not None]
        return float(np.mean(cosines)) if cosines else np.nan

    def all(self, device: Device, count: int) -> list[Measured]:
        """Those devices that come to rest."""
        found = [self._tried(made) for made in device.networks(self.network, count, time=1.0)]
        return [m for m in found if m is not None]

    def trained(self, device: Device, number: int, steps: int, rate: float) -> float:
        """Cost after learning in the loop over that before."""
        held = self.network
        first = self._cost(device.network(held, number, time=1.0))
        for _ in range(steps):
            made = device.network(held, number, time=1.0)
            run = nudge(made, self._at_rest(made), self.y, beta=self.beta, t_eval=self.times[-1:], solver=self.solver)
            step = rate * shared_gradient(run.parameter_gradient(), held)
            held = held.replace(parameters=Parameters(step.blocks, held.parameters.vector - step.vector))
        return self._cost(device.network(held, number, time=1.0)) / first

    def _tried(self, device: Network) -> Measured | None:
        try:
            return self.measure(device)
        except NeurodynError:  # as one that oscillates, with feedback that is too unequal
            return None

    def _at_rest(self, device: Network) -> Equilibrium:
        return relax(device, self.rest.x, start=self.rest.state, solver=self.solver)

    def _cost(self, device: Network) -> float:
        return float(np.mean(device.cost(self._at_rest(device).state, self.y)))


def _knobs(bench: _Bench, count: int, steps: int, rate: float, seed: int, bar: Bar) -> dict[str, Array]:
    """Means and scatter over devices, by knob and level."""
    names, shape = ("cosine", "norm_ratio", "own_cosine", "trained"), (len(KNOBS), len(KNOBS["bits"]))
    found = {name + end: np.full(shape, np.nan) for name in names for end in ("", "_spread")}
    found["signal_error"] = np.full((*shape, TIMES), np.nan)
    for i, (knob, levels) in enumerate(KNOBS.items()):
        for k, level in enumerate(levels):
            bar.update(0.7 * (i + k / len(levels)) / len(KNOBS))
            settings: dict[str, Any] = {knob: int(level) if knob == "bits" else level, "seed": seed}
            device = Device(**settings)
            try:
                measures = bench.all(device, count)
            except ModelError:  # a knob that this kind of network cannot have
                break
            values: dict[str, list[float]] = {name: [getattr(m, name) for m in measures] for name in names[:3]}
            values["trained"] = []
            for number in range(min(count, 2)):
                try:
                    values["trained"].append(bench.trained(device, number, steps, rate))
                except NeurodynError:
                    continue
            for name, some in values.items():
                if some:
                    found[name][i, k], found[f"{name}_spread"][i, k] = np.mean(some), np.std(some)
            if measures:
                found["signal_error"][i, k] = np.mean([m.error for m in measures], axis=0)
    return found


def _noisy(
    network: Network, rest: Equilibrium, y: ArrayLike, temperature: float, betas: Array, seed: int, bar: Bar
) -> tuple[dict[str, Array], dict[str, float]]:
    """Errors of gradients under noise against the strength of nudging, measured and predicted."""
    known = predicted(network, rest, y, temperature, seed)
    exact = reference(network, rest, y, temperature, seed)
    time = max(LASTS * float(network.tau.max()), REMEMBERED * known.memory)
    errors, bars = np.empty(betas.size), np.empty(betas.size)
    for k, beta in enumerate(betas):
        seeds = np.arange(REPEATS, dtype=np.int64) + 1 + seed + k * REPEATS
        errors[k], bars[k] = measured(network, rest, y, exact, (temperature, float(beta), time), seeds)
        bar.update(0.85 + 0.1 * (k + 1) / betas.size)
    strength, needed = known.needed(WANTED)
    summary = {
        "averaging_time": time,
        "best_beta": known.best(time),
        "best_beta_measured": float(betas[np.argmin(errors)]),
        "wanted_error": WANTED,
        "beta_for_it": strength,
        "time_for_it": needed,
    }
    if needed < 100.0 * time:
        seeds = np.arange(REPEATS, dtype=np.int64) + 1000 + seed
        settings = temperature, strength, max(needed, REMEMBERED * known.memory)
        summary["error_reached"], summary["error_reached_bar"] = measured(network, rest, y, exact, settings, seeds)
    columns_found = {"noisy_error": errors, "noisy_error_bar": bars, "predicted_error": known.error(betas, time)}
    return columns_found, summary


__all__ = ["hardware"]
