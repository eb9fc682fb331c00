"""Forms of a formula that keep its digits, and the choice among them by measurement.

Two rules. Patterns that are known to lose digits or to overflow are replaced: log(1 + x), exp(x) - 1, 1 - cos(x),
1 / (1 + exp(x)), log(1 + exp(x)), log(cosh(x)). And a formula is brought to a common denominator where that is
measured to be more accurate (the derivative of s / sqrt(1 + s^2), say, is a difference that cancels for large s): both
forms are computed in floats and compared with 80 digits at points over many orders of magnitude.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.models.expressions import functions as numeric
from neurodyn.models.expressions.derive import functions, sympy
from neurodyn.models.expressions.spell import spell

#: Formulas with more operations than this are left as they are: common denominators grow.
LARGEST_REWRITTEN = 120
MAGNITUDES = (1e-9, 1e-4, 0.03, 0.6, 2.1, 23.0, 400.0, 2e4, 3e8)
DIGITS = 80


def stable(expression: Any) -> Any:
    """The expression with each pattern that loses digits replaced by a function that keeps them."""
    if not expression.args:
        return expression
    parts = [stable(part) for part in expression.args]
    if parts != list(expression.args):
        expression = expression.func(*parts)
    known = functions()
    if expression.is_Add:
        return _stable_sum(expression)
    if isinstance(expression, known["log"]):
        return _stable_log(expression)
    if expression.is_Mul:
        return _stable_product(expression)
    if expression.is_Pow and expression.base.is_Add and expression.exp.is_Integer and expression.exp < 0:
        rest = expression.base - 1
        if isinstance(rest, known["exp"]):
            return known["sigmoid"](-rest.args[0]) ** -expression.exp
    return expression


def _stable_product(expression: Any) -> Any:
    """exp(-x) sigmoid(x) is sigmoid(-x), and sinh(x) / cosh(x) is tanh(x): quotients of numbers that overflow."""
    sp, known = sympy(), functions()
    factors = list(expression.args)
    for factor in expression.args:
        if isinstance(factor, known["sigmoid"]) and known["exp"](-factor.args[0]) in factors:
            factors.remove(factor)
            factors.remove(known["exp"](-factor.args[0]))
            factors.append(known["sigmoid"](-factor.args[0]))
        if isinstance(factor, known["sinh"]) and 1 / known["cosh"](factor.args[0]) in factors:
            factors.remove(factor)
            factors.remove(1 / known["cosh"](factor.args[0]))
            factors.append(known["tanh"](factor.args[0]))
    return sp.Mul(*factors)


def _stable_log(expression: Any) -> Any:
    sp, known = sympy(), functions()
    inner = expression.args[0]
    if isinstance(inner, known["cosh"]):
        return known["logcosh"](inner.args[0])
    if inner.is_Add and sp.S.One in inner.args:
        rest = inner - 1
        return known["softplus"](rest.args[0]) if isinstance(rest, known["exp"]) else known["log1p"](rest)
    return expression


def _stable_sum(expression: Any) -> Any:
    """c exp(x) - c is c expm1(x), and c cos(x) - c is -2 c sin(x/2)^2."""
    sp, known = sympy(), functions()
    terms = list(expression.args)
    for term in expression.args:
        for factor in sp.Mul.make_args(term):
            if not isinstance(factor, (known["exp"], known["cos"])):
                continue
            c = term / factor
            if -c in terms and term in terms:
                terms.remove(-c)
                terms.remove(term)
                x = factor.args[0]
                terms.append(
                    c * known["expm1"](x) if isinstance(factor, known["exp"]) else -2 * c * known["sin"](x / 2) ** 2
                )
    return sp.Add(*terms)


def best(expression: Any) -> Any:
    """The most accurate form at hand."""
    sp = sympy()
    plain = stable(expression)
    if not plain.free_symbols or sp.count_ops(plain) > LARGEST_REWRITTEN:
        return plain
    joined = stable(sp.factor_terms(sp.together(plain)))
    if joined == plain:
        return plain
    losses = [loss(form) for form in (plain, joined)]
    shorter = sp.count_ops(joined) < sp.count_ops(plain)
    return joined if losses[1] < (1.5 if shorter else 0.5) * losses[0] else plain


def loss(expression: Any) -> float:
    """Largest relative error of the formula in floats, over points where its value is an ordinary number."""
    import mpmath

    mp = mpmath.mp.clone()
    mp.dps = DIGITS
    symbols = sorted(symbol.name for symbol in expression.free_symbols)
    names = {name: f"c_{name}" for name in symbols}
    lines, results = spell([expression], names)
    source = "\n".join([f"def formula({', '.join(names.values())}):", *(f"    {line}" for line in lines)])
    source += f"\n    return {results[0]}\n"
    exact, rounded = _function(source, _precise(mp)), _function(source, _plain())
    worst = 0.0
    for point in _points(len(symbols)):
        try:
            truth = exact(*(mp.mpf(x) for x in point))
            ordinary = isinstance(truth, mp.mpf) and 1e-250 < abs(truth) < 1e250
        except (ArithmeticError, ValueError, TypeError):
            continue
        if ordinary:
            with np.errstate(all="ignore"):
                value = rounded(*(np.float64(x) for x in point))
            usable = np.isrealobj(value) and np.isfinite(value)
            worst = max(worst, float(abs(mp.mpf(float(value)) - truth) / abs(truth)) if usable else np.inf)
    return max(worst, 1e-15)


def _points(count: int) -> list[list[float]]:
    """Values for that many symbols: each magnitude and sign in turn for each, with the others moderate."""
    moderate = [0.7 + 0.137 * k for k in range(count)]
    points = []
    for k in range(count):
        for size in MAGNITUDES:
            for sign in (1.0, -1.0):
                points.append([*moderate[:k], sign * size, *moderate[k + 1 :]])
    return points


def _function(source: str, named: dict[str, Any]) -> Any:
    """The function of a source text that `spell` wrote: from SymPy's objects, never from a user's text."""
    scope = dict(named)
    exec(source, scope)
    return scope["formula"]


def _plain() -> dict[str, Any]:
    return {"np": np} | {name: numeric.plain(name) for name in numeric.OWN}


def _precise(mp: Any) -> dict[str, Any]:
    """The functions by their textbook formulas, in digits that make up for what those lose."""
    one = mp.mpf(1)

    def moderate(function: Any, largest: float) -> Any:
        def guarded(x: Any) -> Any:
            if abs(x) > largest:
                raise OverflowError
            return function(x)

        return guarded

    named = {name: moderate(getattr(mp, name), 1e5) for name in ("exp", "sinh", "cosh", "tanh")}
    named |= {name: moderate(getattr(mp, name), 1e20) for name in ("sin", "cos", "tan")}
    exp, cosh = named["exp"], named["cosh"]
    numpy = SimpleNamespace(**named, log=mp.log, sqrt=mp.sqrt, arctan=mp.atan, abs=abs)
    return {
        "np": numpy,
        "expm1": lambda x: exp(x) - one,
        "log1p": lambda x: mp.log(one + x),
        "sigmoid": lambda x: one / (one + exp(-x)),
        "softplus": lambda x: mp.log(one + exp(x)),
        "logcosh": lambda x: mp.log(cosh(x)),
        "sech2": lambda x: one / cosh(x) ** 2,
        "sign": mp.sign,
        "step": lambda x: (one + mp.sign(x)) / 2,
        "maximum": max,
        "minimum": min,
    }


def refuse_endless(expression: Any, text: str) -> None:
    """Refuse what has no value anywhere, such as 1/(s - s), or no real one."""
    sp = sympy()
    if expression.has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I):
        raise ModelError(f"the expression {text!r} has no finite real value, whatever the states")
