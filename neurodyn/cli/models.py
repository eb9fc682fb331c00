"""`neurodyn models`: what the library has."""

from __future__ import annotations

import click

from neurodyn.cli import options


@click.command()
@options.quiet
def models() -> None:
    """List the models of the library."""
    from neurodyn import models as library
    from neurodyn.cli.table import columns

    rows = [library.outline(name) for name in library.names()]
    sizes = ["-".join(map(str, row.populations.values())) for row in rows]
    lines = [(row.name, row.title, size, str(row.outputs), row.source) for row, size in zip(rows, sizes, strict=True)]
    click.echo(columns(("name", "what it is", "units", "outputs", "paper"), lines))
    click.echo("\nneurodyn run NAME runs one, or a model file of your own.")
