"""The axes of a sweep: what each varied path takes, from values or from texts like "log:1e-4:1:9".

A text is a form with its numbers (`FORMS`), or values with commas between, each as in a model file: "0.1,1,10",
"[1.0,3.0],[1.0,1.0]"; a bare word is a string. Drawn values depend on the sweep's seed, the path and the number of the
draw alone: more draws keep the first ones.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError, nearest
from neurodyn.inputs import is_number, whole_number

#: What a text may begin with, and how it goes on.
FORMS = {
    "log": "log:FIRST:LAST:COUNT",
    "lin": "lin:FIRST:LAST:COUNT",
    "int": "int:FIRST:LAST or int:FIRST:LAST:COUNT",
    "uniform": "uniform:LOW:HIGH",
    "loguniform": "loguniform:LOW:HIGH",
}
#: The dimension along which all drawn paths vary together.
DRAW = "draw"
#: Names of the dataset's own, which no path can take.
RESERVED = (DRAW, "status", "message", "model")
#: More values than this on one axis are taken for a slip.
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Axis:
    """A path and its values as plain data, all different, and how they were drawn, if they were."""

    path: str
    values: tuple[Any, ...]
    drawn: Draw | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """A path whose values are drawn evenly between low and high, or their logarithms are."""

    path: str
    low: float
    high: float
    log: bool

    def axis(self, count: int, seed: int) -> Axis:
        """The first `count` draws."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        drawn = (np.random.default_rng(sequence(seed, self.path, k)).uniform(low, high) for k in range(count))
        return Axis(self.path, tuple(float(math.exp(v) if self.log else v) for v in drawn), self)

    @property
    def text(self) -> str:
        """What `parse` makes it of."""
        return f"{'loguniform' if self.log else 'uniform'}:{self.low!r}:{self.high!r}"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A direction of the grid: one axis, or several that go along together."""

    name: str
    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """How many values each of its axes has."""
        return len(self.axes[0].values)


def sequence(seed: int, *key: Any) -> np.random.SeedSequence:
    """Random bits that depend on what they are for, and on nothing else."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).digest()
    return np.random.SeedSequence([seed, *np.frombuffer(digest, dtype="<u4").tolist()])


def dimensions(
    vary: Mapping[str, Any], together: Sequence[Sequence[str]], draws: int | None, seed: int
) -> tuple[Dimension, ...]:
    """The directions of the grid in the order of `vary`; paths that go together stand where the first of them does.

    Raises
    ------
    ArgumentError
        An axis or a group breaks a rule; says which.
    """
    if isinstance(together, str) or not isinstance(together, Sequence):
        raise ArgumentError(f"`zip` must be a list of groups of paths; got {together!r}")
    if not isinstance(vary, Mapping) or not vary:
        raise ArgumentError(f"`vary` must name at least one path and its values; got {vary!r:.60}")
    parsed = {path: parse(path, given) for path, given in vary.items()}
    drawn = [path for path, axis in parsed.items() if isinstance(axis, Draw)]
    groups: dict[str, tuple[str, ...]] = {path: (path,) for path in parsed}
    for paths in together:
        _check_group(paths, parsed, groups)
        groups |= {path: tuple(paths) for path in paths}
    if drawn:
        if draws is None:
            raise ArgumentError(f"{drawn[0]!r} is drawn, so `draws` must say how many times")
        groups |= {path: tuple(drawn) for path in drawn}
    elif draws is not None:
        raise ArgumentError(
            "`draws` is given, but no path is drawn: give one as uniform:LOW:HIGH or loguniform:LOW:HIGH"
        )
    if draws is not None:
        draws = whole_number(draws, "draws", 1, LARGEST)
    found: list[Dimension] = []
    for group in dict.fromkeys(groups[path] for path in parsed):
        members = tuple(a.axis(draws or 0, seed) if isinstance(a, Draw) else a for a in map(parsed.__getitem__, group))
        found.append(Dimension(DRAW if group[0] in drawn else group[0], members))
    return tuple(found)


