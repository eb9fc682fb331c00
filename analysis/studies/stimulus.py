"""Inputs that move: how well states, and the error signals of a nudge, follow them, against the input's frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.studies.study import Study
from neurodyn.analysis.timing.ladder import ladder
from neurodyn.analysis.with_signal import relax_with_signal, single, with_signal
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_positives
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.stimulus import Series, Sine, Steps

if TYPE_CHECKING:
    import xarray

    from neurodyn.system.stimulus import Stimulus

#: Default frequencies, in units of the slowest mode's corner frequency, lambda_min/2pi, up to `FASTEST` of the fastest.
SLOWEST, FASTEST, COUNT = 1e-2, 3.0, 13
#: Amplitude of the input for the linear response, and for the error signals; both of the largest input, or of 1.
WEAK, STRONG = 1e-4, 0.1
#: Recorded times of a period; transients that are left, relative.
SAMPLES, LEFT = 32, 1e-7


def stimulus(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    frequencies: ArrayLike | None = None,
    beta: float = 1e-3,
    solver: Solver | None = None,
) -> Study:
    """Modulate the input and measure the lag of states and error signals, over frequencies and after a step.

    The input of the first sample with an error signal is modulated as a whole, x (1 + a sin 2πft) (where x is 0,
    x + a sin). Its weak response is predicted from the Jacobian at the fixed point, s(ω) = (iωT + K)⁻¹ b: an
    independent check. Error signals while the input moves are −(s₊ − s₋)/2β of two simulations nudged by ±beta, beside
    H⁻¹ dC/ds at the fixed point of the present input.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax` and `nudge`.
    frequencies : (K,) array, optional
        Cycles per time. Default: 13, from 1/100 of the slowest mode's to three times the fastest one's.
    beta : float
    solver : Solver, optional

    Returns
    -------
    study : Study
        Over `frequency`: `gain` and `phase` (radians) of the response along the quasi-static one, each beside
        `predicted_gain`, `predicted_phase`; `tracking_error`, the amplitude of s − s*(x(t)) relative to that of s*,
        beside `predicted_error`; `signal_error`, the largest distance of the error signals from those at the present
        fixed point, relative. Over `time`: `step_error` and `series_error`, |s − s*(x(t))| relative to the size of the
        step, after the input has jumped by a, and while it ramps by as much. Summary: `prediction_error`, largest
        relative distance of response from prediction; `tracking_order`, `signal_order`, 1 in theory, at frequencies
        below the slowest mode's; `slowest_rate`; and the rate at which a jump is caught up with in the end,
        `step_rate`, beside that of the slowest mode there, `rate_after_step`.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.stimulus(net, [0.5, 0.2], [1.0, 0.0], frequencies=[0.01, 0.1])
    >>> list(study.data)[:2]
    ['signal_error', 'gain']
    """
    if not network.n_in:
        raise ArgumentError("this network has no inputs that could move")
    solver = chosen_solver(solver, SOLVER)
    rest, target = _one(network, x, y, start, solver)
    first = np.asarray(rest.x)
    spectrum = ladder(network, rest)
    corner = spectrum.slowest_rate / (2.0 * np.pi)
    fastest = float(np.nanmax(np.abs(spectrum.rate)))
    default = np.geomspace(SLOWEST * corner, FASTEST * fastest / (2.0 * np.pi), COUNT)
    f = default if frequencies is None else as_positives(frequencies, "frequencies")
    probe = _Probe(network, first, target, rest.state, np.log(1.0 / LEFT) / spectrum.slowest_rate, beta, solver)
    responses, signal = np.empty((2, f.size, network.n), dtype=complex), np.empty(f.size)
    with Bar("stimulus") as bar:
        for k, frequency in enumerate(f):
            bar.update(k / f.size)
            responses[:, k] = probe.response(float(frequency)), probe.predicted(float(frequency))
            signal[k] = probe.signal_error(float(frequency))
    times = np.linspace(0.0, 1.0, 61) ** 2 * 16.0 / spectrum.slowest_rate
    step, ramp = probe.step(times), probe.ramp(times)
    low = f < 0.3 * corner
    data = _table(f, responses, probe.static, signal, times, step, ramp)
    after = ladder(network, relax(network, first + STRONG * probe.direction, start=rest.state, solver=solver))
    late = (step < 1e-4) & (step > 1e-6)
    found = responses[0] - responses[1]
    return Study(
        network,
        "stimulus",
        "Inputs that move: how well states and error signals follow",
        data,
        {
            "prediction_error": float(np.max(_size(found) / _size(responses[1]))),
            "tracking_order": power_law(f[low], data["tracking_error"].values[low])[0],
            "signal_order": power_law(f[low], signal[low])[0],
            "slowest_rate": spectrum.slowest_rate,
            "rate_after_step": after.slowest_rate,
            "step_rate": float(-np.polyfit(times[late], np.log(step[late]), 1)[0]) if late.sum() > 2 else float("nan"),
        },
    )


def _one(
    network: Network, x: AtRest, y: ArrayLike, start: ArrayLike | None, solver: Solver
) -> tuple[Equilibrium, Array]:
    """The first sample with an error signal, at rest, and its target (1, n_out)."""
    rest = relax_with_signal(network, x, y, start, solver)
    point = FixedPoint.of(network, rest.state, rest.x)
    target = network.target(y, point.s.shape[1], rest.batched)
    k = int(np.argmax(with_signal(point, target)))
    return single(rest, k), target[k : k + 1]


class _Probe:
    """One sample under a moving input."""

    def __init__(
        self, network: Network, x: Array, target: Array, rest: Array, settle: float, beta: float, solver: Solver
    ) -> None:
        self.network, self.x, self.target, self.rest = network, x, target, rest
        self.settle, self.beta, self.solver = settle, beta, solver
        self.direction = np.where(x == 0.0, 1.0, x) / max(1.0, float(np.abs(x).max()))
        point = FixedPoint.of(network, rest, x[None])
        self.active = point.local.active[:, 0]
        self.linear = network.linearized(point.local, 0)
        step = 1e-4
        ways = [network.force(rest, x + sign * step * self.direction) for sign in (1.0, -1.0)]
        self.push = (ways[0] - ways[1]) / (2.0 * step) * self.active
        self.static = self.predicted(0.0)

    def predicted(self, frequency: float) -> Array:
        """Linear response per amplitude, (iωT + K)⁻¹ b on the active units."""
        keep, out = self.active, np.zeros(self.network.n, dtype=complex)
        matrix = self.linear[np.ix_(keep, keep)] + 2j * np.pi * frequency * np.diag(self.network.tau[keep])
        out[keep] = np.linalg.solve(matrix, self.push[keep])
        return out

    def wave(self, frequency: float, amplitude: float) -> tuple[Sine, Array]:
        """An input, and the times of a period after all transients."""
        periods = np.ceil(self.settle * frequency)
        return Sine(self.x, amplitude * self.direction, frequency), (periods + np.arange(SAMPLES) / SAMPLES) / frequency

    def response(self, frequency: float) -> Array:
        """Measured complex amplitude of s per amplitude of the input, relative to its sine."""
        wave, times = self.wave(frequency, WEAK)
        run = simulate(self.network, wave, start=self.rest, t_eval=times, solver=self.solver)
        conjugate = np.exp(-2j * np.pi * np.arange(SAMPLES) / SAMPLES)
        return np.asarray(2j * (conjugate[:, None] * (run.state - self.rest)).mean(axis=0) / WEAK)

    def signal_error(self, frequency: float) -> float:
        """Largest distance of the error signals of a nudge from those at the present fixed points, relative."""
        wave, times = self.wave(frequency, STRONG)
        signs = np.array([1.0, -1.0])
        states = [
            simulate(
                self.network,
                wave,
                start=self.rest[None],
                y=self.target,
                beta=float(sign * self.beta),
                t_eval=times,
                solver=self.solver,
            ).state[:, 0]
            for sign in signs
        ]
        point = self.fixed_points(wave, times)
        wanted = point.solve(point.cost_slope(np.repeat(self.target, SAMPLES, axis=0)) * point.local.active)[0]
        found = -(states[0] - states[1]).T / (2.0 * self.beta)
        return float(np.abs(found - wanted).max() / np.abs(wanted).max())

    def fixed_points(self, wave: Stimulus, times: Array) -> FixedPoint:
        """Where the network would rest under the input of each time."""
        rest = relax(self.network, wave(times), start=self.rest, solver=self.solver)
        return FixedPoint.of(self.network, rest.state, rest.x)

    def step(self, times: Array) -> Array:
        """|s − s*| over time after a jump by the strong amplitude, relative to its size."""
        jump = Steps([1.0], [self.x, self.x + STRONG * self.direction])
        return self._lag(jump, 1.0 + times)

    def ramp(self, times: Array) -> Array:
        """Return the lag of s behind s* while the input ramps by as much, during half of the time, and after it."""
        ramp = Series([0.0, 0.5 * times[-1]], [self.x, self.x + STRONG * self.direction])
        return self._lag(ramp, times)

    def _lag(self, moving: Stimulus, times: Array) -> Array:
        run = simulate(self.network, moving, start=self.rest, t_eval=times, solver=self.solver)
        there = self.fixed_points(moving, times).s.T
        return _size(run.state - there) / _size(there[-1] - self.rest)


def _size(values: Array) -> Array:
    return np.asarray(np.linalg.norm(values, axis=-1))


def _table(
    f: Array, responses: Array, static: Array, signal: Array, times: Array, step: Array, ramp: Array
) -> xarray.Dataset:
    import xarray

    along = responses @ static.conj() / np.vdot(static, static)
    error = _size(responses - static) / _size(static)
    one = {"units": "1"}
    columns: dict[str, Any] = {"signal_error": ("frequency", signal, one)}
    for k, word in enumerate(("", "predicted_")):
        columns[f"{word}gain"] = ("frequency", np.abs(along[k]), one)
        columns[f"{word}phase"] = ("frequency", np.unwrap(np.angle(along[k])), {"units": "radian"})
    columns |= {
        "tracking_error": ("frequency", error[0], one),
        "predicted_error": ("frequency", error[1], one),
        "step_error": ("time", step, one),
        "series_error": ("time", ramp, one),
    }
    coords = {"frequency": ("frequency", f, {"units": "1/time"}), "time": ("time", times, {"units": "time"})}
    return xarray.Dataset(columns, coords)
