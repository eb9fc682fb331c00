"""A sweep as text and as plain data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.cli.summary import plain
from neurodyn.cli.table import columns, number
from neurodyn.progress import duration

if TYPE_CHECKING:
    import xarray

    from neurodyn.sweep.explain import Needs

#: A table has no more rows, and columns of results, than these.
ROWS, RESULTS = 50, 4


def counts(data: xarray.Dataset) -> dict[str, int]:
    """Numbers of cells, done and failed."""
    done = int(np.sum(data["status"].values == "done"))
    return {"total": data["status"].size, "done": done, "failed": data["status"].size - done}


def report(data: xarray.Dataset) -> str:
    """A table along the first dimension: its paths, and medians of the results over all others."""
    dims = data["status"].dims
    first, others = dims[0], dims[1:]
    paths = [name for name, values in data.coords.items() if values.dims == (first,)]
    paths = [name for name in paths if name not in ("status", "message") and (name != "seed" or name == first)]
    scalars = [name for name, values in data.data_vars.items() if values.dims == dims]
    cells = data["status"].size // data.sizes[first]
    done = (data["status"] == "done").astype(int).sum(others).values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a row without a cell that is done has no median
        medians = data[scalars[:RESULTS]].median(others) if others else data[scalars[:RESULTS]]
    rows = [
        [*(_text(data[name].values[k]) for name in paths), f"{done[k]} of {cells}",
         *(_text(medians[name].values[k]) for name in scalars[:RESULTS])]
        for k in range(min(ROWS, data.sizes[first]))
    ]  # fmt: skip
    lines = [columns([*map(str, paths), "done", *map(str, scalars[:RESULTS])], rows)]
    if data.sizes[first] > ROWS:
        lines.append(f"... {data.sizes[first] - ROWS:,} more rows")
    if others:
        lines.append(f"\nmedians over {', '.join(map(str, others))}")
    more = [str(name) for name in data.data_vars if name not in scalars[:RESULTS]]
    if more:
        lines.append(f"also in sweep.nc: {', '.join(more)}")
    failed = {message for message in data["message"].values.flat if message}
    return "\n".join([*lines, *(f"failed: {message}" for message in sorted(failed)[:5])])


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else "-" if np.isnan(value) else number(value, 4)


def plain_data(data: xarray.Dataset) -> dict[str, Any]:
    """The coordinates and results of a sweep, for JSON; None for what is not a number."""
    parts: dict[str, Mapping[Any, xarray.DataArray]] = {"coords": data.coords, "results": data.data_vars}
    return {
        part: {str(name): {"dims": list(v.dims), "data": plain(v.values.tolist())} for name, v in members.items()}
        for part, members in parts.items()
    }


def explanation(needs: Needs) -> str:
    """What a sweep needs, in words."""
    grid = " x ".join(map(str, needs.shape))
    memory = "not known on this system" if needs.memory is None else f"{needs.memory / 2**20:,.0f} MiB"
    lines = [
        ("cells", f"{needs.cells:,}{f' ({grid})' if len(needs.shape) > 1 else ''}"),
        ("workers", f"{needs.workers}"),
        ("memory", f"{memory} for all workers"),
        ("time", f"about {duration(needs.seconds)}: {needs.start:.2g} s to the first cell, {needs.cell:.2g} s for each "
                 "further one of a worker"),
    ]  # fmt: skip
    if needs.message:
        lines.append(("failed", needs.message))
    text = "\n".join(f"{name.ljust(8)} {what}" for name, what in lines)
    return f"{text}\nMeasured on up to three cells, none of them kept. Nothing was written."
