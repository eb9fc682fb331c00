"""Result files: NetCDF (HDF5) through xarray, written whole or not at all, with a seal.

Arrays are variables with named dimensions and units; everything else (model, solver, counters, versions) is one JSON
attribute, as NetCDF attributes cannot hold None, booleans or nested data. The parameters are a variable too, so that
the network of a result can be rebuilt from its file alone.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.errors import ArgumentError, NeurodynError, ResultFileError
from neurodyn.inputs import as_path
from neurodyn.names import FOLDERS, RESULTS, name_in_files
from neurodyn.results.netcdf import Group, Variable, encode
from neurodyn.results.result import Composite, Result, dims_of
from neurodyn.results.seal import UNSEALED, append_seal, check_seal
from neurodyn.schema import SCHEMA, schema_of
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network, rebuild

if TYPE_CHECKING:
    import xarray

#: The attribute with everything that is not an array.
PROVENANCE = "neurodyn"
#: How a checkpoint of learning begins.
CHECKPOINT = b"neurodyn checkpoint"
#: After the name of a sparse connection: the variable with its connected pairs of units.
PAIRS = ".pairs"
#: What the attribute of a file with a network alone says instead of the class of a result.
NETWORK = "Network"
#: The groups of an experiment in the first files, which do not say that they are one.
PARTS_0 = {"equilibrium", "nudged", "side"}
#: What the attribute of a file with a seal says, so that one without it is noticed.
DIGEST = {"digest": "sha256, behind the data"}
#: What data raise that are not those of a result.
FOREIGN = (KeyError, IndexError, TypeError, ValueError, AttributeError)


def to_dataset(result: Result) -> xarray.Dataset:
    """The fields of a result as a Dataset."""
    return _dataset(_group(result), _table(result))


def _dataset(group: Group, table: xarray.Dataset | None = None) -> xarray.Dataset:
    """A group as a Dataset, with the columns of a table."""
    import xarray

    data = xarray.Dataset() if table is None else table
    data = data.assign(group.variables).assign_coords(group.coordinates)
    data.attrs.update(group.attributes)
    return data


def _group(result: Result) -> Group:
    """The fields of a result, but for those that are a Dataset."""
    variables, plain = _network_variables(result.network), dict[str, Any]()
    coordinates: dict[str, Variable] = {}
    for f in dataclasses.fields(result):
        value = getattr(result, f.name)
        if "dims" in f.metadata and value is not None:
            dims = dims_of(f.metadata["dims"], value)
            is_time = f.name == "t" and dims == ("time",)
            (coordinates if is_time else variables)["time" if is_time else f.name] = (
                dims, value, {"units": f.metadata["units"]},
            )  # fmt: skip
        elif f.name != "network" and "table" not in f.metadata and value is not None:
            plain[f.name] = value
    about = {"network": result.network.describe(), "fields": plain}
    text = json.dumps(_head(name_in_files(type(result))) | about)
    return Group(variables, coordinates | _populations(result.network), {PROVENANCE: text})


def _table(result: Result) -> xarray.Dataset | None:
    """The field of a result that is a Dataset, if it has one."""
    found = [getattr(result, f.name) for f in dataclasses.fields(result) if "table" in f.metadata]
    return found[0] if found else None


def with_computed(data: xarray.Dataset, result: Result) -> xarray.Dataset:
    """The Dataset with what is computed from the fields of the result."""
    found = {}
    for name, (dims, units) in result.computed.items():
        value = getattr(result, name)
        found[name] = (dims_of(dims, value), value, {"units": units})
    return data.assign(found)


def _network_variables(network: Network) -> dict[str, Variable]:
    """What a network is made of, beside its description."""
    found: dict[str, Variable] = {
        "parameters": (("parameter",), np.array(network.parameters.vector), {"units": "1"}),
        "tau": (("unit",), np.array(network.tau), {"units": "time"}),
    }
    for name, pattern in network.patterns.items():
        found[name + PAIRS] = (("end", f"{name}.weight"), np.array(pattern.pairs), {"units": "unit"})
    return found


def _populations(network: Network) -> dict[str, Variable]:
    """The coordinate with the name of each unit's population."""
    names = [p.name for p in network.graph.free for _ in range(p.size)]
    return {"population": (("unit",), np.array(names, dtype=str), {})}


def _network_group(network: Network) -> Group:
    text = json.dumps(_head(NETWORK) | {"network": network.describe()})
    return Group(_network_variables(network), _populations(network), {PROVENANCE: text})


