"""`Table`: the rows of a reproduction while it computes, with the seconds of each."""

from __future__ import annotations

import time

from neurodyn.reproductions.reproduction import Row


class Table:
    """Rows so far, and a stopwatch.

    A row has the seconds since the last `begin`, so that several numbers of one computation all have those of it.

    Examples
    --------
    >>> from neurodyn.reproductions.table import Table
    >>> table = Table()
    >>> table.begin()
    >>> table.add("digits recalled", 100, paper=None, unit="%")
    >>> table.rows[0].value
    100.0
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.begin()

    def begin(self) -> None:
        """A new computation begins."""
        self._began = time.perf_counter()

    def spend(self, seconds: float) -> None:
        """So many seconds were spent on it in an earlier call."""
        self._began -= seconds

    def add(self, name: str, value: float, *, paper: float | None = None, unit: str = "") -> None:
        """Enter a number that has just been computed."""
        self.rows.append(Row(name, float(value), paper, unit, time.perf_counter() - self._began))
