"""How far a sweep is: cells done and failed, and the time left, on standard error."""

from __future__ import annotations

from neurodyn.progress import Line
from neurodyn.sweep.cell import FAILED


class ProgressLine:
    """Counts cells; shows nothing for quick work.

    Time left is that of the cells still to do, at the mean pace of this run; cells of an earlier one do not count.
    """

    def __init__(self, total: int, done: int) -> None:
        self.total, self.done, self.failed = total, done, 0
        self._line = Line(begun=done / total)

    def add(self, status: str) -> None:
        """Count a cell."""
        self.done += status != FAILED
        self.failed += status == FAILED

    def show(self) -> None:
        """Bring the line on the screen up to date."""
        self._line.show(self.sentence, (self.done + self.failed) / self.total)

    @property
    def sentence(self) -> str:
        """How far it is, in words."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.done:,} of {self.total:,} cells done{failed}"

    def close(self) -> None:
        """Take the line away."""
        self._line.close()
