"""What a model file may say: its tables, and a fault with its path for everything that is wrong.

Each table is checked on its own, so that a fault in one does not hide those of the others; what concerns more than
one table is checked in `neurodyn.models.build`. This is the one module that imports pydantic.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from neurodyn.errors import ModelError, nearest
from neurodyn.flows.activation import canonical
from neurodyn.models.activation import Activation
from neurodyn.models.cost import Cost
from neurodyn.models.term_tables import read_terms
from neurodyn.models.values import is_count, is_fraction, is_labels, is_matrix, is_number, is_random, is_tau, is_vector
from neurodyn.system.graph import LINEAR, SOFTMAX, Population, check_readout
from neurodyn.system.term import Term

#: More units than this in a population, or samples of data, are taken for a slip.
LARGEST = 100_000

_short = reprlib.Repr()
_short.maxstring, _short.maxlong, _short.maxlist = 60, 30, 4


def _one_of(rule: str, *tests: Callable[[object], bool]) -> PlainValidator:
    def check(value: Any) -> Any:
        if not any(test(value) for test in tests):
            raise PydanticCustomError("shape", "must be {rule}", {"rule": rule})
        return value

    return PlainValidator(check)


def _activation(value: Any) -> str:
    """The name of an activation; an expression goes by its text and its constants."""
    if isinstance(value, str):
        return canonical(value)
    name, text, constants = _expression(value)
    return Activation(name, text, constants=constants).name


def _readout(value: Any) -> str:
    """The name of a cost; an expression goes by its text and its constants."""
    if isinstance(value, str):
        check_readout(value, "unknown name")
        return value
    name, text, constants = _expression(value)
    return Cost(name, text, constants=constants).name


def _expression(value: Any) -> tuple[str, str, dict[str, Any]]:
    """Name, text and constants of a table with an expression."""
    if not isinstance(value, dict) or "expression" not in value or set(value) - {"expression", "constants"}:
        raise PydanticCustomError("shape", "must be a name, or a table with an `expression` and perhaps `constants`")
    text, constants = value["expression"], value.get("constants", {})
    if not isinstance(text, str) or not isinstance(constants, dict):
        raise PydanticCustomError("shape", "must have a text as its `expression`, and a table as its `constants`")
    return ", ".join([text, *(f"{key} = {constant}" for key, constant in sorted(constants.items()))]), text, constants


Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1, le=LARGEST)]
Seed = Annotated[int, Field(ge=0)]
Tau = Annotated[Any, _one_of("a positive number, or a list of one for each unit", is_tau)]
Matrix = Annotated[Any, _one_of("a list of rows of finite numbers, all of one length", is_matrix)]
Feedback = Annotated[
    Any, _one_of("a number, 'random', or a list of rows of numbers, all of one length", is_number, is_random, is_matrix)
]
Targets = Annotated[Any, _one_of("a list of labels 0, 1, 2 ..., or a list of rows of numbers", is_labels, is_matrix)]
Held = Annotated[Any, _one_of("how many samples to hold out, or what fraction below 1", is_count, is_fraction)]
Start = Annotated[Any, _one_of("a list of numbers, or a list of such lists of one length", is_vector, is_matrix)]


class Table(BaseModel):
    """A table of a model file: no unknown keys, no guessing of types, finite numbers only."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class HeadTable(Table):
    """The keys outside any table."""

    title: str = ""
    source: str = ""
    model: Literal["hopfield", "rate", "terms"] = "hopfield"
    seed: Seed = 0
    gain: float = 1.0
    energy_of: Literal["states", "rates"] = "states"


