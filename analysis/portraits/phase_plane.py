"""The phase plane of two units, or two directions, of any network: field, nullclines, fixed points, separatrices.

The units outside the plane are *frozen* at a state, *relaxed* (wherever they come to rest for each point of the
plane, as if they were infinitely fast), or the plane is a *slice* of the full flow, which leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.portraits.contours import inside, zero_contours
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.manifolds import STEPS
from neurodyn.analysis.portraits.plane import Plane, PlaneAxes, check_grid, grid, points
from neurodyn.analysis.portraits.plane_curves import Manifold, manifolds, trajectories
from neurodyn.analysis.portraits.plane_flow import PlaneFlow
from neurodyn.analysis.portraits.plane_points import PlanePoints, plane_points
from neurodyn.cards.picture import Picture, paths
from neurodyn.cards.shown import Shown, told
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_batch, choice, whole_number
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.system.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class PhasePlane(Shown):
    """What the flow does in a plane. Grids are (R, R), the second coordinate first, as contour plots want them.

    Attributes
    ----------
    first, second : (R,)
        Coordinates of the grid; their axes are `names`.
    velocity : (R, R, 2)
        du/dt, 1/time. A unit on a bound with the force pointing out does not move.
    off_plane : (R, R)
        Speed at which the full flow leaves the plane; 0 if the others are relaxed.
    energy : (R, R)
        E, or F = E + beta C if nudged; NaN where there is none.
    state : (R, R, n)
        The states of all units at each point of the grid.
    nullclines : pair of tuples of (p, 2)
        Separate pieces of the curves on which du/dt = 0 for the first and for the second coordinate, vertices to
        rounding. Along a bound of the box the force that is meant is the one that the bound has not stopped.
    fixed_points : PlanePoints
    manifolds : tuple of Manifold
        Those of the saddles, within the window; for sliced planes only what is a curve: unstable manifolds
        of saddles of index 1.
    flow : PlaneFlow
        The flow in the plane, which evaluates all this anywhere.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> plane = analysis.phase_plane(net, resolution=9)
    >>> plane.names, plane.velocity.shape
    (('s[0]', 's[1]'), (9, 9, 2))
    >>> plane.velocity_of([[0.0, 0.0]])
    array([[0., 0.]])
    """

    first: Array
    second: Array
    velocity: Array
    off_plane: Array
    energy: Array
    state: Array
    nullclines: tuple[tuple[Array, ...], tuple[Array, ...]]
    fixed_points: PlanePoints
    manifolds: tuple[Manifold, ...]
    flow: PlaneFlow

    @property
    def others(self) -> str:
        """What the other units do: "frozen", "relaxed" or "sliced"."""
        return self.flow.others

    @property
    def has_energy(self) -> bool:
        """Whether the flow descends an energy."""
        return self.flow.landscape.has_energy

    @property
    def beta(self) -> float:
        """Nudging strength; 0 for the free flow."""
        return self.flow.landscape.beta

    @property
    def correction(self) -> str | None:
        """The correction of the nudged flow; None where it has none, or needs none."""
        found = self.flow.landscape.correction
        return None if found is None else found.name

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two axes."""
        return self.flow.plane.names

    def coordinates(self, states: ArrayLike) -> Array:
        """Coordinates (k, 2) in the plane of states (k, n) of the network, of a recorded trajectory for example."""
        return self.flow.plane.coordinates(as_batch(states, self.flow.landscape.network.n, "states")[0])

    def velocity_of(self, states: ArrayLike) -> Array:
        """du/dt (k, 2) of the whole network at states (k, n), whatever the plane does with the other units."""
        landscape = self.flow.landscape
        return self.flow.plane.velocity(landscape.projected(landscape.states(states, "states")))

    def trajectories(self, starts: int | ArrayLike) -> tuple[Array, ...]:
        """Curves (p, 2) of the flow in the plane from `starts`: coordinates (k, 2), or how many along each axis.

        Each runs until it leaves the window or reaches a fixed point. Sliced, the network's trajectories are seen
        from above, as they leave the plane.
        """
        if isinstance(starts, (int, np.integer)):
            count = whole_number(starts, "starts", 1)
            begin = points(*(np.linspace(axis[0], axis[-1], count + 2)[1:-1] for axis in (self.first, self.second)))
        else:
            begin = as_batch(starts, 2, "starts")[0]
        return trajectories(self.flow, self.fixed_points, begin, self.first, self.second)

    def _picture(self) -> Picture | None:
        lines = [line for pieces in self.nullclines for line in pieces]
        return paths(lines, dots=self.fixed_points.position, caption="nullclines and fixed points")

    def followed(self, steps: int = STEPS) -> PhasePlane:
        """The same plane with the manifolds of its saddles, by so many `steps` to the width of the window."""
        count = whole_number(steps, "steps", 1)
        return replace(self, manifolds=manifolds(self.flow, self.fixed_points, self.first, self.second, count))

    def __repr__(self) -> str:
        kinds = ", ".join(str(kind) for kind in self.fixed_points.kind) or "no fixed point"
        parts = [" x ".join(self.names), f"others {self.others}", f"beta={self.beta:g}: {kinds}"]
        return told("PhasePlane", parts)


