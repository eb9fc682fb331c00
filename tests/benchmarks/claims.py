"""What the engine must reach, and what it aims at: ratios between rows of the record."""

from __future__ import annotations

from dataclasses import dataclass

from .contest import CSR, DIFFRAX, PLAIN, PRODUCTS, SCIPY, TRAFFIC
from .heyoka_peer import WIDTHS
from .heyoka_peer import name as heyoka
from .learning import ALONE, LOOP
from .precision import DOP853
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

    def verdict(self, ratio: float) -> str:
        """Whether it holds."""
        met = ratio <= self.least if self.bound else ratio >= self.least
        reached = ratio <= self.aim if self.bound else ratio >= self.aim
        return "aim reached" if reached else "met" if met else "missed"

    def measured(self, record: Record) -> float | None:
        """The ratio, if both sides were timed."""
        ours = record.find(self.case, self.threads, OURS)
        theirs = [row for peer in self.peers if (row := record.find(self.case, self.threads, peer))]
        if ours is None or not theirs:
            return None
        return ours.ratio(theirs[0]) if self.bound else min(row.ratio(ours) for row in theirs)


@dataclass(frozen=True, slots=True)
class PrecisionClaim(Claim):
    """The same at an error that all came to by their own tolerances."""

    error: float = 1e-12

    def measured(self, record: Record) -> float | None:
        """The ratio, if both sides came to that error."""
        taken = record.seconds_at(self.case, self.threads, self.error)
        theirs = [taken[peer] for peer in self.peers if peer in taken]
        return min(theirs) / taken[OURS] if OURS in taken and theirs else None


INDEPENDENT, HEYOKA = (DIFFRAX, PLAIN), tuple(map(heyoka, WIDTHS))
CLAIMS: tuple[Claim, ...] = (
    Claim("pairs", 1, INDEPENDENT, 4.5, 8.0),
    Claim("pairs", 2, INDEPENDENT, 4.5, 8.0),
    Claim("small", 1, INDEPENDENT, 3.5, 8.0),
    Claim("small", 2, INDEPENDENT, 3.5, 8.0),
    Claim("medium", 1, INDEPENDENT, 2.0, 4.0),
    Claim("medium", 2, INDEPENDENT, 2.5, 4.0),
    Claim("medium", 1, (PRODUCTS,), 1.1, 0.9, bound=True),
    Claim("single", 1, INDEPENDENT, 1.5, 2.0),
    Claim("single", 1, (SCIPY,), 5.0, 10.0),
    Claim("sparse", 2, (TRAFFIC,), 2.0, 2.0, bound=True),
    Claim("sparse", 2, (CSR,), 2.0, 2.0),
    *(PrecisionClaim(case, 1, HEYOKA, 1.5, 3.0, error=1e-6) for case in ("pairs", "small")),
    *(PrecisionClaim(case, 1, HEYOKA, 1.2, 2.0, error=1e-9) for case in ("pairs", "small")),
    *(PrecisionClaim(case, 1, HEYOKA, 1.0, 1.5, error=1e-12) for case in ("pairs", "small")),
    PrecisionClaim("single", 1, (DOP853,), 5.0, 5.0),
    Claim("784-500-10", 1, (LOOP,), 6.0, 8.0),
    Claim("784-500-500-10", 1, (LOOP,), 3.0, 4.0),
    Claim("784-500-500-500-10", 1, (LOOP,), 3.0, 4.0),
    Claim("784-500-10", 2, (ALONE,), 1.7, 1.7),
)
