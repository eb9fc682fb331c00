"""How far the sweep of a folder is, by what the folder says: nobody who computes is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurodyn.progress import duration
from neurodyn.sweep.cells import Cells
from neurodyn.sweep.plan_file import read_plan
from neurodyn.sweep.run_log import Pulse, pulses

#: More failed cells than this are not told one by one.
MOST = 5


@dataclass(frozen=True, slots=True)
class SweepStatus:
    """How far a sweep is.

    Attributes
    ----------
    folder : str
    cells, done, failed, running, waiting : int
        All cells, and how many are in each state; failed ones that are tried again count as running.
    seconds_left : float or None
        Until those who compute now are through, at their pace; None if nobody does, or none has finished a cell.
    memory : int or None
        The most bytes that a worker has held.
    runs : tuple of Pulse
        Who computes now.
    lost : tuple of Pulse
        Who did, and ended without a word: killed, or not to be heard from here.
    failures : tuple of str
        The first cells that failed, with their messages.
    """

    folder: str
    cells: int
    done: int
    failed: int
    running: int
    waiting: int
    seconds_left: float | None
    memory: int | None
    runs: tuple[Pulse, ...]
    lost: tuple[Pulse, ...]
    failures: tuple[str, ...]

    def __str__(self) -> str:
        numbers = f"{self.done:,} done, {self.failed:,} failed, {self.running:,} running, {self.waiting:,} waiting"
        lines = [("cells", f"{self.cells:,}: {numbers}"), ("time left", self._time_left)]
        if self.memory is not None:
            lines.append(("memory", f"at most {self.memory / 2**20:,.0f} MiB a worker"))
        lines += [("running", _told(run)) for run in self.runs]
        lines += [("lost", f"{_told(run)}; not heard of since: call it again") for run in self.lost]
        lines += [("failed", text) for text in self.failures]
        return "\n".join(f"{name.ljust(10)} {what}" for name, what in lines)

    @property
    def _time_left(self) -> str:
        if self.done == self.cells:
            return "none: all cells are done"
        if not self.runs:
            return "unknown: nobody computes now"
        return "not known yet" if self.seconds_left is None else f"about {duration(self.seconds_left)}"


def _told(run: Pulse) -> str:
    crew = "" if run.workers is None else f", {run.workers} worker{'s' * (run.workers > 1)}"
    failed = f", {run.failed:,} failed" if run.failed else ""
    return f"{run.name} on {run.host}{crew}: {run.done:,} of {run.todo:,} cells done{failed}"


def status_of(folder: Path) -> SweepStatus:
    """Look at a folder."""
    plan = read_plan(folder)
    alive: list[Pulse] = []
    lost: list[Pulse] = []
    for pulse in pulses(folder):
        (alive if pulse.alive else lost).append(pulse)
    entries = Cells(folder, plan)
    done = len(entries.done)
    broken = sorted(entries.entries.keys() - entries.done)
    running = min(sum(pulse.running for pulse in alive), plan.size - done)
    times = [left for pulse in alive if (left := pulse.seconds_left) is not None]
    names = {pulse.name for pulse in alive}
    waiting = max(0, plan.size - done - len(broken) - running)
    return SweepStatus(
        folder=str(folder),
        cells=plan.size,
        done=done,
        failed=plan.size - done - running - waiting,
        running=running,
        waiting=waiting,
        seconds_left=max(times, default=None),
        memory=max((m for entry in entries.entries.values() if (m := entry.memory)), default=None),
        runs=tuple(alive),
        lost=tuple(pulse for pulse in lost if pulse.name not in names and done < plan.size),
        failures=tuple(f"cell {k}: {(entries.read(k) or {}).get('message', '')}" for k in broken[:MOST]),
    )
