"""What a sweep will need: cells, memory and time, measured on a few of its cells in one worker, none of them kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from neurodyn.errors import SimulationError
from neurodyn.numerics.memory import present_memory
from neurodyn.sweep.cell import Cost, Record, perform
from neurodyn.sweep.here import Here
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
        Bytes that a worker holds at most; None where the system does not tell.
    present : int
        Bytes that this machine, its control group or its own limit allow.
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
    present: int
    message: str


def needs(plan: Plan, indices: Sequence[int], workers: int) -> Needs:
    """Measure the first, middle and last of some cells, as far as there is time, the first once more to warm up."""
    began = time.monotonic()
    with Here() if plan.own else WorkerPool(1) as pool:

        def measure(index: int) -> tuple[Record, Cost]:
            try:
                found: tuple[Record, Cost] = pool.submit(perform, plan.call, plan.arguments(plan.cell(index))).result()
            except Exception as error:
                raise SimulationError(f"cell {index} broke its worker: {error}") from error
            return found

        record, warming = measure(indices[0])
        start, messages, costs = time.monotonic() - began, [record["message"]], []
        for index in dict.fromkeys(indices[k] for k in (0, len(indices) // 2, -1)):
            if time.monotonic() - began < start + ENOUGH:
                record, cost = measure(index)
                messages.append(record["message"])
                costs.append(cost)
    last = costs[-1] if costs else warming
    cell = sum(cost.seconds for cost in costs) / len(costs) if costs else warming.seconds
    workers = min(workers, len(indices))
    total = start + cell * -(-max(0, len(indices) - workers) // workers)
    message = next(filter(None, messages), "")
    return Needs(len(indices), plan.shape, workers, start, cell, total, last.memory, present_memory(), message)
