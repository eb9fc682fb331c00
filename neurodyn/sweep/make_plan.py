"""The plan of a sweep from what a user gave."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_path, as_seed
from neurodyn.sweep.axes import Dimension, dimensions
from neurodyn.sweep.function import RUN, as_function
from neurodyn.sweep.plan import Plan


def make_plan(
    model: str | os.PathLike[str] | None,
    vary: Mapping[str, Any] | None,
    *,
    function: Any = RUN,
    zip: Sequence[Sequence[str]] = (),
    draws: int | None = None,
    seed: int = 0,
) -> Plan:
    """The plan of a sweep, all of it checked."""
    from neurodyn.system.network import Network

    chosen = as_function(function)
    grid = dimensions({} if vary is None else vary, zip, draws, as_seed(seed))
    if isinstance(model, Network):
        raise ArgumentError(
            "`model` must be a name of the library or the path of a model file, which workers can read; got a network: "
            "write it as a model file, or give a `function` that makes it"
        )
    name = None if model is None else as_path(model, "model")
    if chosen.name != RUN:
        return Plan(chosen.name, name, grid, seed, own=chosen.own)
    if name is None:
        raise ArgumentError("`model` is missing: the name of a model of the library, or a model file")
    return model_plan(name, grid, seed)


def model_plan(name: str, grid: tuple[Dimension, ...], seed: int) -> Plan:
    """The plan of a sweep over a model, which is read and checked."""
    from neurodyn.experiments.model_run import prepare

    first = {axis.path: axis.values[0] for dimension in grid for axis in dimension.axes}
    basis = prepare(name, first)
    return Plan(RUN, basis.model, grid, seed, basis.seed, basis.digest, basis.cheap)
