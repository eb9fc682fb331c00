"""Unequal time constants: which velocity is the error signal, raw ds/dt or tau ds/dt, as tau spreads."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.signals.compare import compare, relative_error
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.studies.study import Study, angle, columns
from neurodyn.analysis.timing.ladder import ladder
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.inputs import as_positives, as_seed
from neurodyn.numerics.arrays import Array, inward
from neurodyn.phases.nudge import NudgedPhase, nudge
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.progress import Bar
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network

#: End of the second phase, in relaxation times of the slowest mode.
LAST = 16.0
#: Largest time constant over the smallest.
SPREADS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def heterogeneity(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    spreads: ArrayLike | None = None,
    beta: float = 1e-3,
    correction: str | None = None,
    seed: int = 0,
    solver: Solver | None = None,
) -> Study:
    """Spread the time constants within and between populations, and ask both velocities for the error signal.

    The fixed point and dJ/dtheta do not depend on time constants; the way there does. The current −(tau/beta) ds/dt is
    the error signal whatever tau. The raw velocity, times the geometric mean of tau to have the same unit, is off by
    mean tau / tau_i: the sign is right in every unit at every time, the proportions between units are not.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax` and `nudge`.
    spreads : (K,) array, optional
        Largest over smallest time constant, >= 1. Default: 1 to 100. The geometric mean stays that of the network.
    beta, correction
        Of the nudged phase, which is centered: see `nudge`.
    seed : int
        Seed of the order of time constants within populations.
    solver : Solver, optional
        Default: a relative tolerance of 1e-10.

    Returns
    -------
    study : Study
        Over `kind`, "within" (each population has the whole spread) or "between" (equal within, slowest first), and
        `spread`: `current_error` and `raw_error`, as `Comparison.max_relative_error` against the side network;
        `raw_cosine` of the signals, over units and times, the mean over samples; `gradient_angle`, degrees between
        dJ/dtheta and the nudged phase's gradient, and `raw_gradient_angle`, of the gradient that the raw velocity
        gives in the place of the error signal; `slowest_time` and `stiffness` of the ladder.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.heterogeneity(net, [0.5, 0.2], [1.0, 0.0], spreads=[1.0, 10.0])
    >>> list(study.data.data_vars)[:2]
    ['current_error', 'raw_error']
    """
    solver = chosen_solver(solver, SOLVER)
    factors = as_positives(SPREADS if spreads is None else spreads, "spreads")
    rest = relax_with_signal(network, x, y, start, solver)
    kinds = ("within", "between") if len(network.graph.free) > 1 else ("within",)
    rows = np.empty((len(kinds), factors.size, 7))
    with Bar("heterogeneity") as bar:
        for i, kind in enumerate(kinds):
            for k, spread in enumerate(factors):
                bar.update((i * factors.size + k) / rows[..., 0].size)
                tau = spread_tau(network, float(spread), kind, seed)
                rows[i, k] = _measured(network.replace(tau=tau), rest, y, (beta, correction), solver)
    names = (
        "current_error",
        "raw_error",
        "raw_cosine",
        "gradient_angle",
        "raw_gradient_angle",
        "slowest_time",
        "stiffness",
    )
    units = {"gradient_angle": "degrees", "raw_gradient_angle": "degrees", "slowest_time": "time"}
    data = columns(
        {"kind": np.array(kinds), "spread": factors},
        **{name: (("kind", "spread"), rows[..., m], units.get(name, "1")) for m, name in enumerate(names)},
    )
    largest = {f"largest_{name}": float(np.nanmax(rows[..., names.index(name)])) for name in names[:2]}
    title = "The raw velocity and the current as error signals, as time constants spread"
    return Study(network, "heterogeneity", title, data, {"beta": float(beta), **largest})


def spread_tau(network: Network, spread: float, kind: str, seed: int) -> Array:
    """Time constants (n,) with the network's geometric mean, spread within populations or between them."""
    rng = np.random.default_rng(as_seed(seed))
    exponents = np.zeros(network.n)
    slices = network.graph.slices
    for where, position in zip(slices.values(), _even(len(slices)), strict=True):
        size = where.stop - where.start
        exponents[where] = rng.permutation(_even(size)) if kind == "within" else -position
    exponents -= exponents.mean()
    return np.asarray(np.exp(np.log(network.tau).mean() + exponents * np.log(spread)))


def _even(count: int) -> Array:
    """Return evenly spaced numbers from -1/2 to 1/2; a single number is 0."""
    return np.linspace(-0.5, 0.5, count) if count > 1 else np.zeros(1)


def _measured(
    network: Network, rest: Equilibrium, y: ArrayLike, nudge_by: tuple[float, str | None], solver: Solver
) -> tuple[float, ...]:
    beta, correction = nudge_by
    spectrum = ladder(network, rest)
    times = LAST / spectrum.slowest_rate * np.linspace(0.0, 1.0, 81) ** 2
    run = nudge(network, rest, y, beta=beta, correction=correction, t_eval=times, solver=solver)
    side = side_network(network, rest, y, t_eval=times, solver=solver)
    mean = float(np.exp(np.log(network.tau).mean()))
    raw, bar = (with_batch(signal, 3) for signal in (run.error_signal * mean / network.tau, side.error_signal))
    found = compare(run, side, gradient_times=2)
    return (
        found.max_relative_error,
        relative_error(np.abs(raw - bar) * np.atleast_2d(run.active), np.abs(bar))[0],
        _cosine(raw, bar),
        *_angles(run, side, mean),
        1.0 / spectrum.slowest_rate,
        float(np.nanmax(spectrum.stiffness)),
    )


def _cosine(raw: Array, bar: Array) -> float:
    """Cosine over times and units, the mean over samples with a signal."""
    product, sizes = (raw * bar).sum(axis=(0, 2)), np.linalg.norm(raw, axis=(0, 2)) * np.linalg.norm(bar, axis=(0, 2))
    found = sizes > 0.0
    return float(np.mean(product[found] / sizes[found])) if found.any() else float("nan")


def _angles(run: NudgedPhase, side: SidePhase, mean: float) -> tuple[float, float]:
    """Degrees between dJ/dtheta and two gradients: of the nudged phase, and of its raw velocity taken for S-bar."""
    network = run.network
    point = FixedPoint.of(network, run.base, run.x)
    exact = point.exact_gradient(np.atleast_2d(side.target))
    integral = -mean / network.tau * np.atleast_2d(run.displacement[:, -1].mean(axis=0))
    return angle(run.parameter_gradient(), exact), angle(point.side_gradient(inward(integral)), exact)
