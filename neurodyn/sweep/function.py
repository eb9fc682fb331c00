"""What a cell computes: "run", or by import path, "package.module:name". Workers find it, so nothing is pickled.

A function that they could not find, as one of a notebook, is computed in this process alone.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from neurodyn.errors import ArgumentError, nearest, shown

#: The name of the default: the experiment on a model file.
RUN = "run"
#: What plans called it before it had a name, as files of such sweeps still do.
FORMER = "neurodyn.cli.cell:run"


@dataclass(frozen=True, slots=True)
class Function:
    """What a cell computes: its name in plans, and the function itself where other processes could not import it."""

    name: str
    own: Callable[..., Any] | None = None


def as_function(given: Any) -> Function:
    """The function that a user gave, by itself or by a name; finds out that it is there.

    Raises
    ------
    ArgumentError
        There is no such function.
    """
    if isinstance(given, str) and given in (RUN, FORMER):
        return Function(RUN)
    if callable(given):
        name = f"{getattr(given, '__module__', None)}:{getattr(given, '__qualname__', type(given).__qualname__)}"
        return Function(name) if _importable(name, given) else Function(f"{name} {_code(given)}".rstrip(), given)
    if not isinstance(given, str) or given.count(":") != 1:
        rule = "'run', an import path like 'package.module:name', or a function"
        raise ArgumentError(f"`function` must be {rule}; got {shown(given)}")
    if given.startswith("__main__:"):
        raise ArgumentError(f"`function` must be in a module that workers can import, not in the script: {given!r}")
    find(given)
    return Function(given)


def name_in_plan(text: str) -> str:
    """The name of a function today, for one that a plan has."""
    return RUN if text == FORMER else text


def is_only_here(name: str) -> bool:
    """Whether the name of a plan is that of a function which other processes cannot import."""
    return "<" in name or " " in name or name.startswith("__main__:")


def only_here(name: str) -> str:
    """What to say of a function that other processes cannot import."""
    return (
        f"`function` {name} is not at the top level of a module, so that other processes cannot import it: compute in "
        "this process with workers=1, or in threads with executor=ThreadPoolExecutor(4); or move it into a module"
    )


def _importable(name: str, function: Any) -> bool:
    try:
        return "<" not in name and not name.startswith("__main__:") and find(name) is function
    except ArgumentError:
        return False


def _code(function: Any) -> str:
    """Short text that differs where the code of functions does; what they close over is not looked at."""
    code = getattr(function, "__code__", None)
    return "" if code is None else hashlib.sha256(repr(_parts(code)).encode()).hexdigest()[:16]


def _parts(code: CodeType) -> tuple[Any, ...]:
    return code.co_code, code.co_names, code.co_varnames, tuple(map(_constant, code.co_consts))


def _constant(value: Any) -> Any:
    """A constant of code as something whose text is the same in every process."""
    if isinstance(value, CodeType):
        return _parts(value)
    return sorted(map(repr, value)) if isinstance(value, frozenset) else value


def find(path: str) -> Callable[[dict[str, Any]], Any]:
    """The function of a name in a plan; imports it if it is a user's."""
    if path in (RUN, FORMER):
        from neurodyn.experiments.model_run import run_cell

        return run_cell
    module_name, _, names = path.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise ArgumentError(f"`function` {path!r} cannot be imported: {error}") from error
    except (TypeError, ValueError):
        raise ArgumentError(f"`function` {path!r} has no module before its colon") from None
    for name in names.split("."):
        if not hasattr(found, name):
            allowed = [n for n in dir(found) if callable(getattr(found, n)) and not n.startswith("_")]
            raise ArgumentError(f"`function` {path!r}: there is no {name!r} in it; {nearest(name, allowed)}")
        found = getattr(found, name)
    if not callable(found):
        raise ArgumentError(f"`function` {path!r} is not a function but {type(found).__name__}")
    return found
