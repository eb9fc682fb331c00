"""Results: frozen objects with named, united arrays, that turn into xarray and into NetCDF files and back.

Every array field of a result says its dimensions and units once, in its declaration (`array`). A result that was
computed for one sample without a batch axis has arrays without it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Facts, Rows, Shown, largest, span, told
from neurodyn.errors import ArgumentError, spelled
from neurodyn.inputs import choice
from neurodyn.names import RESULTS
from neurodyn.numerics.arrays import Array
from neurodyn.solvers.status import counted
from neurodyn.system.network import Network

if TYPE_CHECKING:
    from os import PathLike

    import xarray


def array(*dims: str, units: str = "1", **options: Any) -> Any:
    """Declare an array field: its dimensions, its units (in the model's own: "1" is a rate, "time" that of tau)."""
    return field(metadata={"dims": dims, "units": units}, **options)


def table(**options: Any) -> Any:
    """Declare a field that holds an xarray Dataset of named columns; its coordinates are part of it."""
    return field(metadata={"table": True}, **options)


@dataclass(frozen=True, eq=False, repr=False)
class Result(Shown):
    """Base of all results. Files name a subclass by its name, or by `class Mine(Result, name_in_files="MyResult")`."""

    network: Network = field(repr=False)

    #: Attributes that are computed from the fields and belong into `to_xarray`: (dimensions, units) by name.
    computed: ClassVar[dict[str, tuple[tuple[str, ...], str]]] = {}

    def __init_subclass__(cls, *, name_in_files: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        RESULTS.enter(cls, name_in_files)

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if "dims" in f.metadata and value is not None:
                view = np.asarray(value).view()
                view.flags.writeable = False
                object.__setattr__(self, f.name, view)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            _equal(getattr(self, f.name), getattr(other, f.name)) for f in dataclasses.fields(self)
        )

    __hash__ = None  # type: ignore[assignment]

    _head: ClassVar[tuple[str, ...]] = ("array", "axes", "unit", "from … to")

    def _facts(self) -> Facts:
        """Sizes of the axes, how many samples have which status, and single numbers."""
        sizes: dict[str, int] = {}
        arrays = {name for name, _, _ in self._arrays()}
        for _, dims, value in self._arrays():
            sizes.update(zip(dims, value.shape, strict=True))
        found = [(name, f"{size:,}") for name, size in sizes.items()]
        if isinstance(status := getattr(self, "status", None), np.ndarray):
            found.append(("status", counted(status)))
        return [*found, *(fact for fact in super()._facts() if fact[0] not in arrays)]

    def _rows(self) -> Rows:
        units = {f.name: f.metadata.get("units", "") for f in dataclasses.fields(self)}
        rows = []
        for name, dims, value in self._arrays():
            axes = " × ".join(f"{dim} {size:,}" for dim, size in zip(dims, value.shape, strict=True))
            unit = "" if units[name] in ("1", "status") else units[name]
            rows.append((name, axes or "one number", unit, "" if name == "status" else span(value)))
        return rows

    def _arrays(self) -> list[tuple[str, tuple[str, ...], Array]]:
        """The array fields that are there: name, dimensions (those that this result has), values."""
        found = []
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if "dims" in f.metadata and isinstance(value, np.ndarray):
                found.append((f.name, dims_of(f.metadata["dims"], value), value))
        return found

    def _over_time(self, name: str, caption: str) -> Picture | None:
        """A curve of the largest absolute value at each recorded time."""
        values = getattr(self, name)
        sizes = largest(values, 0)
        return curves({name: sizes}, self.t, caption=f"{caption} over time", log=bool(np.any(sizes > 0.0)))

    def __getattr__(self, name: str) -> Any:
        """Say what a missing attribute may have been meant to be."""
        hint = ""
        if not name.startswith("_"):
            there = [known for known in dir(type(self)) if not known.startswith("_")]
            there += [f.name for f in dataclasses.fields(self)]
            hint = "; did you mean 't'?" if name in ("time", "times") and "t" in there else spelled(name, there)
        raise AttributeError(f"a result of the kind {type(self).__name__} has no attribute {name!r}{hint}")

    def to_xarray(self) -> xarray.Dataset:
        """The result as a Dataset: named dimensions, units, and one JSON attribute with everything else.

        What is computed from the fields, like the error signal of a nudged phase, is among its variables. Files leave
        it out, as it can be computed again.
        """
        from neurodyn.results.files import to_dataset, with_computed

        return with_computed(to_dataset(self), self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a NetCDF file; `neurodyn.load` gives an equal result. A failed write leaves no file behind."""
        from neurodyn.results.files import save

        save(self, path)

    def population(self, values: Any, name: str) -> Array:
        """The units of one population out of an array whose last axis is units."""
        return self.network.population(values, name)


@dataclass(frozen=True, eq=False, repr=False)
class Composite(Result):
    """A result whose fields are results, or None; one file holds them all, each in a group."""

    _head: ClassVar[tuple[str, ...]] = ("part", "what it is")

    @property
    def parts(self) -> dict[str, Result]:
        """The results by the names of their fields."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Result)}

    def __repr__(self) -> str:
        return told(type(self).__name__, [f"{name}={type(part).__name__}" for name, part in self.parts.items()])

    def _rows(self) -> Rows:
        return [(name, " ".join(repr(part).split())) for name, part in self.parts.items()]

    def to_xarray(self) -> xarray.DataTree:  # type: ignore[override]
        """A DataTree with one Dataset for each part."""
        from neurodyn.results.files import to_datatree

        return to_datatree(self)


def _equal(a: Any, b: Any) -> bool:
    if hasattr(a, "identical"):  # of xarray's, which compare element by element
        return bool(type(a) is type(b) and a.identical(b))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b)


def with_batch(values: Array, axes: int) -> Array:
    """`values` with its batch axis (second of three, first of two), which a single sample's result lacks."""
    return values if values.ndim == axes else np.expand_dims(values, axes - 2)


def dims_of(dims: tuple[str, ...], value: np.ndarray[Any, Any]) -> tuple[str, ...]:
    """The dimensions of an array that is declared with `dims`: a single sample's has no batch."""
    return dims if value.ndim == len(dims) else tuple(dim for dim in dims if dim != "batch")


def time_index(t: Array, wanted: float | None) -> int:
    """Index of a recorded time, the last if None; refuses times that were not recorded."""
    if wanted is None:
        return len(t) - 1
    index = int(np.argmin(np.abs(t - wanted)))
    if abs(t[index] - wanted) > 1e-9 * max(1.0, abs(float(t[-1]))):
        raise ArgumentError(f"time {wanted:g} was not recorded; nearest: {t[index]:g}")
    return index


def check_on_failure(value: str) -> None:
    """Refuse an unknown `on_failure`."""
    choice(value, ("raise", "return"), "on_failure")
