"""The folder that a command writes into, and what goes there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
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
