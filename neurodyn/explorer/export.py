"""The page as one file without a server: sliders over computed values of beta and over the time.

All frames are in the file as text, and the browser puts the chosen one on the sheet. What does not change with beta is
there once. Nothing is fetched from anywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.embed import file_html
from bokeh.models import Slider
from bokeh.resources import INLINE

from neurodyn.explorer.session import Session
from neurodyn.explorer.sheet import Sheet, layout_of, pack, parts, wrapped
from neurodyn.inputs import as_path
from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar
from neurodyn.results.files import write

#: Values of beta in the file.
BETAS = np.round(np.linspace(-0.5, 1.5, 21), 2)

#: Finds the frame of a value of beta; they are unpacked once.
_CHOOSE = """
if (!window.neurodyn_frames) window.neurodyn_frames = JSON.parse(frames)
const packed = window.neurodyn_frames[Math.round((beta.value - beta.start) / beta.step)]
"""


def write_page(session: Session, path: str) -> None:
    """Write the page of a session into a file, whole or not at all."""
    where = Path(as_path(path, "path"))
    text = page_text(session)
    write(where, lambda temporary: Path(temporary).write_text(text, "utf-8"))


def page_text(session: Session, betas: Array = BETAS) -> str:
    """The page as HTML; without a target there is one frame alone."""
    own = session.settings.beta
    first = session.frame(manifolds=True)
    sheet = Sheet(session.subject, session.view, first)
    rows = [sheet.heading, sheet.trouble, sheet.figures, wrapped(sheet.clock.widgets)]
    if session.subject.y is not None:
        options: dict[str, Any] = {"start": betas[0], "end": betas[-1], "step": betas[1] - betas[0]}
        nearest = float(betas[np.argmin(np.abs(betas - own))])
        beta = Slider(title="β, nudging", value=nearest, format="0.00", sizing_mode="stretch_width", **options)
        frames = pack(_frames(session, betas, parts(first)["tables"]))
        beta.js_on_change("value", sheet.unpacking(_CHOOSE, beta=beta, frames=frames))
        rows.append(beta)
    document = Document()
    document.add_root(layout_of(*rows, sheet.report, sheet.key()))
    return file_html(document, INLINE, title=f"neurodyn: {session.subject.name}")


def _frames(session: Session, betas: Array, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """A frame for each value of beta, without the tables that are as they are shown in all."""
    own, frames = session.settings.beta, []
    with Bar("page") as bar:
        for k, beta in enumerate(betas):
            session.change(beta=float(beta))
            frames.append(parts(session.frame(manifolds=True)))
            bar.update((k + 1) / len(betas))
    session.change(beta=own)
    still = [name for name in shown if all(frame["tables"].get(name) == shown[name] for frame in frames)]
    for frame in frames:
        for name in still:
            del frame["tables"][name]
    return frames
