"""All reproductions, one line each; the file that computes one is imported when it is run.

The file is named like the reproduction and has ``run(scale, folder, seed)``, which returns the rows.
"""

from __future__ import annotations

import contextlib
import importlib
from functools import partial
from pathlib import Path

from neurodyn.errors import ArgumentError, nearest, shown
from neurodyn.progress import quietly
from neurodyn.reproductions.reproduction import Reproduction, Row, Scale


def _run(module: str, scale: Scale, folder: Path | None, seed: int, progress: bool) -> list[Row]:
    """Import the file of a reproduction, and compute."""
    compute = importlib.import_module(f"neurodyn.reproductions.{module}").run
    with contextlib.nullcontext() if progress else quietly():
        rows: list[Row] = compute(scale, folder, seed)
    return rows


def _entry(name: str, title: str, source: str) -> Reproduction:
    return Reproduction(name, title, source, partial(_run, name.replace("-", "_")))


CATALOG = (
    _entry("oscillators-classify", "Oscillators learn two moons and digits", "Gower 2025, arXiv:2505.02103"),
    _entry("conv-gradients", "EP against BPTT in each layer of convolutions", "Ernoult et al. 2019, theorem 1"),
    _entry("conv-mnist", "Two convolutions learn MNIST", "Ernoult et al. 2019, abstract"),
    _entry(
        "memory-attention", "One step of a dense memory is softmax attention", "Ramsauer et al. 2021, eqs. 3 and 10"
    ),
)


def find(name: str) -> Reproduction:
    """The reproduction of a name.

    Raises
    ------
    ArgumentError
        There is none; says which there are, and the nearest.

    Examples
    --------
    >>> from neurodyn.reproductions.catalog import find
    >>> find("memory-attention").source
    'Ramsauer et al. 2021, eqs. 3 and 10'
    """
    known = {entry.name: entry for entry in CATALOG}
    if name not in known:
        raise ArgumentError(f"unknown reproduction {shown(name)}; {nearest(name, known)}")
    return known[name]
