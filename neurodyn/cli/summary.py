"""The numbers of one run as plain data: what `summary.json` holds and `--json` prints."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.solvers.status import Status

if TYPE_CHECKING:
    from neurodyn.analysis import Comparison
    from neurodyn.analysis.signals.convergence import Convergence
    from neurodyn.experiments.experiment import Experiment
    from neurodyn.models import Model

#: Above this relative error the two sides share nothing, however well each sample has ended.
DISAGREE = 1.0


def summarise(
    model: Model, experiment: Experiment, comparison: Comparison, convergence: Convergence | None
) -> dict[str, Any]:
    """Everything a reader or a script wants to know; what is not a finite number is None."""
    from neurodyn.results.files import versions

    rest, run = experiment.equilibrium, experiment.nudged
    phases = {"free phase": rest.status, "nudged phase": run.status, "side network": experiment.side.status}
    counts = {phase: _count(status) for phase, status in phases.items()}
    words = {word for found in counts.values() for word in found} - {"done"}
    if max(comparison.max_relative_error, comparison.gradient.relative_error) > DISAGREE:
        words.add("sides disagree")
    with_signal = int(np.sum(comparison.has_signal))
    return plain(
        {
            "model": model.name,
            "title": model.title,
            "nudging": run.nudging,
            "correction": run.correction,
            "beta": run.beta,
            "beta_c": np.min(run.critical_beta),
            "duration": run.t[-1],
            "solver": run.solver,
            "seed": model.network.seed,
            "max_relative_error": comparison.max_relative_error,
            "populations": _populations(model, comparison),
            "gradient": {
                "cosine": comparison.gradient.cosine,
                "relative_error": comparison.gradient.relative_error,
                "norm_ratio": comparison.gradient.norm_ratio,
                "nudged_to_exact": comparison.gradient.nudged_to_exact,
                "side_to_exact": comparison.gradient.side_to_exact,
            },
            "notes": comparison.notes,
            "residual": np.max(rest.residual),
            "residual_over_beta": np.max(run.residual_over_beta),
            "status": ", ".join(sorted(words)),
            "status_counts": counts,
            "samples": {"total": comparison.has_signal.size, "with_signal": with_signal},
            "hard_sigmoid": _bounds(experiment, comparison),
            "convergence": convergence and _orders(convergence),
            "versions": versions(),
        }
    )


def _count(status: Any) -> dict[str, int]:
    return dict(Counter(Status(int(code)).name.lower().replace("_", " ") for code in np.atleast_1d(status)))


def _populations(model: Model, comparison: Comparison) -> dict[str, Any]:
    network = model.network
    found = {}
    for population in network.graph.free:
        tau = network.population(network.tau, population.name)
        found[population.name] = {
            "units": population.size,
            "outputs": population.n_outputs,
            "activation": population.activation,
            "tau": [tau.min(), tau.max()],
            "max_relative_error": comparison.populations[population.name].max_relative_error,
        }
    return found


def _orders(convergence: Convergence) -> dict[str, Any]:
    names = ("betas", "one_sided", "centered", "floor", "one_sided_slope", "centered_slope", "crossed", "fold")
    return {name: getattr(convergence, name) for name in names}


def _bounds(experiment: Experiment, comparison: Comparison) -> dict[str, float] | None:
    """What the box of hard-sigmoid units does, as fractions; None without such units."""
    network, run = experiment.network, experiment.nudged
    if not network.box.any():
        return None
    return {
        "active_outputs": float(np.mean(np.atleast_2d(run.active)[:, network.outputs])),
        "samples_without_signal": float(1.0 - np.mean(comparison.has_signal)),
        "units_that_crossed": float(np.mean(np.atleast_2d(run.crossed)[:, network.box])),
    }


def plain(value: Any) -> Any:
    """The same as Python's own types, with None for NaN and infinity, which JSON lacks."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
