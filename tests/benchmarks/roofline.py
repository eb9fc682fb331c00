"""What no program could be faster than: the same matrix products, or the same memory traffic, and nothing else.

BLAS (or, for a sparse network, the memory) gets the arrays in the shape that suits it best; there are no activations,
no combinations of stages, no error estimates. The time of the products is that of as many as the solver evaluated
forces, the time of the traffic that of reading each stored weight once per force.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .cases import Case
from .measure import seconds

#: Columns of one product that are tried; the last stands for all.
WIDTHS = (32, 64, 128, 256, 1 << 62)
#: Bytes of a connection: a double, and a 32-bit index.
CONNECTION_BYTES = 12

Work = Callable[[], Any]


def products(case: Case, threads: int, evaluations: int) -> Work:
    """All BLAS products W r of a solution with so many evaluations per trajectory, and the writing of its results."""
    lanes = min(threads, case.batch)
    weights = np.ascontiguousarray(case.weights)
    share = -(-case.batch // lanes)
    width = min(
        {min(width, share) for width in WIDTHS},
        key=lambda w: min(seconds(lambda: _multiply(weights, w, share, 3)) for _ in range(3)),
    )
    recorded = np.zeros((2, case.outputs, case.units, case.batch))
    target = np.zeros_like(recorded)
    each = _each_lane(lanes, lambda lane: _multiply(weights, width, share, evaluations))

    def work() -> None:
        each()
        np.copyto(target, recorded)

    return work


def _multiply(weights: Any, width: int, columns: int, times: int) -> None:
    """Out = W r in blocks of columns, each so many times in a row."""
    n = len(weights)
    for begin in range(0, columns, width):
        shape = (n,) if columns == 1 else (n, min(width, columns - begin))
        rates, out = np.full(shape, 0.5), np.empty(shape)
        for _ in range(times):
            np.matmul(weights, rates, out=out)


def traffic(case: Case, threads: int, evaluations: int) -> Work:
    """Reading every weight of a sparse network, with its index, once per evaluation: BLAS squares and adds them."""
    stored = np.ones(int(case.weights.nnz) * CONNECTION_BYTES // 8)
    parts = np.array_split(stored, threads)
    return _each_lane(threads, lambda lane: [parts[lane].dot(parts[lane]) for _ in range(evaluations)])


def csr_products(case: Case, threads: int, evaluations: int) -> Work:
    """SciPy's CSR product W r once per evaluation; it runs on one thread."""
    weights, rates = case.weights, np.full(case.units, 0.5)
    return lambda: [weights @ rates for _ in range(evaluations)]


def _each_lane(lanes: int, work: Callable[[int], Any]) -> Work:
    """Do the work of every lane at the same time, on threads that wait for it."""
    if lanes == 1:
        return lambda: work(0)
    pool = ThreadPoolExecutor(lanes)
    return lambda: list(pool.map(work, range(lanes)))
