"""Figures as files."""

from __future__ import annotations

from collections.abc import Mapping
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
    written = []
    for name, figure in figures.items():
        for kind in chosen_formats():

            def save(temporary: str, figure: Any = figure, kind: str = kind) -> None:
                (_save_picture if kind == "png" else _save)(figure, temporary, kind)

            write(folder / f"{name}.{kind}", save)
            written.append(f"{name}.{kind}")
    return written


def _save(figure: Any, path: str, kind: str, **options: Any) -> None:
    figure.savefig(path, format=kind, dpi=DPI, **options)


def _save_picture(figure: Any, path: str, kind: str) -> None:
    """Save a figure that is laid out before: where it lays itself out, `savefig` draws everything twice."""
    engine, dpi = figure.get_layout_engine(), figure.dpi
    if engine is not None:
        figure.set_dpi(DPI)
        engine.execute(figure)
        figure.set_dpi(dpi)
        figure.set_layout_engine(None)
    _save(figure, path, kind, pil_kwargs={"compress_level": PRESSED})
    if engine is not None:
        figure.set_layout_engine(engine)
