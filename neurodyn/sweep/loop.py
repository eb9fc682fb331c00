"""Cells through an executor: a few at a time, each result as it comes, and a dead worker costs one cell.

When a worker dies, Python's process pool breaks, and does not say at which cell. All that were under way are tried
again, one by one in a new pool: the one that kills its worker when it is alone has failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import Any

from neurodyn.errors import SimulationError
from neurodyn.sweep.cell import Cost, Record, failed, failure, perform
from neurodyn.sweep.here import Here
from neurodyn.sweep.plan import Plan
from neurodyn.sweep.worker_pool import WorkerPool

#: Cells that are under way at once, for each of our workers, and on any other executor.
PER_WORKER, ELSEWHERE = 2, 2000
#: Seconds after which the time that is left is told anew.
TICK = 1.0

DIED = "the worker process died: it was killed, ran out of memory, or compiled code crashed"


class Loop:
    """Computes cells of a plan.

    Parameters
    ----------
    plan : Plan
    executor : WorkerPool or Executor
    """

    def __init__(self, plan: Plan, executor: WorkerPool | Executor) -> None:
        self.plan, self.executor = plan, executor
        self.pool = executor if isinstance(executor, WorkerPool) else None
        self.workers = self.pool.count if self.pool else 1 if isinstance(executor, Here) else None
        self.width = ELSEWHERE if self.workers is None else PER_WORKER * self.workers if self.pool else 1
        self.running: dict[Future[Any], int] = {}
        self.suspects: deque[int] = deque()
        self.broken = self.alone = False

    @property
    def under_way(self) -> int:
        """How many cells are being computed now; of other executors, how many they have."""
        return len(self.running) if self.workers is None else min(len(self.running), self.workers)

    def outcomes(self, indices: Sequence[int], tick: Callable[[], None]) -> Iterator[tuple[int, Record, Cost | None]]:
        """The number of each cell, its record and what it took, as they are done; calls `tick` every second."""
        todo = deque(indices)
        try:
            while todo or self.suspects or self.running:
                self.fill(todo)
                tick()
                finished, _ = wait(self.running, TICK, FIRST_COMPLETED)
                for future in finished:
                    yield from self.outcome(self.running.pop(future), future)
        finally:
            for future in self.running:
                future.cancel()

    def fill(self, todo: deque[int]) -> None:
        """Submit cells up to the width; after a break, those that may have caused it, one by one."""
        if self.broken and self.running:
            return  # all of them come back soon, as broken
        if self.broken:
            self.renew()
        queue, width = (self.suspects, 1) if self.suspects else (todo, self.width)
        if self.alone and self.running:
            return
        self.alone = queue is self.suspects
        while queue and len(self.running) < width and not self.broken:
            index = queue.popleft()
            cell = self.plan.cell(index)
            try:
                self.running[self.executor.submit(perform, self.plan.call, self.plan.arguments(cell))] = index
            except BrokenExecutor:
                queue.appendleft(index)
                self.broken = True

    def outcome(self, index: int, future: Future[Any]) -> Iterator[tuple[int, Record, Cost | None]]:
        """What became of a cell; nothing if it must be tried again."""
        try:
            error = future.exception()
        except CancelledError as cancelled:
            raise SimulationError("the executor cancelled cells") from cancelled
        if error is None:
            yield index, *future.result()
        elif not isinstance(error, BrokenExecutor):
            yield index, failure(error), None
        else:
            self.broken = True
            if self.alone:
                yield index, failed(DIED), None
            else:
                self.suspects.append(index)

    def renew(self) -> None:
        """Go on with new workers."""
        if self.pool is None:
            raise SimulationError("the executor broke: a worker of it died")
        self.pool.replace()
        self.broken = False
