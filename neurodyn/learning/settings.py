"""Settings that have a name and constants: given by the name, by an object, or as a table with its `kind`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from neurodyn.errors import ArgumentError, nearest, shown
from neurodyn.inputs import choice

Kinds = Mapping[str, type[Any]]


def chosen(value: Any, kinds: Kinds, name: str) -> Any:
    """The settings that a name, a table like ``{"kind": "adam", "beta_1": 0.8}`` or an object of a kind means.

    Raises
    ------
    ArgumentError
        It is none of these, or has a constant that its kind does not know.
    """
    if isinstance(value, str):
        return kinds[choice(value, kinds, name)]()
    if isinstance(value, tuple(kinds.values())):
        return value
    if not isinstance(value, Mapping) or "kind" not in value:
        classes = ", ".join(kind.__name__ for kind in kinds.values())
        raise ArgumentError(
            f"`{name}` must be one of {', '.join(kinds)}, or an object of {classes} with constants of its own; "
            f"got {shown(value)}"
        )
    kind = kinds[choice(value["kind"], kinds, f"{name}.kind")]
    constants = {key: constant for key, constant in value.items() if key != "kind"}
    known = [f.name for f in dataclasses.fields(kind)]
    for key in constants:
        if key not in known:
            raise ArgumentError(f"unknown constant {key!r} of `{name}` {value['kind']!r}; {nearest(key, known)}")
    return kind(**constants)


def shortest(value: Any, kinds: Kinds) -> Any:
    """The name of settings with the usual constants; others as they are."""
    name = _name(value, kinds)
    return name if value == kinds[name]() else value


def plain(value: Any, kinds: Kinds) -> Any:
    """Settings as plain data: their name, or a table that `chosen` reads."""
    short = shortest(chosen(value, kinds, ""), kinds)
    return short if isinstance(short, str) else {"kind": _name(short, kinds), **dataclasses.asdict(short)}


def _name(value: Any, kinds: Kinds) -> str:
    return next(name for name, kind in kinds.items() if type(value) is kind)
