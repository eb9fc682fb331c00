"""Figures as PNG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurodyn.results.files import write


def write_figures(folder: Path, figures: Mapping[str, Any]) -> list[str]:
    """Save each figure as NAME.png, whole or not at all; returns the names of the files."""
    for name, figure in figures.items():

        def save(temporary: str, figure: Any = figure) -> None:
            figure.savefig(temporary, format="png", dpi=150)

        write(folder / f"{name}.png", save)
    return [f"{name}.png" for name in figures]
