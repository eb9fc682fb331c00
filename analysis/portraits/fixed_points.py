"""Fixed points of a network of any size, free or nudged, with or without an energy, and their stability."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.portraits.algebra import Rates
from neurodyn.analysis.portraits.attractors import attractors
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import roots, saddles
from neurodyn.cards.picture import Picture, paths
from neurodyn.cards.shown import Facts, Rows, Shown
from neurodyn.inputs import as_seed, whole_number
from neurodyn.numerics.arrays import Array, Integers, Mask
from neurodyn.system.network import Network

#: Closer than this, in every unit, two fixed points are one; where an eigenvalue is as good as zero Newton's method
#: leaves the position uncertain, and the second number counts.
SAME, SAME_DEGENERATE = 1e-6, 1e-3
#: Levels of energy closer than this, where energies are about 1, are one.
LEVEL = 1e-9
#: An eigenvalue below this fraction of the largest does not tell stable from unstable.
DEGENERATE = 1e-7
#: A pair of rates whose imaginary parts are below this fraction of their size is real to rounding.
REAL = 1e-9
#: The kinds of fixed points that attract, and those that repel from all sides.
STABLE, UNSTABLE = ("stable node", "stable focus"), ("unstable node", "unstable focus")
#: At most as many pairs of attractors are searched for saddles between them.
PAIRS = 300


@dataclass(frozen=True, eq=False, repr=False)
class FixedPoints(Shown):
    """Fixed points of one flow, by rising energy, or without one by index; all arrays are over the k points.

    Points of one energy, such as the two of a symmetric network, are in the order of their states, unit by unit.

    Attributes
    ----------
    state : (k, n)
    energy : (k,)
        E, or F = E + beta C if nudged; NaN where there is none.
    residual : (k,)
        Largest force of an active unit.
    rates : (k, n)
        Eigenvalues, by rising real part, of T⁻¹K on the active units, 1/time, where K is minus the derivative of the
        force, d2F/ds2 for an energy of the states: a positive rate returns, a negative one leaves. NaN, behind, for
        units stuck on a bound. Complex numbers without an energy: the imaginary parts are frequencies.
    index : (k,)
        Number of directions that leave.
    kind : (k,) str
        "stable node", "saddle", "unstable node"; "stable focus" or "unstable focus" where the rates nearest to zero, by
        which trajectories come or go near the point, are a complex pair; "degenerate" where a real part is zero to
        rounding.
    hits : (k,)
        How many of the starts came to rest there; 0 for what is not stable.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.fixed_points(net)
    >>> len(found), found.select(found.stable).state.round(3)
    (3, array([[-0.756, -0.756],
           [ 0.756,  0.756]]))
    """

    state: Array
    energy: Array
    residual: Array
    rates: Rates
    index: Integers
    kind: npt.NDArray[np.str_]
    hits: Integers

    @property
    def stable(self) -> Mask:
        """Which points are stable nodes or foci, (k,)."""
        return np.isin(self.kind, STABLE)

    def __len__(self) -> int:
        return len(self.energy)

    _head: ClassVar[tuple[str, ...]] = ("kind", "energy", "slowest rate", "starts that end there")

    def _facts(self) -> Facts:
        return [("points", f"{len(self):,}"), ("units", f"{self.state.shape[1]:,}")]

    def _rows(self) -> Rows:
        columns = zip(self.kind, self.energy, self.rates, self.hits, strict=True)
        return [(str(kind), f"{e:.6g}", f"{r.real.min():.4g}", f"{hits:,}") for kind, e, r, hits in columns]

    def _picture(self) -> Picture | None:
        if self.state.shape[1] < 2:
            return None
        return paths([], dots=self.state[:, :2], caption="points, by the states of the first two units")

    def select(self, which: Mask | Integers) -> FixedPoints:
        """Return some of the points, chosen by mask or index."""
        return FixedPoints(*(getattr(self, f.name)[which] for f in fields(self)))

    def __repr__(self) -> str:
        kinds, counts = np.unique(self.kind, return_counts=True)
        parts = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in zip(kinds, counts, strict=True)]
        return f"FixedPoints({', '.join(parts) or 'none'} of {self.state.shape[1]} units)"


def fixed_points(
    network: Network,
    x: AtRest = None,
    *,
    starts: ArrayLike | None = None,
    n_starts: int = 100,
    seed: int = 0,
    y: ArrayLike | None = None,
    beta: float = 0.0,
) -> FixedPoints:
    """Search the fixed points of a flow from many starts.

    Trajectories from all starts give the attractors. Damped Newton searches for points of any kind set out from the
    starts and the origin; searches from the midpoints between attractors, with an energy for saddles of index 1. What
    is found is a fixed point to rounding; that nothing was missed is likely in few dimensions and impossible in many,
    where saddles are countless.

    Parameters
    ----------
    network : Network
    x : (n_in,) array, optional
        The clamped input.
    starts : (k, n) array, optional
        Default: `n_starts` states, uniform in [−2, 2], or in [0, 1] for units with the hard sigmoid.
    n_starts, seed : int
        Number and seed of the default starts.
    y : (n_out,) array or label, beta : float
        With both, the flow is the nudged one, of E + beta C.

    Raises
    ------
    ArgumentError
        For arguments that do not fit.

    Examples
    --------
    >>> from neurodyn import models
    >>> from neurodyn.analysis.portraits.fixed_points import fixed_points
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> fixed_points(net)
    FixedPoints(1 saddle, 2 stable nodes of 2 units)
    """
    landscape = Landscape.of(network, x, y, beta)
    if starts is None:
        begin = random_states(landscape, whole_number(n_starts, "n_starts", 1), seed)
    else:
        begin = landscape.states(starts, "starts")
    return search(landscape, begin)


def search(landscape: Landscape, begin: Array) -> FixedPoints:
    """Attractors of the trajectories from `begin` (k, n), and points of any kind that Newton's method finds."""
    ends, labels = attractors(landscape, begin)
    origin = np.where(landscape.boxed, 0.5, 0.0)[None]
    wider, _ = roots(landscape, np.concatenate([begin, origin]))
    passes, _ = saddles(landscape, _midpoints(ends))
    hits = np.bincount(labels[labels >= 0], minlength=len(ends))
    found = np.concatenate([ends, wider, passes])
    return classify(landscape, found, np.append(hits, np.zeros(len(found) - len(ends), dtype=int)))


