"""How the equivalence fails when weights are not shared: nudged velocities follow W, the side network its transpose.

The weights between free units are taken apart, W = S + K with S symmetric and K antisymmetric, and put together again
as S + a K. At a = 0 the flow descends an energy and the two error signals agree; their difference then grows with a,
linearly at first. The correction of the nudged phase takes it away, whatever a.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, inputs_and_start
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.signals.compare import Comparison, compare
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Shown
from neurodyn.errors import ArgumentError, SimulationError
from neurodyn.inputs import as_numbers
from neurodyn.numerics.arrays import Array
from neurodyn.phases.correction import ANTISYMMETRIC
from neurodyn.phases.nudge import nudge
from neurodyn.phases.relax import relax
from neurodyn.phases.side import side_network
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver
from neurodyn.system.graph import RANDOM, Connection
from neurodyn.system.network import Network

#: Errors closer than this factor to that at a = 0 say nothing about the asymmetry, and those above this nothing about
#: small ones.
ABOVE_FLOOR, SMALL = 10.0, 0.1


@dataclass(frozen=True, slots=True, repr=False)
class Asymmetry(Shown):
    """Distance of the nudged phase from the side network for several strengths of the antisymmetric part.

    Attributes
    ----------
    fractions : (K,)
        a, the factor of the antisymmetric part: 0 is a symmetric network, 1 the network as it is.
    asymmetry : (K,)
        a ‖K‖/‖S‖, Frobenius norms over all weights between free units.
    error : (K,)
        `Comparison.max_relative_error`. NaN where the free phase found no stable state.
    populations : mapping from name to (K,)
        The same within each population.
    gradient_error, cosine : (K,)
        Relative distance and cosine of the nudged phase's parameter gradient from the exact one at the last time.
    corrected_error, corrected_gradient_error : (K,)
        `error` and `gradient_error` of a nudged phase with the antisymmetric correction.
    beta : float

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.layered([2, 3, 2], feedback="random")
    >>> found = analysis.asymmetry(net, [0.5, 0.2], [0.9, 0.1], fractions=[0.0, 1.0])
    >>> bool(found.corrected_error[1] < 0.01 * found.error[1])
    True
    """

    fractions: Array
    asymmetry: Array
    error: Array
    populations: Mapping[str, Array]
    gradient_error: Array
    cosine: Array
    corrected_error: Array
    corrected_gradient_error: Array
    beta: float

    def _picture(self) -> Picture | None:
        errors = {"plain": self.error, "corrected": self.corrected_error}
        return curves(errors, self.asymmetry, caption="error over the asymmetry", log=True)

    @property
    def floor(self) -> float:
        """Error of the symmetric network, from beta and the solver; NaN if a = 0 was not asked for."""
        return self._floor(self.error)

    @property
    def slope(self) -> float:
        """Order in which the error grows with the asymmetry; 1 in theory.

        Least squares slope of log error over log asymmetry, where the error lies above 10 times the floor and below
        0.1; NaN if at fewer than two.
        """
        return self._slope(self.error)

    @property
    def gradient_slope(self) -> float:
        """The slope of the parameter gradient's error."""
        return self._slope(self.gradient_error)

    def _floor(self, error: Array) -> float:
        symmetric = error[self.fractions == 0.0]
        return float(symmetric[0]) if symmetric.size else float("nan")

    def _slope(self, error: Array) -> float:
        lowest = ABOVE_FLOOR * np.nan_to_num(self._floor(error))
        used = (self.fractions > 0.0) & (error > lowest) & (error < SMALL)
        return power_law(self.asymmetry[used], error[used])[0]


