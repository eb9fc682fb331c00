"""What every study returns: a table of numbers, what it is about, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Facts, Rows, span, told
from neurodyn.results.result import Result, table
from neurodyn.system.parameters import Parameters

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class Study(Result):
    """The outcome of one study.

    Attributes
    ----------
    name, title : str
        Its name in `STUDIES`; what it measures, in a line.
    data : xarray.Dataset
        What was varied as coordinates, what was measured as variables, each with its units.
    summary : dict
        Single numbers that follow, by name, as plain data.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.nudging(net, [0.5, 0.2], [1.0, 0.0], betas=[0.01, 0.1])
    >>> study.name, study["centered"].shape
    ('nudging', (2,))
    """

    name: str
    title: str
    data: xarray.Dataset = table()
    summary: dict[str, Any] = field(default_factory=dict)

    _head: ClassVar[tuple[str, ...]] = ("column", "axes", "unit", "from … to")

    def _facts(self) -> Facts:
        sizes = [(str(name), f"{size:,}") for name, size in self.data.sizes.items()]
        return [("study", self.name), ("measures", self.title), *sizes]

    def _rows(self) -> Rows:
        columns = [(str(name), column) for name, column in self.data.variables.items()]
        return [
            (name, " × ".join(map(str, column.dims)), str(column.attrs.get("units", "")), span(column.values))
            for name, column in columns
        ]

    def _picture(self) -> Picture | None:
        for name, column in self.data.data_vars.items():
            if column.ndim == 1 and column.dtype.kind in "iuf" and column.dims[0] in self.data.coords:
                x = self.data[column.dims[0]].values
                if x.dtype.kind in "iuf":
                    return curves({str(name): column.values}, x, caption=f"{name} over {column.dims[0]}")
        return None

    def _ipython_key_completions_(self) -> list[str]:
        """Names of columns, for the tabulator key of notebooks and IPython."""
        return [str(name) for name in self.data.variables]

    def __getitem__(self, column: str) -> Any:
        """Values of a column of the table."""
        return self.data[column].values

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {size}" for name, size in self.data.sizes.items())
        return told("Study", [f"{self.name}: {', '.join(map(str, self.data.data_vars))} over {sizes}"])


def columns(coordinates: Mapping[str, Any], **variables: tuple[Any, ...]) -> xarray.Dataset:
    """A table: coordinates by name, each along its own dimension; variables as (dims, values) or (dims, values, units).

    A coordinate with units is (values, units). What has none is a pure number, "1".
    """
    import xarray

    def with_units(dims: str | tuple[str, ...], values: ArrayLike, units: str = "1") -> tuple[Any, Any, dict[str, str]]:
        return dims, np.asarray(values), {"units": units}

    parts = {name: part if isinstance(part, tuple) else (part,) for name, part in coordinates.items()}
    coords = {name: with_units(name, *part) for name, part in parts.items()}
    return xarray.Dataset({name: with_units(*part) for name, part in variables.items()}, coords)


def angle(a: Parameters, b: Parameters) -> float:
    """Degrees between two gradients, small ones too; NaN if either is zero."""
    if not (a.norm and b.norm):
        return float("nan")
    u, v = a * (1.0 / a.norm), b * (1.0 / b.norm)
    return float(np.degrees(2.0 * np.arctan2((u - v).norm, (u + v).norm)))
