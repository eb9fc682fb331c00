"""The folder of a sweep, for a process that computes cells of it, and the dataset that is made of all of them.

plan.json says what the cells are; cells/ has them (see `neurodyn.sweep.cells`), runs/ what each process says of itself;
sweep.nc holds all cells, seconds.csv how long they took, failed.txt the tracebacks of those that failed.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodyn.errors import ResultFileError
from neurodyn.results.files import write, write_netcdf
from neurodyn.sweep.cell import FAILED, Cost, Record
from neurodyn.sweep.cells import CELLS, Cells
from neurodyn.sweep.journal import SUFFIX, Journal
from neurodyn.sweep.plan import Plan
from neurodyn.sweep.plan_file import NAME, agree
from neurodyn.sweep.run_log import RunLog

if TYPE_CHECKING:
    import xarray

DATASET, SECONDS, FAILURES = "sweep.nc", "seconds.csv", "failed.txt"


class Store:
    """A folder that a process adds cells to.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    plan : Plan
    resume : bool
        Whether the folder may hold a part of this sweep.
    part : tuple of int, optional
        Which part of how many is computed: others may use the folder at the same time.

    Raises
    ------
    ResultFileError
        The folder cannot be written to, holds another sweep, or this one without `resume`.
    """

    def __init__(self, folder: Path, plan: Plan, *, resume: bool, part: tuple[int, int] | None = None) -> None:
        self.folder, self.part = folder, part
        self._made = [place for place in (folder / CELLS, folder, *folder.parents) if not os.path.lexists(place)]
        self._log: RunLog | None = None
        self._journal: Journal | None = None
        try:
            (folder / CELLS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultFileError(f"cannot write into {folder} ({error.strerror}): name another folder") from error
        there = (folder / NAME).exists()
        self.plan = agree(folder, plan)
        self.cells = Cells(folder, self.plan)
        if there and not (resume or part):
            raise ResultFileError(
                f"{folder} holds this sweep already, {len(self.cells.done):,} of {self.plan.size:,} cells done: "
                f"go on with resume (--resume, or `neurodyn sweep resume {folder}`), or name another folder"
            )
        for debris in (folder / CELLS).glob(".[0-9]*.json"):  # half-written, when a run of the first version was killed
            debris.unlink(missing_ok=True)

    def begin(self, todo: int, workers: int | None) -> RunLog:
        """Begin to compute so many cells: a log and a journal of this process."""
        self._log = RunLog(self.folder, self.part, todo, workers)
        self._journal = Journal(self.folder / CELLS / f"{self._log.name}{SUFFIX}")
        return self._log

    def write(self, index: int, record: Record, cost: Cost | None) -> None:
        """Write a cell."""
        assert self._journal is not None
        assert self._log is not None
        cell = self.plan.cell(index)
        head: dict[str, Any] = {"schema": self.plan.schema, "plan": self.plan.digest, "cell": index}
        took = {} if cost is None else {"seconds": round(cost.seconds, 6), "memory": cost.memory}
        self._journal.append(head | {"values": cell.values, "seed": cell.seed} | took | record)
        self._log.count(index, record)

    def end(self, how: str) -> None:
        """End computing, well or not."""
        if self._journal is not None:
            self._journal.close()
        if self._log is not None:
            self._log.end(how)

    def withdraw(self) -> None:
        """Take away what was made for this process, if it wrote no cell; what others may use stays."""
        if self._log is not None and not (self._log.pulse.done or self._log.pulse.failed):
            self._log.withdraw()
        if self.part is None and self.folder in self._made and not any((self.folder / CELLS).iterdir()):
            (self.folder / NAME).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty
                for place in self._made:
                    place.rmdir()


def assemble(folder: Path, plan: Plan) -> xarray.Dataset:
    """Put the cells of a folder together, and write what is made of all of them."""
    from neurodyn.sweep.dataset import combined

    cells = Cells(folder, plan)
    data = combined(cells)
    write_netcdf(folder / DATASET, data)
    _write_seconds(folder / SECONDS, cells)
    _write_failures(folder / FAILURES, cells)
    cells.pack()
    return data


def _write_seconds(file: Path, cells: Cells) -> None:
    """Write how long cells took; what an earlier version has noted stays."""
    lines: dict[int, str] = {}
    if file.exists():
        for line in file.read_text("utf-8", "replace").splitlines():
            index, _, seconds = line.partition(",")
            if index.isdecimal() and int(index) in cells.entries:
                lines[int(index)] = seconds
    lines |= {k: f"{entry.seconds:.6f}" for k, entry in cells.entries.items() if entry.seconds is not None}
    text = "".join(f"{index},{seconds}\n" for index, seconds in sorted(lines.items()))
    write(file, lambda temporary: Path(temporary).write_text(text, "utf-8"))


def _write_failures(file: Path, cells: Cells) -> None:
    """Write the tracebacks of cells that failed; no file where none did."""
    texts = []
    for index in sorted(index for index, entry in cells.entries.items() if entry.status == FAILED):
        record = cells.read(index)
        if record is not None:
            values = ", ".join(f"{path}={value}" for path, value in cells.plan.cell(index).values.items())
            texts.append(f"cell {index} ({values}): {record['message']}\n{record.get('traceback', '')}\n")
    if texts:
        write(file, lambda temporary: Path(temporary).write_text("\n".join(texts), "utf-8"))
    else:
        file.unlink(missing_ok=True)
