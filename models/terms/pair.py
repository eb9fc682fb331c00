"""An energy of each pair of units, or a force on one from the other, as one expression of their states a and b."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from neurodyn.models.terms.from_text import FromText
from neurodyn.system.graph import Graph


@dataclass(frozen=True, init=False, repr=False)
class Pair(FromText, kind="pair"):
    """An energy of each pair of units of two populations as one expression of their states: Σ_ij V(a_i, b_j; w_ij).

    With the same population twice, each pair of different units is there once, the one that comes first as a. Weights w
    are a block "first-second", as of a connection; within a population they are symmetric, so V should be, too.

    Parameters
    ----------
    first, second : str
        Populations; the state of a clamped unit is the rate that it is clamped at.
    expression : str
        V, of the symbols a and b, and w, if each pair has a weight: see `Unit`.
    name : str, optional
        The name of the block of weights.
    constants : mapping of str to float, optional
        The values of all other names in the text; they may as well be given as keywords.

    Raises
    ------
    ModelError
        The text is not such an expression; says what is wrong, and where.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Pair("h", "h", "-K*w*cos(a - b)", K=0.5).populations
    ('h', 'h')
    """

    roles: ClassVar[tuple[str, ...]] = ("first", "second")

    def __init__(
        self,
        first: str,
        second: str,
        expression: str,
        *,
        name: str = "",
        constants: Mapping[str, float] | None = None,
        **more: float,
    ) -> None:
        kind = "pair energy within" if first == second else "pair energy"
        self._set((first, second), kind, expression, constants, more, name)

    def check(self, graph: Graph) -> None:
        """See `Term.check`; one of its populations must move."""
        super().check(graph)
        if not any(name in graph.slices for name in self.names):
            self.check_moves(graph, *self.names)


@dataclass(frozen=True, init=False, repr=False)
class PairForce(FromText, kind="pair-force"):
    """A force on each unit of the first population from each of the second, without an energy: Σ_j f(a_i, b_j; w_ij).

    With the same population twice there is one from each other unit. Entry [i, j] of the weights, the block
    "first-from-second", is that of the force on unit i from unit j.

    Parameters
    ----------
    first, second, expression, name, constants
        As for `Pair`; the expression is the force on a, and there is none on b.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.PairForce("h", "x", "w*tanh(b)").has_energy
    False
    """

    roles: ClassVar[tuple[str, ...]] = ("first", "second")

    def __init__(
        self,
        first: str,
        second: str,
        expression: str,
        *,
        name: str = "",
        constants: Mapping[str, float] | None = None,
        **more: float,
    ) -> None:
        kind = "pair force within" if first == second else "pair force"
        self._set((first, second), kind, expression, constants, more, name)

    def check(self, graph: Graph) -> None:
        """See `Term.check`; the units that it moves must not be clamped."""
        super().check(graph)
        self.check_moves(graph, self.names[0])
