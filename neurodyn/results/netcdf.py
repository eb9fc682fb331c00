"""NetCDF files as xarray writes them, but without importing it, which takes as long as a short run does.

A `Group` is what a Dataset holds; a file has one at its root and may have others below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

#: A variable: its dimensions, its values, and its attributes.
Variable = tuple[tuple[str, ...], np.ndarray[Any, Any], dict[str, str]]
#: Kinds of numbers whose encoding is plain.
PLAIN = "biuf"


@dataclass(frozen=True, slots=True)
class Group:
    """Variables and coordinates by name, and texts about them."""

    variables: dict[str, Variable]
    coordinates: dict[str, Variable]
    attributes: dict[str, str]

    @property
    def is_plain(self) -> bool:
        """Whether `encode` can write it: its variables are numbers, and none is empty."""
        every = [*self.variables.values(), *self.coordinates.values()]
        numbers = all(values.dtype.kind in PLAIN for _, values, _ in self.variables.values())
        return numbers and all(values.size for _, values, _ in every)


def encode(root: Group, children: Mapping[str, Group]) -> bytes:
    """The bytes of a NetCDF file with plain groups."""
    import h5netcdf

    stream = BytesIO()  # in memory: where a disk is full, HDF5 ends the process
    with h5netcdf.File(stream, "w") as file:
        _fill(file, root)
        for name, child in children.items():
            _fill(file.create_group(name), child)
    return stream.getvalue()


def _fill(place: Any, group: Group) -> None:
    """Write a group into a group of a file."""
    place.attrs.update(group.attributes)
    for dims, values, _ in (*group.variables.values(), *group.coordinates.values()):
        place.dimensions.update({d: n for d, n in zip(dims, values.shape, strict=True) if d not in place.dimensions})
    for name, (dims, values, attributes) in group.variables.items():
        beside = [
            key for key, (others, _, _) in group.coordinates.items() if key not in dims and set(others) <= {*dims}
        ]
        told = attributes | ({"coordinates": " ".join(beside)} if beside else {})
        _write(place, name, (dims, values, told))
    for name, variable in group.coordinates.items():
        _write(place, name, variable)


def _write(place: Any, name: str, variable: Variable) -> None:
    """Write a variable, whose dimensions are there."""
    dims, values, attributes = variable
    options: dict[str, Any] = {"dtype": values.dtype}
    if values.dtype.kind == "b":
        options, attributes = {"dtype": np.dtype("i1")}, attributes | {"dtype": "bool"}
    elif values.dtype.kind == "f":
        options["fillvalue"] = values.dtype.type(np.nan)
    elif values.dtype.kind == "U":
        import h5py

        options, values = {"dtype": h5py.string_dtype()}, values.astype(object)
    written = place.create_variable(name, dims, **options)
    written.attrs.update(attributes)
    written[...] = values
