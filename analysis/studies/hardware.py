"""Hardware: what the imperfections of a device do to error signals, gradients and learning in the loop."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.studies.averaging import measured, predicted, reference
from neurodyn.analysis.studies.bench import TIMES, Bench, Trained
from neurodyn.analysis.studies.knobs import KNOBS, LEVELS, Pairs, as_pairs, column_of, device_at, pair_cosines
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.errors import ModelError, NeurodynError
from neurodyn.inputs import as_positives, as_seed, positive_number, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import Equilibrium
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.device import Device
from neurodyn.system.network import Network

#: Strengths of nudging under noise, unless others are given.
BETAS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
#: Averaging time of the noisy gradients, in the longest time constant; repeats of each; and the accuracy asked for.
LASTS, REPEATS, WANTED = 400.0, 12, 0.1
#: So many devices of each kind learn.
TRAINED = 2
#: All chains together are averaged for so many autocorrelation times at least.
REMEMBERED = 100.0
MOST = 100_000


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
    pairs: Pairs = (("mismatch", "bits"),),
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
    pairs : list of pairs of str
        Knobs to turn together, each a field of `Device`: "mismatch", "bits", "feedback", "drift" or "noise".
    seed : int
    solver : Solver, optional

    Returns
    -------
    study : Study
        Over `knob` and `level`, means over devices with the scatter between them, `..._spread`: `value` of the knob;
        `cosine` and `norm_ratio` of the device's nudged gradient with the exact one of the network that it holds, and
        `own_cosine` with the exact one of its own cost; `trained`, its cost after learning over that before, and
        `accuracy`, the fraction of samples whose largest output is their target's, after learning. Over `knob`,
        `level` and `time` (a part of the second phase): `signal_error`, the largest distance of nudged velocities from
        the device's side network, relative to the largest signal. NaN where a network cannot have the knob: unequal
        feedback is for `models.Rate`. For each pair a column such as `mismatch_bits_cosine` over the values of both
        knobs; with noise it is that of a gradient averaged for `averaging_time` at the best of `betas`, as predicted.
        Over `beta`: `noisy_error`, the relative error of a gradient under noise after an averaging time, measured with
        an error bar `noisy_error_bar`, and predicted, `predicted_error`. Summary: the best beta, and the time needed
        for a wanted accuracy, as predicted, with what was reached in it; and `accuracy_before`, of the network itself.

        Both accuracies are there only where targets are classes: labels or one-hot rows, or with a softmax read-out.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.hardware(net, [0.5, 0.2], [1.0, 0.0], devices=1, steps=1, betas=[0.1], pairs=())
    >>> list(study.data)[:2]
    ['value', 'cosine']
    """
    solver, seed = chosen_solver(solver), as_seed(seed)
    count, steps = whole_number(devices, "devices", 1, MOST), whole_number(steps, "steps", 1, MOST)
    beta, rate = real_number(beta, "beta"), positive_number(rate, "rate")
    strengths = as_positives(BETAS if betas is None else betas, "betas")
    heat, chosen = positive_number(temperature, "temperature"), as_pairs(pairs)
    rest = relax_with_signal(network, x, y, start, solver)
    bench = Bench(network, rest, y, beta, solver)
    with Bar("hardware") as bar:
        knobs = _knobs(bench, count, steps, rate, seed, bar)
        prediction = _Prediction(network, rest, y, heat, seed)
        paired = {}
        for k, pair in enumerate(chosen):
            bar.update(0.7 + 0.1 * k / len(chosen))
            paired[column_of(*pair)] = pair, pair_cosines(bench, pair, count, seed, partial(prediction.best, strengths))
        bar.update(0.8)
        noisy, summary = _noisy(network, rest, y, prediction, strengths, seed, bar)
    if bench.has_classes:
        summary["accuracy_before"] = bench.performance(network)[1]
    else:
        knobs = {name: values for name, values in knobs.items() if not name.startswith("accuracy")}
    over = ("knob", "level")
    data = columns(
        {
            "knob": np.array(list(KNOBS)),
            "level": np.arange(len(KNOBS["bits"])),
            "time": np.linspace(0.0, 1.0, TIMES),
            **{name: np.array(LEVELS[name]) for pair in chosen for name in pair},
            "beta": strengths,
        },
        value=(over, np.array([KNOBS[name] for name in KNOBS])),
        **{name: ((*over, "time") if values.ndim == 3 else over, values) for name, values in knobs.items()},
        **paired,
        **{name: ("beta", values) for name, values in noisy.items()},
    )
    title = "Error signals, gradients and learning of imperfect devices"
    return Study(network, "hardware", title, data, {"devices": count, "temperature": heat, **summary})


def _knobs(bench: Bench, count: int, steps: int, rate: float, seed: int, bar: Bar) -> dict[str, Array]:
    """Means and scatter over devices, by knob and level."""
    seen, shape = ("cosine", "norm_ratio", "own_cosine"), (len(KNOBS), len(KNOBS["bits"]))
    names = (*seen, *Trained._fields)
    found = {name + end: np.full(shape, np.nan) for name in names for end in ("", "_spread")}
    found["signal_error"] = np.full((*shape, TIMES), np.nan)
    for i, (knob, levels) in enumerate(KNOBS.items()):
        for k, level in enumerate(levels):
            bar.update(0.7 * (i + k / len(levels)) / len(KNOBS))
            device = device_at(seed, **{knob: level})
            try:
                measures = bench.all(device, count)
            except ModelError:  # a knob that this kind of network cannot have
                break
            learned = _learned(bench, device, min(count, TRAINED), steps, rate)
            values = {name: [getattr(m, name) for m in measures] for name in seen}
            values |= {name: [getattr(one, name) for one in learned] for name in Trained._fields}
            for name, some in values.items():
                if some:
                    found[name][i, k], found[f"{name}_spread"][i, k] = np.mean(some), np.std(some)
            if measures:
                found["signal_error"][i, k] = np.mean([m.error for m in measures], axis=0)
    return found


def _learned(bench: Bench, device: Device, count: int, steps: int, rate: float) -> list[Trained]:
    """Those devices that still come to rest after learning."""
    found = []
    for number in range(count):
        try:
            found.append(bench.trained(device, number, steps, rate))
        except NeurodynError:
            continue
    return found


class _Prediction:
    """What is known of gradients under noise before any is taken: by strength of nudging, at an averaging time."""

    def __init__(self, network: Network, rest: Equilibrium, y: ArrayLike, temperature: float, seed: int) -> None:
        self.temperature, self.averaging = temperature, predicted(network, rest, y, temperature, seed)
        self.time = max(LASTS * float(network.tau.max()), REMEMBERED * self.averaging.memory)

    def best(self, betas: Array, temperature: float) -> tuple[float, float]:
        """The strength with the least error at a temperature, to which the variance is proportional; and the time."""
        known = replace(self.averaging, V=self.averaging.V * temperature / self.temperature)
        return float(betas[np.argmin(known.error(betas, self.time))]), self.time


def _noisy(
    network: Network, rest: Equilibrium, y: ArrayLike, prediction: _Prediction, betas: Array, seed: int, bar: Bar
) -> tuple[dict[str, Array], dict[str, float]]:
    """Errors of gradients under noise against the strength of nudging, measured and predicted."""
    known, time, temperature = prediction.averaging, prediction.time, prediction.temperature
    exact = reference(network, rest, y, temperature, seed)
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
