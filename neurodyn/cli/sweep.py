"""`neurodyn sweep MODEL --vary PATH=VALUES`: the experiment, or any function, over a grid of cells.

`neurodyn sweep status FOLDER` and its like, which need the folder alone, are in `neurodyn.cli.sweep_folder`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurodyn.cli import options
from neurodyn.cli.sweep_folder import FOLDER_COMMANDS, executor_of, here_first, varied
from neurodyn.errors import ArgumentError
from neurodyn.stopping import tidily


class SweepCommand(click.Command):
    """A command whose first argument may also be a word for what is done with the folder of a sweep."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Begin with the command, or with that of the word."""
        other = FOLDER_COMMANDS.get(args[0]) if args else None
        if other is not None:
            return other.make_context(f"{info_name} {args[0]}", args[1:], *rest, **extra)
        return super().make_context(info_name, args, *rest, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write of the words."""
        with formatter.section("With a folder in place of MODEL (a model file of such a name is ./status)"):
            formatter.write_dl([(f"{name} FOLDER", command.get_short_help_str(90))
                                for name, command in FOLDER_COMMANDS.items()])  # fmt: skip


@click.command(cls=SweepCommand)
@click.argument("model", required=False, shell_complete=options.known_models)
@click.option("--vary", multiple=True, metavar="PATH=VALUES", help="A key of the model file, as --set has it, and its "
              "values: 0.1,1,10, log:1e-4:1:9, lin:0:1:5, int:1:5; drawn: uniform:0:1, loguniform:1e-3:1.")  # fmt: skip
@click.option("--zip", "groups", multiple=True, metavar="PATH,PATH", help="These go along together, not as a grid.")
@click.option("--draws", type=int, metavar="N", help="How many times drawn paths are drawn.")
@click.option("--seed", type=int, default=0, metavar="N", help="Root of all that is drawn. Default: 0.")
@click.option("--function", default="run", metavar="MODULE:NAME", help="What a cell computes, instead of the run.")
@options.out("neurodyn-sweep-MODEL")
@options.part
@options.workers
@options.scheduler
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
    part: str | None,
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
    from neurodyn.cli.sweep_table import explained, finish
    from neurodyn.sweep.compute import check_workers, compute, default_workers
    from neurodyn.sweep.make_plan import make_plan
    from neurodyn.sweep.part import as_part, cells_of

    if scheduler and (explain or workers is not None):
        raise ArgumentError("--scheduler goes with neither --workers nor --explain, which measures on this machine")
    which, together = as_part(part), [tuple(group.split(",")) for group in groups]
    here_first()
    plan = make_plan(model, varied(vary, needed=True), function=function, zip=together, draws=draws, seed=seed)
    check_workers(plan, workers, None)
    if explain:
        from neurodyn.sweep.explain import needs

        cells = cells_of(plan, which)
        if not cells:
            raise ArgumentError(f"part {part} of {plan.size:,} cells has none")
        with tidily():
            found = needs(plan, cells, workers or default_workers())
        click.echo(explained(found, as_json))
        return
    folder = Path(out or f"neurodyn-sweep-{Path(model or function.replace(':', '.')).name.removesuffix('.toml')}")
    with tidily(), executor_of(scheduler) as executor:
        data = compute(plan, folder, resume=resume, part=which, workers=workers, executor=executor)
    finish(data, folder, None if which is None else (which, cells_of(plan, which)), as_json)
