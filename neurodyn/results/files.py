"""Result files: NetCDF (HDF5) through xarray, written whole or not at all.

Arrays are variables with named dimensions and units; everything else (model, solver, counters, versions) is one JSON
attribute, as NetCDF attributes cannot hold None, booleans or nested data. The parameters are a variable too, so that
the network of a result can be rebuilt from its file alone.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.errors import NeurodynError, ResultFileError
from neurodyn.names import RESULTS, name_in_files
from neurodyn.results.result import Composite, Result
from neurodyn.schema import SCHEMA, schema_of
from neurodyn.system.network import rebuild

if TYPE_CHECKING:
    import xarray

#: The attribute with everything that is not an array.
PROVENANCE = "neurodyn"
#: After the name of a sparse connection: the variable with its connected pairs of units.
PAIRS = ".pairs"


def to_dataset(result: Result) -> xarray.Dataset:
    """See `Result.to_xarray`."""
    import xarray

    network = result.network
    variables: dict[str, Any] = {
        "parameters": ("parameter", np.array(network.parameters.vector), {"units": "1"}),
        "tau": ("unit", np.array(network.tau), {"units": "time"}),
    }
    for name, pattern in network.patterns.items():
        variables[name + PAIRS] = (("end", f"{name}.weight"), np.array(pattern.pairs), {"units": "unit"})
    plain: dict[str, Any] = {}
    table = xarray.Dataset()
    for f in dataclasses.fields(result):
        value = getattr(result, f.name)
        if "dims" in f.metadata and value is not None:
            variables[f.name] = (_dims(f.metadata["dims"], value), value, {"units": f.metadata["units"]})
        elif isinstance(value, xarray.Dataset):
            table = value
        elif f.name != "network" and value is not None:
            plain[f.name] = value
    data = table.assign(variables)
    names = [p.name for p in network.graph.free for _ in range(p.size)]
    data = data.assign_coords(population=("unit", np.array(names, dtype=str)))
    if "t" in data:
        data = data.rename(t="time").set_coords("time") if data["t"].dims == ("time",) else data
    data.attrs[PROVENANCE] = json.dumps(_about(result) | {"network": network.describe(), "fields": plain})
    return data


def to_datatree(result: Composite) -> xarray.DataTree:
    """See `Composite.to_xarray`."""
    import xarray

    root = xarray.Dataset(attrs={PROVENANCE: json.dumps(_about(result))})
    return xarray.DataTree.from_dict({"/": root} | {name: to_dataset(part) for name, part in result.parts.items()})


def _about(result: Result) -> dict[str, Any]:
    return {"schema": SCHEMA, "result": name_in_files(type(result)), "versions": versions()}


def _dims(dims: tuple[str, ...], value: np.ndarray[Any, Any]) -> tuple[str, ...]:
    if value.ndim == len(dims):
        return dims
    return tuple(d for d in dims if d != "batch")


def versions() -> dict[str, str]:
    """Versions of what computed a result."""
    import numba

    from neurodyn.version import __version__

    return {
        "neurodyn": __version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def from_dataset(data: xarray.Dataset) -> Result:
    """The result that `to_dataset` described."""
    try:
        about = json.loads(data.attrs[PROVENANCE])
        kind = _kind(about)
        fields: dict[str, Any] = dict(about["fields"])
        used = {"parameters", "tau", "population"}
        for f in dataclasses.fields(kind):
            name = "time" if f.name == "t" and "t" not in data.variables else f.name
            if "dims" in f.metadata and name in data.variables:
                fields[f.name] = np.asarray(data[name].values)
                used.add(name)
        names = [str(name) for name in data.variables]
        pairs = {name.removesuffix(PAIRS): data[name].values for name in names if name.endswith(PAIRS)}
        network = rebuild(about["network"], data["parameters"].values, data["tau"].values, pairs)
        for f in dataclasses.fields(kind):
            if f.metadata.get("table"):
                own = [name for name in names if name not in used and not name.endswith(PAIRS)]
                fields[f.name] = data.drop_attrs(deep=False)[own]
        return kind(network, **fields)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ResultFileError(f"these data are not a neurodyn result: {error!r}") from error


def from_datatree(root: xarray.Dataset, children: Mapping[str, xarray.Dataset]) -> Result:
    """The result that `to_datatree` described."""
    parts = {name: from_dataset(data) for name, data in children.items()}
    try:
        kind = _kind(json.loads(root.attrs[PROVENANCE]))
        return kind(next(iter(parts.values())).network, **parts)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ResultFileError(f"these data are not a neurodyn result: {error!r}") from error


def _kind(about: dict[str, Any]) -> type[Result]:
    """The class of a result: neurodyn's, or of a module that is imported already, as reading runs no other code."""
    schema_of(about)
    kind = RESULTS.find(about["result"])
    if kind is None:
        raise ResultFileError(
            f"the file's result is of the class {about['result']!r}, which is not there: import its module first"
        )
    return kind


def save(result: Result, path: str | os.PathLike[str]) -> None:
    """Write a result; see `Result.save`."""
    import xarray

    data = result.to_xarray()
    if isinstance(data, xarray.Dataset):
        write(path, lambda temporary: data.to_netcdf(temporary, engine="h5netcdf"))
    else:
        write(path, lambda temporary: data.to_netcdf(temporary, engine="h5netcdf"))


def load(path: str | os.PathLike[str]) -> Any:
    """Read a result that was saved; it equals the one that was written.

    Raises
    ------
    ResultFileError
        If the file is missing, damaged, or not neurodyn's.
    """
    import xarray

    name = os.fspath(path)
    if not os.path.isfile(name):
        raise ResultFileError(f"no such result file: {name}")
    try:
        with xarray.open_datatree(name, engine="h5netcdf") as tree:
            tree.load()
            children = {key: node.to_dataset() for key, node in tree.children.items()}
            root = tree.to_dataset()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ResultFileError(f"{name} is not a readable NetCDF file: {error}") from error
    try:
        return from_datatree(root, children) if children else from_dataset(root)
    except NeurodynError as error:
        raise ResultFileError(f"{name}: {error}") from error


def write(path: str | os.PathLike[str], produce: Callable[[str], object]) -> None:
    """Let `produce` write a temporary file beside `path`, then rename it: the file is whole or not there."""
    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise ResultFileError(f"cannot write {target}: {error.strerror or error}") from error
    os.close(handle)
    try:
        produce(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise ResultFileError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
