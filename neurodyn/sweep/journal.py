"""Journals: files of cells, one sealed line of JSON for each, that one process appends to and any may read.

Every process that computes a sweep writes a journal of its own, so that several share a folder without waiting for each
other. A line that a kill cut off, or that was damaged, does not fit its seal: its cell counts as not computed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.results.seal import parse_json, sealed_json

SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file has a cell: its first byte, and how many there are."""

    file: Path
    start: int
    length: int

    def bytes(self) -> bytes:
        """What stands there."""
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            return stream.read(self.length)


class Journal:
    """Appends cells to a new file, which is made with the first of them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._handle: int | None = None

    def append(self, about: dict[str, Any]) -> None:
        """Write a cell.

        Raises
        ------
        ResultFileError
            It cannot be written.
        """
        rest = sealed_json(about).encode()
        try:
            if self._handle is None:
                self._handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            raise ResultFileError(f"cannot write {self.file}: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def entries(file: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield all lines of a journal that are whole, and where they stand."""
    start = 0
    with file.open("rb") as stream:
        for line in stream:
            place, start = Place(file, start, len(line)), start + len(line)
            try:
                yield place, parse_json(line)
            except ResultFileError:
                continue
