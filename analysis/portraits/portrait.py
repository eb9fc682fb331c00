"""The portrait of a network: everything that its phase plane shows, with sensible choices where none are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, inputs_and_start
from neurodyn.analysis.motion.limit_cycle import LimitCycle, limit_cycle
from neurodyn.analysis.portraits.basins import Basins, basins
from neurodyn.analysis.portraits.fixed_points import FixedPoints, random_states, search
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.nudged_path import NudgedPath, nudged_path
from neurodyn.analysis.portraits.phase_plane import PhasePlane, phase_plane
from neurodyn.analysis.portraits.plane import Plane, PlaneAxes
from neurodyn.analysis.portraits.viewpoint import Viewpoint, choose_axes, choose_beta, choose_window, others_for
from neurodyn.cards.picture import Picture
from neurodyn.cards.shown import Facts, Rows, Shown, told
from neurodyn.errors import ArgumentError
from neurodyn.inputs import choice, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.correction import check_correction
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network

#: Units up to which basins are coloured, and s* is followed along beta; both cost more beyond.
COLOURED, FOLLOWED = 100, 200
#: Grid of a plane whose others are relaxed, which takes a minimisation for each point, and of another one; of basins.
COARSE, FINE, STARTS = 25, 41, 128
#: Random starts from which fixed points are looked for, of small and of large networks.
MANY, FEW = 200, 2


@dataclass(frozen=True, eq=False, repr=False)
class Portrait(Shown):
    """What the dynamics of one flow look like in a plane.

    Attributes
    ----------
    equilibrium : Equilibrium
        The fixed point s* that is nudged; of one sample.
    reason : str
        Why these axes.
    fixed_points : FixedPoints
        Those of the whole network, free, found from random starts and from where its own trajectories end.
    free : PhasePlane
    nudged : PhasePlane or None
        Without a target there is none.
    path : NudgedPath or None
        None without a target, and for more than 200 units.
    basins : Basins or None
        None for more than 100 units, and where trajectories end on limit cycles alone.
    trajectories : tuple of (p, 2) arrays
        The free phases from the given starts, in the plane.
    cycles : tuple of LimitCycle
        Those that free phases from the given starts end on. If the first one does, there is no s* to nudge, and
        `equilibrium` is where it was when it was given up.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.portrait(net, starts=[[0.5, 0.2]], resolution=5)
    >>> found.nudged is None, len(found.trajectories)
    (True, 1)
    """

    equilibrium: Equilibrium
    reason: str
    fixed_points: FixedPoints
    free: PhasePlane
    nudged: PhasePlane | None
    path: NudgedPath | None
    basins: Basins | None
    trajectories: tuple[Array, ...]
    cycles: tuple[LimitCycle, ...] = ()

    _head: ClassVar[tuple[str, ...]] = ("part", "what it is")

    def _facts(self) -> Facts:
        return [("axes", " × ".join(self.free.names)), ("chosen because", self.reason)]

    def _rows(self) -> Rows:
        parts = {name: getattr(self, name) for name in ("fixed_points", "free", "nudged", "path", "basins")}
        found = [(name, repr(part)) for name, part in parts.items() if part is not None]
        return found + [("cycles", repr(cycle)) for cycle in self.cycles]

    def _picture(self) -> Picture | None:
        return self.free._picture()

    def __repr__(self) -> str:
        return told("Portrait", [repr(self.free), repr(self.fixed_points)])


def portrait(
    network: Network,
    x: AtRest = None,
    y: ArrayLike | None = None,
    *,
    starts: ArrayLike | None = None,
    axes: PlaneAxes | None = None,
    others: str | None = None,
    beta: float | None = None,
    correction: str | None = None,
    resolution: int | None = None,
    tol: float = 1e-10,
    solver: Solver | None = None,
) -> Portrait:
    """Compute the portrait of a network at one input and target.

    Parameters
    ----------
    network : Network
    x : (n_in,) array, or Equilibrium, optional
    y : (n_out,) array or label, optional
        Without one there is no nudged flow.
    starts : (n,) or (k, n) array, optional
        Where free phases begin; the first one leads to the s* that is nudged. Default: as for `relax`.
    axes : pair, optional
        The same as for `phase_plane`. Default: two units are both; three or more states of rest that the starts lead to
        span a plane; a classifier's target output and its strongest rival; else the two that the nudge moves most, or,
        without a target, the two that take part most in the slowest mode.
    others : {"frozen", "relaxed", "sliced"}, optional
        The same as for `phase_plane`. Default: "sliced" for directions; "relaxed" up to 50 units; else "frozen"
        at s*, as relaxing takes minutes, or as they would not rest.
    beta : float, optional
        Default: 1, or half-way to the fold if s*(beta) ends at one below 2.
    correction : {None, "antisymmetric"}
        That of the nudged flow and of s*(beta): see `nudge`.
    resolution : int, optional
        Grid points along each axis. Default: 25 if the others are relaxed, else 41.
    tol, solver
        Limit and solver of the free phase, as for `relax`.

    Raises
    ------
    ArgumentError
        For arguments that do not fit.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> found = analysis.portrait(net, starts=[[0.5, 0.2]], resolution=9)
    >>> found.fixed_points
    FixedPoints(1 saddle, 2 stable nodes of 2 units)
    """
    if others is not None:
        choice(others, ("frozen", "relaxed", "sliced"), "others")
    if resolution is not None:
        whole_number(resolution, "resolution", 3)
    if beta == 0.0:
        raise ArgumentError("`beta` must not be 0: that is the free flow")
    check_correction(correction)
    x, starts = inputs_and_start(x, starts)
    landscape = Landscape.of(network, x, y, 0.0 if beta is None else beta).free()
    begin = None if starts is None else landscape.states(starts, "starts")
    target = landscape.y
    with Bar("portrait") as bar:
        rest, one = _relaxed(landscape, begin, tol, solver)
        cycles = _cycles(landscape, rest)
        if one.status != Status.STABLE:
            target = None
        view = _viewpoint(landscape, axes, others, rest.state, cycles)
        bar.update(0.05)
        path = (
            None if target is None or network.n > FOLLOWED else nudged_path(network, one, target, correction=correction)
        )
        strength = choose_beta(path) if beta is None else float(beta)
        bar.update(0.15)
        found = _fixed_points(landscape, rest.state)
        ways = [*_free_phases(rest), *(cycle.state for cycle in cycles)]
        bar.update(0.25)
        plane = Plane.of(landscape, view.axes, view.state)
        window = choose_window(plane, _in_view(view, found, rest.state, ways, path, strength))
        same: dict[str, Any] = {"axes": view.axes, "window": window, "state": view.state}
        free = _free_plane(landscape, same, view.others, resolution, others is None)
        grid: dict[str, Any] = {"others": free.others, "resolution": len(free.first)}
        bar.update(0.55)
        pulled: dict[str, Any] = {"y": target, "beta": strength, "correction": correction, "rest": one.state}
        nudged = None if target is None else phase_plane(network, x, **pulled, **same, **grid)
        bar.update(0.85)
        coloured = None
        if network.n <= COLOURED and (found.stable.any() or not cycles):
            coloured = basins(network, x, **same, resolution=STARTS if not cycles else STARTS // 4)
    curves = tuple(free.coordinates(way) for way in ways[: len(ways) - len(cycles)])
    return Portrait(one, view.reason, found, free, nudged, path, coloured, curves, cycles)


def _relaxed(
    landscape: Landscape, begin: Array | None, tol: float, solver: Solver | None
) -> tuple[Equilibrium, Equilibrium]:
    """The states of rest that all starts lead to, and the first alone, without a batch axis."""
    network, x = landscape.network, landscape.x
    count = 1 if begin is None else len(begin)
    given: dict[str, Any] = {"tol": tol, "solver": solver, "on_failure": "return"}
    every = relax(network, landscape.inputs(count), start=begin, **given)
    if not every.batched:  # no input and no starts
        every = relax(network, None, start=every.start[None], **given)
    if not np.all(np.isin(every.status, (Status.STABLE, Status.PERIODIC))):
        relax(network, landscape.inputs(count), start=every.start, tol=tol, solver=solver)  # which says why not
    return every, relax(network, x, start=every.start[0], **given)


def _cycles(landscape: Landscape, every: Equilibrium) -> tuple[LimitCycle, ...]:
    """The limit cycles that samples ended on, each once."""
    found: list[LimitCycle] = []
    for state in every.state[every.status == Status.PERIODIC]:
        cycle = limit_cycle(landscape.network, landscape.x, start=state, transient=0.0)
        if not any(_same(cycle, other) for other in found):
            found.append(cycle)
    return tuple(found)


def _same(a: LimitCycle, b: LimitCycle) -> bool:
    """Whether two cycles are one, begun at different states."""
    near = np.abs(b.state - a.state[0]).max(axis=1).min()
    return abs(a.period - b.period) <= 1e-6 * a.period and near <= 0.02 * np.ptp(a.state, axis=0).max()


def _viewpoint(
    landscape: Landscape, axes: PlaneAxes | None, others: str | None, rests: Array, cycles: tuple[LimitCycle, ...]
) -> Viewpoint:
    if axes is None and cycles and landscape.network.n > 2:
        states = np.concatenate([cycle.state for cycle in cycles])
        middle = states.mean(axis=0)
        first, second = np.linalg.svd(states - middle, full_matrices=False)[2][:2]
        view = Viewpoint((first, second), middle, "principal directions of the limit cycle", "sliced")
    elif axes is None:
        view = choose_axes(landscape.network, rests, landscape.y, landscape.x)
    else:
        view = Viewpoint(tuple(axes), rests[0], "chosen", others_for(landscape.network))
    return view if others is None else replace(view, others=others)


def _free_plane(
    landscape: Landscape, same: dict[str, Any], others: str, resolution: int | None, may_freeze: bool
) -> PhasePlane:
    """The plane of the free flow; the others are frozen where without an energy they would not rest."""
    fine = FINE if others != "relaxed" else COARSE
    try:
        return phase_plane(landscape.network, landscape.x, **same, others=others, resolution=resolution or fine)
    except ArgumentError:
        if landscape.has_energy or others != "relaxed" or not may_freeze:
            raise
        return phase_plane(landscape.network, landscape.x, **same, others="frozen", resolution=resolution or FINE)


def _fixed_points(landscape: Landscape, rests: Array) -> FixedPoints:
    """Find the fixed points of the free flow, from random starts and the known states of rest."""
    count = MANY if landscape.network.n <= FOLLOWED else FEW
    return search(landscape.free(), np.concatenate([random_states(landscape, count, 0), rests]))


def _free_phases(rest: Equilibrium) -> list[Array]:
    """States (T, n) on the way to each state of rest."""
    resting, tau = rest.status == Status.STABLE, float(rest.network.tau.max())
    end = float(rest.time[resting].max(initial=0.0)) or tau
    if rest.period is not None:
        end = max(end if resting.any() else 0.0, 3.0 * float(np.nanmax(rest.period)))
    times = end * np.linspace(0.0, 1.0, 201) ** 2
    found = simulate(rest.network, rest.x, start=rest.start, t_eval=times, solver=Solver(**rest.solver))
    return list(np.moveaxis(found.state, 1, 0))


def _in_view(
    view: Viewpoint, found: FixedPoints, rests: Array, ways: list[Array], path: NudgedPath | None, beta: float
) -> Array:
    """States (k, n) that the window should hold."""
    states = [rests, *ways]
    if view.others == "relaxed" or rests.shape[1] == 2:
        states.append(found.state[found.stable])
    if path is not None:
        states.append(path.state[(path.beta >= min(beta, 0.0)) & (path.beta <= max(beta, 0.0)) & path.stable])
    return np.concatenate(states)
