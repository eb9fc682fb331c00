"""`neurodyn reproduce NAME`: a result of a paper, computed anew; our numbers beside those of the paper."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from neurodyn.cli import options
from neurodyn.errors import ArgumentError
from neurodyn.progress import note
from neurodyn.reproductions.catalog import CATALOG, find
from neurodyn.reproductions.reproduction import Reproduction, Row


def _names(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """What a shell offers."""
    return [entry.name for entry in CATALOG if entry.name.startswith(begun)]


@click.command()
@click.argument("name", required=False, shell_complete=_names)
@click.option("--list", "wants_list", is_flag=True, help="List what can be reproduced, with paper and section.")
@click.option("--small", is_flag=True, help="A small version, in seconds.")
@click.option("--seed", type=int, default=0, metavar="N", help="Root of all that is random. Default: 0.")
@options.out("neurodyn-NAME")
@options.as_json
@options.no_figures
@options.figure_format
@options.quiet
def reproduce(
    name: str | None, wants_list: bool, small: bool, seed: int, out: str | None, as_json: bool, no_figures: bool
) -> None:
    """Compute a result that made a model known, and hold it against the paper's number.

    NAME is one that --list names. Writes summary.json and figures like those of the paper. With --json, standard
    output has one object for each number. Example: neurodyn reproduce memory-attention
    """
    if wants_list:
        click.echo(_listed(as_json))
        return
    if name is None:
        raise ArgumentError("nothing to reproduce: give a NAME that `neurodyn reproduce --list` names")
    from neurodyn.inputs import as_seed

    chosen, root = find(name), as_seed(seed)
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary

    with output_folder(out or f"neurodyn-{chosen.name}") as folder:
        before = _pictures(folder)
        rows = chosen.run("small" if small else "full", None if no_figures else folder, root, True)
        drawn = [picture for picture, stamp in _pictures(folder).items() if before.get(picture) != stamp]
        replace_earlier(folder / "summary.json", "reproduce", keep=drawn)
        about = {"name": chosen.name, "title": chosen.title, "source": chosen.source, "small": small, "seed": root}
        write_summary(folder / "summary.json", "reproduce", about | {"rows": [asdict(row) for row in rows]}, drawn)
    click.echo("\n".join(json.dumps(asdict(row)) for row in rows) if as_json else _report(chosen, rows))
    note(f"neurodyn: written to {folder}")


def _pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """The figures in a folder, each with what changes when it is written anew."""
    stats = {path.name: path.stat() for path in sorted(folder.glob("*.png"))}
    return {name: (found.st_ino, found.st_mtime_ns) for name, found in stats.items()}


def _listed(as_json: bool) -> str:
    """All that can be reproduced, as text."""
    from neurodyn.cli.table import columns

    if as_json:
        return "\n".join(json.dumps({"name": e.name, "title": e.title, "source": e.source}) for e in CATALOG)
    lines = [(entry.name, entry.title, entry.source) for entry in CATALOG]
    return columns(("name", "what is reproduced", "paper"), lines) + "\n\nneurodyn reproduce NAME computes one."


def _report(chosen: Reproduction, rows: list[Row]) -> str:
    """The rows as text."""
    from neurodyn.cli.table import columns, number

    lines = [(row.name, number(row.value), number(row.paper), row.unit, number(row.seconds)) for row in rows]
    table = columns(("what", "ours", "paper", "unit", "seconds"), lines)
    return f"{chosen.name}: {chosen.title} ({chosen.source})\n\n{table}"
