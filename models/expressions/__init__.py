"""A user's own energy, force, activation or cost from one line of text."""

from neurodyn.models.expressions.expression import Activation, Cost, Expression, Primitives, expression

__all__ = ["Activation", "Cost", "Expression", "Primitives", "expression"]
