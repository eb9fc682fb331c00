"""How long the parts of a command took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from neurodyn.progress import work_clock

#: Compiling is a part from so many seconds on: kernels that are there are loaded in less.
NOTICED = 0.5


class Clock:
    """Seconds that each part of a run took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextlib.contextmanager
    def part(self, name: str, compiling: str = "") -> Iterator[None]:
        """Time a block; what is compiled in it is a part with the second name, if there is one."""
        began, worked = time.perf_counter(), work_clock()
        yield
        whole, work = time.perf_counter() - began, work_clock() - worked
        if compiling and whole - work >= NOTICED:
            self.seconds[compiling], whole = round(whole - work, 3), work
        self.seconds[name] = round(whole, 3)

    @property
    def total(self) -> float:
        """Seconds since this clock was made."""
        return round(time.perf_counter() - self._began, 3)
