"""Modes measured: the network is pushed along one mode at a time, and its way back is simulated and timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.analysis.timing.ladder import Modes
from neurodyn.cards.picture import Picture, bars
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import resting_point
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.results.result import Result, array
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network

#: Largest displacement of a unit: what is even in it cancels, the rest of the error is its square.
PUSH = 1e-3
#: A smaller one, where a bound is near, would drown in rounding.
LEAST = 1e-7
#: Relative to the push the tolerance is 1e-9; `auto`, as the slow modes of stiff networks take long.
SOLVER = Solver(method="auto", rtol=1e-12, atol=1e-14)
#: How long a mode is followed, in 1/|eigenvalue|, and at how many times it is looked at.
LENGTH, TIMES = 3.0, 31


@dataclass(frozen=True, eq=False, repr=False)
class Decay(Result):
    """What became of one sample's modes, each started alone.

    Attributes
    ----------
    sample : int
    mode : (measured,)
        Their numbers on the ladder.
    t : (measured, instant)
        Times since the push.
    size : (measured, instant)
        |Amplitude| of the mode at these times, 1 at first: left eigenvector times displacement. NaN of a mode that
        could not be followed, as a unit that takes part is too near a bound.
    rate, frequency : (measured,)
        Fitted to the amplitude, exp(-(rate + i frequency) t).
    predicted_rate, predicted_frequency : (measured,)
        Those of the ladder.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.decay(net, [0.5, 0.2], modes=2)
    >>> found.mode, found.size.shape
    (array([0, 4]), (2, 31))
    """

    mode: Any = array("measured")
    t: Array = array("measured", "instant", units="time")
    size: Array = array("measured", "instant")
    rate: Array = array("measured", units="1/time")
    frequency: Array = array("measured", units="1/time")
    predicted_rate: Array = array("measured", units="1/time")
    predicted_frequency: Array = array("measured", units="1/time")
    sample: int = 0

    def _picture(self) -> Picture | None:
        return bars(self.rate, caption="measured rates of decay, mode by mode")

    @property
    def error(self) -> Array:
        """|measured - predicted| / |predicted| of the complex rates, (measured,)."""
        predicted = self.predicted_rate + 1j * self.predicted_frequency
        return np.asarray(np.abs(self.rate + 1j * self.frequency - predicted) / np.abs(predicted))


def decay(
    network: Network, equilibrium: AtRest, *, sample: int = 0, modes: int = 24, solver: Solver | None = None
) -> Decay:
    """Push one sample's network along single modes, to both sides, and measure how they decay.

    Parameters
    ----------
    network, equilibrium
        The same as for `nudge`, or inputs in place of the equilibrium.
    sample : int
    modes : int
        At most so many modes, evenly spaced on the ladder, its ends among them.
    solver : Solver, optional
        Default: `auto` with a relative tolerance of 1e-12, as the displacement is at most 1e-3.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.decay(net, [0.5, 0.2], modes=2)
    >>> bool(found.error.max() < 1e-4)
    True
    """
    point = resting_point(network, at_rest(network, equilibrium, solver))
    found = Modes.of(point, sample)
    picks = np.unique(np.linspace(0, found.rates.size - 1, min(modes, found.rates.size)).round().astype(int))
    t = LENGTH / np.abs(found.rates[picks])[:, None] * np.linspace(0.0, 1.0, TIMES)
    size, fitted = np.full((picks.size, TIMES), np.nan), np.full(picks.size, np.nan, dtype=complex)
    with Bar("modes") as bar:
        for k, mode in enumerate(picks):
            bar.update(k / picks.size)
            amplitude = _amplitude(point, sample, found, int(mode), t[k], chosen_solver(solver, SOLVER))
            size[k] = np.abs(amplitude)
            if np.isfinite(size[k]).all() and np.all(size[k] > 0.0):
                logarithm = np.log(size[k]) + 1j * np.unwrap(np.angle(amplitude))
                fitted[k] = -np.polyfit(t[k], logarithm, 1)[0]
    rates = found.rates[picks].astype(complex)
    return Decay(
        network,
        mode=picks,
        t=t,
        size=size,
        rate=fitted.real,
        frequency=fitted.imag,
        predicted_rate=rates.real,
        predicted_frequency=rates.imag,
        sample=sample,
    )


def _amplitude(point: FixedPoint, sample: int, modes: Modes, mode: int, t: Array, solver: Solver) -> Array:
    """Amplitude (T,) of a mode that is started alone; of half the difference of two ways back, from either side."""
    network, active = point.network, point.local.active[:, sample]
    push = np.zeros(network.n)
    push[active] = modes.right[:, mode].real
    push *= _room(point, sample, push)
    if np.abs(push).max() < LEAST:
        return np.full(t.size, np.nan)
    start = point.s[:, sample] + np.array([[1.0], [-1.0]]) * push
    x = None if point.x is None else point.x[sample]
    ways = simulate(network, x, start=start, t_eval=t, solver=solver, on_failure="return").state
    amplitude = 0.5 * (ways[:, 0] - ways[:, 1])[:, active] @ modes.left[mode]
    return np.asarray(amplitude / amplitude[0])


def _room(point: FixedPoint, sample: int, push: Array) -> float:
    """Factor that makes the largest entry `PUSH`, or smaller: no unit goes more than half-way to a bound of its box."""
    box, s = point.network.box, point.s[:, sample]
    room = np.where(box & (push != 0.0), 0.5 * np.minimum(s, 1.0 - s), np.inf)
    limits = np.minimum(room, PUSH)[push != 0.0] / np.abs(push[push != 0.0])
    return float(limits.min(initial=PUSH))
