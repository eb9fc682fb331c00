"""How the error signal arrives: units k connections away from the outputs begin as t^k, peak later, and lower."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.with_signal import single
from neurodyn.cards.picture import Picture, curves
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import nudge, resting_point
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.side import side_network
from neurodyn.results.result import Result, array
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network

#: Times recorded in each decade; the first and the last, in relaxation times of the fastest and of the slowest mode.
DECADE, FIRST, LAST = 30, 1e-3, 15.0
#: Exponents are fitted up to this time, in relaxation times of the fastest mode: the next power is 1 % of the first.
ONSET = 1e-2
#: Signals of a deep layer begin at 1e-12: only a relative tolerance sees them.
SOLVER = Solver(rtol=1e-10, atol=1e-24)


@dataclass(frozen=True, eq=False, repr=False)
class Arrival(Result):
    """The error signal of one sample, group by group of units that are equally far from the outputs.

    Attributes
    ----------
    t : (T,)
        Times since the nudge, evenly spaced in their logarithm.
    groups : list of str
        A population, or the part of one that is k connections away from an output.
    distance : (group,)
        That k: connections on the way that the nudge takes. What it does not reach is in no group.
    kinds : list of str
        "own" time constants, and "equal" ones, all at their geometric mean, unless they are.
    signal : (kind, time, group)
        Euclidean norm over the group's units of -(tau/beta) ds/dt.
    side_signal : (kind, time, group)
        That of the side network.
    exponent : (kind, group)
        Fitted power of the signal's beginning; `distance` in theory.
    onset : (kind, group)
        Coefficient c of c·t^k in theory: the norm of (K T⁻¹)^k dC/ds / k!, K minus the Jacobian of the force.
    delay, peak_time, peak : (kind, group)
        When the signal has first reached half of its peak; when, and how high, it peaks.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.arrival(net, [0.5, 0.2], [1.0, 0.0])
    >>> bool(found.delay[0, 0] > found.delay[0, 1])  # of the hidden units and the outputs
    True
    """

    t: Array = array("time", units="time")
    distance: Any = array("group")
    signal: Array = array("kind", "time", "group")
    side_signal: Array = array("kind", "time", "group")
    exponent: Array = array("kind", "group")
    onset: Array = array("kind", "group", units="time^-k")
    delay: Array = array("kind", "group", units="time")
    peak_time: Array = array("kind", "group", units="time")
    peak: Array = array("kind", "group")
    groups: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    sample: int = 0
    beta: float = 0.0

    def _picture(self) -> Picture | None:
        signals = dict(zip(self.groups, self.signal[0].T, strict=True))
        return curves(signals, np.log10(self.t), caption="error signal by group, over the logarithm of time", log=True)


def arrival(
    network: Network,
    equilibrium: AtRest,
    y: ArrayLike,
    *,
    sample: int = 0,
    beta: float = 1e-3,
    solver: Solver | None = None,
) -> Arrival:
    """Follow the error signal of one sample from the outputs into the network.

    Parameters
    ----------
    network, equilibrium, y
        The same as for `nudge`, or inputs in place of the equilibrium; nudging is centered.
    sample : int
        One with an error signal.
    beta : float
    solver : Solver, optional
        Default: a relative tolerance of 1e-10 and next to no absolute one.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.arrival(net, [0.5, 0.2], [1.0, 0.0])
    >>> found.groups, found.distance, found.exponent[0].round(1)
    (['h1', 'y'], array([1, 0]), array([ 1., -0.]))
    """
    equilibrium = at_rest(network, equilibrium, solver)
    point = resting_point(network, equilibrium)
    one = single(equilibrium, sample)
    target = network.target(y, point.s.shape[1], equilibrium.batched)[sample]
    tau = network.tau
    taus = {"own": tau} if np.ptp(tau) == 0.0 else {"own": tau, "equal": np.full(tau.size, np.exp(np.log(tau).mean()))}
    networks = [network.replace(tau=values) for values in taus.values()]
    rates = [FixedPoint.of(net, one.state, one.x).rates(0) for net in networks]
    first, last = FIRST / max(np.abs(r).max() for r in rates), LAST / min(r.real.min() for r in rates)
    t = np.geomspace(first, last, math.ceil(DECADE * np.log10(last / first)))
    groups = _groups(point, sample)
    parts = [
        _followed(net, one, target, t, groups, ONSET / np.abs(r).max(), beta, chosen_solver(solver, SOLVER))
        for net, r in zip(networks, rates, strict=True)
    ]
    return Arrival(
        network,
        t=t,
        distance=np.array([k for k, _ in groups.values()]),
        **{name: np.stack([part[name] for part in parts]) for name in parts[0]},
        groups=list(groups),
        kinds=list(taus),
        sample=sample,
        beta=float(beta),
    )


def _groups(point: FixedPoint, sample: int) -> dict[str, tuple[int, Any]]:
    """Groups by name: how many connections they are away from the outputs, and their units."""
    network = point.network
    distance = _distances(point, sample)
    found: dict[str, tuple[int, Any]] = {}
    for name, where in network.graph.slices.items():
        own = distance[where]
        steps = np.unique(own[own >= 0])
        for k in steps:
            units = where.start + np.flatnonzero(own == k)
            found[name if steps.size == 1 else f"{name}, k = {k}"] = (int(k), units)
    return found


def _distances(point: FixedPoint, sample: int) -> Any:
    """Connections from the nearest output that is active to each unit, (n,); -1 where no way leads.

    They are those along which the nudged phase moves, not the transposed ones of the side network: without an energy
    the two differ.
    """
    network, active = point.network, point.local.active[:, sample]
    linked = np.zeros((network.n, network.n), dtype=bool)
    linked[np.ix_(active, active)] = point.linearized(sample) != 0.0
    distance = np.full(network.n, -1)
    front = active & np.isin(np.arange(network.n), np.arange(network.n)[network.outputs])
    steps = 0
    while front.any():
        distance[front] = steps
        front = linked[:, front].any(axis=1) & (distance < 0)
        steps += 1
    return distance


def _followed(
    network: Network,
    rest: Equilibrium,
    target: Array,
    t: Array,
    groups: dict[str, tuple[int, Any]],
    onset: float,
    beta: float,
    solver: Solver,
) -> dict[str, Array]:
    """What `Arrival` says of one set of time constants, by the names of its fields."""
    run = nudge(network, rest, target, beta=beta, t_eval=t, solver=solver)
    side = side_network(network, rest, target, t_eval=t, solver=solver)
    signal, other = (
        np.stack([np.linalg.norm(s[:, units], axis=1) for _, units in groups.values()], axis=1)
        for s in (run.error_signal, side.error_signal)
    )
    onsets = _onsets(network, rest, target, groups)
    peaks = [
        (0.0, 0.0, first) if k == 0 and np.argmax(column) == 0 else _peak(t, column)  # the outputs begin at their peak
        for (k, _), column, first in zip(groups.values(), signal.T, onsets, strict=True)
    ]
    early = t <= onset
    return {
        "signal": signal,
        "side_signal": other,
        "exponent": np.array([power_law(t[early], column[early])[0] for column in signal.T]),
        "onset": onsets,
        "delay": np.array([delay for delay, _, _ in peaks]),
        "peak_time": np.array([time for _, time, _ in peaks]),
        "peak": np.array([height for _, _, height in peaks]),
    }


def _onsets(network: Network, rest: Equilibrium, target: Array, groups: dict[str, tuple[int, Any]]) -> Array:
    """The coefficients of t^k: norms of (-K T⁻¹)^k S̃(0) / k! on the units k connections away."""
    point = FixedPoint.of(network, rest.state, rest.x)
    active = point.local.active[:, 0]
    matrix = point.linearized(0) / network.tau[active]
    signal = (point.cost_slope(target[None]) * point.local.active)[active, 0]
    powers = [np.zeros(network.n) for _ in range(1 + max((k for k, _ in groups.values()), default=0))]
    for k, power in enumerate(powers):
        power[active] = signal / math.factorial(k)
        signal = matrix @ signal
    return np.array([np.linalg.norm(powers[k][units]) for k, units in groups.values()])


def _peak(t: Array, signal: Array) -> tuple[float, float, float]:
    """Delay, time and height of the peak, between the recorded times by a parabola through three of them."""
    top = int(np.argmax(signal))
    time, height = float(t[top]), float(signal[top])
    if 0 < top < t.size - 1:
        curve = np.polyfit(np.log(t[top - 1 : top + 2] / t[top]), signal[top - 1 : top + 2], 2)
        shift = -0.5 * curve[1] / curve[0]
        time, height = float(t[top] * np.exp(shift)), float(np.polyval(curve, shift))
    first = int(np.argmax(signal >= 0.5 * height))
    if first == 0:
        return 0.0, time, height
    pair = slice(first - 1, first + 1)
    return float(np.exp(np.interp(np.log(0.5 * height), np.log(signal[pair]), np.log(t[pair])))), time, height
