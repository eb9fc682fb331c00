"""Command line: measure, one process per number of threads, and print the tables."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from .cases import CASES
from .launch import measure
from .learning import NETWORKS
from .machine import busy
from .precision import PRECISE
from .record import Record
from .report import text, together, write_docs
from .worker import INSTRUCTIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def numbers(context: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    """Parse "1,2"."""
    try:
        found = [int(part) for part in value.split(",")]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise click.BadParameter(f"give whole numbers from 1, like 1,2; got {value!r}")
    return found


def read(path: Path) -> Record:
    """What --json wrote."""
    try:
        record = Record.from_data(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise click.BadParameter(f"{path} is no file that --json has written: {error!r}") from error
    if "instructions" not in record.machine:
        raise click.BadParameter(f"{path} does not say on which instructions it was measured; measure anew")
    return record


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--threads", default="1,2", callback=numbers, metavar="N,N", help="Numbers of threads. Default: 1,2.")
@click.option(
    "--case", "cases", multiple=True, type=click.Choice([*CASES, *NETWORKS]), help="Only this case; may be repeated."
)
@click.option("--isa", default="native", type=click.Choice(list(INSTRUCTIONS)), help="Hold all to these instructions.")
@click.option("--rounds", default=7, type=click.IntRange(min=1), help="Rounds whose median is taken. Default: 7.")
@click.option("--quick", is_flag=True, help="Small batches and few rounds: a first look, no result.")
@click.option("--tune", is_flag=True, help="Try every way to set diffrax up, not only those that have done best.")
@click.option("--scaling/--no-scaling", default=None, help="Measure the curves. Default: unless --case is given.")
@click.option("--precision/--no-precision", default=None, help="Error against time. Default: unless --case is given.")
@click.option("--json", "into", type=click.Path(dir_okay=False, path_type=Path), help="Also write all data to a file.")
@click.option(
    "--records",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Report what a file of --json has instead of measuring; may be repeated, also for other instructions.",
)
@click.option("--docs", is_flag=True, help="Write tables and figure into docs/benchmarks.md.")
def main(
    threads: list[int],
    cases: tuple[str, ...],
    isa: str,
    rounds: int,
    quick: bool,
    tune: bool,
    scaling: bool | None,
    precision: bool | None,
    into: Path | None,
    records: tuple[Path, ...],
    docs: bool,
) -> None:
    """Time neurodyn and its peers on the same problems at equal measured error, and print the ratios."""
    if docs and quick:
        raise click.UsageError("--docs wants full measurements: leave out --quick")
    if records:
        found = together([read(path) for path in records])
    else:
        warning = busy()
        record = measure(
            threads,
            isa,
            cases=[name for name in cases or CASES if name in CASES],
            training=[name for name in cases or NETWORKS if name in NETWORKS],
            rounds=min(rounds, 3) if quick else rounds,
            quick=quick,
            tune=tune,
            scaling=not cases if scaling is None else scaling,
            precision=[name for name in cases or PRECISE if name in CASES]
            if (not cases if precision is None else precision)
            else [],
        )
        if warning:
            record.remarks.insert(0, warning)
        if into:
            into.write_text(json.dumps(asdict(record), indent=1))
        found = [record]
    if docs:
        write_docs(found, PAGE)
    click.echo(text(found, quick))


if __name__ == "__main__":
    sys.exit(main())
