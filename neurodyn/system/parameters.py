"""Parameters theta of a network, and gradients with respect to them: one type, one layout.

`parameters["x-h1"]` is the weight block of a connection, (size of first, size of second); `parameters["h1"]` the
biases of a population, (size,). A population's connection to itself is shown as its full symmetric matrix with a zero
diagonal, but every pair of units shares *one* weight, and `.vector` holds it once (row by row above the diagonal).
Norms, cosines and finite differences use `.vector`.

Feedback weights of their own, where a connection has them, are the block with its name turned round: `["y-h1"]` beside
`["h1-y"]`. In each, entry [i, j] leads from unit i of the first to unit j of the second population. Within a population
both directions then stand in one `hollow` block: any matrix with a zero diagonal.

A sparse block is shown as a scipy.sparse.csr_array; `.vector` holds the weights of its pattern, and no others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodyn.cards.picture import Picture, bars
from neurodyn.cards.shown import Facts, Rows, Shown, across, span, told
from neurodyn.errors import ArgumentError, ModelError, nearest
from neurodyn.inputs import as_numbers
from neurodyn.numerics.arrays import Array
from neurodyn.system.graph import Graph
from neurodyn.system.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Block:
    """A named part of the parameter vector; with a pattern where not all units are connected.

    A symmetric one has zeros on its diagonal and each weight twice, a hollow one has zeros there.
    """

    name: str
    shape: tuple[int, ...]
    symmetric: bool
    pattern: Pattern | None = None
    hollow: bool = False

    @property
    def size(self) -> int:
        """Number of free parameters."""
        if self.pattern is not None:
            return self.pattern.size
        if self.symmetric:
            return self.shape[0] * (self.shape[0] - 1) // 2
        if self.hollow:
            return self.shape[0] * (self.shape[0] - 1)
        return math.prod(self.shape)

    def pack(self, values: Any) -> Array:
        """Flatten an array of this block's shape; refuses wrong shapes and asymmetric ones."""
        array: Any = values if is_sparse(values) else as_numbers(values, f"parameters {self.name!r}", ModelError)
        if array.shape != self.shape:
            raise ModelError(f"parameters {self.name!r} must have shape {self.shape}; got {array.shape}")
        if self.pattern is not None:
            return self.pattern.values(array, self.name)
        array = array.toarray() if is_sparse(array) else array
        if self.hollow:
            if np.any(np.diagonal(array)):
                raise ModelError(f"weights {self.name!r} must have a zero diagonal: no unit is connected to itself")
            return np.asarray(array[~np.eye(len(array), dtype=bool)])
        if not self.symmetric:
            return array.ravel()
        if not np.array_equal(array, array.T, equal_nan=True) or np.any(np.diagonal(array)):
            raise ModelError(
                f"weights {self.name!r} must be symmetric with a zero diagonal: each connection is one weight"
            )
        return array[np.triu_indices(self.shape[0], 1)]

    def unpack(self, vector: Array) -> Any:
        """Array of this block's shape from its part of the vector, a csr_array if the block is sparse."""
        if self.pattern is not None:
            return self.pattern.matrix(vector)
        if not (self.symmetric or self.hollow):
            return vector.reshape(self.shape)
        full = np.zeros(self.shape)
        if self.hollow:
            full[~np.eye(len(full), dtype=bool)] = vector
        else:
            full[np.triu_indices(self.shape[0], 1)] = vector
            full += full.T
        full.flags.writeable = False
        return full


def is_sparse(values: Any) -> bool:
    """Whether `values` is a scipy.sparse matrix or array; does not import SciPy."""
    return type(values).__module__.startswith("scipy.sparse") and hasattr(values, "tocsr")


def blocks_of(
    graph: Graph,
    patterns: Mapping[str, Pattern] | None = None,
    others: Iterable[Block] = (),
    biased: Iterable[str] | None = None,
) -> tuple[Block, ...]:
    """The blocks of a network: weights in the order of its connections, own feedback weights, others, biases.

    `patterns` has those of the sparse connections, by name. Biases are those of the free populations that are `biased`,
    by default all. Raises `ModelError` for two blocks of one name.
    """
    weights, feedback = [], []
    for c in graph.connections:
        m, n, inside = graph[c.first].size, graph[c.second].size, c.first == c.second
        hollow = inside and bool(c.own_feedback)
        weights.append(Block(c.name, (m, n), inside and not hollow, (patterns or {}).get(c.name), hollow))
        if c.own_feedback and not inside:
            feedback.append(Block(c.own_feedback, (n, m), False, (patterns or {}).get(c.own_feedback)))
    names = [p.name for p in graph.free] if biased is None else list(biased)
    blocks = (*weights, *feedback, *others, *(Block(p.name, (p.size,), False) for p in graph.free if p.name in names))
    for block in blocks:
        if sum(b.name == block.name for b in blocks) > 1:
            raise ModelError(f"parameters {block.name!r} belong to two terms: give one of them another `name`")
    return blocks


