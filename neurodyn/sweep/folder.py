"""What one does with the folder of a sweep alone: look how far it is, read it, go on with it, merge its parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodyn.errors import ArgumentError, ResultFileError
from neurodyn.inputs import as_path
from neurodyn.sweep.cells import Cells
from neurodyn.sweep.compute import check_workers, compute
from neurodyn.sweep.function import RUN, as_function, is_only_here
from neurodyn.sweep.growth import grown
from neurodyn.sweep.make_plan import model_plan
from neurodyn.sweep.part import as_part
from neurodyn.sweep.plan import Plan
from neurodyn.sweep.plan_file import MORE, NAME, read_plan
from neurodyn.version import __version__

if TYPE_CHECKING:
    import xarray

    from neurodyn.sweep.sweep_status import SweepStatus


def status(folder: str | os.PathLike[str]) -> SweepStatus:
    """How far a sweep is: cells done, failed and running, the time left, and who computes.

    Raises
    ------
    ResultFileError
        It is no folder of a sweep.

    Examples
    --------
    >>> import tempfile
    >>> import neurodyn as nd
    >>> from neurodyn.sweep import status
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = nd.sweep(vary={"a": [1, 2, 3]}, function=lambda cell: {"b": 2 * cell["a"]}, workers=1,
    ...                     out=folder, part=(1, 3))
    ...     print(status(folder).done, status(folder).waiting)
    1 2
    """
    from neurodyn.sweep.sweep_status import status_of

    return status_of(_folder(folder))


def merge(folder: str | os.PathLike[str]) -> xarray.Dataset:
    """Put the cells of all parts together: the same dataset, byte for byte, as that of one sweep without parts.

    Writes sweep.nc into the folder.

    Raises
    ------
    ResultFileError
        It is no folder of a sweep, or there are cells missing.

    Examples
    --------
    >>> import tempfile
    >>> import neurodyn as nd
    >>> from neurodyn.sweep import merge
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for k in (1, 2):
    ...         data = nd.sweep(vary={"a": [1, 2, 3]}, function=lambda cell: {"b": 2 * cell["a"]}, workers=1,
    ...                         out=folder, part=(k, 2))
    ...     print(merge(folder)["b"].values)
    [2. 4. 6.]
    """
    from neurodyn.sweep.store import assemble

    place = _folder(folder)
    plan = read_plan(place)
    missing = sorted(set(range(plan.size)) - Cells(place, plan).entries.keys())
    if missing:
        raise ResultFileError(
            f"{place} lacks {len(missing):,} of {plan.size:,} cells, the first is number {missing[0]}: see "
            f"`neurodyn sweep status {place}`, call the parts that are not through again or `neurodyn sweep resume "
            f"{place}`; "
            "neurodyn.load reads what there is"
        )
    return assemble(place, plan)


def resume(
    folder: str | os.PathLike[str],
    vary: Mapping[str, Any] | None = None,
    *,
    draws: int | None = None,
    part: tuple[int, int] | str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
) -> xarray.Dataset:
    """Go on with a sweep from its folder alone, and let it grow.

    Parameters
    ----------
    folder : path
    vary : mapping of str to values, optional
        Further values of paths that vary already, as in `neurodyn.sweep`. What is done stays, and the dataset is that
        of a sweep with all values.
    draws : int, optional
        The number of all draws, if there are to be more.
    part, workers, executor
        As in `neurodyn.sweep`.

    Returns
    -------
    xarray.Dataset
        As `neurodyn.sweep`.

    Raises
    ------
    ArgumentError, ModelError, ResultFileError, SimulationError
        As `neurodyn.sweep`; also if the model or the version of neurodyn is not the one that the sweep began with.

    Examples
    --------
    >>> import tempfile
    >>> import neurodyn as nd
    >>> from neurodyn.sweep import resume
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = nd.sweep("two-neurons", {"nudging.beta": [1e-3]}, out=folder, workers=1)
    ...     larger = resume(folder, {"nudging.beta": [1e-2]}, workers=1)
    ...     print(larger["nudging.beta"].values)
    [0.001 0.01 ]
    """
    place = _folder(folder)
    plan, which = plan_to_go_on_with(place, vary, draws), as_part(part)
    check_workers(plan, workers, executor)
    return compute(plan, place, resume=True, part=which, workers=workers, executor=executor)


def plan_to_go_on_with(folder: Path, vary: Mapping[str, Any] | None = None, draws: int | None = None) -> Plan:
    """The plan of a folder, as it must still be, with further values."""
    plan = read_plan(folder)
    if plan.version != __version__:
        raise ResultFileError(
            f"{folder} was begun by neurodyn {plan.version}, and this is {__version__}: go on with that version, or "
            "begin anew in another folder"
        )
    if plan.function == RUN:
        assert plan.model is not None
        now = model_plan(plan.model, plan.dimensions, plan.seed)
        if replace(now, schema=plan.schema).digest != plan.digest:
            raise ResultFileError(
                f"the model {plan.model} is not what it was when the sweep of {folder} began: put it back, or begin "
                "anew in another folder"
            )
    elif is_only_here(plan.function):
        raise ArgumentError(
            f"the function of {folder} is not in a module, so that its folder alone does not tell it: go on with "
            "neurodyn.sweep(..., resume=True)"
        )
    else:
        as_function(plan.function)
    return grown(plan, vary or {}, draws)


def read_folder(folder: str) -> xarray.Dataset:
    """The cells that a folder has by now, as `neurodyn.load` reads them."""
    from neurodyn.results.files import load
    from neurodyn.results.seal import read_json
    from neurodyn.sweep.dataset import combined
    from neurodyn.sweep.store import DATASET

    place = Path(folder)
    if (place / DATASET).exists() and (place / NAME).exists() and MORE not in read_json(place / NAME):
        found: xarray.Dataset = load(place / DATASET)  # of the first version, whose plan does not say all
        return found
    plan = read_plan(place)
    return combined(Cells(place, plan))


def _folder(folder: str | os.PathLike[str]) -> Path:
    return Path(as_path(folder, "folder"))
