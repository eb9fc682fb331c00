"""The experiment on a model file: checked, run and compared, for `neurodyn run` and for the cells of a sweep.

A model file brings a network, its data and all settings; so this file alone of the room needs `neurodyn.models`, and
`neurodyn.analysis` for the comparison. Both are imported where they are used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.experiments.experiment import Experiment, Groundwork, Watch, run_phases

if TYPE_CHECKING:
    from neurodyn.analysis import Comparison
    from neurodyn.models import Model

#: Keys of a model file that change the nudged phase alone, by their names in its table [nudging].
NUDGING = ("beta", "kind", "correction")


@dataclass(frozen=True, eq=False, slots=True)
class ModelRun:
    """The experiment on a model, and the comparison of its two sides."""

    model: Model
    experiment: Experiment
    comparison: Comparison

    @property
    def agreement(self) -> dict[str, float]:
        """The figures that tell how well the two sides agree, each by its path in what `neurodyn run` writes."""
        found = self.comparison
        parts = {
            f"populations.{name}.max_relative_error": p.max_relative_error for name, p in found.populations.items()
        }
        return {
            "max_relative_error": found.max_relative_error,
            "gradient.cosine": found.gradient.cosine,
            "gradient.relative_error": found.gradient.relative_error,
            "residual": float(np.max(self.experiment.equilibrium.residual)),
            **parts,
        }


def check(model: Model) -> None:
    """Refuse what cannot be nudged, before anything is computed."""
    network = model.network
    if not network.n_out:
        raise ArgumentError(
            f"model {model.name!r} has no outputs, so there is nothing to nudge: give a population "
            "the role 'output', or a number of `outputs`"
        )
    missing = "inputs" if network.n_in and model.x is None else "targets" if model.y is None else None
    if missing:
        raise ArgumentError(f"model {model.name!r} has no {missing}: give it [data] with a `name`, or with `x` and `y`")


def groundwork_of(model: Model) -> Groundwork:
    """The part of a model's experiment that its nudging does not change."""
    phases: dict[str, Any] = {"start": model.start, "tol": model.tol, "t_max": model.t_max, "solver": model.solver}
    return Groundwork(model.network, model.x, model.y, duration=model.duration, **phases)


def run_model(model: Model, *, groundwork: Groundwork | None = None, watch: Watch = contextlib.nullcontext) -> ModelRun:
    """Run the experiment of a model, and compare its sides; `groundwork` is one that a run before has computed."""
    from neurodyn.analysis.signals.compare import compare

    kind: dict[str, Any] = {"beta": model.beta, "nudging": model.nudging, "correction": model.correction}
    found = run_phases(groundwork or groundwork_of(model), **kind, watch=watch)
    with watch("comparison"):
        comparison = compare(found.nudged, found.side)
    return ModelRun(model, found, comparison)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the cells of a sweep share.

    The model's name or absolute path, its seed, a digest of its content, and the paths along which a cell can take over
    most of the one before.
    """

    model: str
    seed: int
    digest: str
    cheap: tuple[str, ...] = tuple(f"nudging.{key}" for key in NUDGING)


def prepare(name: str, first: Mapping[str, Any]) -> Basis:
    """Read the model of a sweep, and refuse paths that it has not; `first` holds the values of one cell."""
    from neurodyn import models
    from neurodyn.models.load import settings

    settings(name, _overrides(first))
    model = models.read(name)
    check(model)
    place = name if name in models.names() else os.path.abspath(name)
    return Basis(place, model.network.seed or 0, digest_of(model, model.settings))


def run_cell(cell: Mapping[str, Any]) -> dict[str, float]:
    """The figures of agreement for one cell of a sweep: the model, and the values of keys of its file."""
    from neurodyn import models

    values = {path: value for path, value in cell.items() if path != "model"}
    model = models.read(cell["model"], overrides=_overrides(values))
    check(model)
    return run_model(model, groundwork=_kept_groundwork(model)).agreement


def digest_of(model: Model, settings: Mapping[str, Any]) -> str:
    """Text that differs where settings, parameters, time constants or data do."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for part in (model.network.parameters.vector, model.network.tau, model.x, model.y, model.start):
        digest.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _overrides(values: Mapping[str, Any]) -> list[str]:
    """Values as texts for `models.read`; JSON is TOML for numbers, strings and lists."""
    return [f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in values.items()]


_last: tuple[str, Groundwork] | None = None


def _kept_groundwork(model: Model) -> Groundwork:
    """The groundwork of a model: that of the cell before if the two differ in their nudging alone."""
    global _last
    nudging = {key: value for key, value in model.settings.get("nudging", {}).items() if key not in NUDGING}
    digest = digest_of(model, model.settings | {"nudging": nudging})
    last = _last
    if last is None or last[0] != digest:
        last = _last = digest, groundwork_of(model)
    return last[1]
