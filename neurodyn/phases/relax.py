"""The free phase: relax a network on an input to a stable fixed point."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture, bars
from neurodyn.errors import ArgumentError, ConvergenceError, DivergenceError
from neurodyn.flows.free import free
from neurodyn.flows.free_series import free_series
from neurodyn.flows.rows import LOWER, first_row
from neurodyn.inputs import as_condition, is_positive, tolerance
from neurodyn.numerics.arrays import Array, Integers, inward
from neurodyn.numerics.blas import few_threads
from neurodyn.results.result import Result, array, check_on_failure
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.problem import Problem, Solution, describe_counters
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status, counted
from neurodyn.system.analytic import is_analytic
from neurodyn.system.constants import free_rows
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network, as_network
from neurodyn.system.sizes import state_sizes

if TYPE_CHECKING:
    from neurodyn.phases.motion import Motion

#: Largest force at rest.
TOL = 1e-10


@dataclass(frozen=True, eq=False, repr=False)
class Equilibrium(Result):
    """A fixed point s* for each sample.

    Attributes
    ----------
    state : (batch, n)
        s*.
    residual : (batch,)
        Largest |force_i| = |tau_i ds_i/dt| over the units that are not stuck on a bound of their box, after polishing.
    time : (batch,)
        Time at which the force fell below the tolerance of the integration, in the unit of the time constants, whatever
        these are. What is left of the way to s* is then Newton's, so that s* is closer than this tolerance.
    status : (batch,) int
        A `Status` each: STABLE where all is well.
    energy : (batch,)
        E at s*; NaN for a network that has none, as its weights are unequal.
    x, start : (batch, n_in) or None, (batch, n)
        What was clamped, and where the relaxation began.
    active : (batch, n) bool
        False for a unit that sits on a bound of its box with the force pointing out.
    period, exponent : (batch,), optional
        Of samples that never rest: the period of a limit cycle where the status is PERIODIC, the largest Lyapunov
        exponent where it is CHAOTIC; NaN for others, None if there are none.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> rest = nd.relax(net, [0.5, 0.2])
    >>> nd.Status(int(rest.status)).sentence
    'rests at a stable fixed point'
    >>> rest.population(rest.state, "y").round(3)
    array([0.363, 0.105])
    """

    state: Array = array("batch", "unit")
    residual: Array = array("batch", units="1")
    time: Array = array("batch", units="time")
    status: Integers = array("batch", units="status")
    energy: Array = array("batch", units="energy")
    active: Any = array("batch", "unit")
    start: Array = array("batch", "unit")
    x: Array | None = array("batch", "input", default=None)
    period: Array | None = array("batch", units="time", default=None)
    exponent: Array | None = array("batch", units="1/time", default=None)
    solver: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    @property
    def batched(self) -> bool:
        """Whether arrays have a batch axis."""
        return self.state.ndim == 2

    def __repr__(self) -> str:
        return (
            f"Equilibrium({np.size(self.status)} x {self.state.shape[-1]} units: {counted(self.status)}; "
            f"largest residual {np.max(self.residual):.2g}, at rest by t = {np.max(self.time):.4g})"
        )

    def _picture(self) -> Picture | None:
        return bars(np.atleast_2d(self.state)[0], caption="state of the first sample, unit by unit")


@few_threads
def relax(
    network: Network,
    x: ArrayLike | None = None,
    *,
    start: ArrayLike | None = None,
    tol: float = TOL,
    t_max: float | None = None,
    solver: Solver | None = None,
    on_failure: str = "raise",
) -> Equilibrium:
    """Let the free dynamics tau ds/dt = force settle, and polish the fixed point by Newton's method.

    The flow runs until every unit's force has stayed small for a time max(tau); the last digits are then Newton's,
    accepted only close to where the flow had come and where the fixed point is stable: where the Hessian is positive
    definite or, without an energy, all eigenvalues of the flow's Jacobian have negative real parts. A state that rests
    at a saddle is followed on, with tighter tolerances, in case it only lingers there. What is still moving in the end
    is followed for some more time, to tell whether it goes round a limit cycle or is chaotic.

    Parameters
    ----------
    network : Network
    x : (batch, n_in) or (n_in,) array, optional
        Clamped rates. None for a network without input: the batch then comes from `start`.
    start : (batch, n) or (n,) array, optional
        Initial state, default zeros. One serves all x, and one x all starts.
    tol : float
        Largest force at rest, at most 0.1, where states are about 1: of states that are all small, and of large ones
        of linear units, as a part of their size.
    t_max : float, optional
        Longest simulated time, default 10⁴·max(tau).
    solver : Solver, optional
    on_failure : {"raise", "return"}
        What to do if some sample does not end STABLE.

    Raises
    ------
    ConvergenceError, DivergenceError
        Some sample did not reach a stable fixed point; `.result` is the Equilibrium as far as it came.
    ArgumentError
        For inputs that do not fit.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), section 2.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> rest = nd.relax(net, [[0.5, 0.2], [0.1, 0.9]])
    >>> rest.state.shape
    (2, 5)
    >>> bool(rest.residual.max() < 1e-10)
    True
    """
    as_network(network)
    solver = chosen_solver(solver)
    check_on_failure(on_failure)
    rates, initial, batched = as_condition(x, start, network.n_in, network.n)
    check_box(network, initial)
    limit = longest(network) if t_max is None else t_max
    if not is_positive(limit):
        raise ArgumentError(f"`t_max` must be positive and finite; got {t_max!r}")
    tolerance(tol, "tol")
    search = Relaxation(network, rates, inward(initial), solver, tol, limit)
    search.run()
    search.tell_motions()
    result = search.equilibrium(batched)
    if on_failure == "raise" and np.any(result.status != Status.STABLE):
        raise search.failure(result)
    return result


def check_box(network: Network, start: Array) -> None:
    """Refuse start states outside the box of hard-sigmoid units."""
    box = network.box
    if box.any() and np.any((start[:, box] < 0.0) | (start[:, box] > 1.0)):
        raise ArgumentError("`start` must lie in [0, 1] for units with the hard sigmoid, which live in that box")


def longest(network: Network) -> float:
    """Time after which a relaxation is given up."""
    return 1e4 * float(network.tau.max())


#: At rest an explicit method runs at its stability limit and keeps the force alive at about its tolerance times this.
NOISE = 100.0
#: The tolerance is one of the mean square over units: in more than so many, single ones keep a larger force alive.
FEW = 2000


class Relaxation:
    """Flow and polish, in rounds with tighter tolerances for the samples that need them.

    Units that are `held`, (n,) bool, stay where they start.
    """

    #: A saddle's neighbourhood is left in the end, but only tight tolerances see that it has not come to rest.
    LEVELS = (1.0, 1e-3, 1e-6)

    def __init__(
        self,
        network: Network,
        x: Array | None,
        start: Array,
        solver: Solver,
        tol: float,
        t_max: float,
        held: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        batch = start.shape[1]
        self.network, self.x, self.start, self.solver, self.held = network, x, start, solver, held
        self.what = "free phase" if held is None else "clamped phase"
        self.tol, self.t_max = tol, t_max
        self.noise = NOISE * max(1.0, network.n / FEW) ** 0.5
        self.s, self.time, self.settled = start.copy(), np.zeros(batch), np.zeros(batch)
        self.status = np.full(batch, int(Status.RUNNING))
        self.counters: dict[str, int] = {}
        self.motions: dict[int, Motion] = {}
        force = self.point(slice(None)).local.force
        sizes = state_sizes(network, start, force if held is None else np.where(held[:, None], 0.0, force))
        self.sizes = np.ones_like(start) if sizes is None else sizes

    def run(self) -> None:
        """Relax all samples."""
        first = self.tol
        if not self.solver.fixed:
            first = max(self.tol, self.noise * (self.solver.atol + self.solver.rtol))
        for level in self.LEVELS:
            todo = np.flatnonzero(np.isin(self.status, (Status.RUNNING, Status.SADDLE, Status.SETTLED)))
            todo = todo[self.time[todo] < self.t_max]
            if not todo.size:
                break
            self.round(todo, level * first)
        self.status[self.status == Status.SETTLED] = Status.MOVING

    def round(self, todo: Any, settle: float) -> None:
        """One flow to the settling tolerance, then Newton, for the samples `todo`."""
        x = None if self.x is None else self.x[todo]
        solution = self.flow(np.ascontiguousarray(self.s[:, todo]), x, settle, self.sizes[:, todo])
        calm = np.isfinite(solution.calm)
        self.settled[todo] = self.time[todo] + np.where(calm, solution.calm, solution.time)
        self.time[todo] += solution.time
        self.s[:, todo], self.status[todo] = solution.last, solution.status
        small = self.residual(self.point(todo), todo) <= settle
        rest = todo[small & np.isin(self.status[todo], (Status.SETTLED, Status.MOVING))]
        if not rest.size:
            return
        point = self.point(rest)
        distance = np.linalg.norm(self.s[:, rest] - self.start[:, rest], axis=0)
        point = point.polished(self.tol * np.minimum(1.0, self.scale(point, rest).min(axis=0)), distance)
        self.s[:, rest] = point.s
        stable = point.stable(np.arange(rest.size))
        self.status[rest[~stable]] = Status.SADDLE
        self.status[rest[stable & (self.residual(point, rest) <= self.tol)]] = Status.STABLE

    def scale(self, point: FixedPoint, samples: Any) -> Array:
        """What forces are compared with, (n, k): sizes, or that of the state if it has grown since."""
        return np.maximum(self.sizes[:, samples], np.minimum(1.0, np.abs(point.s).max(axis=0, initial=0.0)))

    def residual(self, point: FixedPoint, samples: Any) -> Array:
        """Largest force of an active unit over its scale, (k,)."""
        forces = np.where(point.local.active, point.local.force, 0.0) / self.scale(point, samples)
        return np.asarray(np.abs(forces).max(axis=0, initial=0.0))

    def tell_motions(self) -> None:
        """Find out how the samples move that never came to rest."""
        moving = np.flatnonzero(np.isin(self.status, (Status.MOVING, Status.MAX_STEPS)))
        if not moving.size:
            return
        from neurodyn.phases.motion import motions_of  # which builds upon the free flow, as this module does

        x = None if self.x is None else self.x[moving]
        found = motions_of(self.network, self.s[:, moving], x, self.time[moving], self.held)
        for k, motion in found.items():
            self.motions[int(moving[k])], self.status[moving[k]] = motion, motion.status

    def point(self, samples: Any) -> FixedPoint:
        """Where some samples are now."""
        x = None if self.x is None else self.x[samples]
        return FixedPoint(self.network, np.ascontiguousarray(self.s[:, samples]), x, self.held)

    def flow(self, start: Array, x: Array | None, settle: float, sizes: Array) -> Solution:
        """Integrate the free flow until it settles."""
        solver = self.solver
        if not solver.fixed and settle < self.noise * solver.rtol:
            solver = dataclasses.replace(
                solver, rtol=max(3e-14, settle / self.noise), atol=min(solver.atol, 0.1 * settle / self.noise)
            )
        problem = dataclasses.replace(free_problem(self.network, start, x, self.held), sizes=sizes)
        solution = integrate(
            problem,
            solver,
            np.zeros(0),
            t_end=self.t_max,
            settle=settle,
            dwell=float(self.network.tau.max()),
            what=self.what,
        )
        for name, total in describe_counters(solution.counters).items():
            self.counters[name] = self.counters.get(name, 0) + total
        return solution

    def equilibrium(self, batched: bool) -> Equilibrium:
        """The result."""
        point = self.point(slice(None))
        energy = np.full(len(self.status), np.nan)
        if self.network.has_energy:
            energy = self.network.energies(self.s, point.rows)
        pick: Any = slice(None) if batched else 0
        return Equilibrium(
            self.network,
            state=np.ascontiguousarray(self.s.T)[pick],
            residual=np.asarray(point.residual[pick]),
            time=np.asarray(self.settled[pick]),
            status=np.asarray(self.status[pick]),
            energy=np.asarray(energy[pick]),
            active=np.ascontiguousarray(point.local.active.T)[pick],
            start=np.ascontiguousarray(self.start.T)[pick],
            x=None if self.x is None else self.x[pick],
            period=self._of_motions(Status.PERIODIC, pick),
            exponent=self._of_motions(Status.CHAOTIC, pick),
            solver=self.solver.describe(),
            counters=self.counters,
        )

    def _of_motions(self, kind: Status, pick: Any) -> Array | None:
        """Periods, or exponents, of the samples that move like this."""
        values = np.full(len(self.status), np.nan)
        for j, motion in self.motions.items():
            if motion.status is kind:
                values[j] = motion.value
        return np.asarray(values[pick]) if np.isfinite(values).any() else None

    def failure(self, result: Equilibrium) -> ConvergenceError | DivergenceError:
        """The error that says what went wrong with the first sample that failed."""
        failed = np.flatnonzero(self.status != Status.STABLE)
        j = int(failed[0])
        status = Status(int(self.status[j]))
        point = self.point(slice(j, j + 1))
        worst = int(np.argmax(np.abs(np.where(point.local.active, point.local.force, 0.0))))
        measure = f" ({self.motions[j].measure})" if j in self.motions else ""
        text = (
            f"{self.what}: sample {j} {status.sentence}{measure}; at t = {self.time[j]:.4g} the largest force is "
            f"{point.residual[0]:.3g}, at {self.network.graph.unit(worst)}"
        )
        if self.solver.fixed and status in (Status.MOVING, Status.DIVERGED):
            fastest = point.fastest_rate()
            text += f"; {self.solver.method} with step {self.solver.step:g}, the fastest mode here needs one below "
            text += f"{2.0 / fastest:.3g}" if fastest > 0 else "any size"
        if len(failed) > 1:
            text += f" ({len(failed)} of {len(self.status)} samples failed)"
        kind = DivergenceError if status is Status.DIVERGED else ConvergenceError
        return kind(text, result)


def free_problem(network: Network, start: Array, x: Array | None, held: npt.NDArray[np.bool_] | None = None) -> Problem:
    """The free flow as an initial value problem; start (n, b), x (b, n_in). Units that are `held` do not move."""
    rows = free_rows(network, x, start.shape[1])
    if held is not None:
        rows[: network.n][held] = 0.0

    def jacobian(sample: int, t: float, s: Array) -> Array:
        one = np.repeat(s[:, None], 1, axis=1)
        local = network.local(one, rows[:, sample : sample + 1].copy())
        return -network.linearized(local, 0) * rows[: network.n, sample, None]

    return Problem(
        free,
        start,
        rows,
        network.theta,
        network.layout_for(free),
        network.work_rows(free),
        network.n,
        jacobian,
        network.graph.unit,
        first_row(LOWER, network.n) if network.box.any() else -1,
        network.threads_inside,
        series=free_series if is_analytic(network) else None,
    )