def _hint(name: object, names: list[str]) -> str:
    """What is allowed, and the nearest: of a connection named the wrong way round, that connection."""
    turned = "-".join(reversed(str(name).split("-")))
    return f"allowed: {', '.join(names)}; did you mean {turned!r}?" if turned in names else nearest(name, names)


class Parameters(Mapping[str, Any], Shown):
    """Weights and biases by name over one flat, read-only vector. Supports +, -, and * by a number.

    Examples
    --------
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> list(net.parameters)
    ['x-h1', 'h1-y', 'h1', 'y']
    >>> (2 * net.parameters - net.parameters).norm == net.parameters.norm
    True
    """

    __slots__ = ("blocks", "vector")
    __array_ufunc__ = None  # a NumPy number times these is ours to do

    def __init__(self, blocks: tuple[Block, ...], vector: Any) -> None:
        values = as_numbers(vector, "the parameter vector", ModelError)
        size = sum(b.size for b in blocks)
        if values.shape != (size,):
            raise ModelError(f"the parameter vector must have shape ({size},); got {values.shape}")
        values.flags.writeable = False
        self.blocks = blocks
        self.vector = values

    @classmethod
    def from_arrays(cls, blocks: tuple[Block, ...], arrays: Mapping[str, Any]) -> Parameters:
        """Build from one array per block; raises `ModelError` for missing, unknown or malformed ones."""
        names = [b.name for b in blocks]
        for name in arrays:
            if name not in names:
                raise ModelError(f"unknown parameters {name!r}; {_hint(name, names)}")
        missing = [name for name in names if name not in arrays]
        if missing:
            raise ModelError(f"parameters are missing: {', '.join(missing)}")
        parts = [b.pack(arrays[b.name]) for b in blocks]
        return cls(blocks, np.concatenate(parts) if parts else np.zeros(0))

    def part(self, name: str) -> Array:
        """The stretch of `vector` that belongs to a block: each shared weight once."""
        start = 0
        for b in self.blocks:
            if b.name == name:
                return self.vector[start : start + b.size]
            start += b.size
        raise KeyError(f"unknown parameters {name!r}; {_hint(name, [b.name for b in self.blocks])}")

    def pattern(self, name: str) -> Pattern | None:
        """The pattern of a block, None if it is dense."""
        return next(b for b in self.blocks if b.name == name).pattern

    def __getitem__(self, name: str) -> Any:
        vector = self.part(name)
        return next(b for b in self.blocks if b.name == name).unpack(vector)

    def __iter__(self) -> Iterator[str]:
        return (b.name for b in self.blocks)

    def __len__(self) -> int:
        return len(self.blocks)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Parameters) and self.blocks == other.blocks and np.array_equal(self.vector, other.vector)
        )

    __hash__ = None  # type: ignore[assignment]

    def _with(self, other: Parameters) -> Array:
        if not isinstance(other, Parameters) or other.blocks != self.blocks:
            raise ArgumentError("parameters of different layouts cannot be combined")
        return other.vector

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(self.blocks, self.vector + self._with(other))

    def __sub__(self, other: Parameters) -> Parameters:
        return Parameters(self.blocks, self.vector - self._with(other))

    def __mul__(self, factor: float) -> Parameters:
        return Parameters(self.blocks, self.vector * float(factor))

    __rmul__ = __mul__

    @property
    def norm(self) -> float:
        """Euclidean norm of `vector`."""
        return float(np.linalg.norm(self.vector))

    def cosine(self, other: Parameters) -> float:
        """Cosine of the angle between two vectors; NaN if either is zero."""
        product = self.norm * other.norm
        return float(self.vector @ self._with(other) / product) if product else float("nan")

    def __repr__(self) -> str:
        return told("Parameters", [f"{b.name} {b.shape}" for b in self.blocks])

    _head: ClassVar[tuple[str, ...]] = ("block", "shape", "numbers", "from … to")

    def _facts(self) -> Facts:
        return [("numbers", f"{self.vector.size:,}"), ("norm", f"{self.norm:.6g}")]

    def _rows(self) -> Rows:
        return [(b.name, across(b.shape), f"{b.size:,}", span(self.part(b.name))) for b in self.blocks]

    def _picture(self) -> Picture | None:
        sizes = [np.sqrt(np.mean(np.square(self.part(b.name)))) for b in self.blocks if b.size]
        return bars(sizes, caption="root mean square of each block")

    def _ipython_key_completions_(self) -> list[str]:
        """Names of blocks, for the tabulator key of notebooks and IPython."""
        return list(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameters, (self.blocks, self.vector)
