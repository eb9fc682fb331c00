"""What an expression can be: its symbols, and the formulas that are derived from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One use of an expression.

    Attributes
    ----------
    title : str
        What the expression is, in words.
    symbols : tuple of str
        The states (and the target y, and last the weight w) that it is a function of.
    needed : tuple of str
        Those that it must hold.
    states : tuple of str
        Those that move: the expression is quadratic if no second derivative holds one of them (or y).
    force : bool
        Whether it is a force, of which one derivative is taken, or an energy, of which two are.
    layout : str
        "units", or how pairs lie: "between" two populations, "within" one with each pair once, or "hollow", within
        one with each ordered pair; "scalar" where the functions are of numbers.
    """

    title: str
    symbols: tuple[str, ...]
    needed: tuple[str, ...]
    states: tuple[str, ...]
    force: bool
    layout: str

    @property
    def paired(self) -> bool:
        """Whether the expression is of pairs of units, which may have a weight each."""
        return self.layout in ("between", "within", "hollow")

    @property
    def titles(self) -> tuple[str, str, str]:
        """Names of the functions that return the value, the first and the second derivatives of an energy."""
        if self.layout != "scalar":
            return "value", "slopes", "bends"
        return ("rate", "slope", "bend") if self.symbols == ("s",) else ("value", "slope", "curvature")


_PAIR, _ENDS = ("a", "b", "w"), ("a", "b")
KINDS = {
    "unit energy": Kind("Energy of each unit", ("s",), ("s",), ("s",), False, "units"),
    "unit force": Kind("Force on each unit", ("s",), ("s",), ("s",), True, "units"),
    "pair energy": Kind("Energy of each pair of units", _PAIR, _ENDS, _ENDS, False, "between"),
    "pair energy within": Kind("Energy of each pair within a population", _PAIR, _ENDS, _ENDS, False, "within"),
    "pair force": Kind("Force on a from each b", _PAIR, ("b",), _ENDS, True, "between"),
    "pair force within": Kind("Force on a from each other b of its population", _PAIR, ("b",), _ENDS, True, "hollow"),
    "activation": Kind("Rate of a unit in state s", ("s",), ("s",), ("s",), False, "scalar"),
    "cost": Kind("Cost of an output z with target y", ("z", "y"), ("z",), ("z",), False, "scalar"),
}  # fmt: skip
