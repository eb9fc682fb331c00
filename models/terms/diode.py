"""A diode in each of some branches: I_s (V_T e^{D/V_T} − D), D = v_i − v_j from its anode i to its cathode j.

Its derivative by D is the current of Shockley's law, I = I_s (e^{D/V_T} − 1). As that rises with D the energy is
convex, and a network of resistors and diodes has one state of rest. Voltages v are states, (size, b).

Source: J. Kendall et al., arXiv:2006.01981 (2020); W. Shockley, Bell Syst. Tech. J. 28, 435 (1949).
"""

from dataclasses import dataclass

from neurodyn.errors import ModelError
from neurodyn.models.terms import products as pr
from neurodyn.system.graph import Graph
from neurodyn.system.term import Primitives, Term


@pr.helper
def ends(place):
    """Signs of the voltages at the anode and the cathode, 0 for a ground, and which population the cathode is."""
    anode, cathode = place[place.size - 2], place[place.size - 1]
    return float(anode), -float(cathode), int(anode and cathode)


@pr.helper
def drop(s, place, i, j):
    """D of diode i in sample j."""
    plus, minus, second = ends(place)
    return plus * pr.population(s, place, 0)[i, j] + minus * pr.population(s, place, second)[i, j]


@pr.helper
def add_current(current, place, i, j, out):
    """Take a current from the anode to the cathode of diode i."""
    plus, minus, second = ends(place)
    pr.population(out, place, 0)[i, j] += plus * current
    pr.population(out, place, second)[i, j] += minus * current


def energy(s, r, theta, place, work, out):
    """V = I_s Σ (V_T e^{D/V_T} − D)."""
    for i in range(place[pr.SIZE]):
        for j in range(s.shape[1]):
            d = drop(s, place, i, j)
            out[0, j] += theta[0] * (theta[1] * pr.exp(d / theta[1]) - d)


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = ± I_s (e^{D/V_T} − 1)."""
    for i in range(place[pr.SIZE]):
        for j in range(s.shape[1]):
            add_current(theta[0] * pr.expm1(drop(s, place, i, j) / theta[1]), place, i, j, out_s)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = ± I_s/V_T e^{D/V_T} (v_i − v_j)."""
    for i in range(place[pr.SIZE]):
        for j in range(s.shape[1]):
            conductance = theta[0] / theta[1] * pr.exp(drop(s, place, i, j) / theta[1])
            add_current(conductance * drop(v_s, place, i, j), place, i, j, out_s)


@dataclass(frozen=True)
class Diode(Term, kind="diode"):
    """I_s (V_T e^{D/V_T} − D), I_s = saturation, V_T = thermal: diodes from the units of one population to another's.

    Where `anode` or `cathode` is "", each unit of the other is joined to a ground at 0.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Diode("h", "", saturation=0.01, thermal=0.1).populations
    ('h',)
    """

    anode: str
    cathode: str
    saturation: float = 0.01
    thermal: float = 0.1
    primitives = Primitives.of(energy=energy, gradient=gradient, curve=curve)

    def __post_init__(self) -> None:
        self.require(positive=["saturation", "thermal"])

    @property
    def populations(self) -> tuple[str, ...]:
        return tuple(name for name in (self.anode, self.cathode) if name)

    def check(self, graph: Graph) -> None:
        super().check(graph)
        if len({graph[name].size for name in self.populations}) != 1 or self.anode == self.cathode:
            raise ModelError(f"{self!r} needs two populations of equal sizes, or one and a ground")

    def constants(self, graph: Graph) -> tuple[float, ...]:
        return self.saturation, self.thermal

    def integers(self, graph: Graph) -> tuple[int, ...]:
        return int(bool(self.anode)), int(bool(self.cathode))
