"""The library of ready models, and model files of one's own: find, read, change by paths, build."""

from __future__ import annotations

import copy
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodyn.errors import ModelError, nearest, shown
from neurodyn.inputs import as_path
from neurodyn.learning import Recipe
from neurodyn.models.override import override_all
from neurodyn.phases.langevin import Langevin
from neurodyn.solvers.solver import Solver

if TYPE_CHECKING:
    from neurodyn.models.file import ModelFile
    from neurodyn.system.network import Network

LIBRARY = Path(__file__).with_name("library")

#: Data sets that [data] may name.
DATA_SETS = ("digits", "mnist")

#: No model file is longer, in bytes.
LONGEST = 50_000_000
#: Tables and lists do not stand deeper within each other.
DEEPEST = 50


@dataclass(frozen=True, eq=False)
class Model:
    """A network with its data and the settings of the experiment.

    Attributes
    ----------
    name, title : str
        Name in the library, or the file's without its suffix; and what the file says it is.
    network : Network
    x : (batch, n_in) or None
        Inputs; None without [data] or without an input population.
    y : (batch, n_out), or (batch,) integer labels, or None
        Targets.
    start : (batch, n), (n,) or None
        Where the free phase begins.
    tol, t_max, beta, nudging, correction, duration, solver
        What `neurodyn.experiments.experiment` takes.
    recipe, validation
        What `neurodyn.learn` takes; the defaults without [learning].
    noise : Langevin
        What `neurodyn.stationary` takes; a temperature of 0.1 without [noise].
    settings : dict
        What the file says, with the changes by `overrides`, as plain data.

    Examples
    --------
    >>> from neurodyn import models
    >>> model = models.read("two-neurons")
    >>> sorted(model.settings)
    ['connections', 'data', 'free', 'nudging', 'populations', 'title']
    """

    name: str
    title: str
    network: Network
    x: Any
    y: Any
    start: Any
    tol: float
    t_max: float | None
    beta: float
    nudging: str
    correction: str | None
    duration: float | None
    solver: Solver
    recipe: Recipe
    validation: int | float | None
    settings: dict[str, Any] = field(repr=False)
    noise: Langevin | None = None


def names() -> tuple[str, ...]:
    """Names of the models in the library.

    Examples
    --------
    >>> from neurodyn import models
    >>> "two-neurons" in models.names()
    True
    """
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


@dataclass(frozen=True, slots=True)
class Outline:
    """What a model of the library is, without its data: populations are sizes by name, `source` paper and section.

    Examples
    --------
    >>> from neurodyn import models
    >>> outline = models.outline("two-neurons")
    >>> outline.title
    'Two coupled neurons with two states of rest'
    """

    name: str
    title: str
    populations: dict[str, int]
    outputs: int
    source: str = ""


def outline(name: str) -> Outline:
    """Read the outline of a model; builds no network and needs no data.

    Examples
    --------
    >>> from neurodyn import models
    >>> models.outline("two-neurons").populations
    {'x': 1, 's': 2}
    """
    path, raw = settings(name)
    faults: list[str] = []
    tables = _parse(raw, faults)
    sizes, outputs = {}, 0
    for population, table in tables.populations.items():
        if table is not None:
            sizes[population] = table.size
            outputs += table.size if table.role == "output" and table.outputs is None else table.outputs or 0
    if faults or tables.head is None:
        raise _fault(path, faults)
    return Outline(path.stem, tables.head.title or path.stem, sizes, outputs, tables.head.source)


def load(source: str | os.PathLike[str], *, data: str | os.PathLike[str] | None = None) -> tuple[Network, Any, Any]:
    """Return (network, x, y) of a model; see `read`, which also gives its other settings.

    Examples
    --------
    >>> from neurodyn import models
    >>> network, x, y = models.load("two-neurons")
    >>> network.n
    2
    """
    model = read(source, data=data)
    return model.network, model.x, model.y


