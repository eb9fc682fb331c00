"""Compare the nudged phase with the side network: the experiment's verdict, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodyn.analysis.signals.resolution import unresolved
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Facts, Rows, Shown, told
from neurodyn.errors import ArgumentError
from neurodyn.inputs import whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase
from neurodyn.results.result import with_batch
from neurodyn.system.fixed_point import FixedPoint


@dataclass(frozen=True, slots=True)
class PopulationComparison(Shown):
    """Agreement within one population, against that population's own largest error signal."""

    max_relative_error: float
    over_time: Array

    def __repr__(self) -> str:
        return f"PopulationComparison(max_relative_error={self.max_relative_error:.3g}, {self.over_time.size} times)"


@dataclass(frozen=True, slots=True)
class GradientComparison(Shown):
    """Theta-tilde against Theta-bar.

    relative_error: norm of their difference at the last time over the largest norm of Theta-bar at the times
    compared. over_time: the same at `t`. cosine and norm_ratio (‖Theta-tilde‖/‖Theta-bar‖) are at the last time.
    nudged_to_exact, side_to_exact: distance of each at the last time from dJ/dtheta, over its norm. Both are large
    together where the phase was too short: the two are then the gradient of the cost after that time.
    """

    relative_error: float
    cosine: float
    norm_ratio: float
    nudged_to_exact: float
    side_to_exact: float
    t: Array
    over_time: Array

    def __repr__(self) -> str:
        names = ("relative_error", "cosine", "norm_ratio", "nudged_to_exact", "side_to_exact")
        numbers = [f"{name}={getattr(self, name):.6g}" for name in names]
        return told("GradientComparison", [*numbers, f"{self.t.size} times"])


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """How far the velocities of the nudged phase are from the side network's error signals.

    Attributes
    ----------
    max_relative_error : float
        For each sample the largest difference over times and units, over the largest error signal over times and
        units; then the largest over samples with a signal. NaN if no sample has one.
    populations : mapping from name to PopulationComparison
        The same within each population, over that population's own largest signal.
    over_time : (T,)
        Largest difference at each time over the sample's largest signal.
    has_signal : (batch,) bool
        Samples whose error signal is not zero at all times: with a hard sigmoid, all outputs may sit on a bound.
    gradient : GradientComparison
    notes : tuple of str
        A sentence for each population whose error signal is too small to be told apart at the solver's tolerances.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> found = analysis.compare(run.nudged, run.side)
    >>> list(found.populations), round(found.gradient.cosine, 6)
    (['h1', 'y'], 1.0)
    """

    max_relative_error: float
    populations: Mapping[str, PopulationComparison]
    t: Array
    over_time: Array
    has_signal: Any
    gradient: GradientComparison
    notes: tuple[str, ...] = ()

    _head: ClassVar[tuple[str, ...]] = ("population", "largest relative error")

    @property
    def shown(self) -> int:
        """The sample that figures show: the first with a signal, or the first if none has one."""
        return int(np.argmax(self.has_signal))

    def _facts(self) -> Facts:
        samples = f"{np.count_nonzero(self.has_signal):,} of {np.size(self.has_signal):,}"
        return [
            ("largest relative error", f"{self.max_relative_error:.3g}"),
            ("cosine of the gradients", f"{self.gradient.cosine:.12g}"),
            ("their relative error", f"{self.gradient.relative_error:.3g}"),
            ("samples with a signal", samples),
            *(("note", text) for text in self.notes),
        ]

    def _rows(self) -> Rows:
        return [(name, f"{part.max_relative_error:.3g}") for name, part in self.populations.items()]

    def _picture(self) -> Picture | None:
        return curves({"error": self.over_time}, self.t, caption="relative error over time", log=True)

    def __repr__(self) -> str:
        each = ", ".join(f"{name} {part.max_relative_error:.3g}" for name, part in self.populations.items())
        notes = self.notes if len(self.notes) < 3 else (self.notes[0], f"and {len(self.notes) - 1} more, see `notes`")
        return (
            f"Comparison(max_relative_error={self.max_relative_error:.3g}: {each};\n"
            f"  gradient: cosine {self.gradient.cosine:.12g}, relative error {self.gradient.relative_error:.3g};\n"
            f"  {np.count_nonzero(self.has_signal)} of {np.size(self.has_signal)} samples with a signal, "
            f"{self.t.size} times to t = {self.t[-1]:.4g}" + "".join(f";\n  note: {note}" for note in notes) + ")"
        )


