"""Source text of an expression's functions for numba.

A generated module begins with scalar functions: the formulas. For an activation or a cost they are all of it, with the
constants as numbers. For a term, loops around them follow, with the arguments of a term's primitives:

    s, v_s, out_s (N, b): row = unit, column = sample, all of the network; r, v_r, out_r and work are not used
    theta: the weights, if the expression has w, then the constants in the order of their names
    place: first row, size and free (1 or 0) of each population: of one, or of the first and then the second

Weights lie "between" two populations as the block (n_a, n_b), row by row; "within" one for each pair i < j, in the
order of `numpy.triu_indices(n, 1)`; "hollow", for each ordered pair, as the block (n, n) without its diagonal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from neurodyn.models.expressions.derive import build, derivative, is_free_of
from neurodyn.models.expressions.forms import best, refuse_endless, stable
from neurodyn.models.expressions.functions import OWN
from neurodyn.models.expressions.kind import Kind
from neurodyn.models.expressions.parse import CORNERED, Tree, functions
from neurodyn.models.expressions.spell import spell

#: For each layout: how many weights there are; the loop over pairs; place p of the weight; rows of a and of b.
PAIRS = {
    "between": (
        "place[1] * place[4]",
        "for i in range(place[1]):\n    for k in range(place[4]):",
        "i * place[4] + k",
        "place[0] + i",
        "place[3] + k",
    ),
    "within": (
        "place[1] * (place[1] - 1) // 2",
        "for i in range(place[1]):\n    for k in range(i + 1, place[1]):",
        "i * (2 * place[1] - i - 1) // 2 + k - i - 1",
        "place[0] + i",
        "place[0] + k",
    ),
    "hollow": (
        "place[1] * (place[1] - 1)",
        "for i in range(place[1]):\n    for k in range(place[1] - 1):",
        "i * (place[1] - 1) + k",
        "place[0] + i",
        "place[0] + k + (1 if k >= i else 0)",
    ),
}
#: Each primitive: its arguments between s, r and theta; its outputs.
SIGNATURES = {
    "energy": ("", "out"),
    "gradient": ("", "out_s, out_r"),
    "curve": ("v_s, v_r, ", "out_s, out_r"),
    "curve_transposed": ("v_s, v_r, ", "out_s, out_r"),
    "parameter_gradient": ("", "out"),
    "mixed": ("v_s, v_r, ", "out"),
}


def generate(kind: Kind, text: str, tree: Tree, constants: Mapping[str, float]) -> str:
    """Text of the module of an expression.

    Parameters
    ----------
    kind : Kind
    text : str
        The expression, for the module's docstring.
    tree : Tree
        What the text says, with its exponents as numbers.
    constants : mapping of str to float
        Their values are in the text for an activation and a cost only.
    """
    formula = stable(build(tree))
    refuse_endless(formula, text)
    formulas, quadratic = derive(kind, formula, not functions(tree) & CORNERED)
    scalar = kind.layout == "scalar"
    parameters = [*kind.symbols, *([] if scalar else [f"c_{name}" for name in sorted(constants)])]
    names = {name: name for name in kind.symbols}
    names |= {name: repr(value) if scalar else f"c_{name}" for name, value in constants.items()}
    if kind.paired and "w" not in {symbol.name for symbol in formula.free_symbols}:
        parameters.remove("w")
    scalars = [_scalar(name, parameters, group, names) for name, group in formulas.items()]
    loops = [] if scalar else _loops(kind, formulas, parameters[len(kind.states) :])
    body = "\n\n\n".join([*scalars, *loops])
    return f"{_heading(kind, text, body)}\nQUADRATIC = {quadratic}\n\n\n{body}\n"


def _heading(kind: Kind, text: str, body: str) -> str:
    """Docstring and imports."""
    own = [name for name in ("row", "units", *OWN) if f"{name}(" in body]
    lines = [
        f'"""{kind.title}, a function of {", ".join(kind.symbols)}:\n',
        f"    {' '.join(text.split())}\n",
        'Written by neurodyn.models.expressions; an edit here is lost.\n"""\n',
        *(["import numpy as np\n"] if "np." in body else []),
        "from neurodyn.numerics.kernel import python_helper",
        *([f"from neurodyn.models.expressions.functions import {', '.join(own)}"] if own else []),
    ]
    return "\n".join(lines) + "\n"


def derive(kind: Kind, formula: Any, smooth: bool) -> tuple[dict[str, list[Any]], bool]:
    """The formulas that a kind needs, by the name of the function that returns them; whether they are quadratic."""
    names = kind.states
    value = best(formula)
    slopes = [derivative(formula, name) for name in names]
    if kind.force:
        formulas, last = {"force": [value], "slopes": [best(x) for x in slopes]}, slopes
    else:
        last = [derivative(formula, x, y) for k, x in enumerate(names) for y in names[k:]]
        titles = kind.titles
        groups = [value], [best(x) for x in slopes], [best(x) for x in last]
        formulas = dict(zip(titles, groups, strict=True))
    if kind.paired and not is_free_of(formula, ("w",)):
        by_weight = derivative(formula, "w")
        formulas["weight_slope"] = [best(by_weight)]
        if not kind.force:
            formulas["weight_bends"] = [best(derivative(by_weight, name)) for name in names]
    moving = tuple(name for name in kind.symbols if name != "w")
    return formulas, smooth and all(is_free_of(formula, moving) for formula in last)


