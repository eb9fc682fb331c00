"""How long the phases last: gradients of a nudged phase that is stopped, and of a free phase that was."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.studies.study import Study, angle, columns
from neurodyn.analysis.studies.unrested import nudged_gradients, side_gradient
from neurodyn.analysis.timing.durations import needed
from neurodyn.analysis.timing.ladder import Ladder, ladder
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.errors import ArgumentError
from neurodyn.estimators.bptt import truncated
from neurodyn.inputs import positive_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase, default_times, nudge, resting_point
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Default step, of the largest that is stable for Euler's method; most steps, and states, that are gone back through.
FRACTION, MOST_STEPS, MOST_STATES = 0.25, 20_000, 20_000_000
#: Default duration: the slowest mode decays by so much.
DECAY = 1e-8
#: Recorded durations of the second phase, and of the free phase.
TIMES, FREE_TIMES = 60, 16


def duration(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    duration: float | None = None,
    step: float | None = None,
    scheme: str = "rk4",
    beta: float = 1e-3,
    correction: str | None = None,
    solver: Solver | None = None,
) -> Study:
    """Stop the nudged phase, and the free phase, at many times, and compare the gradients with dJ/dtheta.

    Stopped at t, the nudged phase has the gradient of the cost after a further time t: that of the side network, and
    of truncated back-propagation through time. All three are computed through the same steps, so that they agree to
    the order of beta. Stopped too early, a free phase leaves a force that moves the network during the nudged phase,
    and enters one-sided estimates divided by beta; centered ones hardly, as both phases feel the same.

    Parameters
    ----------
    network, x, y, start, correction
        The same as for `relax` and `nudge`.
    duration : float, optional
        Duration of the longest second phase. Default: until the slowest mode has decayed by 1e-8, or 20,000 steps.
    step : float, optional
        Default: a quarter of the largest that is stable for Euler's method.
    scheme : {"rk4", "euler"}
    beta : float
        Strength of centered nudging; 0 is its limit, without unfinished free phases.
    solver : Solver, optional
        The solver of the free phase, and of the second phases after unfinished ones, which last until all has
        decayed by 1e-10.

    Returns
    -------
    study : Study
        Over `time`, the duration of the second phase: `nudged_error`, `side_error` and `bptt_error`, the distance from
        dJ/dtheta over its norm; `nudged_angle` and so on, degrees; `nudged_to_bptt` and `side_to_bptt`, distances from
        truncated back-propagation over its largest norm. Over `free_time`, the duration of the free phase: `distance`
        from s*, over that of the start; `one_sided`, `centered` and `side`, distances of gradients from dJ/dtheta over
        its norm after second phases that last, NaN where one ran away; and `centered_short`, after one that would
        leave 1 % from s*. Summary: the largest disagreements, and how long the second phase must last (`time_to_0.1`
        and so on) for such a distance.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.duration(net, [0.5, 0.2], [1.0, 0.0], duration=2.0, step=0.25)
    >>> list(study.data.sizes)
    ['time', 'free_time']
    """
    solver = chosen_solver(solver, SOLVER)
    rest = relax_with_signal(network, x, y, start, solver)
    point, spectrum = resting_point(network, rest), ladder(network, rest)
    step, steps = _steps(spectrum, duration, step, point.s.size)
    target = network.target(y, point.s.shape[1], rest.batched)
    exact = point.exact_gradient(target)
    back = truncated(network, rest, y, step=step, steps=steps, scheme=scheme)
    fixed = Solver(method=scheme, step=step, max_steps=2 * steps)
    times = back.t[np.unique(np.geomspace(1, steps, TIMES).round().astype(int))]
    run = nudge(network, rest, y, beta=beta, correction=correction, t_eval=times, solver=fixed)
    side = side_network(network, rest, y, t_eval=times, solver=fixed)
    found = _second_phase({"nudged": run, "side": side, "bptt": back}, times, exact)
    needs = {f"time_to_{share:g}": needed(times, found["side_error"], share) for share in (0.1, 0.01, 0.001)}
    variables: dict[str, tuple[Any, ...]] = {
        name: ("time", values, "degrees" if "angle" in name else "1") for name, values in found.items()
    }
    coordinates = {"time": (times, "time")}
    if beta:
        free_times, left = _free_phase(rest, spectrum, target, (beta, correction), exact, needs["time_to_0.01"], solver)
        variables |= {name: ("free_time", values) for name, values in left.items()}
        coordinates["free_time"] = (free_times, "time")
    largest = {f"largest_{name}": float(found[name].max()) for name in ("nudged_to_bptt", "side_to_bptt")}
    summary = {"scheme": scheme, "step": step, "steps": steps, "beta": float(beta), **largest, **needs}
    title = "Gradients of phases that are stopped, against dJ/dtheta"
    return Study(network, "duration", title, columns(coordinates, **variables), summary)


def _steps(spectrum: Ladder, duration: float | None, step: float | None, states: int) -> tuple[float, int]:
    """Size and number of the steps."""
    for name, value in (("duration", duration), ("step", step)):
        if value is not None:
            positive_number(value, name)
    size = FRACTION * spectrum.euler_limit if step is None else float(step)
    wanted = math.ceil((-math.log(DECAY) / spectrum.slowest_rate if duration is None else duration) / size)
    most = min(MOST_STEPS, MOST_STATES // states)
    if duration is not None and wanted > most:
        raise ArgumentError(
            f"a duration of {duration:g} takes {wanted:,} steps of {size:.3g}: at most {most:,} can be gone back"
        )
    return size, min(wanted, most)


def _second_phase(phases: dict[str, NudgedPhase | SidePhase], times: Array, exact: Parameters) -> dict[str, Array]:
    """What the three gradients are at the times."""
    gradients = {name: [phase.parameter_gradient(t) for t in times] for name, phase in phases.items()}
    found = {f"{name}_error": _distances(g, exact) for name, g in gradients.items()}
    found |= {f"{name}_angle": np.array([angle(a, exact) for a in g]) for name, g in gradients.items()}
    largest = max(g.norm for g in gradients["bptt"]) or np.nan
    for name in ("nudged", "side"):
        pairs = zip(gradients[name], gradients["bptt"], strict=True)
        found[f"{name}_to_bptt"] = np.array([(a - b).norm for a, b in pairs]) / largest
    return found


def _free_phase(
    rest: Equilibrium,
    spectrum: Ladder,
    target: Array,
    nudge_by: tuple[float, str | None],
    exact: Parameters,
    short: float,
    solver: Solver,
) -> tuple[Array, dict[str, Array]]:
    """Durations of the free phase, and what gradients are after it, of second phases that last, and of a short one.

    The pair `nudge_by` is beta and the correction.
    """
    beta, correction = nudge_by
    network = spectrum.network
    end = max(float(np.max(rest.time)), 10.0 / spectrum.slowest_rate)
    times = np.geomspace(0.02 * end, end, FREE_TIMES)
    way = simulate(network, rest.x, start=rest.start, t_eval=times, solver=solver).state
    long = float(default_times(resting_point(network, rest))[-1])
    seconds = np.array([short, long]) if 0.0 < short < long else np.array([0.5 * long, long])
    errors = np.full((4, times.size), np.nan)
    with Bar("unfinished free phases") as bar:
        for k, state in enumerate(way):
            bar.update(k / times.size)
            point = FixedPoint.of(network, state, rest.x)
            plus, minus = (
                nudged_gradients(point, target, sign * beta, seconds, solver, correction) for sign in (1.0, -1.0)
            )
            both = [None if a is None or b is None else 0.5 * (a + b) for a, b in zip(plus, minus, strict=True)]
            found = (plus[-1], *both, side_gradient(point, target, long, solver))
            errors[:, k] = [np.nan if g is None else _distances([g], exact)[0] for g in found]
    first = np.linalg.norm(rest.start - rest.state, axis=-1)
    distance = np.linalg.norm(way - rest.state, axis=-1) / np.where(first > 0.0, first, np.nan)
    left = dict(zip(("one_sided", "centered_short", "centered", "side"), errors, strict=True))
    return times, {"distance": np.nanmax(distance.reshape(times.size, -1), axis=1), **left}


def _distances(gradients: list[Parameters], exact: Parameters) -> Array:
    return np.array([(g - exact).norm for g in gradients]) / (exact.norm or np.nan)
