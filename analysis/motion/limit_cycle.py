"""Limit cycles of a network's free flow: closed orbits, their periods, and whether they attract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.motion.shooting import PIECES, SOLVER, Orbit, Shooting, multipliers
from neurodyn.cards.picture import Picture, curves
from neurodyn.errors import ArgumentError, ConvergenceError
from neurodyn.inputs import as_condition, positive_number, real_number, whole_number
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.beginning import beginning
from neurodyn.phases.recurrence import first_return
from neurodyn.phases.relax import free_problem, longest
from neurodyn.phases.tangent import require_smooth
from neurodyn.results.result import Result, array
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network, as_network

#: How long the flow runs before a cycle is looked for, in units of the longest time constant.
TRANSIENT = 200.0
#: The search for a return needs fewer digits than the cycle.
SEARCH = Solver(rtol=1e-8, atol=1e-10, max_steps=10**7)
#: A multiplier this near to the unit circle does not tell whether a cycle attracts.
NEUTRAL = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class LimitCycle(Result):
    """A closed orbit of the free flow.

    Attributes
    ----------
    t : (T,)
        From 0 to the period.
    state, velocity : (T, n)
    period : float
    multiplier_parts : (2, n)
        Real and imaginary parts of the multipliers.
    residual : float
        How far the orbit fails to close, relative to its states.
    x : (n_in,), optional

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> cycle = analysis.limit_cycle(net)
    >>> round(cycle.period, 3), cycle.stable
    (3.522, True)
    """

    t: Array = array("time", units="time")
    state: Array = array("time", "unit")
    velocity: Array = array("time", "unit", units="1/time")
    multiplier_parts: Array = array("part", "multiplier")
    period: float = 0.0
    residual: float = 0.0
    x: Array | None = array("input", default=None)
    solver: dict[str, Any] = field(default_factory=dict)

    @property
    def multipliers(self) -> Complex:
        """Floquet multipliers, (n,), by falling size: by what displacements grow in one period, 1 along the flow."""
        return np.asarray(self.multiplier_parts[0] + 1j * self.multiplier_parts[1])

    @property
    def index(self) -> int:
        """How many multipliers lie outside the unit circle: 0 where the cycle attracts."""
        return unstable(self.multipliers)

    @property
    def stable(self) -> bool:
        """Whether the cycle attracts what is near."""
        return self.index == 0

    def _picture(self) -> Picture | None:
        units = {f"unit {k}": self.state[:, k] for k in range(self.state.shape[1])}
        return curves(units, self.t, caption="states over one period")

    def __repr__(self) -> str:
        kind = "stable" if self.stable else f"unstable in {self.index} direction{'s' if self.index > 1 else ''}"
        return f"LimitCycle(period {self.period:.10g}, {kind}, of {self.state.shape[1]} units)"


def unstable(values: Complex) -> int:
    """How many of the multipliers (n,) of a cycle lie outside the unit circle, that of the flow itself apart."""
    others = np.delete(values, int(np.argmin(np.abs(values - 1.0))))
    return int(np.sum(np.abs(others) > 1.0 + NEUTRAL))


@few_threads
def limit_cycle(
    network: Network,
    x: ArrayLike | None = None,
    *,
    start: ArrayLike | Result | None = None,
    period: float | None = None,
    transient: float | None = None,
    points: int = 401,
    solver: Solver | None = None,
) -> LimitCycle:
    """Find the limit cycle that a trajectory ends on, or one of any stability near a given state and period.

    The free flow runs until it comes back to where it was; Newton's method then closes the orbit by multiple shooting,
    with the linearised flow beside the flow.

    Parameters
    ----------
    network : Network
        Of smooth activations.
    x : (n_in,) array, optional
        The clamped input.
    start : (n,) array, or a result, optional
        Where the search begins. Default: drawn near zero, since a network may rest at zero itself. A LimitCycle, of
        a network that is nearly the same, is taken as a whole, with its period.
    period : float, optional
        With it, `start` is taken to be on the cycle, nearly: no transient, and an unstable cycle is found as well.
    transient : float, optional
        How long the flow runs first. Default: 200 of the longest time constants.
    points : int
        How many states of the cycle are recorded, evenly in time.
    solver : Solver, optional
        Default: tolerances of 1e-11 and 1e-13.

    Raises
    ------
    ArgumentError, ModelError
        For arguments that do not fit, and for units with the hard sigmoid.
    ConvergenceError
        The flow comes to rest, or does not come back; or Newton's method finds no closed orbit.

    References
    ----------
    Kuznetsov, Elements of Applied Bifurcation Theory, section 10.2.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> cycle = analysis.limit_cycle(net)  # a ring of three, one of which inhibits the next
    >>> round(cycle.period, 6), cycle.stable
    (3.521755, True)
    """
    as_network(network)
    solver = chosen_solver(solver, SOLVER)
    require_smooth(network, "a limit cycle")
    whole_number(points, "points", 9)
    shooting, states, guess = _first_guess(network, x, start, period, transient, solver)
    orbit = shooting.closed(states, guess)
    if orbit is None:
        raise ConvergenceError(
            f"no closed orbit near the period {guess:.6g}: start elsewhere, or give `start` on the cycle and `period`"
        )
    return cycle_of(shooting, orbit, points)


def _first_guess(
    network: Network, x: Any, start: Any, period: float | None, transient: float | None, solver: Solver
) -> tuple[Shooting, Array, float]:
    """What is to be closed up: beginnings of pieces (m, n), and a period."""
    wanted = None if period is None else positive_number(period, "period")
    skipped = real_number(TRANSIENT * float(network.tau.max()) if transient is None else transient, "transient", 0.0)
    known = start if isinstance(start, LimitCycle) else None
    begin = known.state[0] if known is not None else beginning(start, None)[0]
    if begin is None:
        begin = np.random.default_rng(0).normal(scale=0.1, size=network.n)
    rates, initial, _ = as_condition(x, begin, network.n_in, network.n)
    if len(initial) != 1:
        raise ArgumentError(f"`start` and `x` must be of one sample; got {len(initial)}")
    shooting = Shooting(network, rates, solver)
    if known is not None:
        at = np.arange(PIECES) * (len(known.t) - 1) / PIECES
        states = [np.interp(at, np.arange(len(known.t)), values) for values in known.state.T]
        return shooting, np.array(states).T, known.period if wanted is None else wanted
    if wanted is not None:
        return shooting, shooting.spread(initial[0], wanted, PIECES), wanted
    state, found = _approach(network, rates, initial[0], skipped)
    return shooting, shooting.spread(state, found, PIECES), found


def cycle_of(shooting: Shooting, orbit: Orbit, points: int) -> LimitCycle:
    """The result for a closed orbit; refuses one that stands still."""
    if np.ptp(orbit.state, axis=0).max() <= 1e-7 * (1.0 + np.abs(orbit.state).max()):
        raise ConvergenceError("what was found is a fixed point, not a limit cycle: start elsewhere")
    times, states, velocities = shooting.path(orbit.state[0], orbit.period, points)
    values = multipliers(shooting.finer(orbit).map)
    return LimitCycle(
        shooting.network,
        t=times,
        state=states,
        velocity=velocities,
        multiplier_parts=np.stack([values.real, values.imag]),
        period=float(orbit.period),
        residual=float(np.abs(states[-1] - states[0]).max() / (1.0 + np.abs(states).max())),
        x=None if shooting.x is None else shooting.x[0],
        solver=shooting.solver.describe(),
    )


def _approach(network: Network, x: Array | None, start: Array, transient: float) -> tuple[Array, float]:
    """A state near a cycle, and about its period."""
    state = start
    if transient > 0.0:
        problem = free_problem(network, np.ascontiguousarray(start[:, None]), x)
        ended = integrate(problem, SEARCH, np.array([transient]), what="approaching a cycle")
        if ended.status[0] != Status.DONE:
            raise ConvergenceError(f"the free flow from `start` {Status(int(ended.status[0])).sentence}")
        state = ended.last[:, 0]
    found = first_return(network, state, x, SEARCH, longest(network))
    if found is None:
        raise ConvergenceError(
            "the free flow from `start` comes to rest, or does not come back to where it was: `relax` tells the "
            "former, `analysis.lyapunov` whether it is chaotic"
        )
    return found.state, found.period
