"""The errors neurodyn raises: each is a `NeurodynError` and also the built-in kind a caller would expect.

A message names the argument or object, the rule it broke, what came instead, and what to do.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from typing import Any


class NeurodynError(Exception):
    """Base of every error that neurodyn raises on purpose.

    Examples
    --------
    >>> import neurodyn as nd
    >>> try:
    ...     nd.Solver(rtol=0.0)
    ... except nd.NeurodynError as error:
    ...     print(error)
    solver `rtol` must be positive and finite; got 0.0
    """


class ArgumentError(NeurodynError, ValueError):
    """An argument breaks a rule: wrong shape, range, name or combination.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> try:
    ...     nd.relax(net, [0.5])
    ... except nd.ArgumentError as error:
    ...     print(error)
    `x` must have shape (batch, 2) or (2,); got (1,)
    """


class ModelError(NeurodynError, ValueError):
    """A network or a model file is not well formed; lists all faults that were found.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> try:
    ...     models.Hopfield({"x": 0})
    ... except nd.ModelError as error:
    ...     print(error)
    population 'x': size must be a whole number >= 1; got 0
    """


class DataError(NeurodynError, ValueError):
    """Data are missing, damaged, or do not fit the network.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> try:
    ...     models.read_data("nowhere.npz")
    ... except nd.DataError as error:
    ...     print(str(error).split("; ")[1])
    got no such file
    """


class ResultFileError(NeurodynError, ValueError):
    """A result file cannot be read or written.

    Examples
    --------
    >>> import neurodyn as nd
    >>> try:
    ...     nd.load("nowhere.nc")
    ... except nd.ResultFileError as error:
    ...     print(error)
    no such result file: nowhere.nc
    """


class TooLargeError(NeurodynError, MemoryError):
    """A request would record more than the memory of this machine.

    Examples
    --------
    >>> import numpy as np
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([1, 11_000, 1])
    >>> try:
    ...     net.hessian(np.zeros(net.n), [0.5])
    ... except nd.TooLargeError as error:
    ...     print(str(error)[:68])
    the full Hessian of 11,001 units would take 0.9 GiB: implicit method
    """


class SimulationError(NeurodynError, RuntimeError):
    """A simulation did not end as asked; `result` holds what was computed until then.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> try:
    ...     nd.simulate(net, [0.5, 0.2], t_eval=[100.0], solver=nd.Solver(max_steps=3))
    ... except nd.SimulationError as error:
    ...     print(error.result.status)
    7
    """

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result


class ConvergenceError(SimulationError):
    """A free phase did not reach a stable fixed point within its limits.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> try:
    ...     nd.relax(net, [0.5, 0.2], t_max=0.1)
    ... except nd.ConvergenceError as error:
    ...     print(nd.Status(int(error.result.status)).name)
    MOVING
    """


class DivergenceError(SimulationError):
    """A state grew beyond every bound or stopped being a number.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2], activation="linear", gain=5.0)
    >>> try:
    ...     nd.relax(net, [0.5, 0.2])
    ... except nd.DivergenceError as error:
    ...     print(nd.Status(int(error.result.status)).name)
    DIVERGED
    """


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
