"""plan.json, the file in the folder of a sweep that says what its cells are: all that is needed to go on with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.results.files import write
from neurodyn.results.seal import read_json, sealed_json
from neurodyn.schema import schema_of
from neurodyn.sweep.axes import Axis, Dimension, Draw, parse
from neurodyn.sweep.function import name_in_plan
from neurodyn.sweep.plan import Plan

NAME = "plan.json"
#: What a damaged plan raises.
FOREIGN = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
#: What plans of the first version lack.
MORE = "dimensions"


def write_plan(folder: Path, plan: Plan) -> None:
    """Write the plan of a folder."""
    axes = [axis for dimension in plan.dimensions for axis in dimension.axes]
    more = {
        MORE: [dimension.name for dimension in plan.dimensions],
        "drawn": {axis.path: axis.drawn.text for axis in axes if axis.drawn},
        "model seed": plan.model_seed,
        "cheap": list(plan.cheap),
        "earlier digests": list(plan.earlier),
    }
    text = sealed_json({"schema": plan.schema} | plan.describe() | more | {"digest": plan.digest}, indent=1)
    write(folder / NAME, lambda temporary: Path(temporary).write_text(text, "utf-8"))


def read_plan(folder: Path) -> Plan:
    """The plan of a folder.

    Raises
    ------
    ResultFileError
        The folder has none, or it is damaged, or does not say all, as those of the first version.
    """
    try:
        about = read_json(folder / NAME)
        schema = schema_of(about)
    except OSError as error:
        raise ResultFileError(f"{folder} is no folder of a sweep: it has no {NAME} that can be read") from error
    except ResultFileError as error:
        raise ResultFileError(f"{folder / NAME}: {error}") from error
    if MORE not in about:
        raise ResultFileError(
            f"{folder / NAME} is of an earlier version, which did not write down all that is needed here: go on with "
            "the command that began the sweep, and --resume"
        )
    try:
        found = _plan(about, schema)
        whole = found.digest == about["digest"]
    except FOREIGN as error:
        raise ResultFileError(f"{folder / NAME} is not the plan of a sweep: {error!r}") from error
    if not whole:
        raise ResultFileError(f"{folder / NAME} contradicts itself: its digest is another one")
    return found


def _plan(about: dict[str, Any], schema: int) -> Plan:
    drawn = {path: parse(path, text) for path, text in about["drawn"].items()}

    def axis(path: str, values: list[Any]) -> Axis:
        kind = drawn.get(path)
        return Axis(path, tuple(values), kind if isinstance(kind, Draw) else None)

    pairs = zip(about[MORE], about["vary"], strict=True)
    grid = tuple(Dimension(name, tuple(axis(*item) for item in group.items())) for name, group in pairs)
    found = Plan(name_in_plan(about["function"]), about["model"], grid, about["seed"], about["model seed"],
                 about["model content"])  # fmt: skip
    told: dict[str, Any] = {
        name: tuple(about[key]) for name, key in (("cheap", "cheap"), ("earlier", "earlier digests"))
    }
    return replace(found, schema=schema, version=about["neurodyn version"], **told)


def agree(folder: Path, plan: Plan) -> Plan:
    """The plan as a folder has it, in the words of the folder's schema; written where there is none, or a smaller one.

    Raises
    ------
    ResultFileError
        The folder is that of another sweep, or its plan is damaged.
    """
    found = _fitting(folder, plan)
    if found is not None:
        return found
    write_plan(folder, plan)
    return _fitting(folder, plan) or plan  # that of another sweep if one began here at the same moment


def _fitting(folder: Path, plan: Plan) -> Plan | None:
    """The plan of a folder, if it is this one; None where it must be written."""
    manifest = folder / NAME
    if not manifest.exists():
        return None
    try:
        there = read_json(manifest)
        ours = replace(plan, schema=schema_of(there))
    except (OSError, ResultFileError) as error:
        raise ResultFileError(f"{manifest}: {error}: name another folder") from error
    if there.get("digest") == ours.digest:
        return replace(ours, earlier=tuple(there.get("earlier digests", ())))
    if there.get("digest") in plan.earlier:
        return None
    if ours.digest in there.get("earlier digests", ()):
        raise ResultFileError(
            f"{folder} holds this sweep with further values: go on with `neurodyn sweep resume {folder}`"
        )
    told = json.loads(json.dumps(ours.describe()))
    differs = ", ".join(key for key, value in told.items() if there.get(key) != value)
    raise ResultFileError(f"{folder} holds another sweep (it differs in {differs}): name another folder")