def phase_plane(
    network: Network,
    x: AtRest = None,
    *,
    axes: PlaneAxes = (0, 1),
    window: ArrayLike | None = None,
    resolution: int = 41,
    others: str = "frozen",
    state: ArrayLike | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
    correction: str | None = None,
    rest: ArrayLike | None = None,
    quick: bool = False,
) -> PhasePlane:
    """Compute the phase plane of two units or directions.

    Parameters
    ----------
    network : Network
    x : (n_in,) array, optional
        The clamped input.
    axes : pair
        Two free units, by number, name like "h1[3]" or (population, number); or two directions (n,), whose
        coordinates are counted from `state`.
    window : (low, high) or a pair of them
        The range of the coordinates. Default (−2, 2), or (0, 1) for units with the hard sigmoid.
    resolution : int
        Grid points along each axis.
    others : {"frozen", "relaxed", "sliced"}
        "frozen": the flow of the two alone, the others held at `state`. "relaxed": the others rest, at a minimum of
        the energy downhill from `state`, or where their flow takes them, for each point of the plane; the fixed points
        are the network's.
        "sliced": the field is that of "frozen", and the network's own fixed points and the full flow's unstable
        manifolds are projected onto the plane.
    state : (n,) array, optional
        Default zeros, ½ for units with the hard sigmoid.
    y : (n_out,) array or label, beta : float
        With both, the flow is the nudged one, of E + beta C.
    correction : {None, "antisymmetric"}
        That of the nudged flow: see `nudge`.
    rest : (n,) array, optional
        The s* from which the nudged phase begins; a correction needs it.
    quick : bool
        For a picture that moves: fixed points are looked for only where cells of the grid show that both nullclines
        pass, and manifolds are left to `PhasePlane.followed`.

    Raises
    ------
    ArgumentError
        For arguments that do not fit.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> plane = analysis.phase_plane(net, resolution=9)
    >>> sorted(plane.fixed_points.kind.tolist())
    ['saddle', 'stable node', 'stable node']
    """
    choice(others, ("frozen", "relaxed", "sliced"), "others")
    landscape = Landscape.of(network, x, y, beta)
    if correction is not None and rest is None:
        raise ArgumentError("`rest` is missing: a correction needs the s* from which the nudged phase begins")
    if rest is not None and landscape.beta:
        landscape = landscape.corrected(correction, landscape.state(rest, "rest"))
    plane = Plane.of(landscape, axes, state)
    check_grid(whole_number(resolution, "resolution", 3) ** 2, network, "a grid")
    first, second = grid(plane, window, resolution)
    if landscape.boxed.any() and plane.units is None:
        raise ArgumentError("`axes` must be two units: directions leave the box in which the hard sigmoid lives")
    flow = PlaneFlow(landscape, plane, others)
    wide = _wider(first), _wider(second)
    states = flow.lift(points(*wide))
    found = plane_points(flow, states, first, second, everywhere=not quick)
    shape = (len(second) + 2, len(first) + 2)
    core = (slice(1, -1), slice(1, -1))
    velocity, leaving = flow.velocity(states, projected=True)
    return PhasePlane(
        first,
        second,
        velocity.reshape(*shape, 2)[core],
        leaving.reshape(shape)[core],
        landscape.energy(states).reshape(shape)[core],
        states.reshape(*shape, -1)[core],
        (_nullcline(flow, states, wide, 0), _nullcline(flow, states, wide, 1)),
        found,
        () if quick else manifolds(flow, found, first, second),
        flow,
    )


def _wider(values: Array) -> Array:
    """The grid with one more line on both sides, so that what lies on the border is inside."""
    return np.concatenate([[2.0 * values[0] - values[1]], values, [2.0 * values[-1] - values[-2]]])


def _nullcline(flow: PlaneFlow, states: Array, wide: tuple[Array, Array], which: int) -> tuple[Array, ...]:
    first, second = wide

    def component(u: Array, node: Integers) -> Array:
        return flow.velocity(flow.lift(u, states[node]), projected=False)[0][:, which]

    values = flow.velocity(states, projected=False)[0][:, which].reshape(len(second), len(first))
    return tuple(inside(zero_contours(first, second, values, component), first[1:-1], second[1:-1]))
