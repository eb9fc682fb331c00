"""Coupled oscillators: −Σ J_ij cos(φ_i − φ_j); states are phases φ in radians, in a frame that turns with all of them.

V_s(i) = Σ_j J_ij sin(φ_i − φ_j), as in Kuramoto's model; what a pair does to one of its oscillators it does to the
other with the opposite sign. V″ v = Σ_j J_ij cos(φ_i − φ_j) (v_i − v_j), dV/dJ_ij = −cos(φ_i − φ_j). A clamped unit is
an oscillator that is held at the phase of its rate. Sines and cosines are taken once a unit, not once a pair.

Source: T. Wang, J. Roychowdhury, Unconventional Computation and Natural Computation, 232 (2019); A. Gower,
arXiv:2505.02103 (2025), eq. for V.
"""

from dataclasses import dataclass

import numpy as np

from neurodyn.models.terms import products as pr
from neurodyn.models.terms.between import Between
from neurodyn.models.terms.bilinear import weight
from neurodyn.system.graph import Graph
from neurodyn.system.term import Primitives


@pr.helper
def turned(s, place, work):
    """Cosines and sines of the phases of both populations, four matrices (size, b) in the scratch rows."""
    (a, b), first = pr.pair(s, place), 0
    for phases in (a, b):
        cosine, sine = pr.units(work, first, phases.shape[0]), pr.units(work, first + phases.shape[0], phases.shape[0])
        for i in range(phases.shape[0]):
            for j in range(phases.shape[1]):
                cosine[i, j], sine[i, j] = np.cos(phases[i, j]), np.sin(phases[i, j])
        first += 2 * phases.shape[0]
    n, m = a.shape[0], b.shape[0]
    return pr.units(work, 0, n), pr.units(work, n, n), pr.units(work, 2 * n, m), pr.units(work, 2 * n + m, m)


def energy(s, r, theta, place, work, out):
    """V = −Σ J cos(φ_i − φ_j)."""
    cos_a, sin_a, cos_b, sin_b = turned(s, place, work)
    for i in range(cos_a.shape[0]):
        for k in range(pr.partners(place, i), cos_b.shape[0]):
            coupling = weight(theta, place, i, k)
            for j in range(s.shape[1]):
                out[0, j] -= coupling * (cos_a[i, j] * cos_b[k, j] + sin_a[i, j] * sin_b[k, j])


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = ± J sin(φ_i − φ_j)."""
    cos_a, sin_a, cos_b, sin_b = turned(s, place, work)
    into_a, into_b = pr.pair(out_s, place)
    for i in range(cos_a.shape[0]):
        for k in range(pr.partners(place, i), cos_b.shape[0]):
            coupling = weight(theta, place, i, k)
            for j in range(s.shape[1]):
                pull = coupling * (sin_a[i, j] * cos_b[k, j] - cos_a[i, j] * sin_b[k, j])
                into_a[i, j] += pull
                into_b[k, j] -= pull


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v = ± J cos(φ_i − φ_j) (v_i − v_j)."""
    cos_a, sin_a, cos_b, sin_b = turned(s, place, work)
    (a, b), (into_a, into_b) = pr.pair(v_s, place), pr.pair(out_s, place)
    for i in range(cos_a.shape[0]):
        for k in range(pr.partners(place, i), cos_b.shape[0]):
            coupling = weight(theta, place, i, k)
            for j in range(s.shape[1]):
                slope = coupling * (cos_a[i, j] * cos_b[k, j] + sin_a[i, j] * sin_b[k, j])
                pull = slope * (a[i, j] - b[k, j])
                into_a[i, j] += pull
                into_b[k, j] -= pull


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dJ_ij = −cos(φ_i − φ_j)."""
    (cos_a, sin_a, cos_b, sin_b), at = turned(s, place, work), 0
    for i in range(cos_a.shape[0]):
        for k in range(pr.partners(place, i), cos_b.shape[0]):
            for j in range(s.shape[1]):
                out[at] -= cos_a[i, j] * cos_b[k, j] + sin_a[i, j] * sin_b[k, j]
            at += 1


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """d2V/dJ_ij ds · v = sin(φ_i − φ_j) (v_i − v_j)."""
    (cos_a, sin_a, cos_b, sin_b), (a, b), at = turned(s, place, work), pr.pair(v_s, place), 0
    for i in range(cos_a.shape[0]):
        for k in range(pr.partners(place, i), cos_b.shape[0]):
            for j in range(s.shape[1]):
                out[at] += (sin_a[i, j] * cos_b[k, j] - cos_a[i, j] * sin_b[k, j]) * (a[i, j] - b[k, j])
            at += 1


@dataclass(frozen=True)
class PhaseCoupling(Between, kind="phase-coupling"):
    """−Σ J_ij cos(φ_i − φ_j) between or within populations; J is the block "first-second", within one symmetric.

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.PhaseCoupling("h", "h").populations
    ('h', 'h')
    """

    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )

    def scratch_rows(self, graph: Graph) -> int:
        return 2 * (graph[self.first].size + graph[self.second].size)
