"""The graph of a network: populations of units, and undirected connections between them.

Free units are numbered population by population, in the order given; the input population is clamped and has none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ModelError, nearest, shown
from neurodyn.flows.activation import CODES, canonical
from neurodyn.flows.own_activation import OWN_ACTIVATIONS
from neurodyn.flows.own_cost import OWN_COSTS
from neurodyn.inputs import as_numbers, is_number, is_whole
from neurodyn.numerics.arrays import Array
from neurodyn.system.own import described, made

ROLES = ("input", "hidden", "output")
#: More units than these are a slip.
LARGEST = 10**9
FIELDS = ("size", "activation", "role", "outputs", "readout")
#: How a cost reads the outputs: as they are, or through a softmax. All other names are those of a user's own costs.
LINEAR, SOFTMAX = "linear", "softmax"
#: Feedback weights of a connection that are its own.
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Population:
    """A population of units that share an activation.

    Parameters
    ----------
    name : str
        A letter, then letters, digits or underscores.
    size : int
        Number of units, at least 1.
    activation : str, optional
        `tanh`, `sigmoid`, `hard-sigmoid`, `softplus` or `linear`; default `tanh`, for an input `linear`. Or one of your
        own: see `models.Activation`.
    role : {"input", "hidden", "output"}
        The input population is clamped to x; the output population is the one a cost sees.
    outputs : int, optional
        How many of the *last* units are outputs. Default: all of an output population, none of another.
    readout : {"linear", "softmax"}, or a cost
        The cost of the outputs: ½‖s_out − y‖², or the cross-entropy −Σ y log softmax(s_out), of two outputs or more. Or
        one of your own: see `models.Cost`.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Population("h1", 5, "sigmoid").n_outputs
    0
    >>> nd.Population("s", 5, outputs=2).n_outputs
    2
    """

    name: str
    size: int
    activation: str = ""
    role: str = "hidden"
    outputs: int | None = None
    readout: str = LINEAR

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", str(self.name)):
            raise ModelError(f"population name {self.name!r} must be a letter, then letters, digits or underscores")
        if not is_whole(self.size) or not 1 <= self.size <= LARGEST:
            rule = "a whole number >= 1" if not is_whole(self.size) or self.size < 1 else f"at most {LARGEST:,}"
            raise ModelError(f"population {self.name!r}: size must be {rule}; got {shown(self.size)}")
        if not isinstance(self.role, str) or self.role not in ROLES:
            raise ModelError(f"population {self.name!r}: unknown role {self.role!r}; {nearest(self.role, ROLES)}")
        default = "linear" if self.role == "input" else "tanh"
        if isinstance(self.activation, (np.ndarray, list, tuple)):
            raise ModelError(f"population {self.name!r}: activation must be a name; got {shown(self.activation)}")
        object.__setattr__(self, "size", int(self.size))
        object.__setattr__(self, "activation", canonical(self.activation or default))
        if self.role == "input" and self.activation not in CODES:
            raise ModelError(
                f"population {self.name!r}: an input has one of the activations {', '.join(CODES)}; "
                f"got {self.activation!r}"
            )
        if self.outputs is None:
            object.__setattr__(self, "outputs", self.size if self.role == "output" else 0)
        if not isinstance(self.outputs, (int, np.integer)):
            raise ModelError(f"population {self.name!r}: outputs must be a whole number; got {self.outputs!r}")
        if not 0 <= self.n_outputs <= self.size or (self.role == "input" and self.n_outputs):
            raise ModelError(
                f"population {self.name!r}: outputs must lie between 0 and its size {self.size} "
                f"(an input has none); got {self.outputs!r}"
            )
        object.__setattr__(self, "readout", str(self.readout))
        check_readout(self.readout, f"population {self.name!r}: unknown readout")
        if self.readout == SOFTMAX and self.n_outputs < 2:
            raise ModelError(
                f"population {self.name!r}: a softmax needs at least two outputs; there are {self.n_outputs}"
            )

    @property
    def n_outputs(self) -> int:
        """Number of output units."""
        return int(self.outputs or 0)

    def describe(self) -> dict[str, Any]:
        """Plain data, of which `read` makes an equal one; with the texts of what is a user's own."""
        return {
            "name": self.name,
            "size": self.size,
            "activation": described(self.activation, OWN_ACTIVATIONS),
            "role": self.role,
            "outputs": self.n_outputs,
            "readout": described(self.readout, OWN_COSTS),
        }

    @classmethod
    def read(cls, description: Mapping[str, Any]) -> Population:
        """The population that `describe` described."""
        return cls(**{field: made(field, value) for field, value in description.items()})


