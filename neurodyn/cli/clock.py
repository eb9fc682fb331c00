"""How long the parts of a command took, and on how many threads they may run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

#: More threads than these do not help the small matrices at hand, and take the machine from others.
BLAS_THREADS = 4


class Clock:
    """Seconds that each part of a run took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a block."""
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)

    @property
    def total(self) -> float:
        """Seconds since this clock was made."""
        return round(time.perf_counter() - self._began, 3)


@contextlib.contextmanager
def few_threads() -> Iterator[None]:
    """Let BLAS use a few threads at most."""
    from threadpoolctl import ThreadpoolController

    controller = ThreadpoolController().select(user_api="blas")
    with controller.limit(limits=min([BLAS_THREADS, *(library["num_threads"] for library in controller.info())])):
        yield
