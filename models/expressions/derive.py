"""Derivatives of an expression, by SymPy, which is needed here and nowhere else.

SymPy's objects are built node by node from the parsed tree, never from text. All functions are of our own: SymPy's
rewrite themselves when they are made, which can take minutes (the sine of a fraction looks for multiples of pi), and
have derivatives that lose digits (tanh' = 1 - tanh^2, where ours is 1 / cosh^2).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from neurodyn.errors import ModelError
from neurodyn.models.expressions.parse import Call, Name, Number, Tree, evaluate

#: Longest numerator or denominator of a number, in bits: beyond, products of large numbers would fill the memory.
MOST_BITS = 16_384
#: Largest numerator or denominator of a number that is a fraction.
LARGEST_EXACT = 10_000


@cache
def sympy() -> Any:
    """The package SymPy, or one sentence on how to get it."""
    try:
        import sympy
    except ImportError:
        raise ModelError('expressions need SymPy: python -m pip install "neurodyn[symbolic]"') from None
    return sympy


@cache
def functions() -> dict[str, Any]:
    """SymPy's function for each name that a tree or a derivative may hold."""
    sp = sympy()

    def own(name: str, *derivatives: Any) -> Any:
        """A function with the derivative by each of its arguments, which are functions of the arguments."""

        def fdiff(self: Any, argindex: int = 1) -> Any:
            return derivatives[argindex - 1](*self.args)

        def evaluated(cls: Any, *parts: Any) -> Any:
            """A number where all arguments are."""
            if all(part.is_number for part in parts):
                value = evaluate(name, [as_float(part) for part in parts])
                return build(Number(value)) if math.isfinite(value) else sp.nan
            return None

        return type(name, (sp.Function,), {"fdiff": fdiff, "nargs": len(derivatives), "eval": classmethod(evaluated)})

    made: dict[str, Any] = {}
    made["exp"] = exp = own("exp", lambda x: made["exp"](x))
    made["log"] = own("log", lambda x: 1 / x)
    made["sin"] = own("sin", lambda x: made["cos"](x))
    made["cos"] = own("cos", lambda x: -made["sin"](x))
    made["tan"] = own("tan", lambda x: 1 + made["tan"](x) ** 2)
    made["sinh"] = own("sinh", lambda x: made["cosh"](x))
    made["cosh"] = own("cosh", lambda x: made["sinh"](x))
    made["tanh"] = tanh = own("tanh", lambda x: made["sech2"](x))
    made["sech2"] = own("sech2", lambda x: -2 * tanh(x) * made["sech2"](x))
    made["arctan"] = own("arctan", lambda x: 1 / (1 + x**2))
    made["sigmoid"] = sigmoid = own("sigmoid", lambda x: made["sigmoid"](x) * made["sigmoid"](-x))
    made["softplus"] = own("softplus", lambda x: sigmoid(x))
    made["logcosh"] = own("logcosh", lambda x: tanh(x))
    made["log1p"] = own("log1p", lambda x: 1 / (1 + x))
    made["expm1"] = own("expm1", lambda x: exp(x))
    made["sign"] = sign = own("sign", lambda x: sp.S.Zero)
    made["step"] = step = own("step", lambda x: sp.S.Zero)
    made["abs"] = own("abs", lambda x: sign(x))
    made["max"] = own("max", lambda x, y: step(x - y), lambda x, y: step(y - x))
    made["min"] = own("min", lambda x, y: step(y - x), lambda x, y: step(x - y))
    return made


def as_float(number: Any) -> float:
    """A number of SymPy's as a float, nan if it is not real or too large."""
    try:
        value = complex(number if number.is_Rational else number.evalf(20))
    except (ArithmeticError, ValueError, TypeError):
        return math.nan
    return value.real if value.imag == 0.0 else math.nan


def build(tree: Tree) -> Any:
    """SymPy's object of a tree; simple fractions stay exact."""
    sp = sympy()
    if isinstance(tree, Number):
        return _number(tree.value)
    if isinstance(tree, Name):
        return sp.Symbol(tree.name)
    parts = [build(part) for part in tree.parts]
    for number in {number for part in parts for number in part.atoms(sp.Rational)}:
        if max(int(number.p).bit_length(), int(number.q).bit_length()) > MOST_BITS:
            raise ModelError("the numbers of the expression multiply to one that is too large, or too close to 0")
    return _join(tree, parts)


def _number(value: float) -> Any:
    """A fraction of small numbers, as the text shows it (0.1 is 1/10), else a float: powers of huge ones are slow."""
    sp = sympy()
    fraction = Fraction(repr(value))
    if max(abs(fraction.numerator), fraction.denominator) <= LARGEST_EXACT:
        return sp.Rational(fraction.numerator, fraction.denominator)
    return sp.Float(value)


def _join(tree: Call, parts: list[Any]) -> Any:
    sp = sympy()
    if tree.function == "sum":
        return sp.Add(*parts)
    if tree.function == "product":
        return sp.Mul(*parts)
    if tree.function == "negative":
        return -parts[0]
    if tree.function == "inverse":
        return 1 / parts[0]
    if tree.function == "power":
        return parts[0] ** parts[1]
    if tree.function == "sqrt":
        return parts[0] ** sp.Rational(1, 2)
    return functions()[tree.function](*parts)


def derivative(expression: Any, *by: str) -> Any:
    """Partial derivative by each of the names in turn."""
    sp = sympy()
    for name in by:
        expression = expression.diff(sp.Symbol(name))
    return expression


def is_free_of(expression: Any, names: tuple[str, ...]) -> bool:
    """Whether none of the names occurs in the expression."""
    return not expression.free_symbols & {sympy().Symbol(name) for name in names}
