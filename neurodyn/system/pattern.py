"""Which units of two populations are connected, where not all are: the pattern of a sparse weight block.

Each shared weight stands once. SciPy is imported in the functions that need it, so that dense networks do without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from neurodyn.errors import ModelError

Indices = npt.NDArray[np.int32]


class Rows(NamedTuple):
    """A pattern row by row: where each row starts (m + 1), the columns in order, and which weight stands there."""

    starts: npt.NDArray[np.int64]
    columns: Indices
    weights: Indices


@dataclass(frozen=True, eq=False)
class Pattern:
    """Pairs (first, second) of connected units, (2, weights), sorted by first, then second, and without repeats.

    In a population's pattern to itself, `symmetric`, first < second: the pair stands for both directions.
    """

    shape: tuple[int, int]
    symmetric: bool
    pairs: Indices

    def __post_init__(self) -> None:
        pairs = np.ascontiguousarray(self.pairs, dtype=np.int32)
        if not _sound(pairs, self.shape, self.symmetric):
            raise ModelError(
                f"the pairs of a pattern of shape {self.shape} must lie inside it, sorted, each once"
                + (", above the diagonal" if self.symmetric else "")
            )
        pairs.flags.writeable = False
        object.__setattr__(self, "pairs", pairs)

    @classmethod
    def draw(cls, shape: tuple[int, int], symmetric: bool, density: float, rng: np.random.Generator) -> Pattern:
        """Each possible pair is there with probability `density`, on its own; takes time and memory for those alone.

        Pairs are counted row by row; the gaps between those that are there follow a geometric law.
        """
        m, n = shape
        lengths = np.arange(n - 1, -1, -1, dtype=np.int64) if symmetric else np.full(m, n, dtype=np.int64)
        ends = np.cumsum(lengths)
        parts, last, chunk = [], -1, int(1.01 * density * ends[-1]) + 100
        while last < ends[-1]:
            part = last + np.cumsum(rng.geometric(density, chunk))
            parts.append(part)
            last = int(part[-1])
        places = np.concatenate(parts)
        places = places[: np.searchsorted(places, ends[-1])]
        first = np.searchsorted(ends, places, side="right")
        second = places - (ends - lengths)[first] + (first + 1 if symmetric else 0)
        return cls(shape, symmetric, np.stack([first, second]).astype(np.int32))

    @classmethod
    def draw_hollow(cls, n: int, density: float, rng: np.random.Generator) -> Pattern:
        """Each ordered pair of different units of n is there with probability `density`, on its own."""
        if n == 1:
            return cls((1, 1), False, np.empty((2, 0), dtype=np.int32))
        first, second = cls.draw((n, n - 1), False, density, rng).pairs
        return cls((n, n), False, np.stack([first, second + (second >= first)]))

    @classmethod
    def of_matrix(cls, matrix: Any, symmetric: bool, name: str, hollow: bool = False) -> Pattern:
        """The pattern of a scipy.sparse matrix, zeros that it holds included.

        Raises `ModelError` for a self-connection, `symmetric` or `hollow`, with a diagonal, or a symmetric one whose
        pattern is not.
        """
        found = _summed(matrix)
        first, second = found.tocoo().coords
        if (symmetric or hollow) and np.any(first == second):
            unit = int(first[np.argmax(first == second)])
            raise ModelError(f"weights {name!r} must have an empty diagonal; unit {unit} is connected to itself")
        if symmetric:
            upper = first < second
            turned = found.T.tocsr()
            turned.sort_indices()
            same = np.array_equal(found.indptr, turned.indptr) and np.array_equal(found.indices, turned.indices)
            if not same:
                raise ModelError(f"weights {name!r} must have a symmetric pattern: each connection is one weight")
            first, second = first[upper], second[upper]
        return cls(matrix.shape, symmetric, np.stack([first, second]))

    @property
    def size(self) -> int:
        """Number of weights."""
        return int(self.pairs.shape[1])

    @property
    def entries(self) -> int:
        """Number of entries of the matrix: a self-connection has each weight twice."""
        return 2 * self.size if self.symmetric else self.size

    @cached_property
    def rows(self) -> Rows:
        """By the units of the first population; of a self-connection, both directions."""
        first, second = self.pairs
        if not self.symmetric:
            return self._by_rows(first, second, self.shape)
        return self._by_rows(np.concatenate([second, first]), np.concatenate([first, second]), self.shape)

    @cached_property
    def turned(self) -> Rows:
        """By the units of the second population."""
        return self.rows if self.symmetric else self._by_rows(self.pairs[1], self.pairs[0], self.shape[::-1])

    def _by_rows(self, row: Indices, column: Indices, shape: tuple[int, ...]) -> Rows:
        """Sort by rows: in each, columns stay in the order given, which is an ascending one."""
        from scipy.sparse import coo_array

        weights = np.resize(np.arange(self.size, dtype=np.int32), len(row))
        found = coo_array((weights, (row, column)), shape=shape).tocsr()
        return Rows(found.indptr.astype(np.int64), found.indices.astype(np.int32), found.data)

    def matrix(self, values: npt.NDArray[np.float64]) -> Any:
        """scipy.sparse.csr_array with the weights given, of a self-connection symmetric; the weights read-only."""
        from scipy.sparse import csr_array

        starts, columns, weights = self.rows
        data = values[weights]
        data.flags.writeable = False
        return csr_array((data, columns.copy(), starts.copy()), shape=self.shape)

    def values(self, matrix: Any, name: str) -> npt.NDArray[np.float64]:
        """The weights of a dense or sparse matrix on this pattern; refuses others, and asymmetric ones."""
        found = _summed(matrix)
        starts, columns, weights = self.rows
        data = found.data
        if not (np.array_equal(found.indptr, starts) and np.array_equal(found.indices, columns)):
            data = self._placed(found, name)
        values = np.zeros(self.size)
        values[weights] = data
        if not np.array_equal(values[weights], data, equal_nan=True):
            raise ModelError(f"weights {name!r} must be symmetric: each connection is one weight")
        return values

    def _placed(self, matrix: Any, name: str) -> npt.NDArray[np.float64]:
        """Entries of a csr_array where this pattern has them, row by row; only zeros may stand elsewhere."""
        first, second = matrix.tocoo().coords
        starts, columns, _ = self.rows
        keys = np.repeat(np.arange(self.shape[0]), np.diff(starts)) * self.shape[1] + columns
        wanted = first.astype(np.int64) * self.shape[1] + second
        places = np.searchsorted(keys, wanted)
        known = np.append(keys, -1)[places] == wanted
        strange = np.flatnonzero(~known & (matrix.data != 0.0))
        if strange.size:
            raise ModelError(
                f"weights {name!r}: units {first[strange[0]]} and {second[strange[0]]} have a weight, but are not "
                "connected; to change which units are, make a new network"
            )
        data = np.zeros(len(keys))
        data[places[known]] = matrix.data[known]
        return data

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Pattern)
            and self.shape == other.shape
            and self.symmetric == other.symmetric
            and np.array_equal(self.pairs, other.pairs)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Pattern, (self.shape, self.symmetric, self.pairs)

    def __repr__(self) -> str:
        return f"Pattern({self.shape}, {self.size} weights)"


def _sound(pairs: Indices, shape: tuple[int, int], symmetric: bool) -> bool:
    if pairs.ndim != 2 or len(pairs) != 2:
        return False
    first, second = pairs
    if pairs.size and (pairs.min() < 0 or first.max() >= shape[0] or second.max() >= shape[1]):
        return False
    later = (np.diff(first) > 0) | ((np.diff(first) == 0) & (np.diff(second) > 0))
    return bool(later.all() and not (symmetric and np.any(first >= second)))


def _summed(matrix: Any) -> Any:
    """A csr_array of floats with sorted columns and without repeats, zeros kept; a copy."""
    from scipy.sparse import csr_array

    found = csr_array(matrix, dtype=float, copy=True)
    found.sum_duplicates()
    return found
