"""Follow a fixed point as a parameter changes: branches, folds, pitchforks, the bifurcation diagram."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.portraits.branch import Bifurcation, BifurcationDiagram, Branch, same_point
from neurodyn.analysis.portraits.curve import Curve
from neurodyn.analysis.portraits.fixed_points import classify, random_states
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import roots
from neurodyn.analysis.portraits.parameter import Family, family, span_of
from neurodyn.errors import ArgumentError
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.system.network import Network

#: Starts of the search for fixed points that are on no branch, and the units of the largest network where it is done.
STARTS, MOST_UNITS = 60, 30


def continue_fixed_point(
    network: Network,
    start: ArrayLike,
    x: ArrayLike | None = None,
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
    """
    landscape, _, curve, p = _checked_arguments(network, x, y, beta, parameter, span, at)
    with one_thread():
        return curve.both_ways(curve.refined(landscape.state(start, "start"), p), p)


def bifurcation_diagram(
    network: Network,
    starts: ArrayLike,
    x: ArrayLike | None = None,
    *,
    parameter: str | Callable[[float], Network],
    span: ArrayLike,
    at: float | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
) -> BifurcationDiagram:
    """Continue several fixed points `starts` (k, n), and the branches that bifurcate from theirs.

    The other parameters are those of `continue_fixed_point`. Branches that meet none of these are not followed, but
    fixed points that Newton's method finds on them at the ends of the span are told as `missing`.
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
        missing = _missing(curve, varied, landscape, branches)
    return BifurcationDiagram(curve.equations.name, tuple(branches), missing)


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


def _checked_arguments(
    network: Network,
    x: ArrayLike | None,
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
