"""One expression as an energy, a force, an activation or a cost: checked when it is made, compiled when it is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from types import ModuleType
from typing import Any, NamedTuple

from neurodyn.errors import ModelError, nearest
from neurodyn.models.expressions.generate import SIGNATURES, generate
from neurodyn.models.expressions.kind import KINDS, Kind
from neurodyn.models.expressions.module import module
from neurodyn.models.expressions.parse import (
    CORNERED,
    LARGEST_NUMBER,
    RESERVED,
    Tree,
    functions,
    names,
    parse,
    settle_powers,
    shorten,
)

Function = Callable[..., Any]


class Primitives(NamedTuple):
    """Plain Python functions of a term, for numba to compile; None where the term has no such thing.

    A force has no energy, and `mixed` then is of minus the force. Without weights there are neither
    `parameter_gradient` nor `mixed`. `curve_transposed` is there for a force only.
    """

    energy: Function | None
    gradient: Function
    curve: Function
    parameter_gradient: Function | None
    mixed: Function | None
    curve_transposed: Function | None


class Activation(NamedTuple):
    """Functions of one number, for numba (each is called from other compiled code): rho, rho', rho''."""

    rate: Function
    slope: Function
    bend: Function


class Cost(NamedTuple):
    """Functions of an output z and its target y, for numba: c, dc/dz, d2c/dz2."""

    value: Function
    slope: Function
    curvature: Function


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression and the values of its constants; make one with `expression`.

    Attributes
    ----------
    kind : str
        One of "unit energy", "unit force", "pair energy", "pair energy within", "pair force", "pair force within",
        "activation" and "cost".
    text : str
    constants : tuple of (str, float)
        Sorted by name.
    """

    kind: str
    text: str
    constants: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ModelError(f"unknown kind of expression {self.kind!r}; {nearest(self.kind, KINDS)}")
        check(self.about, self.text, self.tree, dict(self.constants))

    @property
    def about(self) -> Kind:
        """Symbols and layout of the kind."""
        return KINDS[self.kind]

    @property
    def tree(self) -> Tree:
        """What the text says."""
        return parse(self.text)

    @property
    def weighted(self) -> bool:
        """Whether there is one weight w for each pair."""
        return self.about.paired and "w" in names(self.tree)

    @property
    def analytic(self) -> bool:
        """Whether the expression has a meaning for complex states: no abs, min or max."""
        return not functions(self.tree) & CORNERED

    @property
    def quadratic(self) -> bool:
        """Whether the second derivatives (of a force: the first) do not depend on the states."""
        return bool(self.module().QUADRATIC)

    def module(self) -> ModuleType:
        """The generated module; SymPy is needed when it is made for the first time on a machine."""
        constants = dict(self.constants)
        tree = settle_powers(self.tree, self.text, constants)
        values = constants if self.about.layout == "scalar" else sorted(constants)
        recipe = [self.kind, self.text, repr(tree), values]
        return module(recipe, lambda: generate(self.about, self.text, tree, constants))

    def primitives(self) -> Primitives:
        """Primitives of an energy or force, whose theta is the weights, if any, and then the constants."""
        if self.about.layout == "scalar":
            raise ModelError(f"an {self.kind} has no primitives of a term")
        made = self.module()
        functions: dict[str, Any] = {name: getattr(made, name, None) for name in SIGNATURES}
        return Primitives(**functions)

    def activation(self) -> Activation:
        """Rate, slope and bend of an activation."""
        self._require("activation")
        made = self.module()
        return Activation(made.rate, made.slope, made.bend)

    def cost(self) -> Cost:
        """Value, slope and curvature of a cost."""
        self._require("cost")
        made = self.module()
        return Cost(made.value, made.slope, made.curvature)

    def _require(self, kind: str) -> None:
        if self.kind != kind:
            raise ModelError(f"this expression is of the kind {self.kind!r}, not {kind!r}")

    def describe(self) -> dict[str, Any]:
        """Plain data, from which `expression(**data)` makes an equal one."""
        return {"kind": self.kind, "text": self.text, "constants": dict(self.constants)}


def expression(kind: str, text: str, constants: Mapping[str, float] | None = None) -> Expression:
    """An expression with the values of its constants.

    Parameters
    ----------
    kind : str
        See `Expression`. Symbols are s for a unit energy, a unit force and an activation; a and b, the states of a
        pair's units, and w, one weight for each pair, for a pair energy and for a pair force, which is the force on a
        from b; z, an output, and its target y for a cost.
    text : str
        Numbers, names, ``+ - * / **``, pi, and the functions exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, arctan,
        sigmoid, softplus, logcosh, abs, min and max.
    constants : mapping of str to float, optional
        Values of all other names in the text.

    Raises
    ------
    ModelError
        If the text is not an expression, or its names are not the symbols and constants.

    Examples
    --------
    >>> from neurodyn.models.expressions import expression
    >>> well = expression("unit energy", "k*(s**4/4 - s**2/2)", {"k": 2.0})
    >>> well.analytic
    True
    >>> expression("unit energy", "s*q")
    Traceback (most recent call last):
        ...
    neurodyn.errors.ModelError: unknown symbol 'q' in 's*q': symbols are s; constants are given by keyword
    """
    return Expression(
        kind, text, tuple(sorted((name, _constant(name, value)) for name, value in (constants or {}).items()))
    )


def _constant(name: object, value: object) -> float:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ModelError(f"the name of a constant must be letters, digits and underscores; got {shorten(name)}")
    if not isinstance(value, Real) or not abs(float(value)) <= LARGEST_NUMBER:
        raise ModelError(
            f"the constant {name} must be a real number of at most {LARGEST_NUMBER:g}; got {shorten(value)}"
        )
    return float(value)


def check(kind: Kind, text: str, tree: Tree, constants: Mapping[str, float]) -> None:
    """Refuse names that are neither symbols nor constants, or are missing, and exponents that are no constants."""
    symbols = ", ".join(kind.symbols)
    for name in constants:
        if name in RESERVED or name in kind.symbols:
            what = "a symbol of the expression" if name in kind.symbols else "a function or a number"
            raise ModelError(f"a constant must not be named {name!r}, which is {what}")
    found = names(tree)
    for name in found:
        if name not in kind.symbols and name not in constants:
            raise ModelError(
                f"unknown symbol {name!r} in {shorten(text)}: symbols are {symbols}; constants are given by keyword"
            )
    for name in constants:
        if name not in found:
            raise ModelError(f"the constant {name!r} is not in {shorten(text)}, whose names are {', '.join(found)}")
    for name in kind.needed:
        if name not in found:
            raise ModelError(f"{kind.title} must depend on {name!r}; {shorten(text)} does not")
    settle_powers(tree, text, constants)
