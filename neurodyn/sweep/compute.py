"""Compute the cells of a plan that its folder does not have yet, all of them or those of a part."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodyn.errors import ArgumentError, SimulationError
from neurodyn.inputs import whole_number
from neurodyn.stopping import Terminated
from neurodyn.sweep.function import only_here
from neurodyn.sweep.here import Here
from neurodyn.sweep.part import cells_of
from neurodyn.sweep.plan import Plan

if TYPE_CHECKING:
    import xarray

    from neurodyn.sweep.store import Store

#: Workers where nobody says how many: few, as a sweep is not all that a machine does.
FEW = 2


def check_workers(plan: Plan, workers: Any, executor: Any) -> None:
    """Refuse what cannot compute."""
    if executor is not None and workers is not None:
        raise ArgumentError("give `workers` or `executor`, not both")
    if workers is not None:
        whole_number(workers, "workers", 1)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ArgumentError(f"`executor` must be a concurrent.futures.Executor; got {type(executor).__name__}")
    if plan.own and workers != 1 and not isinstance(executor, ThreadPoolExecutor):
        raise ArgumentError(only_here(plan.function))


def default_workers() -> int:
    """How many processes compute where nobody says."""
    return min(FEW, os.cpu_count() or 1)


def compute(
    plan: Plan,
    folder: Path,
    *,
    resume: bool = False,
    part: tuple[int, int] | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
) -> xarray.Dataset:
    """Compute what a folder does not have yet, and put everything together; of a part, only what there is by now."""
    from neurodyn.sweep.cells import Cells
    from neurodyn.sweep.dataset import combined
    from neurodyn.sweep.store import Store, assemble

    store = Store(folder, plan, resume=resume, part=part)
    try:
        done, mine = store.cells.done, cells_of(store.plan, part)
        todo = [index for index in mine if index not in done]
        if todo:
            count = None if executor else min(workers or default_workers(), len(todo))
            with _executor(plan, executor, count) as chosen:
                _compute(store, todo, len(mine), chosen, count)
        return assemble(folder, store.plan) if part is None else combined(Cells(folder, store.plan))
    except BaseException:
        store.withdraw()
        raise


def _compute(store: Store, todo: list[int], total: int, executor: Any, workers: int | None) -> None:
    from neurodyn.sweep.loop import Loop
    from neurodyn.sweep.progress_line import ProgressLine

    line, how = ProgressLine(total, total - len(todo)), "ends"
    loop, log = Loop(store.plan, executor), store.begin(len(todo), workers)

    def tick() -> None:
        line.show()
        log.beat(loop.under_way)

    try:
        for index, record, cost in loop.outcomes(todo, tick):
            store.write(index, record, cost)
            line.add(record["status"])
    except (KeyboardInterrupt, SimulationError) as error:
        how = str(error) or ("terminated" if isinstance(error, Terminated) else "stopped")
        if not line.done:
            raise
        again = "call it again" if store.part else f"go on with `neurodyn sweep resume {store.folder}` (or resume=True)"
        raise type(error)(f"{how}; {line.sentence}: {again}") from error
    except BaseException as error:
        how = f"stopped by an error: {error}"
        raise
    finally:
        line.close()
        store.end(how)


@contextlib.contextmanager
def _executor(plan: Plan, given: Executor | None, workers: int | None) -> Iterator[Any]:
    """The executor that was given, or processes of our own; this process for a function that no other can import."""
    if given is not None:
        yield given
    elif plan.own:
        yield Here()
    else:
        from neurodyn.sweep.worker_pool import WorkerPool

        assert workers is not None
        with WorkerPool(workers) as pool:
            yield pool
