"""Changes to what a model file says, by the path of a key: "populations.h1.tau=2.0"."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from neurodyn.errors import ModelError, nearest


def override_all(raw: dict[str, Any], texts: Iterable[str]) -> None:
    """Make several changes in place, each by `override`.

    Raises
    ------
    ModelError
        A change cannot be made, or one key is set twice, be it by another spelling of its path.
    """
    places: list[tuple[Any, Any]] = []
    for text in texts:
        place, key = override(raw, text)
        if any(place is other and key == taken for other, taken in places):
            raise ModelError(f"{text.partition('=')[0].strip()!r} is set twice: leave one of them out")
        places.append((place, key))


def override(raw: dict[str, Any], text: str) -> tuple[Any, Any]:
    """Set one key of a model file's data in place; the value is TOML, and a bare word a string.

    A connection goes by its name or its number: "connections.x-h1.gain=2"; a term by its number, or by the kind of the
    first such term: "terms.2.sharpness=3", "terms.unit.constants.k=2". Below a key whose value is a table there is what
    that has: "populations.y.readout.constants.w=2". Whole tables can be replaced.

    Returns the table or list that was changed, and the key in it.

    Raises
    ------
    ModelError
        There is no such path; says what is allowed where it goes wrong.
    """
    path, equals, value = text.partition("=")
    path = path.strip()
    parts = path.split(".")
    if not equals or not all(parts):
        raise ModelError(f"cannot set {text!r}: write path.to.key=value, for example nudging.beta=1e-4")
    try:
        place, key = _place(raw, parts)
    except ModelError as error:
        raise ModelError(f"cannot set {path!r}: {error}") from error
    place[key] = toml_value(value.strip())
    return place, key


def _place(raw: dict[str, Any], parts: list[str]) -> tuple[Any, Any]:
    """The table or list where a value goes, and its key there."""
    from neurodyn.models.file import KEYS, SECTIONS, ConnectionTable, PopulationTable
    from neurodyn.models.term_tables import fields_of

    allowed: Iterable[str]
    first = _known(parts[0], KEYS)
    if len(parts) == 1:
        return raw, first
    if first in SECTIONS:
        place, allowed, keys = raw.setdefault(first, {}), SECTIONS[first].model_fields, parts[1:]
    elif first == "populations":
        place, allowed, keys = raw.get(first), PopulationTable.model_fields, parts[2:]
        name = _known(parts[1], place if isinstance(place, dict) else ())
        if not keys:
            return place, name
        place = place[name] if isinstance(place, dict) else None
    elif first == "connections":
        entries = raw[first] if isinstance(raw.get(first), list) else []
        index, allowed, keys = _number(entries, parts[1], "between"), ConnectionTable.model_fields, parts[2:]
        if not keys:
            return entries, index
        if isinstance(entries[index], str):
            entries[index] = {"between": entries[index]}
        place = entries[index]
    elif first == "terms":
        entries = raw[first] if isinstance(raw.get(first), list) else []
        index, keys = _number(entries, parts[1], "term"), parts[2:]
        if not keys:
            return entries, index
        place = entries[index]
        allowed = fields_of(place.get("term")) if isinstance(place, dict) else ()
    else:
        place, allowed, keys = None, (), parts
    while len(keys) > 1 and isinstance(place, dict) and isinstance(place.get(keys[0]), dict):
        place, keys = place[keys[0]], keys[1:]
        allowed = place  # of a table in a table what is there
    if len(keys) != 1 or not isinstance(place, dict):
        raise ModelError(f"there is nothing below {'.'.join(parts[:-1])!r}")
    return place, _known(keys[0], allowed)


def _number(entries: list[Any], name: str, key: str) -> int:
    """Index of a connection or a term, from its number or its name."""
    called = [str(entry.get(key) if isinstance(entry, dict) else entry) for entry in entries]
    if name.isdecimal() and int(name) < len(entries):
        return int(name)
    return called.index(_known(name, called))


def _known(key: str, allowed: Iterable[str]) -> str:
    if key not in allowed:
        raise ModelError(f"unknown key {key!r}; {nearest(key, allowed)}")
    return key


def toml_value(text: str) -> Any:
    """A value as a model file would have it, or a bare word."""
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return found["value"] if len(found) == 1 else text
