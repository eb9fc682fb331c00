"""What came out of a sweep, or will: as text and as plain data."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from neurodyn.cli.summary import plain
from neurodyn.cli.table import columns, number
from neurodyn.errors import SimulationError
from neurodyn.progress import duration, note

if TYPE_CHECKING:
    import xarray

    from neurodyn.sweep.explain import Needs

#: A table has no more rows, and columns of results, than these.
ROWS, RESULTS = 50, 4


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


def explained(needs: Needs, as_json: bool) -> str:
    """What a sweep needs, in words or as JSON."""
    if as_json:
        return json.dumps(asdict(needs), indent=2)
    grid = f" of {' x '.join(map(str, needs.shape))}" if len(needs.shape) > 1 else ""
    lines = [
        ("cells", f"{needs.cells:,}{grid}"),
        ("workers", f"{needs.workers}"),
        ("memory", _memory(needs)),
        ("time", f"about {duration(needs.seconds)}: {needs.start:.2g} s to the first cell, {needs.cell:.2g} s for each "
                 "further one of a worker"),
    ]  # fmt: skip
    if needs.message:
        lines.append(("failed", needs.message))
    text = "\n".join(f"{name.ljust(8)} {what}" for name, what in lines)
    return f"{text}\nMeasured on up to three cells, none of them kept. Nothing was written."


def _memory(needs: Needs) -> str:
    if needs.memory is None:
        return "not known on this system"
    each, most = needs.memory / 2**20, needs.present // needs.memory
    there = f"{needs.present / 2**20:,.0f} MiB are there"
    if needs.workers <= most:
        return f"{each:,.0f} MiB a worker, {each * needs.workers:,.0f} MiB for all; {there}"
    return f"{each:,.0f} MiB a worker, {each * needs.workers:,.0f} MiB for all, but {there}: at most {most} workers fit"


def finish(data: xarray.Dataset, folder: Path, part: tuple[tuple[int, int], list[int]] | None, as_json: bool) -> None:
    """Print what came out; with a part, of its cells alone.

    Raises
    ------
    SimulationError
        Cells failed.
    """
    status = data["status"].values.ravel()
    mine = np.arange(status.size) if part is None else np.array(part[1], dtype=np.int64)
    done, failed = (int(np.sum(status[mine] == word)) for word in ("done", "failed"))
    if done or not failed:
        if as_json:
            about = {"out": str(folder), "cells": {"total": len(mine), "done": done, "failed": failed}}
            click.echo(json.dumps(about | plain_data(data), indent=2, allow_nan=False))
        elif part is None:
            click.echo(report(data))
        note(f"neurodyn: {_ending(status, folder, part, done, failed)}")
    if failed:
        raise SimulationError(_failures(data, mine, folder, part is not None))


def _ending(status: Any, folder: Path, part: tuple[tuple[int, int], list[int]] | None, done: int, failed: int) -> str:
    """What was done, and what comes next."""
    told = f"{done:,} cells done, {failed:,} failed"
    if part is None:
        return f"{told}; written to {folder}"
    (which, many), missing = part[0], int(np.sum(status == "missing"))
    rest = f"{missing:,} cells of other parts are missing; when they are there" if missing else "no cell is missing"
    return f"part {which} of {many}: {told}; {rest}: neurodyn sweep merge {folder}"


def _failures(data: xarray.Dataset, mine: np.ndarray[Any, Any], folder: Path, of_part: bool) -> str:
    """Which cells failed, and where to read why."""
    failed = mine[data["status"].values.ravel()[mine] == "failed"]
    several = f"{len(failed):,} of {len(mine):,}" if len(failed) < len(mine) else f"all {len(mine):,}"
    where = f"in the log in {folder / 'runs'}" if of_part else f"in {folder / 'failed.txt'}"
    again = "call it again" if of_part else f"`neurodyn sweep resume {folder}`"
    first = int(failed[0])
    return (
        f"{several} cells failed; the first, number {first}: {data['message'].values.flat[first]} "
        f"(tracebacks are {where}); {again} to try them once more"
    )
