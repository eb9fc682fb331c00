"""The cells that a folder of a sweep holds: in journals, packed, or one file for each, as the first version wrote them.

Nothing here knows who computes. A cell that two processes have computed counts once, and done before failed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.results.files import write
from neurodyn.results.seal import parse_json
from neurodyn.sweep.cell import DONE, Record
from neurodyn.sweep.journal import SUFFIX, Place, entries
from neurodyn.sweep.plan import Plan

#: The folder of the cells in that of the sweep, and the file that holds all of them in their order.
CELLS, PACKED = "cells", f"all{SUFFIX}"
#: Attempts to read files that others pack at the same time.
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a cell without reading its results; seconds and bytes of memory where they were written down."""

    place: Place
    status: str
    seconds: float | None
    memory: int | None


class Cells:
    """The cells of a plan that are in a folder now.

    Parameters
    ----------
    folder : path
        That of the sweep.
    plan : Plan

    Attributes
    ----------
    entries : dict of int to Entry
    foreign : set of path
        Files with cells of another plan, as one that has grown further.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.plan, self.place = plan, folder / CELLS
        self.foreign: set[Path] = set()
        self.entries: dict[int, Entry] = {}
        for attempt in range(ATTEMPTS):
            try:
                self.entries = self._scan()
                break
            except FileNotFoundError:  # packed by someone else since they were listed
                if attempt == ATTEMPTS - 1:
                    raise

    def _scan(self) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        for file in self.files:
            for place, about in entries(file) if file.suffix == SUFFIX else _alone(file):
                index = self._index(file, about)
                if index is None:
                    self.foreign.add(file)
                elif index not in found or found[index].status != DONE:
                    found[index] = Entry(place, about["status"], about.get("seconds"), about.get("memory"))
        return found

    @property
    def files(self) -> list[Path]:
        """The files that hold cells."""
        names = sorted(self.place.glob("*")) if self.place.is_dir() else []
        return [file for file in names if file.suffix in (SUFFIX, ".json") and not file.name.startswith(".")]

    def _index(self, file: Path, about: dict[str, Any]) -> int | None:
        """The number of a cell in this plan; None if it is not one of it."""
        if about.get("plan") == self.plan.digest:
            index = about.get("cell", int(file.stem) if file.stem.isdecimal() else None)
            return index if isinstance(index, int) and 0 <= index < self.plan.size else None
        if about.get("plan") in self.plan.earlier:
            return self.plan.find(about["values"], about["seed"])
        return None

    @property
    def done(self) -> set[int]:
        """The numbers of the cells that are done; those that failed are not, and will be tried again."""
        return {index for index, entry in self.entries.items() if entry.status == DONE}

    def read(self, index: int) -> Record | None:
        """The record of a cell; None if it is not there, or no longer where it was."""
        entry = self.entries.get(index)
        return None if entry is None else self._at(entry.place, index)[1]

    def _at(self, place: Place, index: int) -> tuple[bytes, Record | None]:
        """The line at a place, and the record that it is, if it is that of the cell."""
        try:
            line = place.bytes()
            record = parse_json(line)
        except (OSError, ResultFileError):  # packed, or damaged, since it was found
            return b"", None
        return line, record if self._index(place.file, record) == index else None

    def records(self) -> Iterator[tuple[int, Record]]:
        """Yield all cells that are there, in their order."""
        for index in sorted(self.entries):
            record = self.read(index)
            if record is None:
                self.entries |= self._scan()
                record = self.read(index)
            if record is not None:
                yield index, record

    def pack(self) -> None:
        """Put the cells of all journals into one file, if every cell is done; their lines stay as they are.

        Journals with cells of another plan stay. Who still appends to one that goes computes what is done already.
        """
        journals = [file for file in self.files if file.suffix == SUFFIX and file not in self.foreign]
        if len(self.done) < self.plan.size or [file.name for file in journals] in ([], [PACKED]):
            return
        places = [(k, entry.place) for k, entry in sorted(self.entries.items()) if entry.place.file.suffix == SUFFIX]

        def produce(temporary: str) -> None:
            with open(temporary, "wb") as stream:
                for index, place in places:
                    line, record = self._at(place, index)
                    if record is None:
                        raise FileNotFoundError(place.file)
                    stream.write(line)

        try:
            write(self.place / PACKED, produce)
        except ResultFileError:  # nothing is lost: all of it is where it was
            return
        for file in journals:
            if file.name != PACKED:
                with contextlib.suppress(OSError):
                    file.unlink()
        self.entries = self._scan()


def _alone(file: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the cell of a file of its own, if it is whole."""
    raw = file.read_bytes()
    with contextlib.suppress(ResultFileError):
        yield Place(file, 0, len(raw)), parse_json(raw)
