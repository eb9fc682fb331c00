"""Figures as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurodyn.results.figure_formats import chosen_formats
from neurodyn.results.files import write


def write_figures(folder: Path, figures: Mapping[str, Any]) -> list[str]:
    """Save each figure in all chosen formats, whole or not at all; returns the names of the files."""
    written = []
    for name, figure in figures.items():
        for kind in chosen_formats():

            def save(temporary: str, figure: Any = figure, kind: str = kind) -> None:
                figure.savefig(temporary, format=kind, dpi=150)

            write(folder / f"{name}.{kind}", save)
            written.append(f"{name}.{kind}")
    return written
