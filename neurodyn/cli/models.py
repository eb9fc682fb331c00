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
    lines = [(row.name, row.title, "-".join(map(str, row.populations.values())), str(row.outputs)) for row in rows]
    click.echo(columns(("name", "what it is", "units", "outputs"), lines))
    click.echo("\nneurodyn run NAME runs one, or a model file of your own.")
