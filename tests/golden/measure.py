"""A few numbers of everything a result holds: computed when a golden file is written, and again when it is read."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np
import xarray

from neurodyn import Network
from neurodyn.results.result import Composite, Result


def measure(result: Result) -> dict[str, Any]:
    """A result in numbers and plain data."""
    about: dict[str, Any] = {"result": type(result).__name__, "network": measure_network(result.network)}
    if isinstance(result, Composite):
        return about | {"parts": {name: measure(part) for name, part in result.parts.items()}}
    arrays: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = numbers(value)
        elif isinstance(value, xarray.Dataset):
            arrays |= {str(name): numbers(column.values) for name, column in value.variables.items()}
        elif field.name != "network":
            plain[field.name] = value
    return about | {"arrays": arrays, "plain": plain}


def measure_network(network: Network) -> dict[str, Any]:
    """A network in numbers and plain data."""
    return {
        "class": type(network).__name__,
        "populations": [[p.name, p.size, p.activation, p.role, p.readout] for p in network.graph.populations],
        "connections": {c.name: [c.sparsity, c.feedback] for c in network.graph.connections},
        "pairs": {name: numbers(pattern.pairs) for name, pattern in network.patterns.items()},
        "parameters": digest(network.parameters.vector),
        "tau": numbers(network.tau),
    }


def numbers(values: Any) -> dict[str, Any]:
    """Shape, sum, and a sum in which each place has a weight of its own; how many are NaN. Texts as they are."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        return {"texts": array.ravel().tolist()}
    flat = array.astype(float).ravel()
    known = np.where(np.isnan(flat), 0.0, flat)
    weights = 1.0 / np.arange(1.0, flat.size + 1.0)
    return {
        "shape": list(array.shape),
        "sum": float(known.sum()),
        "weighted": float(known @ weights),
        "nan": int(np.isnan(flat).sum()),
    }


def digest(vector: Any) -> str:
    """A digest of an array's bits."""
    return hashlib.sha256(np.ascontiguousarray(vector, dtype="<f8").tobytes()).hexdigest()[:16]
