"""What one process that computes cells leaves in the folder, beside its cells: a log, and a pulse while it runs.

runs/part-2-of-4.001.log has plain lines with the time of each: where it began, how far it was now and then, each cell
that failed with its traceback, how it ended. runs/part-2-of-4.001.json says every few seconds how far it is, and goes
when the process ends in order: from it `status` knows what is running, on whatever machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.progress import duration
from neurodyn.results.files import write
from neurodyn.version import __version__

RUNS = "runs"
#: Seconds between two pulses, and between two lines about how far it is.
BEAT, LINE = 5.0, 60.0
#: Seconds without a pulse after which a process counts as gone.
SILENCE = 60.0


@dataclass(slots=True)
class Pulse:
    """How far a process is.

    Attributes
    ----------
    name : str
        As in "part 2 of 4".
    host, pid : str, int
        Where it runs.
    workers : int or None
        Of a given executor it is not known.
    todo, done, failed, running : int
        Cells that it set out to compute, and what became of them.
    began, now : float
        Seconds since 1970.
    """

    name: str
    host: str
    pid: int
    workers: int | None
    todo: int
    done: int
    failed: int
    running: int
    began: float
    now: float

    @property
    def alive(self) -> bool:
        """Whether the process is still there, as far as one can see from here."""
        heard = time.time() - self.now < SILENCE
        return heard and (self.host != socket.gethostname() or _runs_here(self.pid))

    @property
    def seconds_left(self) -> float | None:
        """Until all its cells are computed, at its mean pace; None before its first cell."""
        finished = self.done + self.failed
        return (self.now - self.began) / finished * (self.todo - finished) if finished else None


class RunLog:
    """The log and the pulse of this process.

    Parameters
    ----------
    folder : path
        That of the sweep.
    part : tuple of int or None
        Which part of how many it computes.
    todo : int
        Cells to compute.
    workers : int or None
    """

    def __init__(self, folder: Path, part: tuple[int, int] | None, todo: int, workers: int | None) -> None:
        now = time.time()
        what = "the whole" if part is None else f"part {part[0]} of {part[1]}"
        self.pulse = Pulse(what, socket.gethostname(), os.getpid(), workers, todo, 0, 0, 0, now, now)
        self._told, self._next = time.monotonic(), 0.0
        try:
            (folder / RUNS).mkdir(exist_ok=True)
            self.name = self._begin(folder / RUNS, "whole" if part is None else what.replace(" ", "-"))
        except OSError as error:
            raise ResultFileError(f"cannot write into {folder / RUNS} ({error.strerror or error})") from error
        self.file = folder / RUNS / f"{self.name}.log"
        crew = "an executor that was given" if workers is None else f"{workers} worker{'s' * (workers > 1)}"
        self.say(f"neurodyn {__version__} begins with {what} on {self.pulse.host}, process {self.pulse.pid}, {crew}: "
                 f"{todo:,} cells to compute")  # fmt: skip
        self.beat(0)

    @staticmethod
    def _begin(place: Path, stem: str) -> str:
        """Make the log, and with it a name that no other process has."""
        for number in range(1, 1_000_000):
            with contextlib.suppress(FileExistsError):
                os.close(os.open(place / f"{stem}.{number:03d}.log", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
                return f"{stem}.{number:03d}"
        raise FileExistsError(f"a million logs of {stem}")

    def say(self, text: str) -> None:
        """Write a line, as far as there is room on the disk."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with contextlib.suppress(OSError), self.file.open("a", encoding="utf-8") as stream:
            stream.write(f"{stamp} {text}\n")

    def count(self, index: int, record: dict[str, Any]) -> None:
        """Count a cell; one that failed is written down."""
        if record["status"] == "done":
            self.pulse.done += 1
        else:
            self.pulse.failed += 1
            self.say(f"cell {index} failed: {record['message']}\n{record.get('traceback', '')}".rstrip())

    def beat(self, running: int) -> None:
        """Say how far it is, if it is time to; `running` cells are under way."""
        clock = time.monotonic()
        if clock < self._next:
            return
        self._next, self.pulse.running, self.pulse.now = clock + BEAT, running, time.time()
        text = json.dumps(asdict(self.pulse))
        with contextlib.suppress(ResultFileError):
            write(self.file.with_suffix(".json"), lambda temporary: Path(temporary).write_text(text, "utf-8"))
        if clock > self._told + LINE:
            self._told = clock
            left = self.pulse.seconds_left
            self.say(f"{self.sentence}{'' if left is None else f', {duration(left)} left'}")

    @property
    def sentence(self) -> str:
        """How far it is, in words."""
        failed = f", {self.pulse.failed:,} failed" if self.pulse.failed else ""
        return f"{self.pulse.done:,} of {self.pulse.todo:,} cells done{failed}"

    def end(self, how: str) -> None:
        """Write the last line, and take the pulse away."""
        self.say(f"{how}: {self.sentence}")
        self.file.with_suffix(".json").unlink(missing_ok=True)

    def withdraw(self) -> None:
        """Take away the log, too: nothing was computed."""
        self.file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.file.parent.rmdir()


def pulses(folder: Path) -> Iterator[Pulse]:
    """Yield the last pulse of each process that did not end in order, running or killed."""
    for file in sorted((folder / RUNS).glob("[!.]*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            yield Pulse(**json.loads(file.read_text("utf-8")))


def _runs_here(pid: int) -> bool:
    if os.name == "nt":  # where sending signal 0 would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # someone else's
        pass
    return True
