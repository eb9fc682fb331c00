"""Hold the threads of BLAS to what pays.

They spin while they wait for each other: on small matrices they cost more than they give, and on a machine whose
processors are busy, ten times as much. With several of them the last bits of a product depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

#: Units of a network from which on its dense matrices are worth several threads.
LARGE = 1000


Given = ParamSpec("Given")
Found = TypeVar("Found")


@cache
def _libraries() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (it brings a library of its own, which must be there to be found)

    return ThreadpoolController().select(user_api="blas")


def one_thread() -> Any:
    """A context in which linear algebra runs in one thread."""
    found = _libraries()
    several = any(library.num_threads != 1 for library in found.lib_controllers)
    return found.limit(limits=1) if several else nullcontext()


def few_threads(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let a function of a network, its first argument, run with as many threads as pay."""

    @wraps(function)
    def held(*arguments: Given.args, **named: Given.kwargs) -> Found:
        network = arguments[0] if arguments else named.get("network")
        with one_thread() if getattr(network, "n", 0) < LARGE else nullcontext():
            return function(*arguments, **named)

    return held
