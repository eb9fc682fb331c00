"""What was measured, as plain data that goes through JSON from the measuring processes to the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: What every ratio is against.
OURS = "neurodyn"


def count(threads: int) -> str:
    """Number of threads in words that fit it."""
    return f"{threads} thread{'s' if threads > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One solver on one case: its times at equal error, or why there are none.

    seconds
        Of the whole batch, one entry per round; scaled up where only some trajectories were solved.
    note
        One plain sentence if there is nothing to report.
    """

    case: str
    threads: int
    peer: str
    what: str = ""
    rtol: float | None = None
    error: float | None = None
    seconds: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float:
        """Median time."""
        return float(np.median(self.seconds))

    def ratio(self, ours: Row) -> float:
        """Median over the rounds of this time over ours in the same round; above 1 where neurodyn is faster."""
        return float(np.median(np.array(self.seconds) / np.array(ours.seconds)))


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds against one quantity, the others held."""

    against: str
    threads: int
    x: list[float]
    seconds: list[float]

    def slope(self, least: float = 0.0, largest: float = np.inf) -> float:
        """Exponent fitted to the points with x between these."""
        points = np.log([(a, b) for a, b in zip(self.x, self.seconds, strict=True) if least <= a <= largest])
        return float(np.polyfit(points[:, 0], points[:, 1], 1)[0])


@dataclass(frozen=True, slots=True)
class Precision:
    """Largest error and seconds of one solver on one case, at falling tolerances."""

    case: str
    threads: int
    peer: str
    error: list[float]
    seconds: list[float]

    def seconds_at(self, error: float) -> float | None:
        """Time at this error, on straight lines between the logarithms; None where it did not get there."""
        points: dict[float, float] = {}
        for worst, taken in zip(self.error, self.seconds, strict=True):
            if 0.0 < worst < np.inf:
                points[worst] = min(taken, points.get(worst, np.inf))
        known = sorted(points)
        if not known or not known[0] <= error <= known[-1]:
            return None
        return float(np.exp(np.interp(np.log(error), np.log(known), [np.log(points[x]) for x in known])))


@dataclass(slots=True)
class Record:
    """All that one process measured, or all processes together."""

    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    precision: list[Precision] = field(default_factory=list)
    training: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=dict)

    def add(self, other: Record) -> None:
        """Take in what another process measured."""
        self.rows += other.rows
        self.curves += other.curves
        self.precision += other.precision
        self.training += other.training
        self.remarks += [remark for remark in other.remarks if remark not in self.remarks]
        self.machine |= other.machine

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Record:
        """Back from `dataclasses.asdict`."""
        rows, curves = [Row(**row) for row in data["rows"]], [Curve(**curve) for curve in data["curves"]]
        precision = [Precision(**curve) for curve in data["precision"]]
        training = [Row(**row) for row in data.get("training", [])]  # which earlier files do not have
        return cls(rows, curves, precision, training, data["remarks"], data["machine"])

    def seconds_at(self, case: str, threads: int, error: float) -> dict[str, float]:
        """Seconds of every solver that was measured at this error."""
        curves = [curve for curve in self.precision if (curve.case, curve.threads) == (case, threads)]
        found = {curve.peer: curve.seconds_at(error) for curve in curves}
        return {peer: taken for peer, taken in found.items() if taken is not None}

    def find(self, case: str, threads: int, peer: str) -> Row | None:
        """The measured row, if there is one with times."""
        for row in self.rows + self.training:
            if (row.case, row.threads, row.peer) == (case, threads, peer) and row.seconds:
                return row
        return None
