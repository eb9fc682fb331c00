"""Basins of attraction: which attractor each start ends at, over a plane and by volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.portraits.attractors import attractors
from neurodyn.analysis.portraits.fixed_points import FixedPoints, classify, random_states
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.plane import Plane, PlaneAxes, check_grid, grid, points
from neurodyn.cards.picture import Picture, bars, shades
from neurodyn.cards.shown import Shown
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_numbers, whole_number
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.system.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Basins(Shown):
    """Which attractor trajectories from a plane end at.

    Attributes
    ----------
    first, second : (R,)
        Coordinates of the starts along the two axes.
    label : (R, R) int
        Number in `attractors` of where the start at (second, first) ends; −1 for none: on a boundary, at a saddle, or
        still moving.
    attractors : FixedPoints
        By rising energy, where there is one.
    position : (a, 2)
        Coordinates of the attractors, in those of the plane.
    plane : Plane
        Where the starts lie.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.basins(net, resolution=8)
    >>> found.names, found.label.shape
    (('s[0]', 's[1]'), (8, 8))
    """

    first: Array
    second: Array
    label: Integers
    attractors: FixedPoints
    position: Array
    plane: Plane

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two axes."""
        return self.plane.names

    @property
    def area(self) -> Array:
        """Fraction of the window's starts that end at each attractor, (a,)."""
        return _fractions(self.label.ravel(), len(self.attractors))

    def _picture(self) -> Picture | None:
        return shades(self.label[::-1], caption=f"attractor by start, {self.names[0]} across and {self.names[1]} up")

    def __repr__(self) -> str:
        across = " x ".join(str(size) for size in self.label.shape)
        return f"Basins({len(self.attractors)} attractors over {across} starts of {', '.join(self.names)})"


@dataclass(frozen=True, eq=False, repr=False)
class BasinVolumes(Shown):
    """How much of a box of starts ends at each attractor.

    fraction, error : (a,), of the starts and its standard error; attractors: FixedPoints by rising energy, with their
    hits; unsettled: fraction of the starts that ended at none.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.basin_volumes(net, n_starts=64)
    >>> len(found.attractors), float(found.unsettled)
    (2, 0.0)
    """

    fraction: Array
    error: Array
    attractors: FixedPoints
    unsettled: float

    def _picture(self) -> Picture | None:
        return bars(self.fraction, caption="share of the starts that ends at each attractor")

    def __repr__(self) -> str:
        shares = ", ".join(f"{f:.3g}±{e:.1g}" for f, e in zip(self.fraction[:8], self.error[:8], strict=True))
        return f"BasinVolumes({shares}{', ...' if len(self.fraction) > 8 else ''})"


def basins(
    network: Network,
    x: AtRest = None,
    *,
    axes: PlaneAxes = (0, 1),
    window: ArrayLike | None = None,
    resolution: int = 256,
    state: ArrayLike | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
) -> Basins:
    """Let the full flow run from every point of a plane, and say at which attractor it ends.

    All trajectories run in the compiled engine, each until it rests.

    Parameters
    ----------
    network : Network
    x : (n_in,) array, optional
        The clamped input.
    axes : pair
        Two free units, by number, name like "h1[3]" or (population, number); or two directions (n,) from `state`.
    window : (low, high) or a pair of them
        The range of the coordinates. Default (−2, 2), or (0, 1) for units with the hard sigmoid.
    resolution : int
        Starts along each axis.
    state : (n,) array, optional
        Where the units outside the plane start. Default zeros, ½ with the hard sigmoid.
    y : (n_out,) array or label, beta : float
        With both, the flow is the nudged one, of E + beta C.

    Raises
    ------
    ArgumentError
        For arguments that do not fit.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.basins(net, resolution=8)
    >>> found.area.round(2)
    array([0.44, 0.44])
    """
    landscape = Landscape.of(network, x, y, beta)
    plane = Plane.of(landscape, axes, state)
    check_grid(whole_number(resolution, "resolution", 2) ** 2, network, "a grid")
    first, second = grid(plane, window, resolution)
    start = landscape.states(plane.states(points(first, second)), "the window's states")
    found, labels = _numbered(landscape, start)
    label = labels.reshape(len(second), len(first))
    return Basins(first, second, label, found, plane.coordinates(found.state), plane)


def basin_volumes(
    network: Network,
    x: AtRest = None,
    *,
    low: ArrayLike = -2.0,
    high: ArrayLike = 2.0,
    n_starts: int = 10_000,
    seed: int = 0,
    y: ArrayLike | None = None,
    beta: float = 0.0,
) -> BasinVolumes:
    """Sample the basins' shares of a box of starts, uniform between `low` and `high`, each a number or (n,).

    Units with the hard sigmoid start anywhere in [0, 1]. The other parameters are those of `basins`.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.basin_volumes(net, n_starts=64)
    >>> round(float(found.fraction.sum()), 6)
    1.0
    """
    landscape = Landscape.of(network, x, y, beta)
    count = whole_number(n_starts, "n_starts", 1)
    check_grid(count, network, "a sample")
    given = [as_numbers(value, f"`{name}`") for name, value in (("low", low), ("high", high))]
    try:
        limits = [np.broadcast_to(value, (network.n,)) for value in given]
    except ValueError:
        raise ArgumentError(f"`low` and `high` must be numbers or ({network.n},); got {low!r} and {high!r}") from None
    if not (np.isfinite(limits).all() and np.all(limits[0] < limits[1])):
        raise ArgumentError("`low` must lie below `high` for every unit, both finite")
    found, labels = _numbered(landscape, random_states(landscape, count, seed, *limits))
    fraction = _fractions(labels, len(found))
    error = np.sqrt(fraction * (1.0 - fraction) / count)
    return BasinVolumes(fraction, error, found, float(np.mean(labels < 0)))


def _numbered(landscape: Landscape, start: Array) -> tuple[FixedPoints, Integers]:
    """Attractors by rising energy, and the number of that at which each start ends."""
    ends, labels = attractors(landscape, start)
    found = classify(landscape, ends, np.bincount(labels[labels >= 0], minlength=len(ends)))
    if len(ends):
        distance = np.abs(ends[:, None] - found.state[None]).max(axis=2)
        labels = np.where(labels < 0, -1, np.argmin(distance, axis=1)[labels])
    return found, labels


def _fractions(labels: Integers, count: int) -> Array:
    return np.asarray(np.bincount(labels[labels >= 0], minlength=count) / labels.size)
