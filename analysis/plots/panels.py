"""What figures of both phases share: one sample's free phase, and a panel for each phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.free_phase import free_phase
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.selection import sample_index
from neurodyn.errors import ArgumentError
from neurodyn.experiments.experiment import Experiment
from neurodyn.numerics.arrays import Array
from neurodyn.phases.simulate import Trajectory
from neurodyn.results.result import with_batch


def free_part(result: Experiment | Trajectory, sample: int) -> tuple[Array, Array, Array | None]:
    """Times (T,), states (T, n) and input (n_in,) of one sample: of a trajectory, or an experiment's free phase."""
    if isinstance(result, Experiment):
        sample_index(sample, len(np.atleast_2d(result.equilibrium.state)))
        free = free_phase(result.equilibrium, sample)
        return free.t, free.state, free.x
    if not isinstance(result, Trajectory):
        raise ArgumentError(f"`result` must be an Experiment or a Trajectory; got {type(result).__name__}")
    states = with_batch(result.state, 3)
    j = sample_index(sample, states.shape[1])
    return result.t, states[:, j], None if result.x is None else with_batch(result.x, 2)[j]


def panel_for_each_phase(
    result: Experiment | Trajectory, ax: Axes | Sequence[Axes] | None, **options: Any
) -> tuple[Axes, ...]:
    """The given axes, or new ones with the `options` of `new_axes`: one for a trajectory, two for an experiment."""
    count = 2 if isinstance(result, Experiment) else 1
    if ax is None:
        return look.together(tuple(look.new_axes(1, count, **options)))
    axes = (ax,) if isinstance(ax, Axes) else tuple(ax)
    if len(axes) != count:
        phases = "two Axes, one for each phase" if count == 2 else "one Axes"
        raise ArgumentError(f"`ax` must be {phases}; got {len(axes)}")
    return axes


def phase_titles(axes: Sequence[Axes], nudged: str) -> None:
    """Name the phases above their panels; a trajectory's single panel needs no name."""
    if len(axes) == 2:
        look.title(axes[0], "free phase")
        look.title(axes[1], f"nudged phase, {nudged}")


def round_below(value: float) -> float:
    """The largest number 1, 2 or 5 times a power of ten that is not above a positive value."""
    power = int(np.floor(np.log10(value)))
    rounds = [float(f"{digit}e{power + k}") for k in (-1, 0, 1) for digit in (1, 2, 5)]
    return max(number for number in rounds if number <= value)
