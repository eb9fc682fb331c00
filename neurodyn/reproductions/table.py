"""`Table`: the rows of a reproduction while it computes, with the seconds of each."""

from __future__ import annotations

import time

import numpy as np

from neurodyn.numerics.arrays import Array
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

    def add_mean(self, name: str, values: Array, *, unit: str = "") -> None:
        """Enter the mean of several networks, and its standard error."""
        self.add(name, values.mean(), unit=unit)
        self.add(f"its standard error: {name}", standard_error(values), unit=unit)


def standard_error(values: Array) -> float:
    """That of the mean over the last axis; 0 for a single value.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn.reproductions.table import standard_error
    >>> standard_error(np.array([1.0, 3.0]))
    1.0
    """
    return float(values.std(ddof=min(1, values.size - 1)) / np.sqrt(values.size))
