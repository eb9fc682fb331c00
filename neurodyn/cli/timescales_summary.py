"""The time scales of a network as plain data, in the form of a study's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.cli.summary import plain
from neurodyn.results.result import with_batch

if TYPE_CHECKING:
    from neurodyn.analysis.timing.arrival import Arrival
    from neurodyn.analysis.timing.durations import Durations
    from neurodyn.analysis.timing.timescales import Timescales
    from neurodyn.models import Model

#: What a phase may leave, in the table of durations.
ACCURACIES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def summarise(model: Model, found: Timescales) -> dict[str, Any]:
    """Everything a reader or a script wants to know; what is not a finite number is None."""
    from neurodyn.results.files import versions

    tables = [_modes(found)]
    tables += [_arrivals(found.arrival)] if found.arrival else []
    tables += [_durations(found.durations)] if found.durations else []
    return plain(
        {
            "model": model.name,
            "title": model.title,
            "study": None,
            "about": "Relaxation times, the arrival of the error signal, and how long the phases must last",
            "summary": _facts(found),
            "tables": tables,
            "seed": model.network.seed,
            "versions": versions(),
        }
    )


def _facts(found: Timescales) -> dict[str, Any]:
    spectrum, sample = found.ladder, found.decay.sample
    modes = sum(rates.size for j, rates in spectrum.samples() if j == sample)
    return {
        "slowest_time": 1.0 / spectrum.slowest_rate,
        "fastest_time": 1.0 / spectrum.fastest_rate,
        "stiffness": np.atleast_1d(spectrum.stiffness),
        "euler_limit": spectrum.euler_limit,
        "sample": sample,
        "measured_decay_error": np.max(found.decay.error, where=np.isfinite(found.decay.error), initial=0.0),
        "modes_measured": f"{np.isfinite(found.decay.error).sum()} of {modes}",
    }


def _modes(found: Timescales) -> dict[str, Any]:
    """The ladder of one sample, with the share of each population."""
    from neurodyn.analysis.units import unit_name

    spectrum, j = found.ladder, found.decay.sample
    rates, frequencies = (with_batch(values, 2)[j] for values in (spectrum.rate, spectrum.frequency))
    kept = np.isfinite(rates)
    columns = {"mode": 1 + np.arange(kept.sum()), "time": 1.0 / rates[kept], "rate": rates[kept]}
    if np.any(frequencies[kept]):
        columns["frequency"] = frequencies[kept]
    shares = {name: with_batch(share, 2)[j, kept] for name, share in spectrum.by_population().items()}
    leading = with_batch(spectrum.leading_unit(), 2)[j, kept]
    return {"columns": columns | shares | {"most_in": [unit_name(spectrum.network.graph, int(i)) for i in leading]}}


def _arrivals(arrival: Arrival) -> dict[str, Any]:
    count = len(arrival.kinds)
    per_kind = {name: getattr(arrival, name).ravel() for name in ("exponent", "onset", "delay", "peak_time", "peak")}
    columns: dict[str, Any] = {
        "units": list(arrival.groups) * count,
        "tau": np.repeat(arrival.kinds, len(arrival.groups)),
        "k": np.tile(arrival.distance, count),
    }
    return {"columns": columns | per_kind}


def _durations(durations: Durations) -> dict[str, Any]:
    pairs = {phase: np.array([durations.needed(phase, a) for a in ACCURACIES]).T for phase in ("free", "nudged")}
    columns = {"accuracy": np.array(ACCURACIES)}
    for phase, (predicted, measured) in pairs.items():
        columns |= {f"{phase}_measured": measured, f"{phase}_predicted": predicted}
    return {"columns": columns}
