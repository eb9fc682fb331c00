"""Progress on standard error, for anything that takes longer than two seconds.

Nothing is shown for quick work, so a script's output stays clean.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar

#: Seconds of silence before anything is shown.
PATIENCE = 2.0
#: Seconds between two looks at a bar that a file keeps: a terminal overwrites them, a file keeps them all.
FILE_SECONDS = 30.0


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say, once in a process, that `what` is going on if the block takes longer than `PATIENCE` seconds."""
    timer = threading.Timer(PATIENCE, _say, [what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@cache
def _say(what: str) -> None:
    print(f"neurodyn: {what} ...", file=sys.stderr, flush=True)


class Bar:
    """A progress bar over a fraction in [0, 1] that appears only when the work takes long.

    Of nested bars only the outermost shows.
    """

    _outermost: ClassVar[Bar | None] = None

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: Any = None
        self._lock = threading.Lock()
        self._begun = time.monotonic()

    def __enter__(self) -> Bar:
        if Bar._outermost is None:
            Bar._outermost = self
        return self

    def update(self, fraction: float, now: str = "") -> None:
        """Show that `fraction` of the work is done, never going back; `now` names what is being done."""
        waited = time.monotonic() - self._begun
        if Bar._outermost is not self or waited < PATIENCE:
            return
        with self._lock:
            if self._bar is None:
                self._bar = _bar(self._what, waited)
                self._bar.n = min(fraction, 1.0)
                self._bar.refresh()
            if now:
                self._bar.set_description_str(f"{self._what}: {now}", refresh=False)
            if fraction > self._bar.n:
                self._bar.update(min(fraction, 1.0) - self._bar.n)

    def part(self, index: int, of: int, end: float) -> Callable[[float], None]:
        """What reports the time t, from 0 to end, of one of several runs in turn."""
        return lambda t: self.update((index + t / max(end, 1e-300)) / of)

    def __exit__(self, *_: object) -> None:
        if Bar._outermost is self:
            Bar._outermost = None
        if self._bar is not None:
            self._bar.close()


def _bar(what: str, waited: float) -> Any:
    """A bar that stands for work begun some seconds ago; not drawn yet. TQDM_DISABLE=1 switches all off."""
    from tqdm import tqdm

    bar = tqdm(
        total=1.0,
        desc=what,
        leave=False,
        file=sys.stderr,
        delay=1e-9,
        mininterval=0.1 if sys.stderr.isatty() else FILE_SECONDS,
        smoothing=0,
        bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} so far, {remaining} left",
    )
    if not bar.disable:
        bar.start_t -= waited
    return bar
