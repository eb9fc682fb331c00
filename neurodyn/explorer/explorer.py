"""The explorer in Python and in notebooks: a network's page as an object, which a notebook shows in place.

What the page needs is imported when it is shown, so that the public names come without it.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError, NeurodynError, shown
from neurodyn.experiments.kernels import compile_kernels
from neurodyn.explorer.require import require_bokeh
from neurodyn.system.network import Network

if TYPE_CHECKING:
    from bokeh.server.server import Server

    from neurodyn.explorer.subject import Subject
    from neurodyn.models import Model

#: Height of the page in a notebook, in pixels.
HEIGHT = 860


class Explorer:
    """The page of a network; made by `explore`.

    It is served to this machine alone from when it is first shown or asked for its `address` until `close`, or until
    Python ends.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._server: Server | None = None

    @property
    def address(self) -> str:
        """Where a browser finds the page; it is served from now on."""
        from neurodyn.explorer import server

        if self._server is None:
            answer: queue.Queue[Server | NeurodynError] = queue.Queue()
            threading.Thread(target=self._serve, args=[answer], name="neurodyn explorer", daemon=True).start()
            found = answer.get()
            if isinstance(found, NeurodynError):
                raise found
            self._server = found
        return server.address(self._server)

    def _serve(self, answer: queue.Queue[Server | NeurodynError]) -> None:
        """Make a server and run its loop, in a thread: that of a notebook has a loop of its own, which is not ours."""
        from neurodyn import models
        from neurodyn.explorer import server

        try:
            made = server.make_server(self._subject, 0, models.names())
        except NeurodynError as error:
            answer.put(error)
            return
        made.io_loop.add_callback(answer.put, made)
        made.io_loop.start()
        made.io_loop.close(all_fds=True)

    def open(self) -> None:
        """Show the page in the browser."""
        from neurodyn.explorer.server import open_browser

        open_browser(self.address)

    def export(self, path: str) -> None:
        """Write the page into one file that needs no server, with sliders over values of beta and over the time."""
        from neurodyn.explorer.export import write_page
        from neurodyn.explorer.session import Session

        write_page(Session(self._subject), path)

    def close(self) -> None:
        """Serve the page no longer."""
        if self._server is not None:
            loop, server, self._server = self._server.io_loop, self._server, None
            ended = threading.Event()

            def end() -> None:
                server.stop(wait=False)
                loop.stop()
                ended.set()

            loop.add_callback(end)
            ended.wait()

    def _repr_html_(self) -> str:
        """The page, as notebooks show it."""
        frame = f'<iframe src="{self.address}" width="100%" height="{HEIGHT}" style="border: 0"></iframe>'
        return f"{frame}<br>The page is at {self.address} on the machine that computes."

    def __repr__(self) -> str:
        served = f", at {self.address}" if self._server is not None else ""
        return f"Explorer({self._subject.name!r}, {self._subject.network.n} units{served})"


def explore(
    model: str | Model | Network,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    start: ArrayLike | None = None,
) -> Explorer:
    """Return the page of a network: its phase plane and signals, with sliders.

    A notebook shows it in place; elsewhere `.open()` shows it in the browser, and `.export(path)` writes it to a file.

    Parameters
    ----------
    model : str, Model or Network
        A name of the library, the path of a model file, what `models.read` returns, or a network of your own.
    x, y, start : optional
        For a network: inputs, targets or labels, and states in which free phases begin, as `relax` and `nudge` take
        them. Models have their own.

    Raises
    ------
    ArgumentError
        For arguments that do not fit, for a single unit, and where Bokeh is not installed.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> nd.explore(models.Hopfield.layered([2, 3, 2], seed=1), [0.2, -0.4], [0.5, 0.1])
    Explorer('network', 5 units)
    """
    require_bokeh()
    from neurodyn.explorer.subject import Subject, read
    from neurodyn.models import Model

    if isinstance(model, Network):
        subject = Subject.of(model, x, y, start)
    elif x is not None or y is not None or start is not None:
        raise ArgumentError("`x`, `y` and `start` are for a network of your own: models have theirs")
    elif isinstance(model, Model):
        subject = Subject.of_model(model)
    elif isinstance(model, str):
        subject = read(model)
    else:
        raise ArgumentError(f"`model` must be a name, a Model or a Network; got {shown(model)}")
    compile_kernels(subject.network, subject.solver, correction=subject.correction)
    return Explorer(subject)
