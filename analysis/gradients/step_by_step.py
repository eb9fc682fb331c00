"""Whether the updates of the nudged phase are the gradients of back-propagation through time, at every time.

In continuous time this is Theta-tilde against Theta-bar: what the nudged phase has changed so far, and the gradient of
the cost after as long a time, which truncated back-propagation through time would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.signals.compare import check_pair
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Shown
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase


@dataclass(frozen=True, slots=True, repr=False)
class StepByStep(Shown):
    """Theta-tilde against Theta-bar at the times t, (T,), by block of parameters.

    rmse: root of the mean, over times and parameters, of the squared difference. relmse: of each parameter, the root
    mean square over time of the difference over the larger root mean square of the two; the mean over parameters, NaN
    if all are zero. `all` are both over all parameters. over_time: length of the difference at each time over the
    largest length of Theta-bar.

    Source of relmse: Ernoult et al., NeurIPS 2019, there for the increments of discrete time.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0], t_eval=[0.0, 1.0, 2.0])
    >>> found = analysis.step_by_step(run.nudged, run.side)
    >>> found.over_time.shape
    (3,)
    """

    t: Array
    beta: float
    nudging: str
    rmse: Mapping[str, float]
    relmse: Mapping[str, float]
    over_time: Array

    def _picture(self) -> Picture | None:
        return curves({"difference": self.over_time}, self.t, caption="relative difference over time", log=True)


def step_by_step(run: NudgedPhase, side: SidePhase) -> StepByStep:
    """Compare a nudged phase and a side network that were recorded at the same times.

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
    >>> found = analysis.step_by_step(run.nudged, run.side)
    >>> sorted(found.relmse), found.relmse["all"] < 1e-3
    (['all', 'h1', 'h1-y', 'x-h1', 'y'], True)
    """
    check_pair(run, side)
    size = run.network.parameters.vector.size
    squares, lengths = np.zeros((3, size)), np.zeros((2, len(run.t)))
    for k, t in enumerate(run.t):
        tilde, bar = run.parameter_gradient(t), side.parameter_gradient(t)
        for row, vector in enumerate((tilde - bar, tilde, bar)):
            squares[row] += vector.vector**2 / len(run.t)
        lengths[:, k] = (tilde - bar).norm, bar.norm
    difference, largest = squares[0], np.maximum(squares[1], squares[2])
    relative = np.sqrt(np.divide(difference, largest, out=np.full(size, np.nan), where=largest > 0.0))
    parts, start = {"all": slice(0, size)}, 0
    for block in run.network.parameters.blocks:
        parts[block.name] = slice(start, start + block.size)
        start += block.size
    return StepByStep(
        t=run.t,
        beta=run.beta,
        nudging=run.nudging,
        rmse={name: float(np.sqrt(np.mean(difference[part]))) for name, part in parts.items()},
        relmse={name: _mean(relative[part]) for name, part in parts.items()},
        over_time=lengths[0] / (lengths[1].max() or np.nan),
    )


def _mean(values: Array) -> float:
    """Return the mean of the values that exist."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
