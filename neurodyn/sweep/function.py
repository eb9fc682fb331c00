"""What a cell computes: "run", or by import path, "package.module:name". Workers find it, so nothing is pickled."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from neurodyn.errors import ArgumentError, nearest, shown

#: The name of the default: the experiment on a model file.
RUN = "run"
#: What plans called it before it had a name, as files of such sweeps still do.
FORMER = "neurodyn.cli.cell:run"


def name_of(function: Any) -> str:
    """The name that a plan has for a function: "run", or its import path; finds out that it is there.

    Raises
    ------
    ArgumentError
        There is no such function, or workers could not import it.
    """
    if callable(function):
        name, module = getattr(function, "__qualname__", "<"), getattr(function, "__module__", None)
        if "<" in name or not module:
            raise ArgumentError(
                f"`function` must be a function at the top level of a module, which workers can import; got {name}: "
                "move it out, and make what it closes over its axes"
            )
        function = f"{module}:{name}"
    if isinstance(function, str) and function in (RUN, FORMER):
        return RUN
    if not isinstance(function, str) or function.count(":") != 1:
        rule = "'run', or an import path like 'package.module:name'"
        raise ArgumentError(f"`function` must be {rule}; got {shown(function)}")
    if function.startswith("__main__:"):
        raise ArgumentError(f"`function` must be in a module that workers can import, not in the script: {function!r}")
    find(function)
    return function


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
