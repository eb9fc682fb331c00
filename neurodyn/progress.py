"""Progress and notes on standard error; progress for anything that takes longer than two seconds.

Nothing is shown for quick work, so a script's output stays clean. A terminal gets one line, drawn over and over, a
notebook a bar, and a file a plain line now and then. TQDM_DISABLE=1 switches progress off, here and in processes that
this one starts, and `quietly()` notes as well. What cannot be written, as to a full disk, is dropped: no work is lost
for it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar

from neurodyn import notebook

#: Seconds of silence before anything is shown.
PATIENCE = 2.0
#: Seconds between two looks: a terminal draws over the one before, a file keeps them all.
TERMINAL_SECONDS, FILE_SECONDS = 0.1, 30.0
#: Set to 1, it switches off all progress, as tqdm's own.
SWITCH = "TQDM_DISABLE"
#: Time left, in seconds, that is not worth a number.
NEVER = 10 * 365 * 86400.0

_quiet = False
#: Seconds of this process that went to something else than its work, as to compiling.
_apart = 0.0


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Say nothing within the block: neither notes nor progress."""
    global _quiet
    before, _quiet = (_quiet, os.environ.get(SWITCH)), True
    os.environ[SWITCH] = "1"
    try:
        yield
    finally:
        _quiet = before[0]
        if before[1] is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before[1]


def note(text: str) -> None:
    """Write a line about what is or was done, beside a bar if there is one."""
    if _quiet or sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):  # full, or closed
        if "tqdm" in sys.modules and sys.stderr.isatty():
            sys.modules["tqdm"].tqdm.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say, once in a process, that `what` is going on if the block takes longer than `PATIENCE` seconds."""
    timer = threading.Timer(PATIENCE, _say, [what])
    timer.daemon = True
    timer.start()
    begun = time.monotonic()
    try:
        yield
    finally:
        timer.cancel()
        _set_apart(time.monotonic() - begun, Bar._outermost)


def work_clock() -> float:
    """Seconds of a clock that stands still in `waiting` and in bars that interrupt."""
    return time.perf_counter() - _apart


def _set_apart(seconds: float, around: Bar | None) -> None:
    """Count so many seconds neither for the work, nor for the bar around it."""
    global _apart
    _apart += seconds
    if around is not None:
        around.forget(seconds)


@cache
def _say(what: str) -> None:
    if not _off():
        note(f"neurodyn: {what} ...")


def _off() -> bool:
    return os.environ.get(SWITCH, "0") not in ("", "0") or sys.stderr is None


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.2g} seconds" if seconds < 10 else f"{seconds:.0f} seconds"


def time_left(passed: float, fraction: float, begun: float = 0.0) -> str:
    """The time that the rest takes at the pace since `begun`, in words."""
    done = fraction - begun
    if done <= 0.0:
        return "time left unknown"
    seconds = passed * (1.0 - fraction) / max(done, 1e-300)
    return f"{duration(seconds)} left" if seconds < NEVER else "more than ten years left"


class Line:
    """A line about work under way, of which a fraction was `begun` before; for quick work there is none."""

    def __init__(self, begun: float = 0.0) -> None:
        self.bar: Any = None
        self._begun = begun
        self.began = time.monotonic()
        self._next = PATIENCE

    def show(self, what: str, fraction: float) -> None:
        """Bring the line up to date, if it is time to."""
        passed = time.monotonic() - self.began
        if passed < max(self._next, PATIENCE) or _off():
            return
        times = f"{duration(passed)} so far, {time_left(passed, fraction, self._begun)}"
        sentence = f"neurodyn: {what}: {100 * fraction:.0f} %, {times}"
        if notebook.in_notebook():
            self._next = passed + notebook.SECONDS
            self.bar = self.bar or notebook.NotebookBar()
            return self.bar.show(sentence, fraction)
        terminal = sys.stderr.isatty()
        self._next = passed + (TERMINAL_SECONDS if terminal else FILE_SECONDS)
        if not terminal:
            return note(sentence)
        with contextlib.suppress(OSError, ValueError):
            if self.bar is None:
                self.bar = _bar()
            self.bar.n = fraction
            self.bar.set_description_str(what, refresh=False)
            self.bar.set_postfix_str(times, refresh=False)
            self.bar.refresh()

    def close(self) -> None:
        """Take the line away."""
        if self.bar is not None:
            self.bar.close()


def _bar() -> Any:
    """A bar of a terminal, not drawn yet."""
    from tqdm import tqdm

    form = "{desc}: {percentage:3.0f}% |{bar}|{postfix}"
    return tqdm(total=1.0, leave=False, file=sys.stderr, delay=1e-9, bar_format=form, disable=False)


class Bar:
    """Progress over a fraction in [0, 1] that appears only when the work takes long.

    Of nested bars only the outermost shows, unless one `interrupts`: its time does not count for those around it.
    """

    _outermost: ClassVar[Bar | None] = None

    def __init__(self, what: str, *, interrupts: bool = False) -> None:
        self._what = what
        self._interrupts = interrupts
        self._around: Bar | None = None
        self._line = Line()
        self._lock = threading.Lock()
        self.fraction = 0.0

    def __enter__(self) -> Bar:
        self._around = Bar._outermost
        if self._around is None or self._interrupts:
            Bar._outermost = self
        return self

    def forget(self, seconds: float) -> None:
        """Do as if the last so many seconds had not been."""
        with self._lock:
            self._line.began += seconds

    def update(self, fraction: float, now: str = "") -> None:
        """Show that `fraction` of the work is done, never going back; `now` names what is being done."""
        if Bar._outermost is self:
            with self._lock:
                self.fraction = max(self.fraction, min(fraction, 1.0))
                self._line.show(f"{self._what}: {now}" if now else self._what, self.fraction)

    def part(self, index: int, of: int, end: float) -> Callable[[float], None]:
        """What reports the time t, from 0 to end, of one of several runs in turn."""
        return lambda t: self.update((index + t / max(end, 1e-300)) / of)

    def __exit__(self, *_: object) -> None:
        if Bar._outermost is self:
            Bar._outermost = self._around
            if self._interrupts:
                _set_apart(time.monotonic() - self._line.began, self._around)
        self._line.close()