def read(
    source: str | os.PathLike[str],
    *,
    overrides: Sequence[str] = (),
    data: str | os.PathLike[str] | None = None,
    samples: bool = True,
) -> Model:
    """Read a model of the library, or a model file.

    Parameters
    ----------
    source : str or path
        A name of the library, or the path of a TOML file.
    overrides : sequence of str
        Changes like ``"populations.h1.tau=2.0"``: the path of a key, and its value in TOML (a bare word is a string).
    data : path, optional
        Folder of data of one's own (MNIST). Default: the environment variable NEURODYN_DATA.
    samples : bool
        Whether to read the samples of a data set, too.

    Raises
    ------
    ModelError
        The file cannot be read, or says what it must not; the message lists all faults, each with its path.
    DataError
        The data are missing or damaged.

    Examples
    --------
    >>> from neurodyn import models
    >>> model = models.read("two-neurons")
    >>> model.name, model.network.n
    ('two-neurons', 2)
    """
    if not isinstance(samples, bool):
        raise ModelError(f"`samples` must be True or False; got {shown(samples)}")
    path, raw = settings(source, overrides)
    data = None if data is None else as_path(data, "data")
    from neurodyn.models.build import build_graph, build_network, build_noise, build_recipe, build_solver, check_phases
    from neurodyn.models.data.model_data import ModelData, build_model_data

    faults: list[str] = []
    tables = _parse(raw, faults)
    solver = build_solver(tables, faults)
    graph, complete = build_graph(tables, faults)
    network = build_network(tables, graph, path.parent, faults)
    recipe = build_recipe(tables, network, faults)
    noise = build_noise(tables, network, faults)
    check_phases(tables, network, faults)
    named = tables.data is not None and tables.data.name in DATA_SETS
    wanted = samples or not named
    found = build_model_data(tables, graph if complete else None, data, faults) if wanted else ModelData()
    if network is None or faults:
        raise _fault(path, faults)
    head, free, nudging = tables.head, tables.free, tables.nudging
    assert head is not None
    assert free is not None
    assert nudging is not None
    return Model(
        path.stem,
        head.title or path.stem,
        network,
        found.x,
        found.y,
        found.start,
        free.tol,
        free.t_max,
        nudging.beta,
        nudging.kind,
        None if nudging.correction == "none" else nudging.correction,
        nudging.duration,
        solver,
        recipe,
        tables.learning.validation if tables.learning else None,
        raw,
        noise,
    )


def settings(source: str | os.PathLike[str], overrides: Sequence[str] = ()) -> tuple[Path, dict[str, Any]]:
    """Path of a model file, and what it says with `overrides` applied, not yet checked."""
    if (
        isinstance(overrides, str)
        or not isinstance(overrides, Sequence)
        or not all(isinstance(text, str) for text in overrides)
    ):
        raise ModelError(f"`overrides` must be a list of texts like 'nudging.beta=1e-4'; got {shown(overrides)}")
    path = find(source)
    raw = _toml(path)
    override_all(raw, overrides)
    if _depth(raw) > DEEPEST:
        raise ModelError(f"{path} has tables within tables, {DEEPEST} deep and more: no key of a model file is so deep")
    return path, raw


def _depth(value: Any) -> int:
    """How deep tables and lists stand within each other, as far as `DEEPEST`."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, (dict, list))]
        level, depth = [inner for part in parts for inner in part], depth + 1
    return depth


def find(source: str | os.PathLike[str]) -> Path:
    """Path of a library name, or of a model file.

    Raises
    ------
    ModelError
        There is no such model; says which are there.

    Examples
    --------
    >>> from neurodyn import models
    >>> models.find("two-neurons").name
    'two-neurons.toml'
    """
    name = as_path(source, "source")
    if name in names():
        return LIBRARY / f"{name}.toml"
    path = Path(name)
    if isinstance(source, str) and path.name == name and not path.suffix:
        raise ModelError(f"unknown model {name!r}; {nearest(name, names())}; or the path of a file that ends in .toml")
    if os.path.isdir(name):
        raise ModelError(f"{name} is a folder, not a model file")
    if not os.path.exists(name):
        raise ModelError(f"no such model file: {name}; models of the library: {', '.join(names())}")
    if path.suffix != ".toml" or not os.path.isfile(name):
        raise ModelError(f"{name} is not a model file: it must be a file whose name ends in .toml")
    return path


def _toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LONGEST:
            raise ModelError(f"{path} is too long for a model file: more than {LONGEST:,} bytes")
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not a text file in UTF-8 (byte {error.start} is not)") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not valid TOML: {error}") from error


def _parse(raw: dict[str, Any], faults: list[str]) -> ModelFile:
    from neurodyn.models.file import parse

    return parse(copy.deepcopy(raw), faults)


def _fault(path: Path, faults: list[str]) -> ModelError:
    where = f"model {path.stem!r}" if path.parent == LIBRARY else str(path)
    if len(faults) == 1:
        return ModelError(f"{where}: {faults[0]}")
    return ModelError("\n".join([f"{where} has {len(faults)} faults:", *(f"  {fault}" for fault in faults)]))