class PopulationTable(Table):
    """[populations.NAME]."""

    size: Count
    role: Literal["input", "hidden", "output"] = "hidden"
    activation: Annotated[str, PlainValidator(_activation)] = ""
    tau: Tau = 1.0
    outputs: int | None = Field(default=None, ge=0)
    readout: Annotated[str, PlainValidator(_readout)] = LINEAR

    @model_validator(mode="after")
    def _fits(self) -> PopulationTable:
        if self.role == "input" and (self.outputs or "tau" in self.model_fields_set):
            raise PydanticCustomError("role", "an input is clamped: it has neither `tau` nor `outputs`")
        if isinstance(self.tau, list) and len(self.tau) != self.size:
            sizes = {"tau": len(self.tau), "size": self.size}
            raise PydanticCustomError("size", "`tau` has {tau} entries, but there are {size} units", sizes)
        if (self.outputs or 0) > self.size:
            raise PydanticCustomError("size", "`outputs` must be at most the size, {size}", {"size": self.size})
        outputs = self.size if self.role == "output" and self.outputs is None else self.outputs or 0
        if self.readout == SOFTMAX and outputs < 2:
            rule = "a softmax `readout` needs at least two outputs; there are {outputs}"
            raise PydanticCustomError("size", rule, {"outputs": outputs})
        return self


class ConnectionTable(Table):
    """An entry of `connections`; a string stands for a table with `between` alone."""

    between: str
    weights: Matrix = None
    gain: float = 1.0
    init: Literal["glorot", "zeros"] | None = None
    sparsity: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    feedback: Feedback = 1.0

    @model_validator(mode="after")
    def _fits(self) -> ConnectionTable:
        first, _, second = self.between.partition("-")
        if isinstance(self.feedback, list) and first == second:
            rule = "within a population give both directions as `weights`, with feedback = 'random'"
            raise PydanticCustomError("conflict", rule)
        for key in ("init", "sparsity"):
            if self.weights is not None and key in self.model_fields_set:
                raise PydanticCustomError("conflict", "give `weights` or `{key}`, not both", {"key": key})
        return self


class ParametersTable(Table):
    """[parameters]: a file with all weights and biases, beside the model file."""

    file: str | None = Field(default=None, min_length=1)


class DataTable(Table):
    """[data]: a named data set, or inputs and targets."""

    name: Literal["digits", "mnist", "random"] | None = None
    samples: Count = 8
    first: int = Field(default=0, ge=0)
    split: Literal["train", "test"] = "test"
    seed: Seed = 0
    x: Matrix = None
    y: Targets = None

    @model_validator(mode="after")
    def _fits(self) -> DataTable:
        inline = {"x", "y"}
        allowed = {"random": {"samples", "seed"}, None: inline}.get(self.name, {"samples", "first", "split"})
        extra = ", ".join(f"`{key}`" for key in sorted(self.model_fields_set - allowed - {"name"}))
        if extra and self.name:
            details = {"extra": extra, "name": self.name}
            raise PydanticCustomError("conflict", "{extra} cannot stand beside name = '{name}'", details)
        if extra or not self.model_fields_set & (inline | {"name"}):
            raise PydanticCustomError("conflict", "give the `name` of a data set, or numbers as `x` and `y`")
        return self


class FreeTable(Table):
    """[free]: the free phase."""

    tol: Positive = 1e-10
    t_max: Positive | None = None
    start: Start = None


class NudgingTable(Table):
    """[nudging]: the second phase."""

    beta: float = 1e-3
    kind: Literal["centered", "positive", "negative"] = "centered"
    correction: Literal["none", "antisymmetric"] = "none"
    duration: Positive | None = None


class SolverTable(Table):
    """[solver]: what is given goes to `neurodyn.Solver`, which has the defaults."""

    method: str | None = None
    rtol: Positive | None = None
    atol: Positive | None = None
    step: Positive | None = None
    max_steps: int | None = Field(default=None, ge=1, le=10**15)
    max_seconds: Positive | None = None


class NoiseTable(Table):
    """[noise]: what `neurodyn noise` averages under; `neurodyn.Langevin` has the other defaults."""

    temperature: Annotated[Any, _one_of("a number, or a list of one for each free unit", is_number, is_vector)] = 0.1
    scheme: str | None = None
    step: Positive | None = None
    seed: Seed | None = None
    correlation_time: Positive | None = None


class LearningTable(Table):
    """[learning]: how `neurodyn train` learns; `neurodyn.Recipe` has the defaults and checks the values."""

    method: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    rates: Any = None
    schedule: str | None = None
    shuffle: bool | None = None
    persistent: bool | None = None
    shift: int | None = None
    patience: int | None = None
    alignment: int | None = None
    seed: Seed | None = None
    beta: float | None = None
    nudging: str | None = None
    correction: Literal["none", "antisymmetric"] | None = None
    step: float | None = None
    free_steps: int | None = None
    nudged_steps: int | None = None
    tol: float | None = None
    convention: str | None = None
    duration: float | None = None
    validation: Held = None
    options: dict[str, Any] | None = None


