"""What activations and costs of a user's own share: functions of numbers, by one expression or by Python functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.flows.own_kernels import OwnKernels
from neurodyn.models.expressions.expression import expression
from neurodyn.models.expressions.kind import KINDS
from neurodyn.models.terms.own_functions import check, enter

Kind = TypeVar("Kind", bound=OwnKernels)
#: Step of the differences that derivatives are compared with, and how far they may be from them.
STEP, CLOSE = 1e-6, 1e-4


def hashes_and_text(
    kind: str, name: str, given: Iterable[Any], constants: Mapping[str, float], points: Iterable[tuple[float, ...]]
) -> tuple[list[str], dict[str, Any] | None]:
    """The hashes of a function and its two derivatives, and the text where they are an expression's.

    Parameters
    ----------
    kind : {"activation", "cost"}
    name : str
    given : three objects
        An expression and None twice, or three functions.
    constants : mapping of str to float
        Those of an expression.
    points : arguments
        Where functions are compared with the slopes of the ones before them, by their first argument.
    """
    about, functions = KINDS[kind], tuple(given)
    first, second, third = about.titles
    if isinstance(functions[0], str):
        if functions[1] is not None or functions[2] is not None:
            raise ModelError(f"the derivatives of an expression are its own: give no `{second}` and no `{third}`")
        found = expression(kind, functions[0], constants)
        made = found.module()
        text = {"expression": found.text, "constants": dict(found.constants)}
        return [enter(getattr(made, title)) for title in about.titles], text
    if constants:
        raise ModelError("constants are those of an expression; functions have their own")
    for function, what in zip(functions, about.titles, strict=True):
        check(function, what, about.symbols)
    for (above, below), what in zip(pairwise(functions), (second, third), strict=True):
        for point in points:
            _compare(f"{kind} {name!r}: `{what}`", above, below, point)
    return [enter(function) for function in functions], None


def _compare(what: str, above: Any, below: Any, point: tuple[float, ...]) -> None:
    """Refuse a function that is not the derivative of another at a point; where that has no value, none is compared."""
    at, *rest = point
    try:
        with np.errstate(all="ignore"):
            found = float(below(*point))
            expected = (float(above(at + STEP, *rest)) - float(above(at - STEP, *rest))) / (2.0 * STEP)
    except (ArithmeticError, ValueError):  # what Python has in the place of numba's inf and nan
        return
    if np.isfinite(expected) and not abs(found - expected) <= CLOSE * max(1.0, abs(expected)):
        there = ", ".join(f"{value:.3g}" for value in point)
        raise ModelError(
            f"{what} is {found:.6g} at {there}, where the function before it has the derivative {expected:.6g}"
        )


def enter_by_name(kind: str, known: dict[str, Kind], name: str, own: Kind) -> None:
    """Make an activation or a cost known by its name; refuses another one of the same name."""
    if name not in known:
        known[name] = own
    elif known[name].source != own.source:
        raise ModelError(f"there is another {kind} {name!r} already: give this one another name")


def all_constants(constants: Mapping[str, float] | None, more: Mapping[str, float]) -> dict[str, float]:
    """Constants in a mapping and those given as keywords."""
    return {**(constants or {}), **more}
