"""`neurodyn sweep MODEL --vary PATH=VALUES`: the experiment, or any function, over a grid of cells."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from neurodyn.cli import options
from neurodyn.errors import ArgumentError, SimulationError
from neurodyn.progress import note
from neurodyn.stopping import tidily

if TYPE_CHECKING:
    import xarray


@click.command()
@click.argument("model", required=False)
@click.option("--vary", multiple=True, metavar="PATH=VALUES", help="A key of the model file, as --set has it, and its "
              "values: 0.1,1,10, log:1e-4:1:9, lin:0:1:5, int:1:5; drawn: uniform:0:1, loguniform:1e-3:1.")  # fmt: skip
@click.option("--zip", "groups", multiple=True, metavar="PATH,PATH", help="These go along together, not as a grid.")
@click.option("--draws", type=int, metavar="N", help="How many times drawn paths are drawn.")
@click.option("--seed", type=int, default=0, metavar="N", help="Root of all that is drawn. Default: 0.")
@click.option("--function", default="run", metavar="MODULE:NAME", help="What a cell computes, instead of the run.")
@options.out("neurodyn-sweep-MODEL")
@click.option("--workers", type=int, metavar="N", help="Processes, of one thread each. Default: 2 at most.")
@click.option("--scheduler", metavar="ADDRESS", help="Compute on the workers of this Dask scheduler.")
@click.option("--resume", is_flag=True, help="Go on with the sweep that the folder holds, and try failed cells again.")
@click.option("--explain", is_flag=True, help="Tell how many cells there are, and what memory and time they need.")
@options.as_json
@options.quiet
def sweep(
    model: str | None,
    vary: tuple[str, ...],
    groups: tuple[str, ...],
    draws: int | None,
    seed: int,
    function: str,
    out: str | None,
    workers: int | None,
    scheduler: str | None,
    resume: bool,
    explain: bool,
    as_json: bool,
) -> None:
    """Run MODEL in every cell of a grid, and write one dataset.

    Writes each cell when it is done, and sweep.nc in the end; what was stopped goes on with --resume.
    Example: neurodyn sweep chain --vary nudging.beta=log:1e-4:1e-1:4 --vary populations.h1.tau=0.1,1,10
    """
    from neurodyn.cli.sweep_table import counts, explanation, plain_data, report
    from neurodyn.sweep.run import check_workers, compute, default_workers, make_plan

    if scheduler and (explain or workers is not None):
        raise ArgumentError("--scheduler goes with neither --workers nor --explain, which measures on this machine")
    check_workers(workers, None)
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # where a function of one's own may be, as with `python -m`
    together = [tuple(group.split(",")) for group in groups]
    plan, order = make_plan(model, _varied(vary), function=function, zip=together, draws=draws, seed=seed)
    if explain:
        from neurodyn.sweep.explain import needs

        with tidily():
            found = needs(plan, workers or default_workers())
        click.echo(json.dumps(asdict(found), indent=2) if as_json else explanation(found))
        return
    folder = Path(out or f"neurodyn-sweep-{Path(model or function.replace(':', '.')).name.removesuffix('.toml')}")
    began = time.perf_counter()
    with tidily(), _executor(scheduler) as executor:
        data = compute(plan, order, folder, resume, workers, executor)
    number = counts(data)
    if not number["done"]:
        raise SimulationError(_failures(data, number, folder))
    if as_json:
        about = {"out": str(folder), "cells": number, "seconds": round(time.perf_counter() - began, 3)}
        click.echo(json.dumps(about | plain_data(data), indent=2, allow_nan=False))
    else:
        click.echo(report(data))
    note(f"neurodyn: {number['done']} cells done, {number['failed']} failed; written to {folder}")
    if number["failed"]:
        raise SimulationError(_failures(data, number, folder))


def _failures(data: xarray.Dataset, number: dict[str, int], folder: Path) -> str:
    """Which cells failed, and where to read why."""
    first = int(np.flatnonzero(data["status"].values != "done")[0])
    several = f"{number['failed']:,} of {number['total']:,}" if number["done"] else f"all {number['total']:,}"
    return (
        f"{several} cells failed; the first: {data['message'].values.flat[first]} "
        f"(with its traceback in {folder / 'cells' / f'{first:06d}.json'}); --resume tries them again"
    )


def _varied(texts: tuple[str, ...]) -> dict[str, str]:
    """Each path and the text of its values."""
    found: dict[str, str] = {}
    for text in texts:
        path, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not path:
            raise ArgumentError(
                f"cannot vary {text!r}: write path.to.key=values, for example nudging.beta=log:1e-4:1:9"
            )
        if path in found:
            raise ArgumentError(f"{path!r} is varied twice: give all its values at once")
        found[path] = values
    if not found:
        raise ArgumentError("nothing varies: give --vary, for example --vary nudging.beta=log:1e-4:1:9")
    return found


@contextlib.contextmanager
def _executor(scheduler: str | None) -> Iterator[Any]:
    if scheduler is None:
        yield None
    else:
        from neurodyn.sweep.cluster import connect

        with connect(scheduler) as executor:
            yield executor
