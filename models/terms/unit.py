"""An energy of each unit of a population, or a force on it, as one expression of its state s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from neurodyn.models.terms.from_text import FromText
from neurodyn.system.graph import Graph


@dataclass(frozen=True, init=False, repr=False)
class Unit(FromText, kind="unit"):
    """An energy of each unit of a population as one expression of its state: Σ_i V(s_i).

    Parameters
    ----------
    population : str
    expression : str
        V, of the symbol s: numbers, ``+ - * / **``, pi, and the functions that `models.expressions.expression` names.
    constants : mapping of str to float, optional
        The values of all other names in the text; they may as well be given as keywords.

    Raises
    ------
    ModelError
        The text is not such an expression; says what is wrong, and where.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Unit("h", "k*(s**4/4 - s**2/2)", k=2.0)
    Unit('h', 'k*(s**4/4 - s**2/2)', k=2.0)
    """

    roles: ClassVar[tuple[str, ...]] = ("population",)

    def __init__(
        self, population: str, expression: str, *, constants: Mapping[str, float] | None = None, **more: float
    ) -> None:
        self._set((population,), "unit energy", expression, constants, more)

    def check(self, graph: Graph) -> None:
        """See `Term.check`; its units must not be clamped."""
        super().check(graph)
        self.check_moves(graph, *self.names)


@dataclass(frozen=True, init=False, repr=False)
class UnitForce(FromText, kind="unit-force"):
    """A force on each unit of a population as one expression of its state, without an energy: tau ds/dt = f(s) + ...

    Parameters
    ----------
    population, expression, constants
        As for `Unit`; the expression is the force.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.UnitForce("h", "s - s**3").has_energy
    False
    """

    roles: ClassVar[tuple[str, ...]] = ("population",)

    def __init__(
        self, population: str, expression: str, *, constants: Mapping[str, float] | None = None, **more: float
    ) -> None:
        self._set((population,), "unit force", expression, constants, more)

    def check(self, graph: Graph) -> None:
        """See `Term.check`; its units must not be clamped."""
        super().check(graph)
        self.check_moves(graph, *self.names)
