"""Springs in the plane: Σ ½ k (d − l)², d = |r_i − r_j| the length of a spring from node i to node j, l that at rest.

States are displacements u of nodes from their places R: r_i = R_i + u_i. Node i has two units, 2i along x and 2i + 1
along y, and nodes are numbered through the populations of the term in their order. Nodes of the clamped input are held
where it says, at R_i where it is zero. Stiffnesses are k = e^w, so that they stay positive whatever w learns. With n
the unit vector from j to i, the force on i is −k (d − l) n, and that on j is the opposite. For changes of the ends that
differ by δ = v_i − v_j

    V″ v = ± k [(1 − l/d) δ + (l/d) n (n·δ)],    dV/dw = ½ k (d − l)²,    dV/dl = −k (d − l)

Where d = 0 a spring has no direction and its force is not a number; V is smooth elsewhere. A spring shorter than l may
bend away sideways, since 1 − l/d < 0, so a network may have several states of rest.

Source: M. Stern, D. Hexner, J. W. Rocks, A. J. Liu, Phys. Rev. X 11, 021045 (2021), elastic networks.
"""

from dataclasses import dataclass

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.models.terms import products as pr
from neurodyn.models.terms.bonds import arrow, as_tuples, check_bonds, check_nodes, count, ends, pull, table, vectors
from neurodyn.numerics.arrays import Array
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


@pr.helper
def stiffness(theta, place, b):
    """k and l of spring b: theta has w of each spring, then l of each, then R_i − R_j of each."""
    return pr.exp(theta[b]), theta[count(place) + b]


def energy(s, r, theta, place, work, out):
    """V = Σ ½ k (d − l)²."""
    for b in range(count(place)):
        k, rest = stiffness(theta, place, b)
        for j in range(s.shape[1]):
            stretch = arrow(s, theta, place, b, j)[0] - rest
            out[0, j] += 0.5 * k * stretch * stretch


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = ± k (d − l) n."""
    for b in range(count(place)):
        (k, rest), (first, second) = stiffness(theta, place, b), ends(place, b)
        for j in range(s.shape[1]):
            d, x, y = arrow(s, theta, place, b, j)
            pull(k * (d - rest) * x, k * (d - rest) * y, first, second, j, out_s)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = ± k [(1 − l/d) δ + (l/d) n (n·δ)]."""
    for b in range(count(place)):
        (k, rest), (first, second) = stiffness(theta, place, b), ends(place, b)
        for j in range(s.shape[1]):
            d, x, y = arrow(s, theta, place, b, j)
            u, v = v_s[first, j] - v_s[second, j], v_s[first + 1, j] - v_s[second + 1, j]
            sideways, lengthwise = k * (1.0 - rest / d), k * (rest / d) * (x * u + y * v)
            pull(sideways * u + lengthwise * x, sideways * v + lengthwise * y, first, second, j, out_s)


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dw = ½ k (d − l)², dV/dl = −k (d − l)."""
    for b in range(count(place)):
        k, rest = stiffness(theta, place, b)
        for j in range(s.shape[1]):
            stretch = arrow(s, theta, place, b, j)[0] - rest
            out[b] += 0.5 * k * stretch * stretch
            out[count(place) + b] -= k * stretch


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dw ds · v = k (d − l) n·δ, d2V/dl ds · v = −k n·δ."""
    for b in range(count(place)):
        (k, rest), (first, second) = stiffness(theta, place, b), ends(place, b)
        for j in range(s.shape[1]):
            d, x, y = arrow(s, theta, place, b, j)
            change = x * (v_s[first, j] - v_s[second, j]) + y * (v_s[first + 1, j] - v_s[second + 1, j])
            out[b] += k * (d - rest) * change
            out[count(place) + b] -= k * change


@dataclass(frozen=True)
class Spring(Term, kind="spring"):
    """Σ ½ e^w (|r_i − r_j| − l)² over `bonds` (i, j) of nodes; r = `places` (x, y) and the displacements, its states.

    Nodes are numbered through the populations `names`, two units each. Of names a, b the blocks are "a-b.log_stiffness"
    for w, which begins at ln `stiffness`, and "a-b.length" for l, which begins at the distance of the places.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Spring(("x", "y"), places=((0.0, 0.0), (3.0, 4.0)), bonds=((0, 1),)).populations
    ('x', 'y')
    """

    names: tuple[str, ...]
    places: tuple[tuple[float, ...], ...]
    bonds: tuple[tuple[int, ...], ...]
    stiffness: float = 1.0
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )

    def __post_init__(self) -> None:
        for name in ("names", "places", "bonds"):
            object.__setattr__(self, name, as_tuples(getattr(self, name)))
        if not self.names or len(set(self.names)) < len(self.names):
            raise ModelError(f"`names` must be populations, each once; got {self.names!r}")
        self.require(positive=["stiffness"])
        check_bonds(self.places, self.bonds)

    @property
    def populations(self) -> tuple[str, ...]:
        return self.names

    def check(self, graph: Graph) -> None:
        super().check(graph)
        check_nodes(self.places, {name: graph[name].size for name in self.names})

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        name, shape = "-".join(self.names), (len(self.bonds),)
        return Block(f"{name}.log_stiffness", shape, False), Block(f"{name}.length", shape, False)

    def initial(self, graph: Graph, block: Block, generator: np.random.Generator, gain: float) -> Array:
        distances = np.linalg.norm(vectors(self.places, self.bonds), axis=1)
        return distances if block.name.endswith(".length") else np.full(block.size, np.log(self.stiffness))

    def constants(self, graph: Graph) -> list[float]:
        return [float(v) for v in vectors(self.places, self.bonds).ravel()]

    def integers(self, graph: Graph) -> list[int]:
        return table(self.bonds, [graph[name].size for name in self.names])
