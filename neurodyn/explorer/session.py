"""The state of one page: what is explored, what is set, and what was computed for it last. Knows no page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurodyn.analysis.portraits.phase_plane import PhasePlane
from neurodyn.explorer.frame import Frame, frame_of
from neurodyn.explorer.motion import Motion, motion_of
from neurodyn.explorer.plane_frame import STEPS, end_of, plane_of
from neurodyn.explorer.settings import Settings
from neurodyn.explorer.subject import Subject
from neurodyn.explorer.view import View, view_of
from neurodyn.numerics.arrays import Array

#: The same plane serves while the state that it goes through has moved by no more than this.
SAME = 1e-6


class Session:
    """One user's subject and settings; `frame` computes what is to be shown.

    Examples
    --------
    >>> from neurodyn.explorer.session import Session
    >>> from neurodyn.explorer.subject import read
    >>> session = Session(read("two-neurons"))
    >>> session.change(beta=0.2)
    >>> session.frame().title
    'Nudged flow, β = 0.2'
    """

    def __init__(self, subject: Subject) -> None:
        self.open(subject)

    def open(self, subject: Subject, sample: int = 0, axes: tuple[int, int] | str | None = None) -> None:
        """Explore a sample of a subject, with all as its model has it. If that fails, all stays as it was."""
        settings = Settings.of(subject, sample, axes)
        motion = motion_of(subject, settings)
        self._take(subject, settings, motion, view_of(subject, settings, motion))

    def look(self, axes: tuple[int, int] | str | None) -> None:
        """Look along other axes."""
        settings = replace(self.settings, axes=axes)
        self._take(self.subject, settings, self.motion, view_of(self.subject, settings, self.motion))

    def _take(self, subject: Subject, settings: Settings, motion: Motion, view: View) -> None:
        self.subject, self.settings, self.view = subject, settings, view
        self._motion: Motion | None = motion
        self._plane: PhasePlane | None = None

    @property
    def motion(self) -> Motion:
        """The phases with these settings, computed when they are first asked for."""
        if self._motion is None:
            self._motion = motion_of(self.subject, self.settings)
        return self._motion

    def change(self, **values: Any) -> None:
        """Set a slider: a field of `Settings`."""
        self.settings = replace(self.settings, **values)
        self._motion = self._plane = None

    def begin_at(self, u: Array) -> None:
        """Start a trajectory at coordinates u (2,) of the plane."""
        self._restart(self.settings.with_start(self.view.moved(self.subject.start[self.settings.sample], u)))

    def move_to(self, u: Array) -> None:
        """Move the selected start to coordinates u (2,) of the plane."""
        self._restart(self.settings.with_moved(self.view.moved(self.settings.starts[self.settings.selected], u)))

    def select(self, start: int) -> None:
        """Show the signals of another start."""
        self._restart(replace(self.settings, selected=start))

    def keep_one(self) -> None:
        """Leave out all starts but the selected one."""
        self._restart(self.settings.with_one())

    def _restart(self, settings: Settings) -> None:
        self.settings, self._motion = settings, None

    def near(self, u: Array) -> int | None:
        """The start that is nearest to coordinates u (2,), if it is within a twentieth of the window."""
        window = np.array([high - low for low, high in self.view.window])
        distance = np.linalg.norm((self.view.coordinates(self.settings.starts) - u) / window, axis=1)
        return int(np.argmin(distance)) if distance.min() < 0.05 else None

    def frame(self, *, manifolds: bool = False) -> Frame:
        """What is to be shown; manifolds take longer, and once followed stay until something moves the plane."""
        motion, plane = self.motion, self._plane
        if plane is None or not self._serves(plane):
            plane = plane_of(self.subject, self.settings, self.view, motion)
        if manifolds and not plane.manifolds:
            plane = plane.followed(STEPS)
        self._plane = plane
        return frame_of(self.settings, self.view, motion, plane)

    def _serves(self, plane: PhasePlane) -> bool:
        """Whether a plane goes through where the selected start ends."""
        if self.subject.network.n == 2:
            return True
        away = self.view.through(end_of(self.settings, self.motion)).origin - plane.flow.plane.origin
        off = away if not self.view.units else np.delete(away, self.view.units)
        return bool(np.abs(off).max() <= SAME)
