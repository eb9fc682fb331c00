"""The page of one session: it passes on what a user does, and shows the frames that come of it.

A step of a slider is drawn at once, without manifolds; these follow when nothing has moved for a moment. What goes
wrong is said in a sentence, and all else stays as it was.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.events import Pan, PanEnd, PanStart, Tap
from bokeh.models import ColumnDataSource

from neurodyn.errors import NeurodynError
from neurodyn.experiments.kernels import compile_kernels
from neurodyn.explorer import controls
from neurodyn.explorer.session import Session
from neurodyn.explorer.sheet import Sheet, layout_of, pack, parts, trouble_text, wrapped
from neurodyn.explorer.subject import Subject, read
from neurodyn.numerics.arrays import Array
from neurodyn.progress import note

#: Milliseconds in which steps of a slider are gathered, and after which manifolds follow.
GATHER, REST = 10, 250
HOW = ". Click: a new start; drag a start to move it."


class Page:
    """One document with a session of its own."""

    def __init__(self, document: Document, subject: Subject, models: Sequence[str] = ()) -> None:
        self.document, self.session = document, Session(subject)
        self.known = {subject.name: subject}
        self.models = list(dict.fromkeys([subject.name, *models]))
        self.dragging = False
        self._timer: Any = None
        self._following: Any = None
        self._count = 0
        self.inbox: ColumnDataSource
        self.root = layout_of()
        document.add_root(self.root)
        document.title = f"neurodyn: {subject.name}"
        self._build()

    def _build(self) -> None:
        """Make figures and controls anew, for another subject or sample or other axes."""
        session = self.session
        subject, view = session.subject, session.view
        sheet = Sheet(subject, view, session.frame(manifolds=True))
        self.inbox = ColumnDataSource({"packed": [], "count": []}, syncable=False)
        self.inbox.js_on_change("data", sheet.unpacking("const packed = inbox.data.packed[0]\n", inbox=self.inbox))
        for event, act in ((Tap, self._tap), (PanStart, self._take), (Pan, self._drag), (PanEnd, self._let_go)):
            sheet.plot.on_event(event, self._guarded(act))
        self.model_menu = controls.menu("model", subject.name, self.models, self.open_model, 190)
        menus = [self.model_menu, controls.sample_menu(subject, session.settings.sample, self.open_sample)]
        menus += controls.axis_menus(subject, view, self.look)
        buttons = [controls.button("One start", self.keep_one, 90), controls.button("As in the model", self.reset, 130)]
        strengths = controls.sliders(subject, session.settings, self.change)
        self.root.tags = [self.inbox]  # which makes it a part of the document
        self.root.children = [
            sheet.heading,
            wrapped([*menus, *buttons]),
            sheet.trouble,
            sheet.figures,
            wrapped(sheet.clock.widgets),
            wrapped(strengths),
            sheet.report,
            sheet.key(HOW),
        ]

    # -- what a user does --------------------------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """A slider has moved."""
        self.session.change(**values)
        self._soon()

    def open_model(self, name: str) -> None:
        """Another model was chosen: it is read when the page has said so."""
        if name == self.session.subject.name:
            return
        self._say(f"Reading {name}; a model of a new kind is compiled first, which takes a minute or two.")
        self.document.add_next_tick_callback(self._guarded(lambda: self._open(name)))

    def _open(self, name: str) -> None:
        try:
            subject = self.known[name] if name in self.known else read(name)
            compile_kernels(subject.network, subject.solver, correction=subject.correction)
            self.session.open(subject)
        except Exception:
            self.model_menu.value = self.session.subject.name
            raise
        self.known[name] = subject
        self.document.title = f"neurodyn: {name}"
        self._build()

    def open_sample(self, sample: int) -> None:
        """Another sample was chosen."""
        self._rebuilt(lambda: self.session.open(self.session.subject, sample))

    def look(self, axes: tuple[int, int] | str) -> None:
        """Other axes were chosen."""
        self._rebuilt(lambda: self.session.look(axes))

    def reset(self) -> None:
        """All sliders and starts as the model has them."""
        self._rebuilt(lambda: self.session.open(self.session.subject, self.session.settings.sample))

    def _rebuilt(self, act: Callable[[], None]) -> None:
        def rebuild() -> None:
            act()
            self._build()

        self._guarded(rebuild)()

    def keep_one(self) -> None:
        """Leave out all starts but the selected one."""
        self.session.keep_one()
        self._soon()

    def _tap(self, event: Any) -> None:
        u = np.array([event.x, event.y])
        near = self.session.near(u)
        if near is None:
            self.session.begin_at(u)
        else:
            self.session.select(near)
        self._soon()

    def _take(self, event: Any) -> None:
        near = self.session.near(np.array([event.x, event.y]))
        self.dragging = near is not None
        if near is not None:
            self.session.select(near)

    def _drag(self, event: Any) -> None:
        if self.dragging:
            self.session.move_to(self._within(np.array([event.x, event.y])))
            self._soon()

    def _let_go(self, event: Any) -> None:
        self._drag(event)
        self.dragging = False

    def _within(self, u: Array) -> Array:
        """The nearest place in the window."""
        low, high = np.array(self.session.view.window).T
        return np.clip(u, low, high)

    # -- what is shown -----------------------------------------------------------------------------------------

    def _soon(self) -> None:
        """Draw when the steps that are on their way have come."""
        if self._timer is None:
            self._timer = self.document.add_timeout_callback(self._guarded(self._now), GATHER)

    def _now(self) -> None:
        self._timer = None
        self._draw(manifolds=False)
        if self._following is not None:
            self.document.remove_timeout_callback(self._following)
        self._following = self.document.add_timeout_callback(self._guarded(self._follow), REST)

    def _follow(self) -> None:
        self._following = None
        self._draw(manifolds=True)

    def _draw(self, *, manifolds: bool) -> None:
        self._send(parts(self.session.frame(manifolds=manifolds)))

    def _send(self, plain: dict[str, Any]) -> None:
        """Put a frame, or a part of one, on the sheet."""
        self._count += 1
        self.inbox.data = {"packed": [pack(plain)], "count": [self._count]}

    def _say(self, sentence: str) -> None:
        """Say what goes wrong, or on."""
        self._send({"trouble": trouble_text(sentence)})

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        """The same act, which says on the page why it fails; the session stays as it was."""

        def guarded(*event: Any) -> None:
            try:
                act(*event)
            except NeurodynError as error:
                self._say(str(error))
            except Exception as error:
                note(f"neurodyn: an error inside the explorer:\n{traceback.format_exc()}")
                self._say(f"An error inside neurodyn, which is a fault of the program: {type(error).__name__}: {error}")

        return guarded
