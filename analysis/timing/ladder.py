"""The ladder of relaxation times at a fixed point: how fast every mode decays, and which units carry it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.cards.picture import Picture, bars
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import resting_point
from neurodyn.results.result import Result, array, with_batch
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network


@dataclass(frozen=True, slots=True)
class Modes:
    """Modes of the linearised flow dz/dt = -T⁻¹K z of one sample, on its m active units.

    rates (m,) are the eigenvalues of T⁻¹K by rising real part, complex without an energy; the columns of `right` (m, m)
    its eigenvectors, and the rows of `left` (m, m) their inverse: the amplitude of a mode in z is left · z.
    """

    rates: Array
    right: Array
    left: Array

    @classmethod
    def of(cls, point: FixedPoint, sample: int) -> Modes:
        """Compute the modes: orthogonal ones where there is an energy, else from a general eigenproblem."""
        active = point.local.active[:, sample]
        tau = point.network.tau[active]
        if point.network.has_energy:
            rates, vectors = point.modes(sample)
            root = np.sqrt(tau * point.local.coordinate_slope[active, sample])[:, None]
            return cls(rates, vectors / root, (vectors * root).T)
        rates, right = np.linalg.eig(point.linearized(sample) / tau[:, None])
        order = np.lexsort((rates.imag, rates.real))
        rates, right = rates[order].astype(complex), right[:, order].astype(complex)
        return cls(rates, right, np.linalg.inv(right))

    @property
    def participation(self) -> Array:
        """Share of each unit in each mode, (mode, unit): |left · right| element by element, summing to 1 over units."""
        share = np.abs(self.left * self.right.T)
        return np.asarray(share / share.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False, repr=False)
class Ladder(Result):
    """Relaxation rates of every sample, slowest first.

    Attributes
    ----------
    rate : (batch, mode)
        Real parts of the eigenvalues of T⁻¹H, or T⁻¹K without an energy: a mode decays as exp(-rate t). NaN beyond
        the sample's number of active units.
    frequency : (batch, mode)
        Their imaginary parts, as angles per time; 0 where there is an energy.
    participation : (batch, mode, unit)
        Share of each unit in each mode, |left · right eigenvector| (Perez-Arriaga et al. 1982), summing to 1 over
        units; 0 of units that rest on a bound. With an energy the squared components of an orthonormal eigenvector of
        T^-1/2 H T^-1/2, which sum to 1 over modes too.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.ladder(net, [0.5, 0.2])
    >>> sorted(found.by_population()), round(found.euler_limit * found.fastest_rate, 6)
    (['h1', 'y'], 2.0)
    """

    rate: Array = array("batch", "mode", units="1/time")
    frequency: Array = array("batch", "mode", units="1/time")
    participation: Array = array("batch", "mode", "unit")

    def _picture(self) -> Picture | None:
        return bars(np.atleast_2d(self.rate)[0], caption="relaxation rates of the first sample, slowest first")

    @property
    def time(self) -> Array:
        """Relaxation times 1/rate, (batch, mode)."""
        return 1.0 / self.rate

    @property
    def slowest_rate(self) -> float:
        """Smallest rate of all samples."""
        return float(np.min(self.rate, where=np.isfinite(self.rate), initial=np.inf))

    @property
    def fastest_rate(self) -> float:
        """Largest rate of all samples."""
        return float(np.max(self.rate, where=np.isfinite(self.rate), initial=0.0))

    @property
    def stiffness(self) -> Array:
        """Largest rate over smallest, (batch,); NaN of a sample whose units all sit on a bound."""
        there = np.isfinite(self.rate)
        smallest = np.min(self.rate, axis=-1, where=there, initial=np.inf)
        ratio = np.max(self.rate, axis=-1, where=there, initial=0.0) / smallest
        return np.asarray(np.where(there.any(axis=-1), ratio, np.nan))

    @property
    def euler_limit(self) -> float:
        """Euler's method is stable for steps below this: 2/rate of the fastest mode, 2 Re λ/|λ|² in general."""
        limits = 2.0 * self.rate / (self.rate**2 + self.frequency**2)
        return float(np.min(limits, where=np.isfinite(limits), initial=np.inf))

    def by_population(self) -> dict[str, Array]:
        """Share of each population in each mode, (batch, mode) by name."""
        return {name: self.population(self.participation, name).sum(axis=-1) for name in self.network.graph.slices}

    def leading_unit(self) -> Array:
        """The unit with the largest share in each mode, (batch, mode)."""
        return np.asarray(np.argmax(self.participation, axis=-1))

    def samples(self) -> Iterator[tuple[int, Array]]:
        """Each sample that has modes, with their rates (m,)."""
        for j, rates in enumerate(with_batch(self.rate, 2)):
            if np.isfinite(rates).any():
                yield j, rates[np.isfinite(rates)]


def ladder(network: Network, equilibrium: AtRest) -> Ladder:
    """Find the relaxation rates of every sample, and who carries each mode.

    Parameters
    ----------
    network : Network
        The one that was relaxed, or one with other time constants.
    equilibrium : Equilibrium, or inputs
        All its samples must be stable.

    Raises
    ------
    ArgumentError, TooLargeError
        An equilibrium that is none; more units than a full matrix can have.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.ladder(net, [0.5, 0.2])
    >>> found.time.shape, bool(found.stiffness > 1.0)
    ((5,), True)
    """
    equilibrium = at_rest(network, equilibrium)
    point = resting_point(network, equilibrium)
    batch, n = point.s.shape[1], network.n
    rate, frequency = np.full((2, batch, n), np.nan)
    participation = np.zeros((batch, n, n))
    for j in range(batch):
        active = np.flatnonzero(point.local.active[:, j])
        modes = Modes.of(point, j)
        rate[j, : active.size], frequency[j, : active.size] = modes.rates.real, modes.rates.imag
        participation[j, : active.size, active] = modes.participation.T
    pick = slice(None) if equilibrium.batched else 0
    return Ladder(network, rate=rate[pick], frequency=frequency[pick], participation=participation[pick])
