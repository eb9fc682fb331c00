"""`neurodyn explore MODEL`: phase plane and signals on a page with sliders, in the browser or in a file."""

from __future__ import annotations

import click

from neurodyn.cli import options
from neurodyn.errors import ArgumentError
from neurodyn.progress import note
from neurodyn.stopping import tidily


@click.command()
@options.model
@options.overrides
@options.mnist_folder
@click.option(
    "--port", type=int, default=5006, metavar="N", help="Of this machine; 0: any that is free. Default: 5006."
)
@click.option("--no-open", is_flag=True, help="Open no browser, only say the address.")
@click.option("--export", metavar="FILE.html", help="Write a page that needs no server instead, and end.")
@options.quiet
def explore(
    model: str, overrides: tuple[str, ...], data: str | None, port: int, no_open: bool, export: str | None
) -> None:
    """Explore MODEL on a page with sliders: its phase plane, both phases, and the side network's error signals.

    MODEL is a name that `neurodyn models` lists, or the path of a model file. The page is served to this machine alone
    until Ctrl-C; other models are in its menu. Clicking into the plane starts a trajectory, dragging moves a start.
    --export writes one file with sliders over computed values of beta and the time, for lectures: it needs no
    network. Example: neurodyn explore two-neurons
    """
    from neurodyn.explorer.require import require_bokeh

    require_bokeh()
    if export is not None and not export.lower().endswith((".html", ".htm")):
        raise ArgumentError(f"`--export` must end in .html; got {export!r}")
    from neurodyn import models
    from neurodyn.experiments.kernels import compile_kernels
    from neurodyn.explorer import server
    from neurodyn.explorer.export import write_page
    from neurodyn.explorer.session import Session
    from neurodyn.explorer.subject import read

    with tidily():
        subject = read(model, overrides, data)
        compile_kernels(subject.network, subject.solver, correction=subject.correction)
        session = Session(subject)  # which refuses now what cannot be drawn
        if export is not None:
            write_page(session, export)
            note(f"neurodyn: written to {export}")
            return
        served = server.make_server(subject, port, models.names())

        def ready(where: str) -> None:
            note(f"neurodyn: exploring {subject.name} at {where} until Ctrl-C")
            if not no_open:
                server.open_browser(where)

        server.run(served, ready)
