"""Fixed steps of the free flow, and the way back through them: what back-propagation through time is made of.

A step of an explicit Runge-Kutta method with weights a, b takes s to

    s' = P(s + h sum_m b_m k_m),    k_m = f(Y_m),    Y_m = s + h sum_l a_ml k_l,

P the projection onto the box of hard-sigmoid units. Back from a cotangent z' = dJ/ds' it is

    w_m = h T^-1 (b_m P' z' + sum_l a_lm v_l),    v_m = (d force/ds at Y_m)^T w_m,    z = P' z' + sum_m v_m,

where w_m is what J feels of the force at stage m, so that dJ/dtheta gains sum_m (d force/dtheta at Y_m)^T w_m.

States are kept at checkpoints alone, and those between two of them computed once more on the way back. Running the
flow backwards instead would need no memory, but every rounding would grow like exp(rate t): a network that relaxes
forgets where it came from.

**In the box** P' is 0 for a unit that the step has put onto a bound, or that rests there with its force pointing out,
and 1 for the others, on a bound with no force among them: rho' = 1 on the closed interval. This is the derivative, but
for states on the border between two pieces: where a unit meets its bound at the end of a step there is a kink, of which
this is one side; where it does so at a stage within a step of `rk4` the flow, and with it the cost, jumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.flows.free import free
from neurodyn.flows.linear import vjp
from neurodyn.inputs import choice, is_positive, whole_number
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.phases.relax import free_problem
from neurodyn.phases.simulate import failure
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.methods import TABLEAUS
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.status import Status
from neurodyn.system.constants import free_rows, linear_rows
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.local import Local
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import mixed_product
from neurodyn.system.parameters import Parameters

#: More steps than these are a slip: each is taken twice forward and once back.
MOST_STEPS = 10_000_000
#: Explicit Runge-Kutta methods with fixed steps, which is what can be gone back through.
SCHEMES = tuple(name for name, tableau in TABLEAUS.items() if not tableau.adaptive)


@dataclass(frozen=True)
class Stage:
    """Stage m of many steps: what holds at Y_m.

    Attributes
    ----------
    local : Local
        Of all steps side by side, (n, steps · batch).
    rows : (steps, k, batch)
        Those of the vjp.
    moves, counts : (steps, n, batch) bool
        Units that no bound of their box holds; units whose state matters, as it is not beyond a bound.
    velocity : (steps, n, batch)
        k = f(Y).
    """

    local: Local
    rows: Array
    moves: Any
    counts: Any
    velocity: Array


@dataclass(frozen=True)
class BackwardPass:
    """The way back through some steps, in the order of time.

    Attributes
    ----------
    cotangent : (steps, n, batch)
        Derivative of the cost by the state before each step.
    signal : (stages, steps, n, batch)
        w: derivative of the cost by the force at each stage.
    """

    network: Network
    x: Array | None
    cotangent: Array
    signal: Array
    stages: tuple[Stage, ...]

    def gradient(self) -> Parameters:
        """What these steps add to dJ/dtheta, averaged over the batch."""
        steps, n, batch = self.cotangent.shape
        x = None if self.x is None else np.tile(self.x, (steps, 1))
        total: Parameters | None = None
        for stage, signal in zip(self.stages, self.signal, strict=True):
            w = -_side_by_side(signal)
            part = mixed_product(self.network, stage.local, (w, stage.local.field_slope * w), x)
            total = part if total is None else total + part
        assert total is not None
        return total * steps

    def time_constant_gradient(self) -> Array:
        """What these steps add to dJ/dtau, (n,), averaged over the batch: -w k of each stage, as dk/dtau is -k/tau."""
        parts = (signal * stage.velocity for stage, signal in zip(self.stages, self.signal, strict=True))
        return -sum(part.sum(axis=0).mean(axis=1) for part in parts)


class FixedSteps:
    """A run of the free flow with fixed steps, for a batch of inputs.

    Parameters
    ----------
    network : Network
    x : (batch, n_in) or None
    start : (n, batch)
    scheme : {"euler", "rk4"}
    step : float
        h, in units of time.
    steps : int
    checkpoints : int, optional
        States that are kept on the way. Default: the root of `steps`, so that memory grows with that root.
    solver : Solver
        For its limits.

    Raises
    ------
    ArgumentError
    """

    def __init__(
        self,
        network: Network,
        x: Array | None,
        start: Array,
        *,
        scheme: str,
        step: float,
        steps: int,
        checkpoints: int | None = None,
        solver: Solver,
    ) -> None:
        check(scheme, step, steps, checkpoints)
        self.network, self.x, self.start = network, x, start
        self.tableau, self.step, self.steps = TABLEAUS[scheme], step, steps
        self.rows = free_rows(network, x, start.shape[1])
        self.solver = Solver(method=scheme, step=step, max_steps=2 * steps, max_seconds=solver.max_seconds)
        count = min(steps, int(np.ceil(np.sqrt(steps))) if checkpoints is None else checkpoints)
        self.bounds = np.unique(np.linspace(0, steps, count + 1).astype(int))
        self.force_evaluations = 0

    def backward(self, target: Array) -> Iterator[BackwardPass]:
        """Go from the cost after the last step back to the start: segment by segment, the last steps first."""
        kept = self.states(self.start, self.bounds)
        cotangent = self.cost_slope(kept[-1], target)
        for k in reversed(range(len(self.bounds) - 1)):
            count = self.bounds[k + 1] - self.bounds[k]
            states = self.states(kept[k], np.arange(count)) if count > 1 else kept[k : k + 1]
            segment = self._backward_pass(states, cotangent)
            cotangent = segment.cotangent[0]
            yield segment

    def cost_slope(self, s: Array, target: Array) -> Array:
        """Derivative of the cost by the state, (n, b)."""
        point = FixedPoint(self.network, s, self.x)
        return point.cost_slope(target) * point.local.coordinate_slope

    def states(self, start: Array, counts: Integers) -> Array:
        """States (T, n, b) after some numbers of steps from `start`, by the compiled loop."""
        problem = free_problem(self.network, np.ascontiguousarray(start), self.x)
        solution = integrate(
            problem, self.solver, np.asarray(self.step * counts, dtype=float), what="back-propagation through time"
        )
        self.force_evaluations += int(solution.counters["nfev"].sum())
        if np.any(solution.status != Status.DONE):
            fastest = FixedPoint(self.network, self.start, self.x).fastest_rate()
            more = f"; at the start, the fastest mode needs steps below {2.0 / fastest:.3g}" if fastest > 0.0 else ""
            raise failure(["back-propagation through time"], self.network, solution, None, more)
        return solution.y

    def _backward_pass(self, states: Array, cotangent: Array) -> BackwardPass:
        """Back through steps that begin at `states` (steps, n, b), from the cotangent after the last of them."""
        count, n, batch = states.shape
        stages, passed = self._stages(states)
        a, weights, rate = self.tableau.a, self.tableau.b, self.step * self.rows[:n]
        every, signal = np.empty_like(states), np.empty((len(stages), *states.shape))
        for j in reversed(range(count)):
            through = cotangent * passed[j]
            back: list[Array] = [np.empty(0)] * len(stages)
            for m in reversed(range(len(stages))):
                w = weights[m] * through
                for later in range(m + 1, len(stages)):
                    if a[later, m]:
                        w += a[later, m] * back[later]
                w *= rate * stages[m].moves[j]
                back[m] = -self.network.evaluate(vjp, w, stages[m].rows[j], n)
                back[m] *= stages[m].counts[j]
                signal[m, j] = w
            cotangent = through + sum(back)
            every[j] = cotangent
        self.force_evaluations += len(stages) * count * batch
        return BackwardPass(self.network, self.x, every, signal, stages)

    def _stages(self, states: Array) -> tuple[tuple[Stage, ...], Any]:
        """All stages of steps from `states` (steps, n, b), many columns at a time; and P', (steps, n, b)."""
        network, a = self.network, self.tableau.a
        count, n, batch = states.shape
        first, rows = _side_by_side(states), np.tile(self.rows, count)
        stages: list[Stage] = []
        forces: list[Array] = []
        for m in range(len(a)):
            y = first + self.step * sum((a[m, k] * forces[k] for k in range(m)), np.zeros_like(first))
            local = network.local(y, rows)
            held, beyond = self._bounds(y, local)
            linear = linear_rows(network, local.all_active())
            forces.append(network.evaluate(free, y, rows, n))
            parts = (_apart(part, count) for part in (linear, ~held, ~beyond, forces[-1]))
            stages.append(Stage(local, *parts))
        self.force_evaluations += 2 * len(a) * count * batch
        end = first + self.step * sum(b * k for b, k in zip(self.tableau.b, forces, strict=True))
        moved = np.any([stage.moves for stage in stages], axis=0)
        outside = network.box[:, None] & ((end < 0.0) | (end > 1.0))
        return tuple(stages), moved & ~_apart(outside, count)

    def _bounds(self, s: Array, local: Local) -> tuple[Any, Any]:
        """Units of the box that a bound holds, and those beyond one, both (n, columns)."""
        box, overshoot = self.network.box[:, None], s - local.rate
        force = local.force + self.network.leak[:, None] * overshoot
        held = box & (((s <= 0.0) & (force < 0.0)) | ((s >= 1.0) & (force > 0.0)))
        return held, box & ((s < 0.0) | (s > 1.0))


def check(scheme: str, step: float | None, steps: int | None, checkpoints: int | None) -> None:
    """Refuse options of fixed steps; None is one of them that is still to be chosen."""
    choice(scheme, SCHEMES, "scheme")
    if step is not None and not is_positive(step):
        raise ArgumentError(f"`step` must be a positive time; got {step!r}")
    for name, value in (("steps", steps), ("checkpoints", checkpoints)):
        if value is not None:
            whole_number(value, name, 1, MOST_STEPS)


def _side_by_side(values: Array) -> Array:
    """(steps, n, b) to (n, steps · b)."""
    steps, n, batch = values.shape
    return np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(n, steps * batch)


def _apart(values: Array, steps: int) -> Any:
    """(k, steps · b) to (steps, k, b)."""
    return np.ascontiguousarray(values.reshape(len(values), steps, -1).transpose(1, 0, 2))


__all__ = ["SCHEMES", "BackwardPass", "FixedSteps", "check"]