#: Tables that may be left out, and all keys of the top level.
SECTIONS: Mapping[str, type[Table]] = {
    "parameters": ParametersTable,
    "data": DataTable,
    "free": FreeTable,
    "nudging": NudgingTable,
    "solver": SolverTable,
    "learning": LearningTable,
    "noise": NoiseTable,
}
KEYS = (*HeadTable.model_fields, "connections", "populations", "terms", *SECTIONS)

T = TypeVar("T", bound=Table)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The tables of a model file. A table with a fault is None, and so is [data] where there is none."""

    head: HeadTable | None
    populations: Mapping[str, PopulationTable | None]
    connections: tuple[ConnectionTable | None, ...]
    terms: tuple[Term | None, ...]
    parameters: ParametersTable | None
    data: DataTable | None
    free: FreeTable | None
    nudging: NudgingTable | None
    solver: SolverTable | None
    learning: LearningTable | None
    noise: NoiseTable | None


def parse(raw: Mapping[str, Any], faults: list[str]) -> ModelFile:
    """Check each table, and append a line "path: what is wrong" to `faults` for whatever is."""
    head = {key: value for key, value in raw.items() if key not in KEYS or key in HeadTable.model_fields}
    sections: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        absent = name == "data" and name not in raw
        sections[name] = None if absent else _table(kind, (name,), raw.get(name, {}), faults)
    found = _table(HeadTable, (), head, faults)
    return ModelFile(found, _populations(raw, faults), _connections(raw, faults), read_terms(raw, faults), **sections)


def _populations(raw: Mapping[str, Any], faults: list[str]) -> dict[str, PopulationTable | None]:
    tables = raw.get("populations")
    if not isinstance(tables, dict) or not tables:
        faults.append("populations: there must be at least one table [populations.NAME]")
        return {}
    found = {}
    for name, raw_table in tables.items():
        table = _table(PopulationTable, ("populations", name), raw_table, faults)
        try:
            found[Population(name, 1).name] = table
        except ModelError as error:
            faults.append(f"populations.{name}: {error}")
    return found


def _connections(raw: Mapping[str, Any], faults: list[str]) -> tuple[ConnectionTable | None, ...]:
    entries = raw.get("connections", [])
    if not isinstance(entries, list):
        faults.append(f'connections: must be a list, like ["x-h1", "h1-y"]; got {_short.repr(entries)}')
        return ()
    tables: list[ConnectionTable | None] = []
    for i, entry in enumerate(entries):
        if isinstance(entry, (str, dict)):
            table = {"between": entry} if isinstance(entry, str) else entry
            tables.append(_table(ConnectionTable, ("connections", i), table, faults))
        else:
            tables.append(None)
            faults.append(f'connections.{i}: must be a string like "x-h1", or a table; got {_short.repr(entry)}')
    return tuple(tables)


def _table(kind: type[T], path: tuple[str | int, ...], raw: Any, faults: list[str]) -> T | None:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            where = ".".join(str(part) for part in (*path, *details["loc"]))
            faults.append(f"{where}: {_sentence(kind, details)}")
        return None


def _sentence(kind: type[Table], details: ErrorDetails) -> str:
    """Say what pydantic found in our words."""
    got = f"; got {_short.repr(details['input'])}"
    match details["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            allowed = KEYS if kind is HeadTable else tuple(kind.model_fields)
            return f"unknown key; {nearest(details['loc'][-1], allowed)}"
        case "literal_error":
            allowed = tuple(part.strip(" '") for part in details["ctx"]["expected"].replace(" or ", ", ").split(","))
            return f"unknown name {_short.repr(details['input'])}; {nearest(details['input'], allowed)}"
        case "model_type":
            return f"must be a table{got}"
        case "value_error":
            return str(details["ctx"]["error"])
        case "role" | "size" | "conflict":
            return details["msg"]
        case _:
            return details["msg"].replace("Input should", "must").replace("String should", "must") + got
