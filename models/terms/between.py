"""A term of two populations."""

from dataclasses import dataclass
from typing import ClassVar

from neurodyn.errors import ModelError
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Term


@dataclass(frozen=True)
class Between(Term):
    """A term of two populations, or of one and itself, with a weight for each pair of units unless it says otherwise.

    Parameters
    ----------
    first, second : str
    """

    first: str
    second: str
    #: Whether both may be the same.
    within: ClassVar[bool] = True

    @property
    def populations(self) -> tuple[str, ...]:
        """First and second."""
        return self.first, self.second

    def check(self, graph: Graph) -> None:
        """See `Term.check`."""
        super().check(graph)
        if self.first == self.second and not self.within:
            raise ModelError(f"{self!r} must have two populations, which are not the same")

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        """The weights, (size of the first, size of the second), of a population with itself a symmetric matrix."""
        shape = graph[self.first].size, graph[self.second].size
        return (Block(f"{self.first}-{self.second}", shape, self.first == self.second),)
