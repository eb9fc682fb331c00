"""The plan of a sweep: which cells there are, what each is given, and a digest that tells one plan from another."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from neurodyn.errors import TooLargeError
from neurodyn.inputs import whole_number
from neurodyn.schema import NAMES_0, SCHEMA
from neurodyn.sweep.axes import DRAW, Dimension, sequence
from neurodyn.version import __version__

#: More cells than this are taken for a slip.
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its number, the values of the varied paths, and its seed."""

    index: int
    values: dict[str, Any]
    seed: int


@dataclass(frozen=True)
class Plan:
    """All cells of a sweep, in the order of the grid: the last dimension goes fastest.

    Attributes
    ----------
    function : str
        What a cell computes: "run", or an import path.
    model : str or None
        Goes to the function with the values.
    dimensions : tuple of Dimension
    seed : int
        Root of all seeds and draws.
    model_seed : int or None
        The seed of every cell where no path `seed` varies and the model has one of its own.
    source : str
        Digest of what the model is; "" without a model.
    cheap : tuple of str
        Paths along which a cell takes over most of the one before.
    schema, version : int, str
        Of the program that made the plan.
    earlier : tuple of str
        Digests of the smaller plans that this one has grown from: their cells are cells of this one.
    own : function, optional
        What a cell computes, where other processes could not import it.
    """

    function: str
    model: str | None
    dimensions: tuple[Dimension, ...]
    seed: int = 0
    model_seed: int | None = None
    source: str = ""
    cheap: tuple[str, ...] = field(default=(), compare=False)
    schema: int = field(default=SCHEMA, compare=False)
    version: str = __version__
    earlier: tuple[str, ...] = field(default=(), compare=False)
    own: Callable[..., Any] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", whole_number(self.seed, "seed", 0))
        if self.size > LARGEST:
            raise TooLargeError(f"the sweep has {self.size:,} cells; at most {LARGEST:,} are possible: vary less")

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions."""
        return tuple(dimension.size for dimension in self.dimensions)

    @property
    def size(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def paths(self) -> tuple[str, ...]:
        """The varied paths."""
        return tuple(axis.path for dimension in self.dimensions for axis in dimension.axes)

    def cell(self, index: int) -> Cell:
        """The cell of a number.

        Its seed is the value of the path `seed` if that varies, else the model's own, else drawn: from the sweep's seed
        and the cell's values, so that a cell keeps its seed in a larger sweep.
        """
        where = np.unravel_index(index, self.shape)
        values: dict[str, Any] = {}
        for k, dimension in zip(where, self.dimensions, strict=True):
            values |= {axis.path: axis.values[k] for axis in dimension.axes}
        if "seed" in values:
            return Cell(index, values, values["seed"])
        if self.model_seed is not None:
            return Cell(index, values, self.model_seed)
        draws = [int(k) for k, dimension in zip(where, self.dimensions, strict=True) if dimension.name == DRAW]
        bits = sequence(self.seed, "cell", values, draws).generate_state(1, np.uint64)[0]
        return Cell(index, values, int(bits) >> 1)  # fits a signed integer

    @property
    def call(self) -> str | Callable[..., Any]:
        """The function, or the name by which any process finds it."""
        return self.own or self.function

    def arguments(self, cell: Cell) -> dict[str, Any]:
        """What the function is called with."""
        model = {} if self.model is None else {"model": self.model}
        return model | cell.values | {"seed": cell.seed}

    def find(self, values: dict[str, Any], seed: int) -> int | None:
        """The number of the cell that has these values and this seed; None if there is none."""
        where = []
        for dimension, known in zip(self.dimensions, self._positions, strict=True):
            if any(axis.path not in values for axis in dimension.axes):
                return None
            k = known.get(_key([values[axis.path] for axis in dimension.axes]))
            if k is None:
                return None
            where.append(k)
        index = int(np.ravel_multi_index(where, self.shape))
        return index if self.cell(index).seed == seed else None

    @cached_property
    def _positions(self) -> list[dict[str, int]]:
        """Along each dimension, where values stand."""
        columns = ([axis.values for axis in dimension.axes] for dimension in self.dimensions)
        return [{_key(list(values)): k for k, values in enumerate(zip(*axes, strict=True))} for axes in columns]

    def order(self) -> list[int]:
        """The numbers of all cells, those next to each other that differ in cheap paths alone."""
        last = sorted(range(len(self.shape)), key=self._quick.__getitem__)
        return [int(k) for k in np.arange(self.size).reshape(self.shape).transpose(last).ravel()]

    @property
    def piece(self) -> int:
        """How many cells, next to each other in the order, differ in cheap paths alone."""
        return math.prod(n for n, quick in zip(self.shape, self._quick, strict=True) if quick)

    @property
    def _quick(self) -> list[bool]:
        """Whether each dimension has a cheap path."""
        return [any(axis.path in self.cheap for axis in dimension.axes) for dimension in self.dimensions]

    def describe(self) -> dict[str, Any]:
        """Plain data, as files of its schema have them: everything that decides what the cells compute."""
        function = NAMES_0.get(self.function, self.function) if self.schema == 0 else self.function
        grid = [{axis.path: list(axis.values) for axis in dimension.axes} for dimension in self.dimensions]
        about = {"function": function, "model": self.model, "model content": self.source}
        return about | {"vary": grid, "seed": self.seed, "neurodyn version": self.version}

    @cached_property
    def digest(self) -> str:
        """Short text that differs where plans do."""
        return hashlib.sha256(json.dumps(self.describe(), sort_keys=True).encode()).hexdigest()[:32]


def _key(values: Any) -> str:
    return json.dumps(values)
