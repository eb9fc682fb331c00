"""What every study returns: a table of numbers, what it is about, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neurodyn.result import Result, table

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
    """

    name: str
    title: str
    data: xarray.Dataset = table()
    summary: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Any:
        """Values of a column of the table."""
        return self.data[column].values

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {size}" for name, size in self.data.sizes.items())
        return f"Study({self.name}: {', '.join(map(str, self.data.data_vars))} over {sizes})"
