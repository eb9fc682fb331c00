"""Biases: −Σ b_i r_i."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurodyn.models.terms.leak import FIRST, PER_POPULATION, SIZE
from neurodyn.models.terms.naming import as_names
from neurodyn.numerics.kernel import helper
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


def energy(s, r, theta, place, work, out):
    """V = −Σ b r."""
    k = 0
    for p in range(place.size // PER_POPULATION):
        first, size = place[PER_POPULATION * p + FIRST], place[PER_POPULATION * p + SIZE]
        for i in range(size):
            for j in range(r.shape[1]):
                out[0, j] -= theta[k] * r[first + i, j]
            k += 1


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_r = −b."""
    k = 0
    for p in range(place.size // PER_POPULATION):
        first, size = place[PER_POPULATION * p + FIRST], place[PER_POPULATION * p + SIZE]
        for i in range(size):
            for j in range(r.shape[1]):
                out_r[first + i, j] -= theta[k]
            k += 1


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ = 0."""


def parameter_gradient(s, r, theta, place, work, out):
    """dV/db = −r."""
    subtract_sums(r, place, out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/db dr · v = −v_r."""
    subtract_sums(v_r, place, out)


@helper
def subtract_sums(values, place, out):
    """out −= values of each unit, summed over the samples."""
    k = 0
    for p in range(place.size // PER_POPULATION):
        first, size = place[PER_POPULATION * p + FIRST], place[PER_POPULATION * p + SIZE]
        for i in range(size):
            for j in range(values.shape[1]):
                out[k] -= values[first + i, j]
            k += 1


@dataclass(frozen=True)
class Bias(Term, kind="bias"):
    """−Σ b_i r_i over the units of some populations: a constant input to each unit. Parameters: one block for each.

    Flows have it in their own loops and do not call these primitives, unless it is subclassed with ``fused = False``.

    Parameters
    ----------
    names : tuple of str, or one
        The populations with biases; by default all free ones.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Bias(("h",)).populations
    ('h',)
    """

    names: tuple[str, ...] = ()
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
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
        """The populations with biases in a network."""
        return self.names or tuple(p.name for p in graph.free)

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        """The biases of each of its populations."""
        return tuple(Block(name, (graph[name].size,), False) for name in self.populations)
