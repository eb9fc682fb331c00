"""The nudged equilibrium s*(beta), from the fold at negative beta to beta = infinity, where outputs are clamped."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.analysis.portraits.algebra import Rates, active
from neurodyn.analysis.portraits.branch import Bifurcation, Branch
from neurodyn.analysis.portraits.curve import Curve
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Shown
from neurodyn.errors import ArgumentError
from neurodyn.flows.layout import STATES
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array, Integers, Mask
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.nudge import resting_point
from neurodyn.system.graph import Graph
from neurodyn.system.network import Network

#: The largest beta where no infinite one is reached.
FARTHEST = 1e4


@dataclass(frozen=True, eq=False, repr=False)
class NudgedPath(Shown):
    """Fixed points of the nudged flow along beta, on the branch of a free equilibrium s*; z is `Network.coordinate`.

    Attributes
    ----------
    beta : (K,)
        In the order of the path, which turns at folds; infinite at the end where outputs sit on their targets. Where
        they cannot, as with a softmax, or targets outside the range of the rates, it ends at a large one.
    state : (K, n)
    energy, cost : (K,)
        E, NaN where there is none, and C.
    index : (K,)
        Directions that leave, with an energy those in which E + beta C curves downwards; 0 where the fixed point is
        stable.
    bifurcations : tuple of Bifurcation
        Folds, where det(K(s) + beta d2C/dz2 dz/ds) = 0 at the path's own s, not at s*; K is minus the derivative of
        the free force, the Hessian H for an energy of the states.
    free : (n,)
        s*, at beta = 0.
    tangent : (n,)
        ds*/dbeta at beta = 0, −K⁻¹ dC/dz.
    critical_beta : float
        beta_c = 1/λ_max((H⁻¹)_out,out) for the squared error, with H at s*: where the *linearised* problem becomes
        singular, at −beta_c. The fold of the path is near −beta_c only while s has not moved far.
    ended : pair of str
        The same as for `Branch`.
    graph : Graph
        The graph of the network.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> path = analysis.nudged_path(net, [0.5, 0.2], [0.9, 0.1], span=(0.0, 1.0))
    >>> bool(path.stable.all()), path.folds.size
    (True, 0)
    """

    beta: Array
    state: Array
    energy: Array
    cost: Array
    index: Integers
    bifurcations: tuple[Bifurcation, ...]
    free: Array
    tangent: Array
    critical_beta: float
    ended: tuple[str, str]
    graph: Graph

    @property
    def stable(self) -> Mask:
        """Where the fixed point is stable, (K,)."""
        stable: Mask = self.index == 0
        return stable

    def _picture(self) -> Picture | None:
        where = np.isfinite(self.beta) & (self.beta <= 10.0)
        return curves({"cost": self.cost[where]}, self.beta[where], caption="cost over beta, up to 10", log=True)

    @property
    def first_order(self) -> Array:
        """s* + beta ds*/dbeta, (K, n): what the derivative at beta = 0 predicts; NaN at infinite beta."""
        beta = np.where(np.isfinite(self.beta), self.beta, np.nan)
        return np.asarray(self.free + beta[:, None] * self.tangent)

    @property
    def folds(self) -> Array:
        """beta of the folds, along the path."""
        return np.array([b.parameter for b in self.bifurcations if b.kind == "fold"])

    def __repr__(self) -> str:
        folds = ", ".join(f"{b:.6g}" for b in self.folds) or "none"
        low, high = self.beta.min(), self.beta.max()
        return f"NudgedPath(beta from {low:.6g} to {high:.6g}, {len(self.beta)} points, folds: {folds})"


def nudged_path(
    network: Network,
    equilibrium: AtRest,
    y: ArrayLike,
    *,
    span: ArrayLike = (-2.0, np.inf),
    correction: str | None = None,
) -> NudgedPath:
    """Follow the nudged equilibrium from beta = 0 in both directions.

    Upwards to the end of `span`, by default to infinity, which is reached exactly where the outputs can sit on their
    targets: the unknown is beta/(1 + beta). Where they cannot, it ends at beta = 10,000 at the latest.
    Downwards around the fold, beyond which the fixed point is a saddle, until beta is 0 again or the span ends.

    Parameters
    ----------
    network : Network
    equilibrium : Equilibrium, or inputs
        A stable one, of one sample.
    y : (n_out,) array or integer label
    span : (low, high)
        low <= 0 <= high; either may be infinite only upwards.
    correction : {None, "antisymmetric"}
        The same as for `nudge`.

    Raises
    ------
    ArgumentError
        For arguments that do not fit.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> path = analysis.nudged_path(net, [0.5, 0.2], [0.9, 0.1], span=(0.0, 1.0))
    >>> float(path.beta[-1]), path.ended
    (1.0, ('start', 'span'))
    """
    point = resting_point(network, at_rest(network, equilibrium))
    if point.s.shape[1] != 1:
        raise ArgumentError(f"`equilibrium` must be that of one sample; got {point.s.shape[1]}")
    x = None if point.x is None else point.x[0]
    target = y if np.ndim(y) < 2 and not _is_batch_of_one(y, network.n_out) else np.asarray(y)[0]
    landscape = Landscape.of(network, x, target, 0.0).corrected(correction, point.s[:, 0].copy())
    if target is None:
        raise ArgumentError("`y` is missing: nudging needs a target")
    low, high = _limits(span)
    if not _attainable(network, landscape.y):
        high = min(high, FARTHEST / (1.0 + FARTHEST))
    nudging, free = _Nudging(landscape), point.s[:, 0].copy()
    with one_thread():
        up = Curve(nudging, low, high, 0.75)
        y0 = up.join(free, 0.0)
        tangent = up.tangent(y0, np.append(np.zeros(network.n), 1.0))
        above, why_above = up.trace(y0, tangent)
        below, why_below = Curve(nudging, low, 0.0, 0.75).trace(y0, -tangent) if low < 0.0 else ([y0], "start")
        branch = up.branch([*below[::-1], *above[1:]], (why_below, why_above))
    critical = float(point.critical_beta(np.asarray(landscape.y)[None])[0])
    return _path(landscape, branch, free, tangent[:-1] / (tangent[-1] * 0.75), critical)


def _path(landscape: Landscape, branch: Branch, free: Array, tangent: Array, critical: float) -> NudgedPath:
    return NudgedPath(
        branch.parameter,
        branch.state,
        landscape.energy(branch.state),
        landscape.cost(branch.state),
        branch.index,
        branch.bifurcations,
        free,
        tangent,
        critical,
        branch.ended,
        branch.graph,
    )


def _attainable(network: Network, target: Array | None) -> bool:
    """Whether some finite state of the outputs has the least cost that is thinkable, with the outputs on the target."""
    if network.metric == STATES or target is None:
        return network.readout.is_quadratic
    try:
        return network.readout.is_quadratic and bool(np.isfinite(network.output_state(target[:, None])).all())
    except ArgumentError:
        return False


def _is_batch_of_one(y: ArrayLike, n_out: int) -> bool:
    return np.ndim(y) == 1 and np.shape(y) == (1,) and np.issubdtype(np.asarray(y).dtype, np.integer) and n_out > 1


def _limits(span: ArrayLike) -> tuple[float, float]:
    """The ends of the span, in the unknown of `_Nudging`."""
    if np.shape(span) != (2,):
        raise ArgumentError(f"`span` must be (low, high) in beta; got {span!r}")
    first, last = np.asarray(span, dtype=object)
    low = real_number(first, "span")
    high = np.inf if last == np.inf else real_number(last, "span")
    if not low <= 0.0 <= high or low == high:
        raise ArgumentError(f"`span` must hold beta = 0, from where the path sets out; got {low:g} to {high:g}")
    return low, 1.0 if np.isinf(high) else high / (1.0 + high)


@dataclass(frozen=True, eq=False)
class _Nudging:
    """The nudged equilibrium over q, beta = q below 0 and q/(1 − q) above: `Equations`.

    Above 0 the outputs' forces are divided by 1 + beta, (1 − q) f − q dC/dz, which at q = 1 leaves z_out = y.
    """

    landscape: Landscape
    name: str = "beta"

    @property
    def boxed(self) -> Mask:
        """Units that live in [0, 1], (n,)."""
        return self.landscape.boxed

    @property
    def graph(self) -> Graph:
        """The graph of the network."""
        return self.landscape.network.graph

    @property
    def tau(self) -> Array:
        """Time constants, (n,)."""
        return self.landscape.network.tau

    def value(self, q: float) -> float:
        """Return beta for a value of the unknown."""
        if q < 0.0:
            return q
        return q / (1.0 - q) if q < 1.0 else np.inf

    def weight(self, q: float) -> Array:
        """The factor of each unit's free force, (n,)."""
        weight = np.ones(self.landscape.network.n)
        weight[self.landscape.network.outputs] = 1.0 - max(q, 0.0)
        return weight

    def raw(self, s: Array, q: float) -> Array:
        """Forces (n,) before the box."""
        force, pull = self.landscape.force(s[None])[0], self.landscape.cost_slope(s[None])[0]
        return np.asarray(self.weight(q) * force - q * pull)

    def moving(self, s: Array, q: float) -> Mask:
        """Units that no bound holds, (n,)."""
        return active(self.boxed, s[None], self.raw(s, q)[None])[0]

    def force(self, s: Array, q: float) -> Array:
        """Forces (n,)."""
        return np.where(self.moving(s, q), self.raw(s, q), 0.0)

    def jacobian(self, s: Array, q: float) -> Array:
        """Their derivative with respect to s, (n, n)."""
        matrix = -self.weight(q)[:, None] * self.landscape.linearized(s[None])[0]
        out = self.landscape.network.outputs
        matrix[out, out] -= q * self.landscape.cost_linearized(s[None])[0]
        moving = self.moving(s, q)
        return np.where(np.outer(moving, moving), matrix, -np.eye(len(s)))

    def slope(self, s: Array, q: float) -> Array:
        """Their derivative with respect to q, (n,)."""
        slope = -self.landscape.cost_slope(s[None])[0]
        if q >= 0.0:
            out = self.landscape.network.outputs
            slope[out] -= self.landscape.force(s[None])[0, out]
        return np.where(self.moving(s, q), slope, 0.0)

    def rates(self, s: Array, q: float) -> Rates:
        """Eigenvalues of T⁻¹K, (n,), by rising real part; infinite for what a bound or infinite nudging holds."""
        moving, landscape = self.moving(s, q), self.landscape
        if q >= 1.0:
            moving[landscape.network.outputs] = False
        else:
            landscape = replace(landscape, beta=self.value(q))
        return np.nan_to_num(landscape.modes(s[None], moving[None])[0][0], nan=np.inf)

    def energy(self, s: Array, q: float) -> float:
        """E + beta C, NaN at infinite beta and without an energy."""
        return float(replace(self.landscape, beta=self.value(q)).energy(s[None])[0]) if q < 1.0 else np.nan
