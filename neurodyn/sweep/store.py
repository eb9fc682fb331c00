"""The folder of a sweep: its plan, one file per cell, and the dataset. Each file is written whole or not at all.

plan.json says what the cells are; cells/000012.json is a record (see `neurodyn.sweep.cell`); sweep.nc holds all of
them; seconds.csv, how long they took, is the only one that differs from run to run.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.results.files import write
from neurodyn.results.seal import read_json, sealed_json
from neurodyn.schema import SCHEMA, schema_of
from neurodyn.sweep.cell import DONE, Record
from neurodyn.sweep.plan import Plan


class Store:
    """The files of one sweep.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    plan : Plan
    resume : bool
        Whether the folder may hold a part of this sweep.

    Raises
    ------
    ResultFileError
        The folder cannot be written to, holds another sweep, or this one without `resume`.
    """

    def __init__(self, folder: Path, plan: Plan, *, resume: bool) -> None:
        self.folder, self.plan, self.schema = folder, plan, SCHEMA
        self._made = [place for place in (folder / "cells", folder, *folder.parents) if not os.path.lexists(place)]
        try:
            (folder / "cells").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultFileError(f"cannot write into {folder} ({error.strerror}): name another folder") from error
        manifest = folder / "plan.json"
        if manifest.exists():
            self._check(manifest, resume)
        else:
            text = sealed_json({"schema": self.schema} | plan.describe() | {"digest": plan.digest}, indent=1)
            write(manifest, lambda temporary: Path(temporary).write_text(text, "utf-8"))
        for debris in (folder / "cells").glob(".*"):  # half-written when a run was killed
            debris.unlink(missing_ok=True)

    def withdraw(self) -> None:
        """Take away the folders that were made for this store, if no cell was written."""
        if self.folder in self._made and not any((self.folder / "cells").iterdir()):
            (self.folder / "plan.json").unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty
                for place in self._made:
                    place.rmdir()

    @property
    def dataset(self) -> Path:
        """The file with all cells."""
        return self.folder / "sweep.nc"

    def _check(self, manifest: Path, resume: bool) -> None:
        try:
            there = read_json(manifest)
            self.schema = schema_of(there)  # of the cells to come, too
        except (OSError, ResultFileError) as error:
            raise ResultFileError(f"{manifest}: {error}: name another folder") from error
        if there.get("digest") != self.digest:
            ours = json.loads(json.dumps(self.plan.describe(self.schema)))
            differs = ", ".join(key for key, value in ours.items() if there.get(key) != value)
            raise ResultFileError(f"{self.folder} holds another sweep (it differs in {differs}): name another folder")
        if not resume:
            raise ResultFileError(
                f"{self.folder} holds this sweep already, {len(self.done()):,} of {self.plan.size:,} cells done: "
                "go on with resume (--resume), or name another folder"
            )

    @property
    def digest(self) -> str:
        """The digest of the plan in this folder's files."""
        return self.plan.digest if self.schema == SCHEMA else self.plan.digest_in(self.schema)

    def done(self) -> set[int]:
        """The numbers of the cells that are done; those that failed are not, and will be tried again."""
        return {index for index, record in self.records() if record["status"] == DONE}

    def records(self) -> Iterator[tuple[int, Record]]:
        """Yield all cells that were written, in their order."""
        for index in range(self.plan.size):
            record = self.read(index)
            if record is not None:
                yield index, record

    def read(self, index: int) -> Record | None:
        """The record of a cell; None if it is not there, or damaged, so that it will be computed again."""
        try:
            record = read_json(self._path(index))
        except (OSError, ResultFileError):
            return None
        return record if record.get("plan") == self.digest else None

    def write(self, index: int, record: Record, seconds: float | None) -> None:
        """Write a cell."""
        cell = self.plan.cell(index)
        head: dict[str, Any] = {"schema": self.schema, "plan": self.digest, "values": cell.values, "seed": cell.seed}
        text = sealed_json(head | record)
        write(self._path(index), lambda temporary: Path(temporary).write_text(text, "utf-8"))
        if seconds is not None:
            with (self.folder / "seconds.csv").open("a", encoding="utf-8") as stream:
                stream.write(f"{index},{seconds:.6f}\n")

    def _path(self, index: int) -> Path:
        return self.folder / "cells" / f"{index:06d}.json"
