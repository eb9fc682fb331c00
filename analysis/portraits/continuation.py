"""Follow a fixed point or a limit cycle as a parameter changes: branches, bifurcations, the bifurcation diagram."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.motion.limit_cycle import LimitCycle
from neurodyn.analysis.motion.shooting import PIECES
from neurodyn.analysis.portraits.branch import Bifurcation, BifurcationDiagram, Branch, same_point
from neurodyn.analysis.portraits.curve import Curve
from neurodyn.analysis.portraits.cycle_branch import CycleBranch
from neurodyn.analysis.portraits.cycle_curve import CycleCurve
from neurodyn.analysis.portraits.fixed_points import classify, random_states
from neurodyn.analysis.portraits.hopf import critical_vector
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import roots
from neurodyn.analysis.portraits.parameter import Family, family, span_of
from neurodyn.errors import ArgumentError, ConvergenceError, shown
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.tangent import require_smooth
from neurodyn.system.network import Network

#: Starts of the search for fixed points that are on no branch, and the units of the largest network where it is done.
STARTS, MOST_UNITS = 60, 30


def continue_fixed_point(
    network: Network,
    start: ArrayLike,
    x: AtRest = None,
    *,
    parameter: str | Callable[[float], Network],
    span: ArrayLike,
    at: float | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
) -> Branch:
    """Follow a fixed point as a parameter changes, in both directions, around folds and through branch points.

    Parameters
    ----------
    network : Network
    start : (n,) array
        Near a fixed point, of any kind, at the parameter's present value; it is refined first.
    x : (n_in,) array, optional
        The clamped input.
    parameter : str or callable
        "beta"; "gain", a factor on all weights, or "gain s-s", on one block; a weight "s-s[0,1]"; a bias "h1[3]"; a
        component of the input "x[2]"; or a function from a number to a network.
    span : (low, high)
        The branch ends where the parameter leaves it.
    at : float, optional
        Value at which to start. Default: the present one. A function needs it.
    y : (n_out,) array or label, beta : float
        With both, the flow is the nudged one, of E + beta C.

    Raises
    ------
    ArgumentError
        For arguments that do not fit.
    ConvergenceError
        `start` is not near a fixed point.

    Notes
    -----
    With the hard sigmoid a branch has corners, where a unit meets or leaves a bound; it ends where it would have to
    turn back there.

    References
    ----------
    Keller, in: Applications of Bifurcation Theory, 359 (1977). Allgower & Georg, Introduction to Numerical
    Continuation Methods (2003), chapters 6 and 8.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> branch = analysis.continue_fixed_point(net, [0.8, 0.8], parameter="gain", span=(0.8, 1.0))
    >>> branch.name, bool(branch.stable.all())
    ('gain', True)
    """
    landscape, _, curve, p = _checked_arguments(network, x, y, beta, parameter, span, at)
    with one_thread():
        return curve.both_ways(curve.refined(landscape.state(start, "start"), p), p)


def bifurcation_diagram(
    network: Network,
    starts: ArrayLike,
    x: AtRest = None,
    *,
    parameter: str | Callable[[float], Network],
    span: ArrayLike,
    at: float | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
    cycles: bool = True,
) -> BifurcationDiagram:
    """Continue several fixed points `starts` (k, n), the branches that bifurcate from theirs, and limit cycles.

    With `cycles`, the limit cycles that begin at Hopf bifurcations are followed, too: to folds, period doublings, tori,
    and to where their periods grow without bound. That is done for the free flow of smooth activations. The other
    parameters are those of `continue_fixed_point`. Branches that meet none of these are not followed, but fixed points
    that Newton's method finds on them at the ends of the span are told as `missing`.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> analysis.bifurcation_diagram(net, [[0.0, 0.0, 0.0]], parameter="gain", span=(0.5, 1.0))
    BifurcationDiagram(gain: 1 branches, 1 of cycles, 1 bifurcations)
    """
    landscape, varied, curve, p = _checked_arguments(network, x, y, beta, parameter, span, at)
    branches: list[Branch] = []
    with one_thread():
        for state in landscape.states(starts, "starts"):
            point = curve.refined(state, p)
            if not curve.passes(curve.join(point, p), branches):
                branches.append(curve.both_ways(point, p))
        seen: list[Bifurcation] = []
        for branch in branches:  # grows while it runs
            for b in branch.bifurcations:
                if b.kind in ("pitchfork", "transcritical") and not any(same_point(b, other) for other in seen):
                    seen.append(b)
                    branches += curve.others_from(b, branch, branches)
        followed = _cycles(landscape, curve, branches) if cycles and parameter != "beta" else ()
        missing = _missing(curve, varied, landscape, branches)
    return BifurcationDiagram(curve.equations.name, tuple(branches), followed, missing)


def _missing(
    curve: Curve, varied: Family, landscape: Landscape, branches: list[Branch]
) -> tuple[tuple[float, Array], ...]:
    """Fixed points at the ends of the span that lie on none of the branches, with the ends."""
    if landscape.network.n > MOST_UNITS:
        return ()
    starts = random_states(landscape, STARTS, 0)
    found: list[tuple[float, Array]] = []
    for p in (curve.low, curve.high):
        there = varied.at(p)
        states = classify(there, roots(there, starts)[0]).state
        found += [(varied.value(p), s) for s in states if not curve.passes(curve.join(s, p), branches)]
    return tuple(found)


def continue_cycle(
    network: Network,
    cycle: LimitCycle,
    x: AtRest = None,
    *,
    parameter: str | Callable[[float], Network],
    span: ArrayLike,
    at: float | None = None,
) -> CycleBranch:
    """Follow a limit cycle as a parameter changes, in both directions, around folds.

    Parameters
    ----------
    network : Network
    cycle : LimitCycle
        Of this network under this input, from `analysis.limit_cycle`.
    x, parameter, span, at
        As for `continue_fixed_point`.

    Raises
    ------
    ArgumentError, ModelError
        For arguments that do not fit, and for units with the hard sigmoid.
    ConvergenceError
        `cycle` is not near a limit cycle of this network.

    References
    ----------
    Kuznetsov, Elements of Applied Bifurcation Theory, section 10.2.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> cycle = analysis.limit_cycle(net)
    >>> analysis.continue_cycle(net, cycle, parameter="gain", span=(0.5, 1.2)).ended
    ('Hopf', 'span')
    """
    if not isinstance(cycle, LimitCycle):
        raise ArgumentError(f"`cycle` must be a LimitCycle, as analysis.limit_cycle finds them; got {shown(cycle)}")
    require_smooth(network, "a limit cycle")
    _, _, curve, p = _checked_arguments(network, x, None, 0.0, parameter, span, at)
    along = _cycle_curve(curve)
    with one_thread():
        shooting = along.shooting(p)
        found = shooting.closed(shooting.spread(cycle.state[0], cycle.period, PIECES), cycle.period)
        branch = None if found is None else along.from_cycle(found, p)
    if branch is None:
        raise ConvergenceError("`cycle` is not near a limit cycle of this network at this value of the parameter")
    return branch


def _cycles(landscape: Landscape, curve: Curve, branches: list[Branch]) -> tuple[CycleBranch, ...]:
    """The branches of cycles that begin at the Hopf bifurcations of some branches, each once."""
    if landscape.beta != 0.0 or landscape.boxed.any():
        return ()
    along, found = _cycle_curve(curve), list[CycleBranch]()
    seen: list[Bifurcation] = []
    for b in (b for branch in branches for b in branch.bifurcations if b.kind == "Hopf"):
        known = any(same_point(b, other) for other in seen)
        if known or any(_ends_at(cycle, b, curve.scale) for cycle in found):
            continue
        seen.append(b)
        q = critical_vector(curve.equations, b.state, b.parameter, b.frequency)
        new = along.from_hopf(b.state, b.parameter, q, b.frequency)
        if new is not None:
            found.append(new)
    return tuple(found)


def _cycle_curve(curve: Curve) -> CycleCurve:
    assert isinstance(curve.equations, Family)
    return CycleCurve(curve.equations, curve.low, curve.high, curve.scale)


def _ends_at(cycles: CycleBranch, b: Bifurcation, scale: float) -> bool:
    """Whether a branch of cycles shrinks to a Hopf bifurcation."""
    if cycles.ended[1] != "Hopf" or abs(cycles.parameter[-1] - b.parameter) > 0.02 * scale:
        return False
    return bool(np.all(np.abs(0.5 * (cycles.low[-1] + cycles.high[-1]) - b.state) < 0.1))


def _checked_arguments(
    network: Network,
    x: AtRest,
    y: ArrayLike | None,
    beta: float,
    parameter: str | Callable[[float], Network],
    span: ArrayLike,
    at: float | None,
) -> tuple[Landscape, Family, Curve, float]:
    landscape = Landscape.of(network, x, y, beta)
    varied = family(landscape, parameter, np.nan if at is None else real_number(at, "at"))
    start = varied.start if at is None else float(at)
    if not np.isfinite(start):
        raise ArgumentError("`at` is missing: where to start along a `parameter` that is a function")
    low, high = span_of(span, start)
    return landscape, varied, Curve(varied, low, high, (high - low) / 4.0), start
