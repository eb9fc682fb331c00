"""Options that several commands share, each with one name, one meaning and one sentence of help.

They are decorators: ``@options.overrides`` above a command gives it ``--set`` and the argument ``overrides``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from neurodyn.errors import ArgumentError
from neurodyn.progress import quietly
from neurodyn.results.figure_formats import FORMATS, in_formats

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def known_models(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """What a shell offers for a model: those of the library, and files."""
    from neurodyn import models

    files = CompletionItem(begun, type="file")
    return [*(CompletionItem(name) for name in models.names() if name.startswith(begun)), files]


#: MODEL: the name of a model of the library, or the path of a model file, as the argument `model`.
model: Decorator = click.argument("model", shell_complete=known_models)
#: `--set`: changes to the model file, as the argument `overrides`, a tuple of texts.
overrides: Decorator = click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a key of the model file."
)
#: `--data`: the folder with MNIST, as the argument `data`.
mnist_folder: Decorator = click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
#: `--data`: the samples to learn from, as the argument `data`.
samples: Decorator = click.option(
    "--data",
    metavar="PLACE",
    help="A folder with MNIST, or an .npz, IDX or CSV file of your own. Default: NEURODYN_DATA.",
)
#: `--json`: whether standard output is for scripts, as the argument `as_json`.
as_json: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="Print the summary as JSON instead of a table."
)
#: `--no-figures`, as the argument `no_figures`.
no_figures: Decorator = click.option("--no-figures", is_flag=True, help="Draw no figures.")


def _choose_formats(context: click.Context, _: click.Parameter, text: str) -> None:
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    wrong = [name for name in names if name not in FORMATS]
    if wrong:
        raise ArgumentError(f"--format takes {', '.join(FORMATS)}, with commas between; got {wrong[0]!r}")
    context.with_resource(in_formats(names))


#: `--format`: what figures are written as; no argument.
figure_format: Decorator = click.option(
    "--format", default="png", metavar="FORMAT,...", expose_value=False, callback=_choose_formats,
    help="What figures are: png, pdf, svg, or several of them. Default: png.",
)  # fmt: skip


def _be_quiet(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.with_resource(quietly())


#: `--quiet`: only results and errors are said, while the command runs; no argument.
quiet: Decorator = click.option(
    "-q", "--quiet", is_flag=True, expose_value=False, callback=_be_quiet, help="No progress and no notes."
)


def out(default: str) -> Decorator:
    """Return `--out`, the folder that a command writes into, as the argument `out`; `default` says which by itself."""
    return click.option("--out", metavar="FOLDER", help=f"Where the files go. Default: {default}.")


#: `--part`: which of the jobs of an array this is, as the argument `part`.
part: Decorator = click.option(
    "--part", metavar="K/N", help="Compute the k-th of N parts; `neurodyn sweep merge FOLDER` puts all together."
)
#: `--workers`: how many processes compute, as the argument `workers`.
workers: Decorator = click.option(
    "--workers", type=int, metavar="N", help="Processes, of one thread each. Default: 2 at most."
)
#: `--scheduler`: the address of a Dask scheduler, as the argument `scheduler`.
scheduler: Decorator = click.option(
    "--scheduler", metavar="ADDRESS", help="Compute on the workers of this Dask scheduler."
)
