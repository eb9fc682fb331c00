"""One cell of a sweep over a model file: the experiment, and the figures of its comparison."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.cli.run import check

if TYPE_CHECKING:
    from neurodyn.models import Model
    from neurodyn.numerics.arrays import Array
    from neurodyn.phases.relax import Equilibrium
    from neurodyn.phases.side import SidePhase

    Phases = tuple[Equilibrium, Array, SidePhase]

#: Paths that change the nudged phase alone.
CHEAP = ("nudging.beta", "nudging.kind")


@dataclass(frozen=True, slots=True)
class Basis:
    """What the cells share.

    The model's name or absolute path, its seed, a digest of its content, and the paths along which a cell can take over
    most of the one before.
    """

    model: str
    seed: int
    digest: str
    cheap: tuple[str, ...] = CHEAP


def prepare(name: str, first: Mapping[str, Any]) -> Basis:
    """Read the model of a sweep, and refuse paths that it has not."""
    from neurodyn import models
    from neurodyn.models.load import settings

    settings(name, _overrides(first))
    model = models.read(name)
    check(model)
    digest = hashlib.sha256(json.dumps(model.settings, sort_keys=True, default=str).encode())
    for part in (model.network.parameters.vector, model.network.tau, model.x, model.y, model.start):
        digest.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    place = name if name in models.names() else os.path.abspath(name)
    return Basis(place, model.network.seed or 0, digest.hexdigest())


def run(cell: Mapping[str, Any]) -> dict[str, float]:
    """The figures of one cell: those of `neurodyn run` that tell how well the two sides agree."""
    from neurodyn import models
    from neurodyn.analysis.signals.compare import compare
    from neurodyn.phases.nudge import nudge

    values = {path: value for path, value in cell.items() if path != "model"}
    model = models.read(cell["model"], overrides=_overrides(values))
    check(model)
    rest, times, side = _shared(model)
    options: dict[str, Any] = {"beta": model.beta, "nudging": model.nudging, "solver": model.solver}
    found = compare(nudge(model.network, rest, model.y, t_eval=times, **options), side)
    parts = {f"populations.{name}.max_relative_error": p.max_relative_error for name, p in found.populations.items()}
    return {
        "max_relative_error": found.max_relative_error,
        "gradient.cosine": found.gradient.cosine,
        "gradient.relative_error": found.gradient.relative_error,
        "residual": float(np.max(rest.residual)),
        **parts,
    }


def _overrides(values: Mapping[str, Any]) -> list[str]:
    """Values as texts for `models.read`; JSON is TOML for numbers, strings and lists."""
    return [f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in values.items()]


_last: tuple[str, Phases] | None = None


def _shared(model: Model) -> Phases:
    """The free phase and the side network, taken from the cell before if only the nudging differs."""
    global _last
    settings = dict(model.settings)
    settings["nudging"] = {k: v for k, v in settings.get("nudging", {}).items() if f"nudging.{k}" not in CHEAP}
    key = json.dumps([model.name, settings], default=str)
    last = _last
    if last is None or last[0] != key:
        last = _last = key, _phases(model)
    return last[1]


def _phases(model: Model) -> Phases:
    from neurodyn.experiments.experiment import second_phase_times
    from neurodyn.phases.relax import relax
    from neurodyn.phases.side import side_network

    rest = relax(model.network, model.x, start=model.start, tol=model.tol, t_max=model.t_max, solver=model.solver)
    times = second_phase_times(model.network, rest, model.duration)
    return rest, times, side_network(model.network, rest, model.y, t_eval=times, solver=model.solver)