def asymmetry(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    fractions: ArrayLike | None = None,
    beta: float = 1e-3,
    solver: Solver | None = None,
) -> Asymmetry:
    """Measure how far nudged velocities, plain and corrected, are from the side network as weights become unequal.

    Parameters
    ----------
    network : Network
        A network with feedback weights of its own (`Connection.feedback`), in all connections or in some.
    x, y, start, beta, solver
        The same as for `relax` and `nudge`; nudging is centered.
    fractions : (K,) array, optional
        Factors of the antisymmetric part, >= 0. Default: 0, and 10 from 1e-4 to 1.

    Raises
    ------
    ArgumentError
        The network's weights are all shared, or its feedback is a factor of them, which no fraction makes symmetric.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.layered([2, 3, 2], feedback="random")
    >>> found = analysis.asymmetry(net, [0.5, 0.2], [0.9, 0.1], fractions=[0.0, 0.5, 1.0])
    >>> bool(found.error[0] < 1e-5 < found.error[-1])
    True
    """
    own = _own_feedback(network)
    x, start = inputs_and_start(x, start)
    factors = _as_fractions(np.r_[0.0, np.logspace(-4.0, 0.0, 10)] if fractions is None else fractions)
    ratio = _ratio(network, own)
    found: list[tuple[Comparison | None, Comparison | None]] = []
    with Bar("asymmetry") as bar:
        for k, factor in enumerate(factors):
            bar.update(k / factors.size)
            found.append(_compared(with_asymmetry(network, float(factor)), x, y, start, beta, solver))
    names = network.graph.slices
    error, gradient, cosine, *parts = np.array([_numbers(plain, network) for plain, _ in found]).T
    corrected, corrected_gradient = np.array([_numbers(run, network)[:2] for _, run in found]).T
    return Asymmetry(
        factors,
        factors * ratio,
        error,
        dict(zip(names, parts, strict=True)),
        gradient,
        cosine,
        corrected,
        corrected_gradient,
        float(beta),
    )


def with_asymmetry(network: Network, factor: float) -> Network:
    """The network with S + factor · K for its weights, as far as their feedback is their own."""
    arrays: dict[str, Any] = {}
    for c in _own_feedback(network):
        symmetric, skew = _parts(network, c)
        arrays[c.name] = symmetric + factor * skew
        if c.first != c.second:
            arrays[c.own_feedback] = (symmetric - factor * skew).T
    return network.replace(parameters=arrays)


def _own_feedback(network: Network) -> list[Connection]:
    """The connections whose feedback weights are their own."""
    for c in network.graph.connections:
        if c.feedback not in (1.0, RANDOM):
            raise ArgumentError(
                f"the feedback of connection {c.name!r} is {c.feedback:g} times its weights: asymmetry takes feedback "
                f"weights of their own, feedback {RANDOM!r}"
            )
    own = [c for c in network.graph.connections if c.own_feedback]
    if not own:
        raise ArgumentError("all weights of this network are shared by both directions: there is no asymmetry")
    return own


def _parts(network: Network, c: Connection) -> tuple[Array, Array]:
    """Half the sum and half the difference of the weights there and back, (first, second)."""
    there, back = network.parameters[c.name], network.parameters[c.own_feedback].T
    return 0.5 * (there + back), 0.5 * (there - back)


def _ratio(network: Network, own: list[Connection]) -> float:
    """‖K‖/‖S‖ over all weights between free units, each direction counted."""
    squares = np.zeros(2)
    for c in network.graph.connections:
        if c in own:
            weight = 1.0 if c.first == c.second else 2.0
            squares += [weight * np.sum(part * part) for part in _parts(network, c)]
        elif c.first in network.graph.slices and c.second in network.graph.slices:
            squares[0] += 2.0 * np.sum(network.parameters.part(c.name) ** 2)
    return float(np.sqrt(squares[1] / squares[0]))


def _compared(
    network: Network, x: ArrayLike | None, y: ArrayLike, start: ArrayLike | None, beta: float, solver: Solver | None
) -> tuple[Comparison | None, Comparison | None]:
    """The plain and the corrected phase against the side network; None for both where the network does not rest."""
    try:
        rest = relax(network, x, start=start, solver=solver)
        runs = [nudge(network, rest, y, beta=beta, correction=c, solver=solver) for c in (None, ANTISYMMETRIC)]
        side = side_network(network, rest, y, t_eval=runs[0].t, solver=solver)
        plain, corrected = (compare(run, side, gradient_times=2) for run in runs)
    except SimulationError:
        return None, None
    return plain, corrected


def _numbers(found: Comparison | None, network: Network) -> list[float]:
    if found is None:
        return [float("nan")] * (3 + len(network.graph.slices))
    parts = [found.populations[name].max_relative_error for name in network.graph.slices]
    return [found.max_relative_error, found.gradient.nudged_to_exact, found.gradient.cosine, *parts]


def _as_fractions(fractions: ArrayLike | None) -> Array:
    try:
        values = as_numbers(fractions, "`fractions`")
    except ArgumentError:
        values = np.empty(0)
    if values.ndim != 1 or not values.size or not np.all(np.isfinite(values) & (values >= 0.0)):
        raise ArgumentError(f"`fractions` must be a list of finite numbers >= 0; got {fractions!r}")
    return values
