"""`sweep`: from what varies to one Dataset."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodyn.errors import ArgumentError, SimulationError
from neurodyn.inputs import as_path, as_seed, whole_number
from neurodyn.stopping import Terminated
from neurodyn.sweep.axes import dimensions
from neurodyn.sweep.function import RUN, name_of
from neurodyn.sweep.plan import Plan

if TYPE_CHECKING:
    import xarray

    from neurodyn.sweep.store import Store

#: Workers where nobody says how many: few, as a sweep is not all that a machine does.
FEW = 2


def sweep(
    model: str | os.PathLike[str] | None = None,
    vary: Mapping[str, Any] | None = None,
    *,
    function: Any = RUN,
    zip: Sequence[Sequence[str]] = (),
    draws: int | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
) -> xarray.Dataset:
    """Compute a function in every cell of a grid, and return one Dataset over the varied paths.

    Its data are the same, byte for byte, however many workers there are and however often it was stopped and resumed.

    Parameters
    ----------
    model : str or path, optional
        A model of the library or a model file; needed by the default function.
    vary : mapping of str to values
        For each path (of a key of the model file, or a name of your own) its values: a list, or a text: "0.1,1,10",
        "log:1e-4:1:9", "lin:0:1:11", "int:1:5", and, drawn `draws` times, "uniform:0:1", "loguniform:1e-3:1". All
        paths together make a grid, the last fastest; those that are drawn vary along one dimension, `draw`.
    function : str or function
        What a cell computes: "run", the experiment and its comparison (the figures of `neurodyn run`), or the import
        path "package.module:name" of a function that takes a dict of the cell's values, and `seed`, and returns a
        mapping of names to numbers or small arrays, or an xarray Dataset.
    zip : sequence of groups of paths
        Paths of a group go along together, on one dimension with the first one's name.
    draws : int, optional
        How many times the drawn paths are drawn.
    seed : int
        Root of what is drawn: of those paths, and of the seed that each cell's function is given. A cell's seed
        depends on its values alone. With "run" it is the model's own seed, and a path `seed` that varies is the seed.
    out : path, optional
        Folder where the plan, each cell as soon as it is done, and the dataset `sweep.nc` are written.
    resume : bool
        Go on with what `out` has: only cells that are not there, or failed, are computed.
    workers : int, optional
        Number of processes, with one thread each. Default: two, or one on a machine that has one.
    executor : concurrent.futures.Executor, optional
        Where to compute instead; for Dask, one from `connect` in `neurodyn.sweep.cluster`.

    Returns
    -------
    xarray.Dataset
        Coordinates: the varied paths, and for each cell `status` ("done" or "failed"), `message` and `seed`.

    Raises
    ------
    ArgumentError, ModelError
        Something asked for is wrong. A cell that fails raises nothing: it has the status "failed", and NaN.
    ResultFileError
        `out` cannot be written to, or holds another sweep.
    SimulationError
        Workers cannot start, or a given executor broke; what was computed is in `out`.
    """
    plan, order = make_plan(model, vary, function=function, zip=zip, draws=draws, seed=seed)
    check_workers(workers, executor)
    if out is None:
        if resume:
            raise ArgumentError("`resume` needs `out`, the folder to go on with")
        with tempfile.TemporaryDirectory() as folder:
            return compute(plan, order, Path(folder), False, workers, executor)
    return compute(plan, order, Path(as_path(out, "out")), resume, workers, executor)


def make_plan(
    model: str | os.PathLike[str] | None,
    vary: Mapping[str, Any] | None,
    *,
    function: Any = RUN,
    zip: Sequence[Sequence[str]] = (),
    draws: int | None = None,
    seed: int = 0,
) -> tuple[Plan, list[int]]:
    """The plan of a sweep, all of it checked, and the order in which its cells are best computed."""
    from neurodyn.experiments.model_run import prepare
    from neurodyn.system.network import Network

    chosen = name_of(function)
    grid = dimensions({} if vary is None else vary, zip, draws, as_seed(seed))
    if isinstance(model, Network):
        raise ArgumentError(
            "`model` must be a name of the library or the path of a model file, which workers can read; got a network: "
            "write it as a model file, or give a `function` that makes it"
        )
    name = None if model is None else as_path(model, "model")
    if chosen != RUN:
        plan = Plan(chosen, name, grid, seed)
        return plan, plan.order(())
    if name is None:
        raise ArgumentError("`model` is missing: the name of a model of the library, or a model file")
    first = {axis.path: axis.values[0] for dimension in grid for axis in dimension.axes}
    basis = prepare(name, first)
    plan = Plan(chosen, basis.model, grid, seed, basis.seed, basis.digest)
    return plan, plan.order(basis.cheap)


def check_workers(workers: Any, executor: Any) -> None:
    """Refuse what cannot compute."""
    if executor is not None and workers is not None:
        raise ArgumentError("give `workers` or `executor`, not both")
    if workers is not None:
        whole_number(workers, "workers", 1)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ArgumentError(f"`executor` must be a concurrent.futures.Executor; got {type(executor).__name__}")


def default_workers() -> int:
    """How many processes compute where nobody says."""
    return min(FEW, os.cpu_count() or 1)


def compute(
    plan: Plan, order: list[int], folder: Path, resume: bool, workers: int | None, executor: Any
) -> xarray.Dataset:
    """Compute what a folder does not have yet, and put everything together."""
    from neurodyn.sweep.dataset import combine
    from neurodyn.sweep.store import Store

    store = Store(folder, plan, resume=resume)
    try:
        done = store.done()
        todo = [index for index in order if index not in done]
        if todo:
            with _executor(executor, min(workers or default_workers(), len(todo))) as chosen:
                _compute(store, todo, chosen)
        return combine(store)
    except BaseException:
        store.withdraw()
        raise


def _compute(store: Store, todo: list[int], executor: Any) -> None:
    from neurodyn.sweep.loop import Loop
    from neurodyn.sweep.progress_line import ProgressLine

    line = ProgressLine(store.plan.size, store.plan.size - len(todo))
    try:
        for index, record, seconds in Loop(store.plan, executor).outcomes(todo, line.show):
            store.write(index, record, seconds)
            line.add(record["status"])
    except (KeyboardInterrupt, SimulationError) as error:
        if not line.done:
            raise
        reason = str(error) or ("terminated" if isinstance(error, Terminated) else "stopped")
        kept = f"{reason}; {line.sentence}: go on with resume (--resume) and the folder {store.folder}"
        raise type(error)(kept) from error
    finally:
        line.close()


@contextlib.contextmanager
def _executor(given: Any, workers: int) -> Iterator[Any]:
    """The executor that was given, or processes of our own."""
    if given is not None:
        yield given
    else:
        from neurodyn.sweep.worker_pool import WorkerPool

        with WorkerPool(workers) as pool:
            yield pool