def to_datatree(result: Composite) -> xarray.DataTree:
    """See `Composite.to_xarray`."""
    import xarray

    root = _dataset(_root(result))
    return xarray.DataTree.from_dict({"/": root} | {name: to_dataset(part) for name, part in result.parts.items()})


def _root(result: Composite) -> Group:
    return Group({}, {}, {PROVENANCE: json.dumps(_head(name_in_files(type(result))))})


def _head(name: str) -> dict[str, Any]:
    return {"schema": SCHEMA, "result": name, "versions": versions()}


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
    about = _about(data)
    kind = _kind(about)
    if not isinstance(about.get("fields"), dict):
        raise ResultFileError("these data are not a neurodyn result: they lack its fields")
    try:
        fields: dict[str, Any] = dict(about["fields"])
        used = {"parameters", "tau", "population"}
        for f in dataclasses.fields(kind):
            name = "time" if f.name == "t" and "t" not in data.variables else f.name
            if "dims" in f.metadata and name in data.variables:
                fields[f.name] = _numbers(data, name)
                used.add(name)
        names = [str(name) for name in data.variables]
        network = _network(about, data)
        for f in dataclasses.fields(kind):
            if f.metadata.get("table"):
                own = [name for name in names if name not in used and not name.endswith(PAIRS)]
                fields[f.name] = data.drop_attrs(deep=False)[own]
        result = kind(network, **fields)
    except NeurodynError:
        raise
    except FOREIGN as error:
        raise ResultFileError(f"these data are not a neurodyn result: {error!r}") from error
    _check_status(result)
    return result


def _network(about: Mapping[str, Any], data: xarray.Dataset) -> Network:
    """The network of a Dataset."""
    names = [str(name) for name in data.variables]
    pairs = {name.removesuffix(PAIRS): _numbers(data, name) for name in names if name.endswith(PAIRS)}
    return rebuild(about["network"], _numbers(data, "parameters"), _numbers(data, "tau"), pairs)


def network_from(data: xarray.Dataset) -> Network:
    """The network that `network_dataset` described."""
    about = _about(data)
    schema_of(about)
    try:
        return _network(about, data)
    except NeurodynError:
        raise
    except FOREIGN as error:
        raise ResultFileError(f"these data are not a network of neurodyn: {error!r}") from error


def _numbers(data: xarray.Dataset, name: str) -> np.ndarray[Any, Any]:
    """A variable of numbers."""
    found = np.asarray(data[name].values)
    if found.dtype.kind not in "biufc":
        raise ResultFileError(f"`{name}` must hold numbers; got values of the type {found.dtype}")
    return found


def _check_status(result: Result) -> None:
    """Refuse units whose values are not finite in samples that ended well."""
    status = getattr(result, "status", None)
    if not isinstance(status, np.ndarray):
        return
    good = np.isin(status, [s for s in Status if s.good])
    for f in dataclasses.fields(result):
        dims, value = f.metadata.get("dims", ()), getattr(result, f.name)
        if "unit" not in dims or "batch" not in dims or value is None:
            continue
        rows = np.moveaxis(value, dims.index("batch"), 0) if value.ndim == len(dims) else value
        if not np.isfinite(rows[good]).all():
            raise ResultFileError(f"`{f.name}` has values that are not finite, though its status says that all is well")


def from_datatree(root: xarray.Dataset, children: Mapping[str, xarray.Dataset]) -> Result:
    """The result that `to_datatree` described."""
    parts = {name: from_dataset(data) for name, data in children.items()}
    if not root.attrs and set(parts) == PARTS_0:
        about: dict[str, Any] = {"result": "Experiment"}
    else:
        about = _about(root)
    kind = _kind(about)
    try:
        return kind(next(iter(parts.values())).network, **parts)
    except NeurodynError:
        raise
    except FOREIGN as error:
        raise ResultFileError(f"these data are not a neurodyn result: {error!r}") from error


def _about(data: xarray.Dataset) -> dict[str, Any]:
    """The JSON attribute of data."""
    try:
        about = json.loads(data.attrs[PROVENANCE])
    except (*FOREIGN, RecursionError) as error:
        raise ResultFileError(f"these data are not a neurodyn result: {error!r}") from error
    if not isinstance(about, dict):
        raise ResultFileError(f"the attribute {PROVENANCE!r} must be a JSON object; got {type(about).__name__}")
    return about


