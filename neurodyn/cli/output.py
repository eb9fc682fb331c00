"""The folder that a command writes into, and what goes there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError


@contextlib.contextmanager
def output_folder(name: str) -> Iterator[Path]:
    """Make the folder, and find out that it can be written to before anything is computed.

    If the block fails, a folder that was made for it and is still empty goes again.

    Raises
    ------
    ResultFileError
        The folder cannot be made or written to.
    """
    folder = Path(name)
    made = not os.path.exists(name)
    try:
        _prepare(folder)
        yield folder
    except BaseException:
        if made:
            with contextlib.suppress(OSError):  # not there, or not empty: what is in it is whole
                folder.rmdir()
        raise


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = "a file of that name is in the way" if isinstance(error, FileExistsError) else error.strerror
        raise ResultFileError(f"cannot write into {folder} ({reason}): name another folder with --out") from error


def write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Save each figure as NAME.png, whole or not at all."""
    from neurodyn.results.files import write

    for name, figure in figures.items():

        def save(temporary: str, figure: Any = figure) -> None:
            figure.savefig(temporary, format="png", dpi=150)

        write(folder / f"{name}.png", save)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    from neurodyn.results.files import write

    write(path, lambda temporary: Path(temporary).write_text(text, "utf-8"))
