"""Recipes for MNIST found on validation images: random recipes, of which the best go on to the next rung.

    python -m tests.benchmarks.recipes TASK --out FOLDER --logs docs/recipes --peers 3

All that is chosen is chosen on the last 10,000 training images. The best recipe then learns from all 60,000 with three
seeds, and each network is tested once; perceptrons in PyTorch and scikit-learn do the same, with so many seeds. Each
rung is a sweep of one process: what was stopped goes on there.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click
import numpy as np

import neurodyn as nd

from . import recipe_cells, recipe_peers
from .recipe_tasks import TASKS, Rung, draw

SEEDS = (0, 1, 2)


def sweep(function: Any, vary: dict[str, list[Any]], folder: Path) -> Any:
    """One cell after the other in a process of one thread; what the folder has is not computed again."""
    return nd.sweep(function=function, vary=vary, out=folder, resume=folder.exists(), workers=1)


def search(name: str, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The number of the best recipe in the last rung, and a line for each that was tried."""
    lines: list[dict[str, Any]] = []
    numbers = list(range(TASKS[name].rungs[0].recipes))
    for k, rung in enumerate(TASKS[name].rungs):
        numbers = numbers[: rung.recipes]
        vary: dict[str, list[Any]] = {
            "task": [name],
            "samples": [rung.samples],
            "epochs": [rung.epochs],
            "number": numbers,
        }
        found = sweep(recipe_cells.trial, vary, folder / f"{name}-rung-{k}")
        rows = [logged(found, name, k, rung, {"number": number}, number) for number in numbers]
        lines += rows
        numbers = [row["number"] for row in sorted(rows, key=lambda row: (row["validation_error"], row["number"]))]
    return numbers[0], lines


def finish(name: str, number: int, folder: Path) -> list[dict[str, Any]]:
    """A line for each seed of the recipe that is left."""
    whole = Rung(1, 60_000, TASKS[name].epochs)
    vary: dict[str, list[Any]] = {"task": [name], "epochs": [whole.epochs], "number": [number], "start": list(SEEDS)}
    found = sweep(recipe_cells.final, vary, folder / f"{name}-final")
    return [logged(found, name, "final", whole, {"start": seed}, number) | {"seed": seed} for seed in SEEDS]


def compare(name: str, seeds: int, folder: Path) -> list[dict[str, Any]]:
    """A line for each seed of each peer."""
    who, start = list(recipe_peers.PEERS), list(range(seeds))
    vary: dict[str, list[Any]] = {"task": [name], "epochs": [TASKS[name].epochs], "start": start, "who": who}
    found = sweep(recipe_peers.peer, vary, folder / f"{name}-peers")
    cells = {(peer, seed): found.sel(who=peer, start=seed).squeeze() for peer in who for seed in start}
    keys = ("test_error", "seconds", "processor_seconds")
    about = {"epochs": TASKS[name].epochs}
    return [{"who": p, "seed": s} | about | {k: float(cell[k]) for k in keys} for (p, s), cell in cells.items()]


def logged(found: Any, name: str, rung: Any, about: Rung, where: dict[str, Any], number: int) -> dict[str, Any]:
    """The line of a cell."""
    cell = found.sel(where).squeeze()
    if cell["status"] != "done":
        raise click.ClickException(f"{name}, {where}: {cell['message'].item()}")
    measured = {key: float(cell[key]) for key in recipe_cells.MEASURED}
    line = {"rung": rung, "number": number, "samples": about.samples, "epochs": about.epochs, "seed": int(cell["seed"])}
    return line | draw(name, number, about.samples, about.epochs) | measured


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    """The log as a table of text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: text(value) for key, value in line.items()} for line in lines)


def text(value: Any) -> str:
    """An entry of the table: a list with spaces, nothing for what was not measured."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if isinstance(value, float) and np.isnan(value) else str(value)


@click.command()
@click.argument("name", type=click.Choice(list(TASKS)))
@click.option("--out", type=Path, default=Path("recipes"), help="Folder of the sweeps.")
@click.option("--logs", type=Path, default=Path("docs/recipes"), help="Folder of the tables.")
@click.option("--search-only", is_flag=True, help="Test nothing yet.")
@click.option("--peers", default=0, help="With how many seeds peers learn.")
def main(name: str, out: Path, logs: Path, search_only: bool, peers: int) -> None:
    """Find a recipe for a network, and test it. NEURODYN_DATA names the folder of MNIST."""
    out.mkdir(parents=True, exist_ok=True)
    number, lines = search(name, out)
    if not search_only:
        lines += finish(name, number, out)
    write(logs / f"{name}.csv", lines)
    if peers:
        write(logs / f"{name}-peers.csv", compare(name, peers, out))
    for line in lines:
        click.echo(f"{line['rung']} {line['number']:>3} {line['optimizer']:<9} {line['validation_error']:.4f} "
                   f"{line['test_error']:.4f} {line['processor_seconds']:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