def _kind(about: dict[str, Any]) -> type[Result]:
    """The class of a result: neurodyn's, or of a module that is imported already, as reading runs no other code."""
    schema_of(about)
    kind = RESULTS.find(about.get("result"))
    if kind is None:
        raise ResultFileError(
            f"the file's result is of the class {about.get('result')!r}, which is not there: import its module first"
        )
    return kind


def save(thing: Result | Network, path: str | os.PathLike[str]) -> None:
    """Write a result or a network to a NetCDF file, which `load` reads; a failed write leaves no file behind.

    Parameters
    ----------
    thing : a result of neurodyn, or Network
    path : path

    Raises
    ------
    ArgumentError
        It is neither.
    ResultFileError
        The file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nd.save(net, os.path.join(folder, "net.nc"))
    ...     nd.load(os.path.join(folder, "net.nc")) == net
    True
    """
    if isinstance(thing, Network):
        root, parts = _network_group(thing), {}
    elif isinstance(thing, Composite):
        root, parts = _root(thing), thing.parts
    elif isinstance(thing, Result):
        root, parts = _group(thing), {}
    else:
        raise ArgumentError(f"expected a result of neurodyn or a network to save; got {type(thing).__name__}")
    groups = {name: _group(part) for name, part in parts.items()}
    tables = [part for part in (thing, *parts.values()) if isinstance(part, Result) and _table(part) is not None]
    if tables or not all(group.is_plain for group in (root, *groups.values())):
        data = (
            to_datatree(thing)
            if isinstance(thing, Composite)
            else _dataset(root, _table(tables[0]) if tables else None)
        )
        write_netcdf(path, data)
    else:
        _write_sealed(path, encode(replace(root, attributes=_told(root.attributes)), groups))


def write_netcdf(path: str | os.PathLike[str], data: xarray.Dataset | xarray.DataTree) -> None:
    """Write data with a seal, of which their JSON attribute tells."""
    told = data.copy()
    told.attrs.update(_told(data.attrs))
    _write_sealed(path, told.to_netcdf(engine="h5netcdf"))  # in memory: where a disk is full, HDF5 ends the process


def _told(attributes: Mapping[Any, str]) -> dict[str, str]:
    """The JSON attribute, with a word on the seal."""
    return {PROVENANCE: json.dumps(json.loads(attributes[PROVENANCE]) | DIGEST)}


def _write_sealed(path: str | os.PathLike[str], content: bytes | memoryview) -> None:
    def produce(temporary: str) -> None:
        Path(temporary).write_bytes(content)
        append_seal(temporary)

    write(path, produce)


def load(path: str | os.PathLike[str]) -> Any:
    """Read a result or network that was saved; it equals the one that was written.

    A checkpoint gives the `Training` so far, the data of a sweep their Dataset, and the folder of a sweep, finished or
    not, a Dataset of the cells that are there. The digest behind the data is checked before they are read; files of
    before schema 2 have none.

    Raises
    ------
    ResultFileError
        If the file is missing, damaged, or not neurodyn's.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "rest.nc"
    >>> rest = nd.relax(net, [0.5, 0.2])
    >>> rest.save(path)
    >>> nd.load(path) == rest
    True
    """
    name = os.fspath(as_path(path, "path"))
    if os.path.isdir(name):
        return importlib.import_module(FOLDERS).read_folder(name)
    if not os.path.isfile(name):
        raise ResultFileError(f"no such result file: {name}")
    with open(name, "rb") as stream:
        if stream.read(len(CHECKPOINT)) == CHECKPOINT:
            kind: Any = RESULTS.find("Training")
            return kind.from_checkpoint(name)
    try:
        sealed = check_seal(name)
        root, children = _read(name)
        if not sealed and root.attrs and "digest" in _about(root):
            raise ResultFileError(UNSEALED)
        if children:
            return from_datatree(root, children)
        known = _about(root)
        if "sweep" in known:
            return root
        return network_from(root) if known.get("result") == NETWORK else from_dataset(root)
    except NeurodynError as error:
        raise ResultFileError(f"{name}: {error}") from error


def _read(name: str) -> tuple[xarray.Dataset, dict[str, xarray.Dataset]]:
    """The root and the groups of a NetCDF file."""
    import xarray

    try:
        with xarray.open_datatree(name, engine="h5netcdf") as tree:
            tree.load()
            return tree.to_dataset(), {key: node.to_dataset() for key, node in tree.children.items()}
    except Exception as error:  # a damaged file makes its readers raise anything
        raise ResultFileError(f"not a readable NetCDF file: {error}") from error


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
