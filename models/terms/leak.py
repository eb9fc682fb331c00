"""The leak: ½ Σ s_i², in the rate form Σ ∫₀^r_i ρ⁻¹."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurodyn.models.terms.naming import as_names
from neurodyn.numerics.kernel import helper
from neurodyn.system.graph import Graph
from neurodyn.system.term import Primitives, Term

FIRST, SIZE, FREE, PER_POPULATION = range(4)


def energy(s, r, theta, place, work, out):
    """V = ½ Σ s²."""
    for p in range(place.size // PER_POPULATION):
        first, size = place[PER_POPULATION * p + FIRST], place[PER_POPULATION * p + SIZE]
        for i in range(first, first + size):
            for j in range(s.shape[1]):
                out[0, j] += 0.5 * s[i, j] * s[i, j]


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = s."""
    add(s, place, out_s)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = v_s."""
    add(v_s, place, out_s)


@helper
def add(values, place, out):
    """out += values in the populations of a term."""
    for p in range(place.size // PER_POPULATION):
        first, size = place[PER_POPULATION * p + FIRST], place[PER_POPULATION * p + SIZE]
        for i in range(first, first + size):
            for j in range(values.shape[1]):
                out[i, j] += values[i, j]


@dataclass(frozen=True)
class Leak(Term, kind="leak"):
    """½ Σ s_i² over the units of some populations: what pulls a membrane potential back to rest.

    Flows have it in their own loops and do not call these primitives, unless it is subclassed with ``fused = False``.

    Parameters
    ----------
    names : tuple of str, or one
        The populations that leak; by default all free ones.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Leak(("h", "y")).populations
    ('h', 'y')
    """

    names: tuple[str, ...] = ()
    primitives = Primitives.of(energy=energy, gradient=gradient, curve=curve)
    quadratic: ClassVar[bool] = True
    of_rates: ClassVar[bool] = True
    fused: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", as_names(self.names))

    @property
    def populations(self) -> tuple[str, ...]:
        """Those it was given."""
        return self.names

    def check(self, graph: Graph) -> None:
        """See `Term.check`; its units must not be clamped."""
        super().check(graph)
        self.check_moves(graph, *self.names)

    def over(self, graph: Graph) -> tuple[str, ...]:
        """The populations that leak in a network."""
        return self.names or tuple(p.name for p in graph.free)
