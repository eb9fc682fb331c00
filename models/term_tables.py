"""[[terms]] of a model file: each table names a kind of term and gives its fields; a fault with its path for each slip.

The kinds are those that are registered (`Term.kinds`), a program's own among them, so what a table may hold is read
from the fields of the class, and their values are checked by the types that these have.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import reprlib
import typing
from collections.abc import Mapping
from types import UnionType
from typing import Any

from neurodyn.errors import ModelError, nearest
from neurodyn.models.values import is_number
from neurodyn.system.term import Term

_short = reprlib.Repr()
_short.maxstring, _short.maxlong, _short.maxlist = 60, 30, 4


def read_terms(raw: Mapping[str, Any], faults: list[str]) -> tuple[Term | None, ...]:
    """The terms of a model file, None for each with a fault."""
    tables = raw.get("terms", [])
    if not isinstance(tables, list):
        faults.append(f"terms: must be tables [[terms]], each with a `term`; got {_short.repr(tables)}")
        return ()
    return tuple(_term(f"terms.{i}", table, faults) for i, table in enumerate(tables))


def fields_of(name: object) -> tuple[str, ...]:
    """The keys of the table of a kind of term, none for an unknown one."""
    kind = Term.kinds.get(str(name))
    return ("term", *(f.name for f in dataclasses.fields(kind))) if kind else ()


def _term(path: str, table: Any, faults: list[str]) -> Term | None:
    if not isinstance(table, dict):
        faults.append(f'{path}: must be a table like {{term = "leak"}}; got {_short.repr(table)}')
        return None
    name = table.get("term")
    if not isinstance(name, str) or name not in Term.kinds:
        what = f"unknown name {_short.repr(name)}; {nearest(name, Term.kinds)}" if "term" in table else "is missing"
        faults.append(f"{path}.term: {what}")
        return None
    before = len(faults)
    kind, allowed = Term.kinds[name], fields_of(name)
    faults += [f"{path}.{key}: unknown key; {nearest(key, allowed)}" for key in table if key not in allowed]
    types = _types(kind)
    for field in dataclasses.fields(kind):
        hint = types.get(field.name, Any)
        if field.name in table:
            value = table[field.name]
            if not fits(value, hint):
                faults.append(f"{path}.{field.name}: must be {words(hint)}; got {_short.repr(value)}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            faults.append(f"{path}.{field.name}: is missing")
    if len(faults) > before:
        return None
    try:
        return Term.read(table)
    except ModelError as error:
        faults.append(f"{path}: {error}")
        return None


def _types(kind: type[Term]) -> dict[str, Any]:
    """The types of the fields of a kind of term; of a class whose types have no names at the top of a module: none."""
    try:
        return typing.get_type_hints(kind)
    except NameError:
        return {}


def fits(value: object, hint: Any) -> bool:
    """Whether a value of a model file has a type; of types that are not known here all have it, the term checks them.

    Parameters
    ----------
    value : object
    hint : type
        Numbers are finite, and no number is true or false; lists stand for tuples, and tables for mappings.
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return any(fits(value, part) for part in parts)
    if hint is float:
        return is_number(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint in (str, bool):
        return isinstance(value, hint)
    if origin is tuple:
        return isinstance(value, list) and all(fits(part, parts[0]) for part in value)
    if origin is collections.abc.Mapping:
        return isinstance(value, dict) and all(fits(part, parts[1]) for part in value.values())
    return True


def words(hint: Any) -> str:
    """What a type is called in a message."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return " or ".join(words(part) for part in parts)
    if origin is tuple:
        return f"a list, each entry {words(parts[0])}"
    if origin is collections.abc.Mapping:
        return f"a table, each value {words(parts[1])}"
    return {float: "a finite number", int: "a whole number", str: "a text", bool: "true or false"}.get(hint, str(hint))
