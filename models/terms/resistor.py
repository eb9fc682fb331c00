"""A resistive network: ½ Σ g_ij (v_i − v_j)², half the power that its resistors turn into heat; voltages v are states.

V_s(i) = Σ_j g_ij (v_i − v_j), the current that leaves node i: at rest Kirchhoff's law holds at every free node, and tau
are the capacitances of the nodes. dV/dg_ij = ½ (v_i − v_j)². Between populations g is (size of the first, size of the
second); within one it is symmetric, each pair of nodes joined by one resistor.

Source: J. Kendall et al., arXiv:2006.01981 (2020); M. Stern et al., Phys. Rev. X 11, 021045 (2021).
"""

from dataclasses import dataclass

import numpy as np

from neurodyn.models.terms import products as pr
from neurodyn.models.terms.between import Between
from neurodyn.models.terms.bilinear import weight
from neurodyn.numerics.arrays import Array
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives


@pr.helper
def add_products(factor, u, v, place, out):
    """out_ij += factor (u_i − u_j)(v_i − v_j), summed over the samples."""
    (a, b), (c, d), at = pr.pair(u, place), pr.pair(v, place), 0
    for i in range(a.shape[0]):
        for k in range(pr.partners(place, i), b.shape[0]):
            for j in range(a.shape[1]):
                out[at] += factor * (a[i, j] - b[k, j]) * (c[i, j] - d[k, j])
            at += 1


def energy(s, r, theta, place, work, out):
    """V = ½ Σ g_ij (v_i − v_j)²."""
    a, b = pr.pair(s, place)
    for i in range(a.shape[0]):
        for k in range(pr.partners(place, i), b.shape[0]):
            g = weight(theta, place, i, k)
            for j in range(a.shape[1]):
                out[0, j] += 0.5 * g * (a[i, j] - b[k, j]) ** 2


@pr.helper
def add_currents(s, theta, place, out):
    """out_i += Σ_j g_ij (s_i − s_j), out_j −= the same of each resistor."""
    (a, b), (into_a, into_b) = pr.pair(s, place), pr.pair(out, place)
    for i in range(a.shape[0]):
        for k in range(pr.partners(place, i), b.shape[0]):
            g = weight(theta, place, i, k)
            for j in range(a.shape[1]):
                current = g * (a[i, j] - b[k, j])
                into_a[i, j] += current
                into_b[k, j] -= current


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = Σ_j g_ij (v_i − v_j)."""
    add_currents(s, theta, place, out_s)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v: the same of v."""
    add_currents(v_s, theta, place, out_s)


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dg_ij = ½ (v_i − v_j)²."""
    add_products(0.5, s, s, place, out)


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dg_ij ds · v = (s_i − s_j)(v_i − v_j)."""
    add_products(1.0, s, v_s, place, out)


@dataclass(frozen=True)
class Resistor(Between, kind="resistor"):
    """½ Σ g_ij (v_i − v_j)² between or within populations; g, the block "first-second", begins between 0 and the gain.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.Resistor("x", "h").populations
    ('x', 'h')
    """

    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    quadratic = True

    def initial(self, graph: Graph, block: Block, generator: np.random.Generator, gain: float) -> Array:
        return gain * generator.uniform(size=block.size)
