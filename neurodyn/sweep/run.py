"""`sweep`: from what varies to one Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurodyn.sweep.function import RUN

if TYPE_CHECKING:
    import os
    from concurrent.futures import Executor

    import xarray


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
    part: tuple[int, int] | str | None = None,
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
        What a cell computes: "run", the experiment and its comparison (the figures of `neurodyn run`), or a function or
        its import path "package.module:name": it takes a dict of the cell's values, and `seed`, and returns a mapping
        of names to numbers or small arrays, or an xarray Dataset.
    zip : sequence of groups of paths
        Paths of a group go along together, on one dimension with the first one's name.
    draws : int, optional
        How many times the drawn paths are drawn.
    seed : int
        Root of what is drawn: of those paths, and of the seed that each cell's function is given. A cell's seed
        depends on its values alone. With "run" it is the model's own seed, and a path `seed` that varies is the seed.
    out : path, optional
        Folder where the plan, each cell as soon as it is done, and the dataset `sweep.nc` are written. `neurodyn.load`
        reads it at any time.
    resume : bool
        Go on with what `out` has: only cells that are not there, or failed, are computed.
    part : (int, int) or str, optional
        (k, N) or "k/N": compute only the k-th of N parts, as one job of an array; others may write into the same `out`
        at the same time, and a part that is called again goes on. `neurodyn.sweep.merge` then makes the same dataset as
        one sweep would.
    workers : int, optional
        Number of processes, with one thread each. Default: two, or one on a machine that has one. A function that
        other processes cannot import, as one of a notebook, is computed in this process: with 1.
    executor : concurrent.futures.Executor, optional
        Where to compute instead; for Dask, one from `connect` in `neurodyn.sweep.cluster`.

    Returns
    -------
    xarray.Dataset
        Coordinates: the varied paths, and for each cell `status` ("done", "failed", or of other parts "missing"),
        `message` and `seed`.

    Raises
    ------
    ArgumentError, ModelError
        Something asked for is wrong. A cell that fails raises nothing: it has the status "failed", and NaN.
    ResultFileError
        `out` cannot be written to, or holds another sweep.
    SimulationError
        Workers cannot start, or a given executor broke; what was computed is in `out`.

    Examples
    --------
    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import neurodyn as nd
    >>> def square(cell):
    ...     return {"square": cell["a"] ** 2}
    >>> with ThreadPoolExecutor(1) as executor:
    ...     data = nd.sweep(function=square, vary={"a": [1, 2, 3]}, out=tempfile.mkdtemp(), executor=executor)
    >>> data["square"].values
    array([1., 4., 9.])
    """
    # Imported here, as `import neurodyn` imports this module and help comes without NumPy.
    import tempfile
    from pathlib import Path

    from neurodyn.errors import ArgumentError
    from neurodyn.inputs import as_path
    from neurodyn.sweep.compute import check_workers, compute
    from neurodyn.sweep.make_plan import make_plan
    from neurodyn.sweep.part import as_part

    plan = make_plan(model, vary, function=function, zip=zip, draws=draws, seed=seed)
    which = as_part(part)
    check_workers(plan, workers, executor)
    if out is None:
        for name, given in (("resume", resume), ("part", part)):
            if given:
                raise ArgumentError(f"`{name}` needs `out`, the folder of the sweep")
        with tempfile.TemporaryDirectory() as folder:
            return compute(plan, Path(folder), workers=workers, executor=executor)
    return compute(plan, Path(as_path(out, "out")), resume=resume, part=which, workers=workers, executor=executor)