def _scalar(name: str, parameters: list[str], formulas: list[Any], names: Mapping[str, str]) -> str:
    lines, results = spell(formulas, names)
    body = "\n".join(f"    {line}" for line in [*lines, f"return {', '.join(results)}"])
    return f"@python_helper\ndef {name}({', '.join(parameters)}):\n{body}"


def _loops(kind: Kind, formulas: Mapping[str, list[Any]], rest: list[str]) -> list[str]:
    """The primitives; `rest` are the arguments of the formulas after the states."""
    if kind.paired:
        return _pair_force(kind, rest) if kind.force else _pair_energy(kind, rest)
    tail = "".join(f", {name}" for name in rest)
    if kind.force:
        change = f"y[k] -= slopes(x[k]{tail}) * v[k]"
        return [
            _units("gradient", rest, f"y[k] -= force(x[k]{tail})"),
            _units("curve", rest, change),
            _units("curve_transposed", rest, change),
        ]
    loop = "for i in range(place[0], place[0] + place[1]):\n    x, y = row(s, i), row(out, 0)\n"
    loop += f"    for j in range(x.size):\n        y[j] += value(x[j]{tail})"
    return [
        _function("energy", _constants(rest, "0") + loop),
        _units("gradient", rest, f"y[k] += slopes(x[k]{tail})"),
        _units("curve", rest, f"y[k] += bends(x[k]{tail}) * v[k]"),
    ]


def _units(name: str, rest: list[str], change: str) -> str:
    lines = "x, y = units(s, place[0], place[1]), units(out_s, place[0], place[1])\n"
    if "v[k]" in change:
        lines += "v = units(v_s, place[0], place[1])\n"
    return _function(name, f"{_constants(rest, '0')}{lines}for k in range(x.size):\n    {change}")


def _pair_energy(kind: Kind, rest: list[str]) -> list[str]:
    arguments = ", ".join(["a[j]", "b[j]", *rest])
    curve = f"aa, ab, bb = bends({arguments})\ny_a[j] += aa * v_a[j] + ab * v_b[j]\ny_b[j] += ab * v_a[j] + bb * v_b[j]"
    loops = [
        _pairs(kind, "energy", rest, f"y[j] += value({arguments})"),
        _pairs(kind, "gradient", rest, f"by_a, by_b = slopes({arguments})\ny_a[j] += by_a\ny_b[j] += by_b"),
        _pairs(kind, "curve", rest, curve),
    ]
    if "w" in rest:
        change = f"by_a, by_b = weight_bends({arguments})\ntotal += by_a * v_a[j] + by_b * v_b[j]"
        loops.append(_pairs(kind, "parameter_gradient", rest, f"total += weight_slope({arguments})"))
        loops.append(_pairs(kind, "mixed", rest, change))
    return loops


def _pair_force(kind: Kind, rest: list[str]) -> list[str]:
    """Primitives of a force on a from b: minus the force stands for the gradient that there is not."""
    arguments = ", ".join(["a[j]", "b[j]", *rest])
    by = f"by_a, by_b = slopes({arguments})\n"
    loops = [
        _pairs(kind, "gradient", rest, f"y_a[j] -= force({arguments})"),
        _pairs(kind, "curve", rest, by + "y_a[j] -= by_a * v_a[j] + by_b * v_b[j]"),
        _pairs(kind, "curve_transposed", rest, by + "y_a[j] -= by_a * v_a[j]\ny_b[j] -= by_b * v_a[j]"),
    ]
    if "w" in rest:
        loops.append(_pairs(kind, "mixed", rest, f"total -= weight_slope({arguments}) * v_a[j]"))
    return loops


def _pairs(kind: Kind, name: str, rest: list[str], change: str) -> str:
    """A primitive that does `change` for each sample j of each pair."""
    count, loop, weight, at, to = PAIRS[kind.layout]
    rows = [("a", "s", at), ("b", "s", to), ("v_a", "v_s", at), ("v_b", "v_s", to)]
    rows += [("y_a", "out_s", at), ("y_b", "out_s", to), ("y", "out", "0")]
    needed = [f"{short} = row({array}, {index})" for short, array, index in rows if f"{short}[j]" in change]
    total = "total +=" in change or "total -=" in change
    if "w" in rest:
        needed += [f"p = {weight}", "w = theta[p]"]
    needed += ["total = 0.0"] if total else []
    inner = "\n".join([*needed, "for j in range(a.size):", textwrap.indent(change, "    ")])
    inner += "\nout[p] += total" if total else ""
    first = count if "w" in rest else "0"
    return _function(
        name, _constants([x for x in rest if x != "w"], first) + f"{loop}\n{textwrap.indent(inner, ' ' * 8)}"
    )


def _constants(names: list[str], first: str) -> str:
    if not names:
        return ""
    if first == "0":
        return "".join(f"{name} = theta[{k}]\n" for k, name in enumerate(names))
    return f"first = {first}\n" + "".join(f"{name} = theta[first + {k}]\n" for k, name in enumerate(names))


def _function(name: str, body: str) -> str:
    before, outputs = SIGNATURES[name]
    return f"def {name}(s, r, {before}theta, place, work, {outputs}):\n{textwrap.indent(body, '    ')}"
