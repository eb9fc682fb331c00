"""Figures as files."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from neurodyn.collection import uncollected
from neurodyn.results.figure_formats import chosen_formats
from neurodyn.results.files import write

#: Dots per inch of pictures.
DPI = 150
#: How hard PNG is pressed, of 9: half the time of the usual 6, for files that are some percent larger.
PRESSED = 3


@uncollected()
def write_figures(folder: Path, figures: Mapping[str, Any]) -> list[str]:
    """Save each figure in all chosen formats, whole or not at all; returns the names of the files."""
    return write_files(folder, as_files(figures))


def as_files(figures: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of figures in all chosen formats, by their names."""
    return {
        f"{name}.{kind}": (_picture if kind == "png" else _file)(figure, kind)
        for name, figure in figures.items()
        for kind in chosen_formats()
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write each file, whole or not at all; returns their names."""
    for name, content in files.items():

        def save(temporary: str, content: bytes = content) -> None:
            Path(temporary).write_bytes(content)

        write(folder / name, save)
    return list(files)


def _file(figure: Any, kind: str, **options: Any) -> bytes:
    target = BytesIO()
    figure.savefig(target, format=kind, dpi=DPI, **options)
    return target.getvalue()


def _picture(figure: Any, kind: str) -> bytes:
    """A figure that is laid out before: where it lays itself out, `savefig` draws everything twice."""
    engine, dpi = figure.get_layout_engine(), figure.dpi
    if engine is not None:
        figure.set_dpi(DPI)
        engine.execute(figure)
        figure.set_dpi(dpi)
        figure.set_layout_engine(None)
    content = _file(figure, kind, pil_kwargs={"compress_level": PRESSED})
    if engine is not None:
        figure.set_layout_engine(engine)
    return content
