"""`neurodyn sweep status FOLDER`, `resume FOLDER` and `merge FOLDER`: all that is needed is in the folder."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from neurodyn.cli import options
from neurodyn.errors import ArgumentError
from neurodyn.stopping import tidily


@click.command()
@click.argument("folder")
@options.as_json
def status(folder: str, as_json: bool) -> None:
    """Tell how far the sweep of FOLDER is: cells done, failed and running, time left.

    It may be running here or on other machines, or be stopped. Its data can be read at any time: neurodyn.load(FOLDER).
    """
    from neurodyn.sweep.folder import status as status_of

    with tidily():
        found = status_of(folder)
    click.echo(json.dumps(asdict(found), indent=2) if as_json else str(found))


@click.command()
@click.argument("folder")
@options.as_json
@options.quiet
def merge(folder: str, as_json: bool) -> None:
    """Put the parts of FOLDER together into its sweep.nc, the same as of one whole run.

    Ends with exit code 2 if cells failed; their tracebacks are in failed.txt.
    """
    from neurodyn.cli.sweep_table import finish
    from neurodyn.sweep.folder import merge as merged

    with tidily():
        data = merged(folder)
    finish(data, Path(folder), None, as_json)


@click.command()
@click.argument("folder")
@click.option("--vary", multiple=True, metavar="PATH=VALUES", help="Further values of a path that varies already.")
@click.option("--draws", type=int, metavar="N", help="The number of all draws, to make more of them.")
@options.part
@options.workers
@options.scheduler
@options.as_json
@options.quiet
def resume(
    folder: str,
    vary: tuple[str, ...],
    draws: int | None,
    part: str | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Go on with the sweep of FOLDER, as its plan.json says; with further values it grows.

    Computes the cells that are missing, and those that failed again.
    Example: neurodyn sweep resume betas --vary nudging.beta=1e-5,1e-6
    """
    from neurodyn.cli.sweep_table import finish
    from neurodyn.sweep.compute import check_workers, compute
    from neurodyn.sweep.folder import plan_to_go_on_with
    from neurodyn.sweep.part import as_part, cells_of

    if scheduler and workers is not None:
        raise ArgumentError("--scheduler does not go with --workers")
    which, place = as_part(part), Path(folder)
    here_first()
    plan = plan_to_go_on_with(place, varied(vary), draws)
    check_workers(plan, workers, None)
    with tidily(), executor_of(scheduler) as executor:
        data = compute(plan, place, resume=True, part=which, workers=workers, executor=executor)
    finish(data, place, None if which is None else (which, cells_of(plan, which)), as_json)


#: The words that may stand in place of a model.
FOLDER_COMMANDS = {"status": status, "resume": resume, "merge": merge}


def here_first() -> None:
    """Let functions be found in the current folder, as with `python -m`."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


def varied(texts: tuple[str, ...], needed: bool = False) -> dict[str, str]:
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
    if needed and not found:
        raise ArgumentError("nothing varies: give --vary, for example --vary nudging.beta=log:1e-4:1:9")
    return found


@contextlib.contextmanager
def executor_of(scheduler: str | None) -> Iterator[Any]:
    """The workers of a Dask scheduler, if there is one."""
    if scheduler is None:
        yield None
    else:
        from neurodyn.sweep.cluster import connect

        with connect(scheduler) as executor:
            yield executor