def compare(run: NudgedPhase, side: SidePhase, *, gradient_times: int = 21) -> Comparison:
    """Compare −(tau/beta) ds/dt of a nudged phase with the side network's error signal.

    Parameters
    ----------
    run, side
        Recorded at the same times, for the same equilibrium and targets.
    gradient_times : int
        At how many of the recorded times the parameter gradients are compared.

    Raises
    ------
    ArgumentError
        If the two do not belong together.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> analysis.compare(run.nudged, run.side).max_relative_error < 1e-5
    True
    """
    check_pair(run, side)
    a, b = with_batch(run.error_signal, 3), with_batch(side.error_signal, 3)
    active = np.atleast_2d(run.active)
    difference = np.abs(np.where(active, a - b, 0.0))
    populations = {}
    for name, where in run.network.graph.slices.items():
        error, over_time = relative_error(difference[..., where], np.abs(b[..., where]))
        populations[name] = PopulationComparison(error, over_time)
    error, over_time = relative_error(difference, np.abs(b))
    has_signal = np.abs(b).max(axis=(0, 2)) > 0.0
    gradient = _gradients(run, side, gradient_times)
    return Comparison(error, populations, run.t, over_time, has_signal, gradient, unresolved(run, side))


def check_pair(run: NudgedPhase, side: SidePhase) -> None:
    """Refuse two phases that do not belong together."""
    if not isinstance(run, NudgedPhase) or not isinstance(side, SidePhase):
        raise ArgumentError(
            f"compare takes a NudgedPhase and a SidePhase; got {type(run).__name__} and {type(side).__name__}"
        )
    if not np.array_equal(run.t, side.t):
        raise ArgumentError("the nudged phase and the side network were recorded at different times")
    if run.network != side.network:
        raise ArgumentError("the nudged phase and the side network belong to different networks")
    if not np.array_equal(run.base, side.base) or not np.array_equal(run.target, side.target):
        raise ArgumentError("the nudged phase and the side network have different equilibria or targets")


def relative_error(difference: Array, signal: Array) -> tuple[float, Array]:
    """Largest relative error over samples with a signal; and over them at each time. Both inputs (T, batch, units)."""
    scale = signal.max(axis=(0, 2))
    found = scale > 0.0
    if not found.any():
        return float("nan"), np.full(len(signal), np.nan)
    ratio = difference[:, found].max(axis=2) / scale[found]
    return float(ratio.max()), ratio.max(axis=1)


def _gradients(run: NudgedPhase, side: SidePhase, times: int) -> GradientComparison:
    count = max(2, whole_number(times, "gradient_times", 1))
    picks = np.unique(np.linspace(0, len(run.t) - 1, min(count, len(run.t))).astype(int))
    pairs = [(run.parameter_gradient(t), side.parameter_gradient(t)) for t in run.t[picks]]
    largest = max(bar.norm for _, bar in pairs)
    tilde, bar = pairs[-1]
    exact = FixedPoint.of(side.network, side.base, side.x).exact_gradient(np.atleast_2d(side.target))
    over_time = np.array([(a - b).norm for a, b in pairs]) / (largest or np.nan)
    return GradientComparison(
        relative_error=float(over_time[-1]),
        cosine=tilde.cosine(bar),
        norm_ratio=tilde.norm / bar.norm if bar.norm else float("nan"),
        nudged_to_exact=(tilde - exact).norm / (exact.norm or np.nan),
        side_to_exact=(bar - exact).norm / (exact.norm or np.nan),
        t=run.t[picks],
        over_time=over_time,
    )