def check_readout(name: str, what: str) -> None:
    """Refuse a name that is no cost's; the message begins with `what`."""
    allowed = (LINEAR, SOFTMAX, *OWN_COSTS)
    if name not in allowed:
        raise ModelError(f"{what} {name!r}; {nearest(name, allowed)}")


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection between the units of two populations, in both directions; each connected pair shares one weight.

    Parameters
    ----------
    first, second : str
        Names of the populations; the same for connections within one.
    sparsity : float
        Probability that a pair of units is not connected, for each pair on its own. The network draws which are from
        its seed, unless its weights are given as a scipy.sparse matrix: then the matrix says it.
    feedback : float or "random"
        What leads back from the second population to the first, where W leads from the first to the second: a factor
        gamma stands for gamma Wᵀ, and 1 is the shared weight of an energy; "random" for weights of its own, drawn like
        the others unless they are given. Within one population "random" gives each direction its own weight. Where the
        connection is sparse, which pairs are connected is drawn for each direction on its own.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Connection("h1", "y", sparsity=0.5).name
    'h1-y'
    >>> nd.Connection.parse("h1-y").feedback
    1.0
    """

    first: str
    second: str
    sparsity: float = 0.0
    feedback: float | str = 1.0

    def __post_init__(self) -> None:
        self._check_sparsity()
        self._check_feedback()

    def _check_sparsity(self) -> None:
        if not (is_number(self.sparsity) and 0.0 <= self.sparsity < 1.0):
            raise ModelError(
                f"connection {self.name!r}: sparsity, the fraction of connections that are absent, must be a number "
                f">= 0 and < 1; got {self.sparsity!r}"
            )
        object.__setattr__(self, "sparsity", float(self.sparsity))

    def _check_feedback(self) -> None:
        given = self.feedback
        if given == RANDOM and isinstance(given, str):
            return
        if not is_number(given):
            raise ModelError(
                f"connection {self.name!r}: feedback must be a finite factor, or {RANDOM!r} for weights of its own; "
                f"got {given!r}"
            )
        if self.first == self.second and given != 1.0:
            raise ModelError(
                f"connection {self.name!r} has no direction that is the feedback, so it must be 1 or {RANDOM!r}; "
                f"got {given!r}"
            )
        object.__setattr__(self, "feedback", float(given))

    @classmethod
    def parse(cls, text: str | Connection) -> Connection:
        """Read `"x-h1"`, all of whose units are connected."""
        if isinstance(text, Connection):
            return text
        parts = str(text).split("-")
        if len(parts) != 2 or not all(parts):
            raise ModelError(f"connection {text!r} must name two populations joined by a hyphen, like 'x-h1'")
        return cls(parts[0], parts[1])

    @property
    def name(self) -> str:
        """`first-second`, the key of its weights."""
        return f"{self.first}-{self.second}"

    @property
    def own_feedback(self) -> str:
        """`second-first`, the key of feedback weights of its own, or ''."""
        return f"{self.second}-{self.first}" if self.feedback == RANDOM else ""


@dataclass(frozen=True)
class Graph:
    """Populations and connections, checked; and where each lies among the free units.

    Raises `ModelError` for unknown or repeated names, more than one input or output population, connections
    inside the input, or pairs connected twice.
    """

    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    slices: Mapping[str, slice] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for p in self.populations:
            if not isinstance(p, Population):
                raise ModelError(f"`populations` must hold Populations, or be a mapping from names; got {shown(p)}")
        if not self.free:
            raise ModelError("a network needs at least one population that is not the input")
        names = [p.name for p in self.populations]
        _refuse_repeats(names, "population")
        for what, found in (
            ("input", [p for p in self.populations if p.role == "input"]),
            ("output", [p for p in self.populations if p.n_outputs]),
        ):
            if len(found) > 1:
                raise ModelError(f"only one {what} population is possible; got {', '.join(p.name for p in found)}")
        for c in self.connections:
            for name in (c.first, c.second):
                if name not in names:
                    raise ModelError(f"connection {c.name!r}: unknown population {name!r}; {nearest(name, names)}")
            if self[c.first].role == self[c.second].role == "input":
                raise ModelError(f"connection {c.name!r} joins the clamped input to itself")
            if c.feedback != 1.0 and "input" in (self[c.first].role, self[c.second].role):
                raise ModelError(f"connection {c.name!r} joins the clamped input, which no feedback moves")
        _refuse_repeats(["-".join(sorted((c.first, c.second))) for c in self.connections], "connection")
        slices, start = {}, 0
        for p in self.free:
            slices[p.name] = slice(start, start + p.size)
            start += p.size
        object.__setattr__(self, "slices", slices)

    @classmethod
    def build(
        cls,
        populations: Mapping[str, Any] | Iterable[Population],
        connections: Iterable[str | Connection],
    ) -> Graph:
        """Accept populations as objects, or as a mapping from names to sizes or to dicts of fields."""
        if isinstance(populations, Mapping):
            populations = [_population(name, value) for name, value in populations.items()]
        for name, value in (("populations", populations), ("connections", connections)):
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise ModelError(f"`{name}` must be a list of them; got {shown(value)}")
        return cls(tuple(populations), tuple(Connection.parse(c) for c in connections))

    def _ipython_key_completions_(self) -> list[str]:
        """Names of populations, for the tabulator key of notebooks and IPython."""
        return [p.name for p in self.populations]

    def __getitem__(self, name: str) -> Population:
        return next(p for p in self.populations if p.name == name)

    @cached_property
    def free(self) -> tuple[Population, ...]:
        """The populations that move: all but the input."""
        return tuple(p for p in self.populations if p.role != "input")

    @cached_property
    def input(self) -> Population | None:
        """The clamped population, if there is one."""
        return next((p for p in self.populations if p.role == "input"), None)

    @cached_property
    def n(self) -> int:
        """Number of free units."""
        return sum(p.size for p in self.free)

    @cached_property
    def n_in(self) -> int:
        """Number of clamped units."""
        return self.input.size if self.input else 0

    @cached_property
    def outputs(self) -> slice:
        """The output units among the free ones (an empty slice if there are none)."""
        for p in self.free:
            if p.n_outputs:
                stop = self.slices[p.name].stop
                return slice(stop - p.n_outputs, stop)
        return slice(0, 0)

    @property
    def n_out(self) -> int:
        """Number of output units."""
        return self.outputs.stop - self.outputs.start

    @property
    def readout(self) -> str:
        """How a cost reads the outputs."""
        return next((p.readout for p in self.free if p.n_outputs), LINEAR)

    def unit(self, index: int) -> str:
        """Say which unit a free index means: "unit 3 of population 'h1'"."""
        for name, where in self.slices.items():
            if where.start <= index < where.stop:
                return f"unit {index - where.start} of population {name!r}"
        raise IndexError(index)


def _population(name: str, value: Any) -> Population:
    if isinstance(value, Population):
        if value.name != name:
            raise ModelError(f"population {name!r} is given an object named {value.name!r}")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if key not in FIELDS:
                raise ModelError(f"population {name!r}: unknown field {key!r}; {nearest(key, FIELDS)}")
        return Population(name, **value)
    return Population(name, value)


def _refuse_repeats(names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ModelError(f"{what} {name!r} is given more than once")


def expand_tau(graph: Graph, tau: ArrayLike) -> Array:
    """Time constants of all free units, (n,), from a scalar, one value per free population, or one per unit.

    A sequence with one entry per free population may hold scalars or one array per population.
    Raises `ModelError` unless all are positive and finite.
    """
    sizes = [p.size for p in graph.free]
    try:
        if not isinstance(tau, (list, tuple)) and np.ndim(tau) == 0:
            values = np.full(graph.n, as_numbers(tau, "`tau`", ModelError))
        elif isinstance(tau, Collection) and len(tau) == len(sizes):
            values = np.concatenate(
                [np.broadcast_to(as_numbers(v, "`tau`", ModelError), (m,)) for v, m in zip(tau, sizes, strict=True)]
            )
        else:
            values = as_numbers(tau, "`tau`", ModelError)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (graph.n,):
        raise ModelError(
            f"`tau` must be a number, one number per free population ({len(sizes)}: "
            f"{', '.join(p.name for p in graph.free)}) or one per free unit ({graph.n}); "
            f"got shape {_shape(tau)}"
        )
    for i in np.flatnonzero(~(np.isfinite(values) & (values > 0))):
        raise ModelError(f"`tau` must be positive and finite; got {values[i]:g} for {graph.unit(int(i))}")
    values.flags.writeable = False
    return values


def _shape(value: Any) -> str:
    try:
        return str(np.shape(value))
    except ValueError:
        return f"a ragged sequence of length {len(value)}"
