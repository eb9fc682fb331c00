"""What the engine must reach, and what it aims at: ratios between rows of the record."""

from __future__ import annotations

from dataclasses import dataclass

from .contest import CSR, DIFFRAX, PLAIN, PRODUCTS, SCIPY, TRAFFIC
from .record import OURS, Record


@dataclass(frozen=True, slots=True)
class Claim:
    """Time of the fastest of `peers` over ours must be at least `least`; ours over a bound's at most `least`."""

    case: str
    threads: int
    peers: tuple[str, ...]
    least: float
    aim: float
    bound: bool = False

    def measured(self, record: Record) -> float | None:
        """The ratio, if both sides were timed."""
        ours = record.find(self.case, self.threads, OURS)
        theirs = [row for peer in self.peers if (row := record.find(self.case, self.threads, peer))]
        if ours is None or not theirs:
            return None
        return ours.ratio(theirs[0]) if self.bound else min(row.ratio(ours) for row in theirs)

    def verdict(self, ratio: float) -> str:
        """Whether it holds."""
        met = ratio <= self.least if self.bound else ratio >= self.least
        reached = ratio <= self.aim if self.bound else ratio >= self.aim
        return "aim reached" if reached else "met" if met else "missed"


INDEPENDENT = (DIFFRAX, PLAIN)
CLAIMS = (
    Claim("pairs", 1, INDEPENDENT, 4.0, 8.0),
    Claim("pairs", 2, INDEPENDENT, 7.0, 15.0),
    Claim("small", 1, INDEPENDENT, 4.0, 8.0),
    Claim("small", 2, INDEPENDENT, 7.0, 15.0),
    Claim("medium", 1, INDEPENDENT, 2.0, 4.0),
    Claim("medium", 1, (PRODUCTS,), 2.5, 1.5, bound=True),
    Claim("single", 1, INDEPENDENT, 1.0, 2.0),
    Claim("single", 1, (SCIPY,), 5.0, 10.0),
    Claim("sparse", 2, (TRAFFIC,), 2.0, 2.0, bound=True),
    Claim("sparse", 2, (CSR,), 2.0, 2.0),
)
