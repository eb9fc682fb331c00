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
    _entry("memory-capacity", "A Hopfield memory holds 0.138 n random patterns", "Amit, Gutfreund & Sompolinsky 1985"),
    _entry(
        "memory-digits",
        "Noisy digits: the outer product recalls none, the projection rule all",
        "Personnaz, Guyon & Dreyfus 1985",
    ),
    _entry("memory-dense", "A dense memory holds exponentially many patterns", "Demircigil et al. 2017, theorem 3"),
    _entry("oscillators-classify", "Oscillators learn two moons and digits", "Gower 2025, arXiv:2505.02103"),
    _entry("conv-gradients", "EP against BPTT in each layer of convolutions", "Ernoult et al. 2019, theorem 1"),
    _entry("conv-mnist", "Two convolutions learn MNIST", "Ernoult et al. 2019, abstract"),
    _entry(
        "boltzmann",
        "Bars and stripes by contrastive Hebbian learning, contrastive divergence and equilibrium propagation",
        "Ackley et al. 1985; Movellan 1991; Hinton 2002; Scellier & Bengio 2017, appendix",
    ),
    _entry(
        "gated-memory",
        "A gated memory learns to match to a sample by rewards and attention",
        "Kruijne et al. 2021, sec. 3",
    ),
    _entry(
        "memory-attention", "One step of a dense memory is softmax attention", "Ramsauer et al. 2021, eqs. 3 and 10"
    ),
    _entry(
        "stdp-window", "Plasticity by the time between two bumps, from rates alone", "Bengio et al. 2017; Bi & Poo 2001"
    ),
    _entry("fixed-point-learning", "Letters completed at fixed points that are learned", "Almeida 1987; Pineda 1987"),
    _entry("resistive-classifier", "Resistors and diodes learn XOR and two moons", "Kendall et al. 2020, sec. 3"),
    _entry("resistive-digits", "Resistors and diodes read handwritten digits", "Kendall et al. 2020, sec. 4"),
    _entry(
        "resistive-coupled",
        "Coupled learning in two identical resistor networks",
        "Dillavou et al. 2022; Stern et al. 2021",
    ),
    _entry(
        "springs-allosteric",
        "A lattice of springs learns to pass on a pinch, by stiffness and by length",
        "Stern et al. 2020, PNAS 117, 14843; Stern et al. 2021",
    ),
    _entry(
        "springs-classification",
        "A lattice of springs tells three species of irises, by stiffness and by length",
        "Stern et al. 2020, PNAS 117, 14843",
    ),
    _entry(
        "predictive-coding-gradient",
        "The gradient of predictive coding is back-propagation's",
        "Whittington & Bogacz 2017, sec. 3; Millidge et al. 2022",
    ),
    _entry(
        "predictive-coding-interference",
        "Units that move before weights lose less of what was known",
        "Song et al. 2024, figs. 1 to 4",
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
