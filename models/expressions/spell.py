"""SymPy's formulas as Python text for numba: common parts once, small powers as products.

The text is the same in every process for the same formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurodyn.errors import ModelError
from neurodyn.models.expressions.derive import as_float, sympy
from neurodyn.models.expressions.functions import SPELLING


def spell(expressions: list[Any], names: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Statements, and then one Python expression for each formula.

    Parameters
    ----------
    expressions : list of SymPy expressions
    names : mapping of str to str
        What the text calls each symbol.
    """
    sp = sympy()
    speller = _Speller(names)
    parts, reduced = sp.cse(expressions, symbols=(sp.Symbol(f"part {k}") for k in range(100_000)))
    for symbol, part in parts:
        speller.keep(part, symbol.name)
    return speller.lines, [strip(speller.text(expression)) for expression in reduced]


def strip(text: str) -> str:
    """The text without parentheses around the whole."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for k, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and k < len(text) - 1:
            return text
    return text[1:-1]


class _Speller:
    """Writes formulas; every sum, quotient and negative is in parentheses."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        self.lines: list[str] = []

    def keep(self, expression: Any, symbol: str | None = None) -> str:
        """Name of a variable that holds the expression."""
        value = strip(self.text(expression))
        if not value.isidentifier():
            self.lines.append(f"x{len(self.lines)} = {value}")
            value = f"x{len(self.lines) - 1}"
        if symbol is not None:
            self.names[symbol] = value
        return value

    def text(self, expression: Any) -> str:
        if expression.is_Symbol:
            return self.names[expression.name]
        if not expression.free_symbols:
            return _number(expression)
        if expression.is_Add:
            return self.sum(expression)
        if expression.is_Mul:
            return self.product(expression)
        if expression.is_Pow:
            return self.power(expression.base, expression.exp)
        name = type(expression).__name__
        if name not in SPELLING:
            raise ModelError(f"a derivative of the expression needs {name}, which is not available")
        return f"{SPELLING[name]}({', '.join(strip(self.text(part)) for part in expression.args)})"

    def sum(self, expression: Any) -> str:
        terms = expression.as_ordered_terms()
        text = strip(self.text(terms[0]))
        for term in terms[1:]:
            if term.could_extract_minus_sign():
                text += f" - {self.text(-term)}"
            else:
                text += f" + {self.text(term)}"
        return f"({text})"

    def product(self, expression: Any) -> str:
        coefficient, rest = expression.as_coeff_Mul()
        over, under = [], []
        for factor in rest.as_ordered_factors():
            if factor.is_Pow and factor.exp.is_Number and factor.exp < 0:
                under.append(self.power(factor.base, -factor.exp))
            else:
                over.append(self.text(factor))
        minus = coefficient < 0
        if abs(coefficient) != 1 or not over:
            over.insert(0, _number(abs(coefficient)))
        text = "*".join(over)
        if under:
            text += f"/({'*'.join(under)})" if len(under) > 1 else f"/{under[0]}"
        return f"(-{text})" if minus else f"({text})" if under else text

    def power(self, base: Any, exponent: Any) -> str:
        sp = sympy()
        if exponent.is_Number and exponent < 0:
            return f"(1.0/{self.power(base, -exponent)})"
        if isinstance(exponent, sp.Rational) and exponent.q in (1, 2):
            name = self.keep(base)
            whole = int(exponent.p) // int(exponent.q)
            if exponent.q == 1:
                return _product(name, whole)
            root = f"np.sqrt({name})"
            return f"({_product(name, whole)}*{root})" if whole else root
        return f"({self.keep(base)}**{self.text(exponent)})"


def _product(name: str, power: int) -> str:
    """The name to a positive whole power: products of halves, which a compiler works out once each."""
    if power == 1:
        return name
    half = _product(name, power // 2)
    return f"({half}*{half}*{name})" if power % 2 else f"({half}*{half})"


def _number(expression: Any) -> str:
    value = as_float(expression)
    if not abs(value) <= 1e300:
        raise ModelError("the numbers of the expression multiply to one that is beyond 1e300, or not real")
    return f"({value!r})" if value < 0.0 else repr(value)
