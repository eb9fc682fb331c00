"""What a reproduction is: a function that computes rows, each a number of ours beside that of the paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neurodyn.errors import ArgumentError, shown

#: `small` is what a test computes in a second or a few, `full` the paper's size as far as minutes allow.
Scale = Literal["small", "full"]


@dataclass(frozen=True, slots=True)
class Row:
    """One number, ours and the paper's.

    Attributes
    ----------
    name : str
        What was measured, in words that a table shows; unique within a reproduction.
    value : float
        Ours.
    paper : float or None
        The published number; None where the paper has a figure only.
    unit : str
        For example "%"; empty for a pure number.
    seconds : float
        How long the computation took from which the number comes; several numbers may come from one.

    Examples
    --------
    >>> from neurodyn.reproductions.reproduction import Row
    >>> Row("test error", 2.3, 2.8, "%", 61.0).value
    2.3
    """

    name: str
    value: float
    paper: float | None
    unit: str
    seconds: float

    def __post_init__(self) -> None:
        from neurodyn.inputs import is_number  # not above: the command line lists reproductions without NumPy

        if not is_number(self.value):
            raise ArgumentError(f"`value` of the row {self.name!r} must be a finite number; got {shown(self.value)}")


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A result of a paper that `neurodyn reproduce NAME` computes.

    Attributes
    ----------
    name : str
        The name that the command takes.
    title : str
        What is reproduced.
    source : str
        The paper, and the section, figure or table in it.
    run : function of (scale, folder, seed, progress)
        Makes its data, computes, draws its figures into `folder` unless that is None, and returns the rows. `scale` is
        "small" or "full", `seed` the root of everything random; `progress` says whether to show it.

    Examples
    --------
    >>> from neurodyn.reproductions.catalog import find
    >>> rows = find("memory-attention").run("small", None, 0, False)
    >>> rows[0].unit
    ''
    """

    name: str
    title: str
    source: str
    run: Callable[[Scale, Path | None, int, bool], list[Row]]