def _check_group(paths: Any, parsed: Mapping[str, Axis | Draw], taken: Mapping[str, Sequence[str]]) -> None:
    listed = isinstance(paths, Sequence) and all(isinstance(path, str) for path in paths)
    if isinstance(paths, str) or not listed or len(set(paths)) < 2:
        raise ArgumentError(f"`zip` takes groups of two or more different paths; got {paths!r}")
    for path in paths:
        axis = parsed.get(path)
        if axis is None:
            raise ArgumentError(f"`zip` names {path!r}, which does not vary; {nearest(path, parsed)}")
        if isinstance(axis, Draw):
            raise ArgumentError(f"`zip` names {path!r}, which is drawn: all drawn paths go together already")
        if len(taken[path]) > 1:
            raise ArgumentError(f"`zip` names {path!r} twice")
    counts = {path: len(axis.values) for path in paths if isinstance(axis := parsed[path], Axis)}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{path} {count}" for path, count in counts.items())
        raise ArgumentError(f"`zip` takes paths with equally many values; got {told}")


def parse(path: str, given: object) -> Axis | Draw:
    """One axis from a text, or from a list or array of values."""
    if not isinstance(path, str) or not re.fullmatch(r"[^\s/]+", path):
        raise ArgumentError(f"a path of `vary` must be a text without spaces and slashes; got {path!r}")
    if path in RESERVED:
        raise ArgumentError(f"{path!r} cannot vary: the result has an entry of that name; allowed: any other name")
    if isinstance(given, str):
        form = re.match(r"([A-Za-z]+):", given.strip())
        values = _form(path, form[1], given.strip()) if form else _listed(given)
        if isinstance(values, Draw):
            return values
    elif isinstance(given, Iterable) and not isinstance(given, Mapping):
        values = list(given)
    else:
        raise ArgumentError(f"`vary` must give {path!r} a list of values, or a text like log:1e-4:1:9; got {given!r}")
    plain = tuple(_plain(path, value) for value in values)
    if not 1 <= len(plain) <= LARGEST:
        raise ArgumentError(f"{path!r} must have from 1 to {LARGEST:,} values; got {len(plain):,}")
    if len({same(value) for value in plain}) < len(plain):
        twice = next(value for k, value in enumerate(plain) if same(value) in map(same, plain[:k]))
        raise ArgumentError(f"{path!r} has the value {twice!r} twice")
    return Axis(path, plain)


def _form(path: str, name: str, text: str) -> Any:
    if name not in FORMS:
        raise ArgumentError(f"{path!r}: unknown form {name!r}; {nearest(name, FORMS)}")
    rule = f"{path!r} must be {FORMS[name]}; got {text!r}"
    try:
        numbers = [float(part) for part in text.split(":")[1:]]
    except ValueError:
        raise ArgumentError(rule) from None
    drawn, whole = name.endswith("uniform"), name == "int"
    if len(numbers) not in ((2,) if drawn else (2, 3) if whole else (3,)) or not np.isfinite(numbers).all():
        raise ArgumentError(rule)
    first, last = numbers[:2]
    if name.startswith("log") and not (first > 0.0 and last > 0.0):
        raise ArgumentError(f"{rule}: a logarithm needs numbers above 0")
    if drawn:
        if not first < last:
            raise ArgumentError(f"{rule}: LOW must be below HIGH")
        return Draw(path, first, last, log=name == "loguniform")
    count = numbers[2] if len(numbers) == 3 else abs(last - first) + 1
    if count != int(count) or not 1 <= count <= LARGEST or (whole and not first == int(first) <= int(last) == last):
        raise ArgumentError(f"{rule}: whole numbers, and a COUNT from 1 to {LARGEST:,}")
    if whole:
        if count > last - first + 1:
            raise ArgumentError(f"{rule}: there are only {int(last - first + 1)} whole numbers from FIRST to LAST")
        return [round(v) for v in np.linspace(first, last, int(count))]
    spaced = (np.geomspace if name == "log" else np.linspace)(first, last, int(count))
    return [float(f"{v:.15g}") for v in spaced]  # 0.001, not 0.0009999999999999998


def _listed(text: str) -> list[Any]:
    """Values with commas between."""
    try:
        found = tomllib.loads(f"values = [{text}]")
        if len(found) == 1:
            return list(found["values"])
    except (ValueError, RecursionError):
        pass
    return [_word(part.strip()) for part in text.split(",")]


def _word(text: str) -> Any:
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return found["value"] if len(found) == 1 else text


def _plain(path: str, value: object) -> Any:
    """A value as Python's own numbers, strings and lists."""
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    if isinstance(value, (list, tuple)):
        return [_plain(path, part) for part in value]
    if isinstance(value, (bool, int, str)) and value != "":
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ArgumentError(f"{path!r} takes finite numbers, words, and lists of them; got {value!r}")


def same(value: object) -> str:
    """Equal for equal values, 1 and 1.0 among them."""
    return repr(float(value)) if is_number(value) else json.dumps(value)
