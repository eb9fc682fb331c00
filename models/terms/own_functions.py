"""A user's functions, as primitives call them: known by a hash of all that their compiled code is made of."""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

from neurodyn.errors import ModelError

Function = Callable[..., Any]

#: Packages whose functions are known by their names.
_PACKAGES = ("cmath", "math", "neurodyn", "numba", "numpy", "scipy")
_known: dict[str, Function] = {}


def enter(function: Function) -> str:
    """Make a function known; returns its hash."""
    plain = getattr(function, "py_func", function)
    digest = hashlib.sha256()
    for part in _parts(plain, set()):
        digest.update(b"%d:%s" % (len(part), part))
    key = digest.hexdigest()[:24]
    _known[key] = plain
    return key


def compiled(key: str) -> Any:
    """The function of a hash, for numba to compile into whatever calls it. It needs no file of its own in a cache."""
    if numba.config.DISABLE_JIT:
        return _known[key]
    return numba.njit(error_model="numpy", nogil=True)(_known[key])


def _parts(value: Any, seen: set[int]) -> Iterator[bytes]:
    """All that numba makes code of, or freezes into it: the function's own code, and the globals that it names."""
    value = getattr(value, "py_func", value)
    if isinstance(value, FunctionType) and not _is_known(value):
        if id(value) in seen:
            return
        seen.add(id(value))
        yield str(value.__module__).encode()  # which numba imports where it takes compiled code from the disk
        yield from _code(value.__code__)
        yield repr(value.__defaults__).encode()
        for cell in value.__closure__ or ():
            yield from _parts(cell.cell_contents, seen)
        for name in _names(value.__code__):
            found = value.__globals__.get(name)
            yield name.encode()
            if isinstance(found, ModuleType) and found.__name__.partition(".")[0] not in _PACKAGES:
                for attribute in _names(value.__code__):
                    yield from _parts(vars(found).get(attribute), seen)
            else:
                yield from _parts(found, seen)
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype, value.shape)).encode()
        yield value.tobytes()
    elif isinstance(value, tuple):
        for part in value:
            yield from _parts(part, seen)
    elif value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        yield repr(value).encode()
    elif isinstance(value, (ModuleType, BuiltinFunctionType, type)) or _is_known(value):
        yield f"{getattr(value, '__module__', '')}.{getattr(value, '__name__', value)}".encode()
    else:  # something that cannot be told from another: no process takes the code of an earlier one
        yield os.urandom(16)


def _is_known(value: Any) -> bool:
    module = getattr(value, "__module__", None) or type(value).__module__
    return str(module).partition(".")[0] in _PACKAGES


def _code(code: CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr((code.co_names, code.co_varnames, code.co_freevars)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        else:
            yield repr(constant).encode()


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def place_of(function: Function) -> str:
    """Where files find a function, "module:name"; one that cannot be found again also has its hash."""
    plain = getattr(function, "py_func", function)
    place = f"{plain.__module__}:{plain.__qualname__}"
    return place if _find(place) is function else f"{place}#{enter(function)}"


def function_at(place: Any) -> Function:
    """The function itself, or the one at a place; only modules that are imported already are looked into."""
    if callable(place):
        return place
    found = _find(str(place))
    if found is None or not callable(found):
        raise ModelError(
            f"there is no function {str(place)!r}: a file names one as 'module:name', at the top of a module that is "
            "imported already"
        )
    return found


def _find(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(sys.modules.get(module), name, None)


def check(function: Function, what: str, arguments: tuple[str, ...]) -> None:
    """Refuse what does not take as many arguments as it should."""
    plain = getattr(function, "py_func", function)
    told = f"`{what}` must be a function {what}({', '.join(arguments)}) in numba's subset of Python"
    if not isinstance(plain, FunctionType):
        raise ModelError(f"{told}; got {function!r}")
    if len(inspect.signature(plain).parameters) != len(arguments):
        raise ModelError(f"{told}; got {plain.__name__}{inspect.signature(plain)}")
