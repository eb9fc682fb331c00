"""A study as plain data, and as tables that a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.cli.summary import plain
from neurodyn.cli.table import columns, number

if TYPE_CHECKING:
    import xarray

    from neurodyn.analysis.studies import Study
    from neurodyn.models import Model

#: A table has no more rows than these; longer ones are thinned out evenly.
ROWS = 15


def summarise(model: Model, study: Study) -> dict[str, Any]:
    """Everything a reader or a script wants to know; what is not a finite number is None."""
    from neurodyn.results.files import versions

    return plain(
        {
            "model": model.name,
            "title": model.title,
            "study": study.name,
            "about": study.title,
            "summary": study.summary,
            "tables": _tables(study.data),
            "seed": model.network.seed,
            "versions": versions(),
        }
    )


def _tables(data: xarray.Dataset) -> list[dict[str, Any]]:
    """Variables over the same dimensions side by side, with their coordinates: columns of one length."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for name, values in data.data_vars.items():
        dims = tuple(map(str, values.dims))
        if dims not in found:
            found[dims] = {str(key): _spread(coordinate, values) for key, coordinate in values.coords.items()}
        found[dims][str(name)] = values.values.ravel()
    sizes = [[data.sizes[dim] for dim in dims] for dims in found]
    return [
        {"dims": dims, "shape": size, "columns": table}
        for (dims, table), size in zip(found.items(), sizes, strict=True)
    ]


def _spread(coordinate: xarray.DataArray, values: xarray.DataArray) -> Any:
    return coordinate.broadcast_like(values).transpose(*values.dims).values.ravel()


def report(summary: dict[str, Any]) -> str:
    """The summary of a study as text."""
    lines = [f"{summary['model']}: {summary['title']}", summary["about"]]
    for table in summary["tables"]:
        size = len(next(iter(table["columns"].values())))
        lines += _planes(table) if len(table.get("dims", ())) == 2 and size > ROWS else _list(table["columns"], size)
    facts = {name.replace("_", " "): _text(value) for name, value in summary["summary"].items()}
    facts["seconds"] = number(summary["seconds"])
    width = max(len(name) for name in facts)
    return "\n".join([*lines, "", *(f"{name.ljust(width)}  {text}" for name, text in facts.items())])


def _list(values: dict[str, Any], size: int) -> list[str]:
    """Columns side by side."""
    picks = np.unique(np.linspace(0, size - 1, min(size, ROWS)).round().astype(int))
    rows = [[_text(column[k]) for column in values.values()] for k in picks]
    lines = ["", columns([name.replace("_", " ") for name in values], rows)]
    return (
        lines
        if picks.size == size
        else [*lines, f"{len(rows)} of {size:,} rows; all are in result.nc and summary.json"]
    )


def _planes(table: dict[str, Any]) -> list[str]:
    """Each variable as a table of its own: the first dimension downwards, the second to the right."""
    (first, second), (_, width), values = table["dims"], table["shape"], table["columns"]
    head = [f"{first} \\ {second}".replace("_", " "), *(_text(value) for value in values[second][:width])]
    lines = []
    for name, column in values.items():
        if name not in (first, second):
            starts = range(0, len(column), width)
            rows = [[_text(values[first][k]), *(_text(value) for value in column[k : k + width])] for k in starts]
            lines += ["", name.replace("_", " "), columns(head, rows)]
    return lines


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else number(value)
