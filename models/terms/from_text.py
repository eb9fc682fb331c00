"""What terms of one expression share: the text, and primitives that are made of it when they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from neurodyn.errors import ModelError
from neurodyn.models.expressions import Expression, expression
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


@cache
def primitives_of(source: Expression) -> Primitives:
    """The primitives of an expression, the same for equal ones; compiled one by one when they are used."""
    return Primitives.of(**source.primitives()._asdict(), analytic=source.analytic)


@dataclass(frozen=True, repr=False)
class FromText(Term):
    """A term of one expression; a subclass says of which kind, and takes names, text and constants one by one.

    Attributes
    ----------
    names : tuple of str
        Its populations.
    source : Expression
    name : str
        What the block of its weights is called; by default the names of the populations and a hyphen.
    """

    names: tuple[str, ...]
    source: Expression
    name: str
    #: What the arguments are called that are populations.
    roles: ClassVar[tuple[str, ...]] = ()

    def _set(
        self, names: tuple[str, ...], kind: str, text: str, constants: Any, more: Mapping[str, float], name: str = ""
    ) -> None:
        """Set the fields; constants may stand in a mapping, and as keywords."""
        given = dict(constants or {})
        for key in more:
            if key in given:
                raise ModelError(f"the constant {key!r} is given twice")
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "source", expression(kind, text, given | dict(more)))
        object.__setattr__(self, "name", name)
        if name and not self.source.weighted:
            raise ModelError(f"`name` is that of the weights w, and {text!r} has none; got {name!r}")

    @property
    def populations(self) -> tuple[str, ...]:
        """See `Term.populations`."""
        return self.names

    @property
    def primitives(self) -> Primitives:
        """Of the expression; SymPy is needed where they are made for the first time on a machine."""
        return primitives_of(self.source)

    @property
    def quadratic(self) -> bool:
        """Whether no second derivative, or of a force no first one, depends on the states."""
        return self.source.quadratic

    @property
    def has_energy(self) -> bool:
        """Whether the expression is an energy, and not a force."""
        return not self.source.about.force

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        """The weights w, where there are any, (units of the first, units of the second)."""
        if not self.source.weighted:
            return ()
        first, second = self.names
        within, joint = first == second, "-" if self.has_energy else "-from-"
        shape = graph[first].size, graph[second].size
        symmetric, hollow = within and self.has_energy, within and not self.has_energy
        return (Block(self.name or f"{first}{joint}{second}", shape, symmetric, None, hollow),)

    def constants(self, graph: Graph) -> Sequence[float]:
        """Those of the expression, by their names in order."""
        return [value for _, value in self.source.constants]

    def describe(self) -> dict[str, Any]:
        """See `Term.describe`."""
        about: dict[str, Any] = {"term": self.kind} | dict(zip(self.roles, self.names, strict=True))
        about |= {"expression": self.source.text, "constants": dict(self.source.constants)}
        return about | ({"name": self.name} if self.name else {})

    def __repr__(self) -> str:
        parts = [repr(part) for part in (*self.names, self.source.text)]
        parts += [f"{name}={value!r}" for name, value in self.source.constants]
        return f"{type(self).__name__}({', '.join(parts)}{f', name={self.name!r}' if self.name else ''})"
