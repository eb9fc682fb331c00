"""The cells of a sweep as one Dataset: varied paths as coordinates, NaN where a cell failed or is not there yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.results.files import DIGEST, PROVENANCE, versions
from neurodyn.schema import SCHEMA
from neurodyn.sweep.cell import FAILED, MISSING, Record
from neurodyn.sweep.cells import Cells

if TYPE_CHECKING:
    import xarray


def combined(cells: Cells) -> xarray.Dataset:
    """Put cells together, the same whatever their order was.

    A cell whose results have other shapes than the first one's counts as failed; one that is not there is "missing".
    """
    import xarray

    plan = cells.plan
    dims = [dimension.name for dimension in plan.dimensions]
    status, message = np.full(plan.size, MISSING, dtype=object), np.full(plan.size, "", dtype=object)
    layout: dict[str, list[str]] = {}
    arrays: dict[str, Any] = {}
    coords: dict[str, list[float]] = {}
    for index, record in cells.records():
        found = {name: np.array(part["data"], dtype=float) for name, part in record["variables"].items()}
        message[index] = record["message"] or _mismatch(record, found, arrays, layout, coords)
        if message[index]:
            status[index] = FAILED
            continue
        status[index] = record["status"]
        coords |= record["coords"]
        for name, values in found.items():
            if name not in arrays:
                layout[name] = record["variables"][name]["dims"]
                arrays[name] = np.full((plan.size, *values.shape), np.nan)
            arrays[name][index] = values
    data = xarray.Dataset(
        {name: ((*dims, *layout[name]), a.reshape(*plan.shape, *a.shape[1:])) for name, a in arrays.items()}
    )
    per_cell = {"status": status.astype(str), "message": message.astype(str)}
    if "seed" not in plan.paths:
        per_cell["seed"] = _coordinate([plan.cell(index).seed for index in range(plan.size)])
    data = data.assign_coords(coords)
    data = data.assign_coords({name: (dims, values.reshape(plan.shape)) for name, values in per_cell.items()})
    for dimension in plan.dimensions:
        data = data.assign_coords({axis.path: (dimension.name, _coordinate(axis.values)) for axis in dimension.axes})
    about = replace(plan, schema=SCHEMA).describe()
    data.attrs[PROVENANCE] = json.dumps({"schema": SCHEMA, "sweep": about, "versions": versions()} | DIGEST)
    return data


def _mismatch(
    record: Record,
    found: Mapping[str, Array],
    arrays: Mapping[str, Array],
    layout: Mapping[str, Sequence[str]],
    coords: Mapping[str, Sequence[float]],
) -> str:
    """Why the results of a cell do not fit those before; "" if they do."""
    for name in found.keys() & arrays.keys():
        had, has = (layout[name], arrays[name].shape[1:]), (record["variables"][name]["dims"], found[name].shape)
        if had != has:
            return f"its result {name!r} has the shape {has[1]} {has[0]}, but that of cells before {had[1]} {had[0]}"
    for name in record["coords"].keys() & coords.keys():
        if record["coords"][name] != coords[name]:
            return f"its coordinate {name!r} differs from that of cells before"
    return ""


def _coordinate(values: Sequence[Any]) -> Any:
    """An array of numbers, or of texts where a value is none, or an integer too large for one."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} or kinds == {bool}:
        found = np.array(values)
        if found.dtype.kind in "bif":
            return found
    return np.array([value if isinstance(value, str) else json.dumps(value) for value in values])
