"""The server of the explorer: a page for each session, on the loopback address alone."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable, Sequence

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.server import Server
from tornado.ioloop import IOLoop

from neurodyn.errors import ArgumentError
from neurodyn.explorer.page import Page
from neurodyn.explorer.subject import Subject
from neurodyn.inputs import whole_number

#: The address that no other machine reaches.
HERE = "127.0.0.1"


def make_server(subject: Subject, port: int, models: Sequence[str] = ()) -> Server:
    """Return a server that listens at a port of this machine, 0 for any that is free; started, its loop not yet.

    A browser's page of any other origin is refused.

    Raises
    ------
    ArgumentError
        The port is taken, or none.
    """
    whole_number(port, "port", 0, 65535)

    def begin(document: Document) -> None:
        Page(document, subject, models)

    application = Application(FunctionHandler(begin))
    try:
        chosen = _bindable(port)
        origins = [f"{HERE}:{chosen}", f"localhost:{chosen}"]
        server = Server({"/": application}, IOLoop(), port=chosen, address=HERE, allow_websocket_origin=origins)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ArgumentError(f"port {port} cannot be used ({reason}): choose another `port`, or 0 for any") from error
    server.start()
    return server


def _bindable(port: int) -> int:
    """The port, or for 0 a free one, if one can listen there."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        trial.bind((HERE, port))
        return int(trial.getsockname()[1])


def run(server: Server, then: Callable[[str], None]) -> None:
    """Serve until the program is stopped; `then` is called with the address when pages can be opened."""
    loop = server.io_loop
    loop.add_callback(then, address(server))
    try:
        loop.start()
    finally:
        server.stop(wait=False)
        loop.close(all_fds=True)


def address(server: Server) -> str:
    """What a browser is to open."""
    return f"http://{HERE}:{server.port}/"


def open_browser(where: str) -> None:
    """Open the page in the user's browser, if there is one."""
    webbrowser.open(where)
