"""Text of an expression to a small tree, by a list of what is allowed: no text is ever run.

Python's own grammar reads the text, and every node of what it read must be a number, a name, one of + - * / **, or a
call of a function in `ARITY`; anything else is refused in one sentence. Parts that are numbers alone are worked out
here, in floats as Python would, so that no later step meets a number that is huge or not finite.

Sums and products are flat, however long: a - b is the sum of a and the negative of b, a / b the product of a and the
inverse of b. So a tree is as deep as the text's parentheses are, at most `DEEPEST`.
"""

from __future__ import annotations

import ast
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from neurodyn.errors import ModelError, nearest

LONGEST, DEEPEST, MOST_NODES = 2000, 50, 500
LARGEST_NUMBER, LARGEST_POWER = 1e300, 64.0

#: How many arguments each function takes.
ARITY = {"exp": 1, "log": 1, "sqrt": 1, "sin": 1, "cos": 1, "tan": 1, "sinh": 1, "cosh": 1, "tanh": 1, "arctan": 1}
ARITY |= {"sigmoid": 1, "softplus": 1, "logcosh": 1, "abs": 1, "min": 2, "max": 2}
ALIASES = {"atan": "arctan"}
CONSTANTS = {"pi": math.pi}
#: Functions with a corner, which have no meaning for complex numbers.
CORNERED = frozenset({"abs", "min", "max"})
#: Names that an expression's symbols and constants may not have.
RESERVED = frozenset(ARITY) | frozenset(ALIASES) | frozenset(CONSTANTS)

