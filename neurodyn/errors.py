"""The errors neurodyn raises: each is a `NeurodynError` and also the built-in kind a caller would expect.

A message names the argument or object, the rule it broke, what came instead, and what to do.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from typing import Any


class NeurodynError(Exception):
    """Base of every error that neurodyn raises on purpose."""


class ArgumentError(NeurodynError, ValueError):
    """An argument breaks a rule: wrong shape, range, name or combination."""


class ModelError(NeurodynError, ValueError):
    """A network or a model file is not well formed; lists all faults that were found."""


class DataError(NeurodynError, ValueError):
    """Data are missing, damaged, or do not fit the network."""


class ResultFileError(NeurodynError, ValueError):
    """A result file cannot be read or written."""


class TooLargeError(NeurodynError, MemoryError):
    """A request would record more than the memory of this machine."""


class SimulationError(NeurodynError, RuntimeError):
    """A simulation did not end as asked; `result` holds what was computed until then."""

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result


class ConvergenceError(SimulationError):
    """A free phase did not reach a stable fixed point within its limits."""


class DivergenceError(SimulationError):
    """A state grew beyond every bound or stopped being a number."""


_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60
_short.maxlong = 30


def shown(value: object) -> str:
    """A value as messages show it: its `repr`, shortened in the middle where it is long."""
    try:
        return _short.repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a whole number of thousands of digits"


def nearest(name: object, allowed: Iterable[str]) -> str:
    """Say what is allowed and which allowed name is nearest to `name`: the tail of an error message."""
    names = list(allowed)
    return f"allowed: {', '.join(names)}{spelled(name, names)}"


def spelled(name: object, allowed: Iterable[str]) -> str:
    """Ask whether the nearest of many allowed names was meant; nothing where none is near."""
    match = difflib.get_close_matches(str(name), list(allowed), n=1, cutoff=0.5)
    return f"; did you mean {match[0]!r}?" if match else ""
