"""How far a sweep is: cells done and failed, and the time left, on standard error."""

from __future__ import annotations

import sys
import time
from typing import Any

from neurodyn.progress import PATIENCE
from neurodyn.sweep.cell import FAILED


class ProgressLine:
    """Counts cells; shows nothing for quick work.

    Time left is that of the cells still to do, at the mean pace of this run; cells of an earlier one do not count.
    """

    def __init__(self, total: int, done: int) -> None:
        self.total, self.done, self.failed = total, done, 0
        self._before, self._began = done, time.monotonic()
        self._line: Any = None

    def add(self, status: str) -> None:
        """Count a cell."""
        self.done += status != FAILED
        self.failed += status == FAILED

    def show(self) -> None:
        """Bring the line on the screen up to date."""
        if self._line is None:
            if time.monotonic() - self._began < PATIENCE:
                return
            from tqdm import tqdm

            self._line = tqdm(
                total=self.total, initial=self._before, delay=PATIENCE, leave=False, file=sys.stderr,
                bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} so far, {remaining} left",
            )  # fmt: skip
            self._line.start_t -= time.monotonic() - self._began
        self._line.n = self.done + self.failed
        self._line.set_description_str(self.sentence, refresh=False)
        self._line.refresh()

    @property
    def sentence(self) -> str:
        """How far it is, in words."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.done:,} of {self.total:,} cells done{failed}"

    def close(self) -> None:
        """Take the line away."""
        if self._line is not None:
            self._line.close()
