"""What a sweep will need: cells, memory and time, measured on a few of its cells in one worker, none of them kept."""

from __future__ import annotations

import time
from dataclasses import dataclass

from neurodyn.errors import SimulationError
from neurodyn.sweep.cell import Record, perform
from neurodyn.sweep.plan import Plan
from neurodyn.sweep.worker_pool import WorkerPool

#: After so many seconds no further cell is measured.
ENOUGH = 10.0


@dataclass(frozen=True, slots=True)
class Needs:
    """Numbers of a sweep to come.

    Attributes
    ----------
    cells, workers : int
    shape : tuple of int
        Cells along each dimension.
    start : float
        Seconds before the first cell is done: a worker starts, imports and compiles.
    cell : float
        Seconds for each further cell, the mean of those measured.
    seconds : float
        For all cells, with all workers busy.
    memory : int or None
        Bytes that all workers hold at most; None where the system does not tell.
    message : str
        Why the first cell that was measured and failed did; else "".
    """

    cells: int
    shape: tuple[int, ...]
    workers: int
    start: float
    cell: float
    seconds: float
    memory: int | None
    message: str


def needs(plan: Plan, workers: int) -> Needs:
    """Measure the first, middle and last cell, as far as there is time, the first once more to warm up."""
    began = time.monotonic()
    with WorkerPool(1) as pool:

        def measure(index: int) -> tuple[Record, float, int | None]:
            try:
                return pool.submit(watched, plan.function, plan.arguments(plan.cell(index))).result()
            except Exception as error:
                raise SimulationError(f"cell {index} broke its worker: {error}") from error

        record, warming, memory = measure(0)
        start, messages = time.monotonic() - began, [record["message"]]
        times = []
        for index in dict.fromkeys((0, plan.size // 2, plan.size - 1)):
            if time.monotonic() - began < start + ENOUGH:
                record, seconds, memory = measure(index)
                messages.append(record["message"])
                times.append(seconds)
    cell = sum(times) / len(times) if times else warming
    workers = min(workers, plan.size)
    total = start + cell * -(-max(0, plan.size - workers) // workers)
    message = next(filter(None, messages), "")
    return Needs(plan.size, plan.shape, workers, start, cell, total, memory and memory * workers, message)


def watched(function: str, arguments: dict[str, object]) -> tuple[Record, float, int | None]:
    """A cell's record and seconds, and the most memory that its process had until now, in bytes."""
    record, seconds = perform(function, arguments)
    try:
        import resource
    except ImportError:  # Windows
        return record, seconds, None
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return record, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
