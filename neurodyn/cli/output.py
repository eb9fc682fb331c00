"""The folder that a command writes into, and what goes there."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.results.figure_formats import FORMATS
from neurodyn.stopping import tidily


@contextlib.contextmanager
def output_folder(name: str) -> Iterator[Path]:
    """Make the folder, and find out that it can be written to before anything is computed.

    If the block fails or is stopped, folders that were made for it and are still empty go again.

    Raises
    ------
    ResultFileError
        The folder cannot be made or written to.
    """
    folder = Path(name)
    with tidily():
        made = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
        try:
            _prepare(folder)
            yield folder
        except BaseException:
            with contextlib.suppress(OSError):  # not there, or not empty: what is in it is whole
                for place in made:
                    place.rmdir()
            raise


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = "a file of that name is in the way" if isinstance(error, FileExistsError) else error.strerror
        raise ResultFileError(f"cannot write into {folder} ({reason}): name another folder with --out") from error


def replace_earlier(summary: Path, verb: str, keep: Sequence[str] = ()) -> None:
    """Take away what the same command has written here before and might not write again: its summary and figures.

    Figures to `keep` are new ones.
    """
    try:
        earlier = json.loads(summary.read_text("utf-8"))
        figures = [name for name in earlier["figures"] if isinstance(name, str) and name == os.path.basename(name)]
    except (OSError, ValueError, LookupError, TypeError):  # none, or not ours
        return
    if earlier.get("command") != verb:
        return
    for name in (*figures, summary.name):
        if name not in keep and name.endswith((".json", *FORMATS)):
            (summary.parent / name).unlink(missing_ok=True)


def write_summary(path: Path, verb: str, summary: Mapping[str, Any], figures: Sequence[str] = ()) -> str:
    """Write a summary as JSON, with the command that made it and the figures beside it; returns the text."""
    about = {"command": verb, "figures": list(figures)}
    text = json.dumps({**summary, **about}, indent=2, allow_nan=False)
    write_text(path, text + "\n")
    return text


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    from neurodyn.results.files import write

    write(path, lambda temporary: Path(temporary).write_text(text, "utf-8"))
