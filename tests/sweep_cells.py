"""What the cells of the sweeps in `test_sweep.py` compute; a module of its own, as workers import it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import neurodyn as nd

if TYPE_CHECKING:
    import xarray


def noisy(cell: dict[str, Any]) -> dict[str, Any]:
    """Numbers that depend on the values and the seed, and take a little time."""
    time.sleep(cell.get("seconds", 0.0))
    rng = np.random.default_rng(cell["seed"])
    return {"sum": cell["a"] + cell.get("b", 0.0), "noise": rng.normal(size=3), "one": rng.uniform()}


def fragile(cell: dict[str, Any]) -> dict[str, Any]:
    """Fails in ways of its own where a is 1, 2 or 3."""
    if cell["a"] == 1:
        raise nd.ArgumentError("a is one")
    if cell["a"] == 2:
        raise SystemExit("leaves")
    if cell["a"] == 3:
        os._exit(3)  # as a crash, or the system when memory runs out
    return {"a_again": float(cell["a"])}


def dataset(cell: dict[str, Any]) -> xarray.Dataset:
    """A Dataset with a coordinate."""
    import xarray  # here, as it takes longer to import than anything else that a worker does

    path = cell["a"] * np.arange(3.0)
    return xarray.Dataset({"path": ("time", path)}, coords={"time": [0.0, 0.5, 1.0]})


def uneven(cell: dict[str, Any]) -> dict[str, Any]:
    """An array whose length differs from cell to cell."""
    return {"v": np.ones(cell["a"])}


def returns(cell: dict[str, Any]) -> Any:
    """What no cell may return."""
    return {
        "nothing": None, "empty": {}, "word": {"v": "yes"}, "complex": {"v": 1j}, "taken": {"case": 1.0},
        "ragged": {"v": [[1.0], [1.0, 2.0]]}, "slash": {"a/b": 1.0}, "status": {"status": 1.0},
    }[cell["case"]]  # fmt: skip


def threads(cell: dict[str, Any]) -> dict[str, Any]:
    """How many threads a cell has."""
    import numba
    import scipy.linalg  # noqa: F401  (brings a BLAS of its own)
    from threadpoolctl import threadpool_info

    return {"numba": numba.config.NUMBA_NUM_THREADS, "blas": max(lib["num_threads"] for lib in threadpool_info())}


def slow(cell: dict[str, Any]) -> dict[str, Any]:
    """Says who computes it, and goes on for long."""
    Path(cell["folder"], f"{os.getpid()}.pid").touch()
    time.sleep(60.0)
    return {"a_again": 0.0}


def slow_but_first(cell: dict[str, Any]) -> dict[str, Any]:
    """Goes on for long, but for a = 1."""
    time.sleep(0.0 if cell["a"] == 1 else 60.0)
    return {"a_again": 0.0}


number = 1.0
