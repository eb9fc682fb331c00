"""One cell, as a worker computes it: the function called on one thread, what it returns checked, failures caught.

A record is plain data, so that it can be sent and written as JSON: "status", "message", "variables" with their "dims"
and "data", and "coords"; of a cell that raised, the "traceback" too.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError, NeurodynError
from neurodyn.numerics.blas import one_thread
from neurodyn.progress import Bar
from neurodyn.sweep.function import find

DONE, FAILED = "done", "failed"
#: What data say of a cell that was not computed yet.
MISSING = "missing"
#: A cell returns numbers and small arrays: no more numbers than this.
LARGEST = 1_000_000

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that a cell took, and the most bytes that its process has held until then, where the system tells."""

    seconds: float
    memory: int | None


def perform(function: str | Callable[..., Any], arguments: dict[str, Any]) -> tuple[Record, Cost]:
    """Compute one cell, by a function or one of that name: its record, and what it took."""
    began = time.perf_counter()
    try:
        with Bar("cell"), one_thread():  # the outermost bar, so that none within shows
            call = find(function) if isinstance(function, str) else function
            record = checked(call(dict(arguments)), arguments)
    except Exception as error:
        record = failure(error)
    return record, Cost(time.perf_counter() - began, peak_memory())


def peak_memory() -> int | None:
    """The most bytes that this process has held, apart from what started it; None where the system does not tell."""
    try:
        for line in Path("/proc/self/status").read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def failure(error: BaseException) -> Record:
    """The record of a cell that raised."""
    sentence = str(error) if isinstance(error, NeurodynError) else f"{type(error).__name__}: {error}"
    return failed(sentence) | {"traceback": "".join(traceback.format_exception(error))}


def failed(sentence: str) -> Record:
    """The record of a cell without results."""
    return {"status": FAILED, "message": sentence, "variables": {}, "coords": {}}


def checked(result: Any, arguments: Mapping[str, Any]) -> Record:
    """The record of what a function returned: a mapping of names to numbers and arrays, or a Dataset."""
    named = result.data_vars if hasattr(result, "data_vars") else result
    if not isinstance(named, Mapping) or not named:
        raise ArgumentError(
            "a cell's function must return a mapping of names to numbers or arrays, or an xarray Dataset, "
            f"not empty; got {'an empty one' if isinstance(named, Mapping) else type(result).__name__}"
        )
    variables = {name: _variable(name, value, arguments) for name, value in named.items()}
    coords = {}
    if hasattr(result, "data_vars"):
        coords = {str(name): _numbers(name, result[name]).tolist() for name in result.indexes}
    return {"status": DONE, "message": "", "variables": variables, "coords": coords}


def _variable(name: Any, value: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(name, str) or not name or "/" in name:
        raise ArgumentError(f"a cell's results must have names, without slashes; got {name!r}")
    if name in {*arguments, "seed", "status", "message"}:
        raise ArgumentError(f"a cell's result cannot be called {name!r}: the sweep has an entry of that name")
    numbers = _numbers(name, value)
    dims = [str(dim) for dim in getattr(value, "dims", ())] or [f"{name}.{k}" for k in range(numbers.ndim)]
    return {"dims": dims, "data": numbers.tolist()}


def _numbers(name: Any, value: Any) -> np.ndarray[Any, Any]:
    try:
        found = np.asarray(value)
    except ValueError:
        found = np.asarray(None)
    if found.dtype.kind not in "biuf":
        raise ArgumentError(f"a cell's result {name!r} must be a number or an array of numbers; got {value!r:.60}")
    if found.size > LARGEST:
        raise ArgumentError(
            f"a cell's result {name!r} has {found.size:,} numbers; at most {LARGEST:,} are possible: write what is "
            "larger into a file of your own, and return what you conclude from it"
        )
    return found.astype(np.float64)
