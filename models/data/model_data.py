"""From the tables of a model file to its inputs, targets and starting states."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.models.file import DataTable, ModelFile
from neurodyn.models.values import is_matrix
from neurodyn.numerics.arrays import Array
from neurodyn.system.graph import SOFTMAX, Graph
from neurodyn.system.readout import readout_of

#: More random numbers than this (0.8 GB) are taken for a slip.
LARGEST = 100_000_000


@dataclass(frozen=True, slots=True)
class ModelData:
    """Inputs (batch, n_in), targets (batch, n_out) or labels (batch,), and states to start from (batch, n)."""

    x: Array | None = None
    y: np.ndarray[Any, Any] | None = None
    start: Array | None = None


def build_model_data(
    tables: ModelFile, graph: Graph | None, data: str | os.PathLike[str] | None, faults: list[str]
) -> ModelData:
    """The data; none without a graph. Files of a data set are read only where there are no faults so far.

    `data` is the folder of data sets of the user's.

    Raises
    ------
    DataError
        The data set is not there or damaged.
    """
    named = tables.data is not None and tables.data.name is not None
    if graph is None or (faults and named):
        return ModelData()
    x, y = (None, None) if tables.data is None else _draw(tables.data, graph, data, faults)
    if x is not None and not graph.n_in:
        faults.append("data: the network has no input population, so there can be no `x`")
    elif x is None and graph.n_in and y is not None:
        faults.append(f"data.x: is missing: the network has {graph.n_in} inputs")
    elif x is not None and x.shape[1] != graph.n_in:
        faults.append(f"data: the inputs are {x.shape[1]} numbers a sample, but the input has size {graph.n_in}")
    if y is not None:
        _check_targets(y, graph, len(y) if x is None else len(x), faults)
    count = next((len(values) for values in (x, y) if values is not None), None)
    return ModelData(x, y, _start(tables, graph, count, faults))


def _draw(table: DataTable, graph: Graph, data: str | os.PathLike[str] | None, faults: list[str]) -> tuple[Any, Any]:
    if table.name is None:
        x = None if table.x is None else np.array(table.x, dtype=float)
        return x, None if table.y is None else np.array(table.y if is_matrix(table.y) else [int(k) for k in table.y])
    if table.name == "random":
        return _random(table, graph, faults)
    from neurodyn.models.data.image_sets import digits, mnist

    whole = digits(table.split) if table.name == "digits" else mnist(table.split, data)
    if table.first + table.samples > len(whole.labels):
        faults.append(
            f"data: `first` + `samples` must be at most {len(whole.labels):,}, the size of {table.name} "
            f"({table.split}); got {table.first} + {table.samples}"
        )
        return None, None
    part = whole.take(table.samples, table.first)
    if graph.n_out and graph.n_out != whole.classes:
        faults.append(f"data: {table.name} has {whole.classes} classes, but the network has {graph.n_out} outputs")
    return part.images, part.labels if graph.n_out == whole.classes else None


def _random(table: DataTable, graph: Graph, faults: list[str]) -> tuple[Any, Any]:
    """Inputs and targets uniform in [0, 1), each from a stream of its own; targets of a softmax then sum to 1."""
    if table.samples * (graph.n_in + graph.n_out) > LARGEST:
        faults.append(f"data.samples: {table.samples:,} samples of this network would be more than {LARGEST:,} numbers")
        return None, None
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(table.seed).spawn(2)]
    sizes = (graph.n_in, graph.n_out)
    x, y = (rng.random((table.samples, size)) if size else None for rng, size in zip(streams, sizes, strict=True))
    return x, y / y.sum(axis=1, keepdims=True) if graph.readout == SOFTMAX and y is not None else y


def _check_targets(y: np.ndarray[Any, Any], graph: Graph, samples: int, faults: list[str]) -> None:
    n_out = graph.n_out
    if not n_out:
        faults.append("data.y: the network has no outputs, so there can be no targets")
    elif y.ndim == 2 and y.shape[1] != n_out:
        faults.append(f"data.y: the targets are {y.shape[1]} numbers a sample, but the network has {n_out} outputs")
    elif y.ndim == 1 and y.max() >= n_out:
        faults.append(f"data.y: labels must lie between 0 and {n_out - 1}, the last output; got {y.max()}")
    elif y.ndim == 2:
        try:
            readout_of(graph.readout).check(y)
        except ArgumentError as error:
            faults.append(f"data.y: {error}")
    if len(y) != samples:
        faults.append(f"data.y: there are targets for {len(y)} samples, but inputs for {samples}")


def _start(tables: ModelFile, graph: Graph, samples: int | None, faults: list[str]) -> Array | None:
    """One state for each sample: without an input it is `start` that says how many samples there are."""
    given = tables.free.start if tables.free else None
    if given is None:
        return np.zeros((samples, graph.n)) if samples and not graph.n_in else None
    start = np.array(given, dtype=float)
    if start.shape[-1] != graph.n:
        faults.append(f"free.start: the states are {start.shape[-1]} numbers, but there are {graph.n} free units")
    elif start.ndim == 2 and samples is not None and len(start) not in (1, samples):
        faults.append(f"free.start: there are {len(start)} states for {samples} samples")
    elif samples is not None and not graph.n_in:
        start = np.broadcast_to(start, (samples, graph.n)).copy()
    return start