_VALUES: dict[str, Callable[..., float]] = {
    "arctan": math.atan,
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)) if x > 0.0 else math.exp(x) / (1.0 + math.exp(x)),
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    "logcosh": lambda x: abs(x) + math.log1p(math.exp(-2.0 * abs(x))) - math.log(2.0),
    "sech2": lambda x: 1.0 / math.cosh(x) ** 2,
    "sign": lambda x: (x > 0.0) - (x < 0.0),
    "step": lambda x: 0.5 * (x > 0.0) + 0.5 * (x >= 0.0),
    "abs": abs,
    "min": min,
    "max": max,
}
_CHARACTERS = re.compile(r"[^A-Za-z0-9_ .+\-*/(),]")
_COMPARISON = "comparisons and assignments are not allowed"
_REASONS = {"^": "'^' is not a power: write ** for powers", "[": "subscripts and lists are not allowed"}
_REASONS |= dict.fromkeys("\"'", "strings are not allowed") | dict.fromkeys("<>=!", _COMPARISON)
_NODES = {
    ast.Attribute: "attributes are not allowed",
    ast.Constant: "only real numbers are allowed as constants",
    ast.IfExp: "conditions are not allowed",
    ast.BoolOp: "conditions are not allowed",
    ast.Compare: "comparisons are not allowed",
    ast.Lambda: "lambda is not allowed",
    ast.Tuple: "lists of expressions are not allowed",
    ast.GeneratorExp: "comprehensions are not allowed",
    ast.Starred: "starred arguments are not allowed",
}
_ALLOWED = f"allowed: numbers, names, + - * / **, parentheses, pi, and the functions {', '.join(ARITY)}"


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol or a named constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `ARITY`, or "sum", "product", "negative", "inverse" or "power", of its parts."""

    function: str
    parts: tuple[Tree, ...]


Tree = Number | Name | Call


def parse(text: str) -> Tree:
    """Tree of an expression.

    Raises
    ------
    ModelError
        If the text is not an expression, or holds anything that is not allowed.

    Examples
    --------
    >>> parse("-s/2")
    Call(function='product', parts=(Call(function='negative', parts=(Name(name='s'),)), Number(value=0.5)))
    """
    if not isinstance(text, str):
        raise ModelError(f"an expression must be a text; got {type(text).__name__} {shorten(text)}")
    return _Reader(text).tree()


def names(tree: Tree) -> list[str]:
    """Names in the tree, each once, in the order of their first appearance."""
    return list(dict.fromkeys(part.name for part in _walk(tree) if isinstance(part, Name)))


def functions(tree: Tree) -> set[str]:
    """Functions and operations in the tree."""
    return {part.function for part in _walk(tree) if isinstance(part, Call)}


def settle_powers(tree: Tree, text: str, constants: Mapping[str, float]) -> Tree:
    """The tree with every exponent as a number, so that a power of 3 is a product whoever gave the 3.

    Parameters
    ----------
    constants : mapping of str to float
        The named constants, which may stand in exponents.

    Raises
    ------
    ModelError
        If an exponent is no constant, or too large, also as the product of powers of powers.
    """
    return _settle(tree, text, constants)[0]


def _settle(tree: Tree, text: str, constants: Mapping[str, float]) -> tuple[Tree, float]:
    """The settled tree and its largest power."""
    if not isinstance(tree, Call):
        return tree, 1.0
    if tree.function != "power":
        settled = [_settle(part, text, constants) for part in tree.parts]
        return Call(tree.function, tuple(part for part, _ in settled)), max(degree for _, degree in settled)
    free = [name for name in names(tree.parts[1]) if name not in constants]
    if free:
        raise ModelError(
            f"an exponent must be a number or a constant in {shorten(text)}; {free[0]!r} is neither: "
            "write exp(p*log(x)) for x to the power of p"
        )
    base, degree = _settle(tree.parts[0], text, constants)
    exponent = _value(tree.parts[1], constants)
    degree = degree * max(abs(exponent), 1.0) if math.isfinite(exponent) else math.inf
    if degree > LARGEST_POWER:
        raise ModelError(
            f"a power, or the product of powers of powers, must be at most {LARGEST_POWER:g}; "
            f"got {degree:g} in {shorten(text)}"
        )
    return Call("power", (base, Number(exponent))), degree


def shorten(text: object, most: int = 60) -> str:
    """The text in quotes, cut where it is long."""
    shown = repr(text) if not isinstance(text, str) or len(text) <= most else repr(text[: most - 4]) + " ..."
    return shown if len(shown) <= 2 * most else shown[: 2 * most] + " ..."


def _walk(tree: Tree) -> Iterator[Tree]:
    yield tree
    if isinstance(tree, Call):
        for part in tree.parts:
            yield from _walk(part)


def _value(tree: Tree, constants: Mapping[str, float]) -> float:
    """Value of a tree of constants, nan where it has none."""
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Name):
        return constants[tree.name]
    return evaluate(tree.function, [_value(part, constants) for part in tree.parts])


def evaluate(function: str, values: list[float]) -> float:
    """Value of a function or operation of numbers, nan where it has none."""
    try:
        if function == "sum":
            return sum(values)
        if function == "product":
            return math.prod(values)
        if function == "negative":
            return -values[0]
        if function == "inverse":
            return 1.0 / values[0]
        if function == "power":
            return math.pow(*values)
        if function in _VALUES:
            return float(_VALUES[function](*values))
        return float(getattr(math, function)(*values))
    except (ArithmeticError, ValueError):
        return math.nan


class _Reader:
    """Reads one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = 0

    def tree(self) -> Tree:
        if not self.text.strip():
            raise ModelError("an expression must not be empty")
        if len(self.text) > LONGEST:
            raise ModelError(f"an expression may have at most {LONGEST} characters; this one has {len(self.text)}")
        line = re.sub(r"\s", " ", self.text)
        stray = _CHARACTERS.search(line)
        if stray:
            character = stray.group()
            name = unicodedata.name(character, "no name") if not character.isascii() else ""
            what = f"the character {character!r} {f'({name}) ' if name else ''}is not allowed"
            self.refuse(_REASONS.get(character, what), stray.start())
        depth = 0
        for k, character in enumerate(line):
            depth += (character == "(") - (character == ")")
            if depth > DEEPEST:
                self.refuse(f"parentheses may be nested at most {DEEPEST} deep", k)
        signs = re.search(r"(?:[-+*/] *){20}", line)
        if signs:
            self.refuse("there are too many signs in a row", signs.start())
        return self.visit(self.grammar(line.strip()), 0)

    def grammar(self, line: str) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's on odd, but readable text, such as 1if
                return ast.parse(line, mode="eval").body
        except SyntaxError as error:
            place = (error.offset or 1) - 1 + len(self.text) - len(self.text.lstrip())
            self.refuse(f"it cannot be read ({error.msg})", place)
        except (ValueError, RecursionError, MemoryError):
            self.refuse("it is nested too deeply", 0)

    def refuse(self, what: str, place: int) -> NoReturn:
        raise ModelError(
            f"expression {shorten(self.text)}, character {min(place, len(self.text)) + 1}: {what}; {_ALLOWED}"
        )

    def refuse_node(self, what: str, node: ast.expr) -> NoReturn:
        self.refuse(what, node.col_offset + len(self.text) - len(self.text.lstrip()))

    def visit(self, node: ast.expr, depth: int) -> Tree:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.refuse_node(f"it has more than {MOST_NODES} numbers, names and operations", node)
        if depth > DEEPEST:
            self.refuse_node(f"it is nested more than {DEEPEST} deep", node)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return self.number(node)
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.visit(node.operand, depth + 1)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self.fold("negative", [self.visit(node.operand, depth + 1)], node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self.power(node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return self.chain(node, depth, "sum", (ast.Add, ast.Sub), "negative")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            return self.chain(node, depth, "product", (ast.Mult, ast.Div), "inverse")
        if isinstance(node, ast.UnaryOp | ast.BinOp):
            self.refuse_node("this operation is not allowed", node)
        self.refuse_node(_NODES.get(type(node), f"{type(node).__name__} is not allowed"), node)

    def number(self, node: ast.Constant) -> Number:
        assert isinstance(node.value, int | float)
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        return self.finite(value, node)

    def finite(self, value: float, node: ast.expr) -> Number:
        if not abs(value) <= LARGEST_NUMBER:
            shown = shorten(ast.unparse(node)) if self.nodes < MOST_NODES else "this number"
            self.refuse_node(f"{shown} is not a real number of at most {LARGEST_NUMBER:g}", node)
        return Number(value)

    def name(self, node: ast.Name) -> Tree:
        if node.id in CONSTANTS:
            return Number(CONSTANTS[node.id])
        if node.id in RESERVED:
            self.refuse_node(f"{node.id} is a function and needs its arguments: {node.id}(...)", node)
        if node.id.startswith("_"):
            self.refuse_node(f"the name {shorten(node.id)} must not begin with an underscore", node)
        return Name(node.id)

    def call(self, node: ast.Call, depth: int) -> Tree:
        if not isinstance(node.func, ast.Name):
            what = (
                "attributes are" if isinstance(node.func, ast.Attribute) else "the call of anything but a function is"
            )
            self.refuse_node(f"{what} not allowed", node.func)
        name = ALIASES.get(node.func.id, node.func.id)
        if name not in ARITY:
            self.refuse_node(f"unknown function {shorten(name)}; {nearest(name, ARITY)}", node.func)
        if node.keywords:
            self.refuse_node(f"{name} takes no keyword arguments", node.func)
        if len(node.args) != ARITY[name]:
            self.refuse_node(f"{name} takes {ARITY[name]} argument(s); got {len(node.args)}", node.func)
        return self.fold(name, [self.visit(part, depth + 1) for part in node.args], node)

    def power(self, node: ast.BinOp, depth: int) -> Tree:
        if any(isinstance(part, ast.Pow) for part in ast.walk(node.right)):
            self.refuse_node("an exponent must not hold another power", node.right)
        exponent = self.visit(node.right, depth + 1)
        if isinstance(exponent, Number) and abs(exponent.value) > LARGEST_POWER:
            self.refuse_node(f"a power must be at most {LARGEST_POWER:g}; got {exponent.value:g}", node.right)
        return self.fold("power", [self.visit(node.left, depth + 1), exponent], node)

    def chain(self, node: ast.BinOp, depth: int, function: str, kinds: tuple[type, ...], turn: str) -> Tree:
        """A sum or product of any length, read from its left end; numbers at that end are worked out."""
        rest: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and isinstance(first.op, kinds):
            rest.append(first)
            first = first.left
        parts = [self.visit(first, depth + 1)]
        for link in reversed(rest):
            part = self.visit(link.right, depth + 1)
            if isinstance(link.op, kinds[1]):
                part = self.fold(turn, [part], link.right)
            if len(parts) == 1:
                folded = self.fold(function, [parts[0], part], link)
                parts = list(folded.parts) if isinstance(folded, Call) else [folded]
            else:
                parts.append(part)
        return Call(function, tuple(parts)) if len(parts) > 1 else parts[0]

    def fold(self, function: str, parts: list[Tree], node: ast.expr) -> Tree:
        """The function of the parts, worked out if all are numbers."""
        values = [part.value for part in parts if isinstance(part, Number)]
        if len(values) < len(parts):
            return Call(function, tuple(parts))
        return self.finite(evaluate(function, values), node)