def classify(landscape: Landscape, states: Array, hits: Integers | None = None) -> FixedPoints:
    """What is known of the fixed points among `states` (k, n), each once, by rising energy.

    Where several states are one point, the first stays and their hits add up.
    """
    force = landscape.projected(states)
    residual = np.abs(force).max(axis=1, initial=0.0)
    count = np.zeros(len(states), dtype=int) if hits is None else hits
    scale = 1e-10 * (1.0 + np.abs(states).max(axis=1, initial=0.0))
    found = np.flatnonzero(residual <= scale)
    keep, owner = _owners(states[found], np.full(len(found), SAME))
    count = np.bincount(owner, weights=count[found], minlength=len(keep)).astype(int)
    states, residual = states[found][keep], residual[found][keep]
    rates = landscape.rates(states)
    keep, owner = _owners(states, np.where(_flat(np.abs(rates)), SAME_DEGENERATE, SAME))
    total = np.bincount(owner, weights=count, minlength=len(keep)).astype(int)
    energy = landscape.energy(states[keep])
    order = _order(energy if landscape.has_energy else stability(rates[keep])[0].astype(float), states[keep])
    keep, energy, total = keep[order], energy[order], total[order]
    index, kind = stability(rates[keep])
    return FixedPoints(states[keep], energy, residual[keep], rates[keep], index, kind, total)


def _order(level: Array, state: Array) -> Integers:
    """The order of points (k, n) by rising level (k,), those of one level to rounding by their states, unit by unit.

    Rounding alone would number the states of a symmetric network, and so colour their basins, differently from one
    window or seed to the next.
    """
    rising = np.argsort(level, kind="stable")
    steps = np.diff(level[rising]) > LEVEL * max(1.0, float(np.abs(level).max(initial=0.0)))
    rank = np.zeros(len(level), dtype=int)
    rank[rising[1:]] = np.cumsum(steps)
    units = np.round(state, 6).T + 0.0  # no -0, which would be told from 0 nowhere else
    return np.lexsort((*units[::-1], rank))


def stability(rates: Rates) -> tuple[Integers, npt.NDArray[np.str_]]:
    """Index (k,), the number of directions that leave, and kind (k,) of fixed points with the given rates (k, m).

    A coordinate without a rate is pressed on a bound, which makes of an unstable node a saddle.
    """
    index = np.sum(rates.real < 0.0, axis=1)
    turns = _turns(rates).astype(int)
    kind = np.where(index == 0, np.take(STABLE, turns), "saddle")
    kind = np.where((index == rates.shape[1]) & (index > 0), np.take(UNSTABLE, turns), kind)
    return index, np.where(_flat(rates.real), "degenerate", kind)


def _turns(rates: Rates) -> Mask:
    """Whether the rates nearest to zero by their real part are a complex pair, (k,)."""
    if not np.iscomplexobj(rates) or not rates.shape[1]:
        return np.zeros(len(rates), dtype=bool)
    size = np.where(np.isnan(rates), np.inf, np.abs(rates.real))
    leading = np.take_along_axis(rates, np.argmin(size, axis=1)[:, None], axis=1)[:, 0]
    return np.asarray(np.abs(leading.imag) > REAL * np.abs(leading))


def random_states(
    landscape: Landscape,
    count: int,
    seed: int | np.random.Generator,
    low: float | Array = -2.0,
    high: float | Array = 2.0,
) -> Array:
    """States (count, n), uniform between `low` and `high`, in [0, 1] for units that live there."""
    drawn = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(as_seed(seed))
    unit = drawn.random((count, landscape.network.n))
    return np.where(landscape.boxed, unit, low + (np.asarray(high) - low) * unit)


def _midpoints(points: Array) -> Array:
    """Return the midpoints of pairs of points (a, n), evenly thinned out if they are many."""
    pairs = np.array(list(combinations(range(len(points)), 2)), dtype=int).reshape(-1, 2)
    pairs = pairs[np.linspace(0, len(pairs) - 1, min(len(pairs), PAIRS)).astype(int)]
    return np.asarray(0.5 * (points[pairs[:, 0]] + points[pairs[:, 1]]))


def _flat(rates: Array) -> Mask:
    """Which points have a rate that is zero to rounding, (k,), of real numbers."""
    size = np.where(np.isnan(rates), 0.0, np.abs(rates))
    smallest = np.where(np.isnan(rates), np.inf, size).min(axis=1, initial=np.inf)
    flat: Mask = smallest <= DEGENERATE * size.max(axis=1, initial=0.0)
    return flat


def _owners(states: Array, reach: Array) -> tuple[Integers, Integers]:
    """The first of every group of equal states, (g,), and to which group each belongs, (k,)."""
    group = np.full(len(states), -1)
    first: list[int] = []
    for j in range(len(states)):
        if group[j] < 0:
            distance = np.abs(states - states[j]).max(axis=1)
            group[(group < 0) & (distance <= np.maximum(reach, reach[j]))] = len(first)
            first.append(j)
    return np.array(first, dtype=int), group
