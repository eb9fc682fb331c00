"""A convolution with average pooling: −⟨r_b, P(W ∗ r_a)⟩, weights shared by all places of an image.

(W ∗ r)[o, y, x] = Σ W[o, c, u, v] r[c, y + u − padding, x + v − padding] over c, u, v; P is the mean over squares of
pool × pool. Units of a are (channels_in, height, width), row by row, those of b (channels, height, width) after it.
So V_r is −P(W ∗ r_a) and its transposed, and dV/dW the correlation of r_a with r_b before pooling.

Source: M. Ernoult et al., NeurIPS 32 (2019); A. Laborieux et al., Front. Neurosci. 15, 633674 (2021).
"""

from dataclasses import dataclass

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.models.terms.shared_weights import SharedWeights
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block


@dataclass(frozen=True)
class Convolution(SharedWeights, kind="convolution"):
    """−⟨r_b, P(W ∗ r_a)⟩; W, the block "first-second", is (channels, channels_in, kernel, kernel).

    Images have `padding` zeros on each side; `pool` must divide their height and width + 2 padding − kernel + 1.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Convolution("x", "h", size_in=(28, 28), channels=8, kernel=5, pool=2).size
    (12, 12)
    """

    first: str
    second: str
    size_in: tuple[int, int]
    channels: int
    kernel: int
    channels_in: int = 1
    padding: int = 0
    pool: int = 1

    def __post_init__(self) -> None:
        self.require(whole=["channels", "kernel", "channels_in", "pool"])

    @property
    def populations(self) -> tuple[str, ...]:
        return self.first, self.second

    @property
    def filtered(self) -> tuple[int, ...]:
        """Height and width before pooling."""
        return tuple(n + 2 * self.padding - self.kernel + 1 for n in self.size_in)

    @property
    def size(self) -> tuple[int, ...]:
        """Height and width after pooling."""
        return tuple(n // self.pool for n in self.filtered)

    def check(self, graph: Graph) -> None:
        super().check(graph)
        if len(self.size_in) != 2 or min(self.filtered) < 1 or any(n % self.pool for n in self.filtered):
            raise ModelError(f"{self!r}: the filtered images, {self.filtered}, must be whole squares of {self.pool}")
        needed = self.channels_in * int(np.prod(self.size_in)), self.channels * int(np.prod(self.size))
        found = graph[self.first].size, graph[self.second].size
        if self.first == self.second or needed != found:
            raise ModelError(f"{self!r} joins two populations of {needed[0]} and {needed[1]} units; got {found}")

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        shape = self.channels, self.channels_in, self.kernel, self.kernel
        return (Block(f"{self.first}-{self.second}", shape, False),)

    def initial(self, graph: Graph, block: Block, generator: np.random.Generator, gain: float) -> Array:
        bound = gain * np.sqrt(6.0 / ((self.channels_in + self.channels) * self.kernel**2))
        return generator.uniform(-bound, bound, block.size)

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return (1.0 / self.pool**2,)

    def table(self) -> Integers:
        height, width = self.filtered
        y, x, u, v = np.indices((height, width, self.kernel, self.kernel))
        row, column = y + u - self.padding, x + v - self.padding
        inside = (row >= 0) & (row < self.size_in[0]) & (column >= 0) & (column < self.size_in[1])
        pooled = y // self.pool * self.size[1] + x // self.pool
        return np.stack([row * self.size_in[1] + column, pooled, u * self.kernel + v], axis=-1)[inside]
