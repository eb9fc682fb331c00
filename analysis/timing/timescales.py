"""The time scales of a network: relaxation times, how errors arrive, and how long the phases must last."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.analysis.timing.arrival import Arrival, arrival
from neurodyn.analysis.timing.decay import Decay, decay
from neurodyn.analysis.timing.durations import Durations, durations
from neurodyn.analysis.timing.ladder import Ladder, ladder
from neurodyn.analysis.with_signal import with_signal
from neurodyn.cards.picture import Picture
from neurodyn.inputs import whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import resting_point
from neurodyn.progress import Bar
from neurodyn.results.result import Composite
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.graph import SOFTMAX
from neurodyn.system.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Timescales(Composite):
    """Everything about the time scales at an equilibrium.

    Attributes
    ----------
    ladder : Ladder
        Relaxation rates of every sample, and which units and populations carry each mode.
    decay : Decay
        The modes of one sample, measured by simulation.
    arrival : Arrival or None
        How its error signal goes from the outputs into the network; None without outputs, or without a signal.
    durations : Durations or None
        How long both phases must last for a wanted accuracy; None likewise.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.timescales(net, [0.5, 0.2], [1.0, 0.0])
    >>> found.ladder.rate.shape, found.arrival.groups
    ((5,), ['h1', 'y'])
    """

    ladder: Ladder = field(kw_only=True)
    decay: Decay = field(kw_only=True)
    arrival: Arrival | None = field(kw_only=True, default=None)
    durations: Durations | None = field(kw_only=True, default=None)

    def _picture(self) -> Picture | None:
        return self.ladder._picture()


def timescales(
    network: Network,
    equilibrium: AtRest,
    y: ArrayLike | None = None,
    *,
    sample: int | None = None,
    beta: float = 1e-3,
) -> Timescales:
    """Find the time scales of a network at an equilibrium, predicted by its linearisation and measured by simulation.

    Parameters
    ----------
    network : Network
        The one that was relaxed, or one with other time constants.
    equilibrium : Equilibrium, or inputs
        All its samples must be stable.
    y : (batch, n_out) array, or (batch,) integer labels, optional
        Targets. Default: one below every output, which pulls it by 1 where the error is squared; of a softmax the first
        label.
    sample : int, optional
        Whose modes and error signal are followed. Default: the first with an error signal.
    beta : float
        Strength of the nudged phases, which are centered.

    Raises
    ------
    ArgumentError, TooLargeError
        An equilibrium that is none; a sample that is not there; more units than a full matrix can have.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.timescales(net, [0.5, 0.2], [1.0, 0.0])
    >>> list(found.parts)
    ['ladder', 'decay', 'arrival', 'durations']
    """
    equilibrium = at_rest(network, equilibrium)
    point = resting_point(network, equilibrium)
    batch = point.s.shape[1]
    if sample is not None:
        whole_number(sample, "sample", 0, batch - 1)
    with Bar("time scales") as bar:
        spectrum = ladder(network, equilibrium)
        bar.update(0.1)
        if not network.n_out:
            return Timescales(network, ladder=spectrum, decay=decay(network, equilibrium, sample=sample or 0))
        given = _pull(point) if y is None else network.target(y, batch, equilibrium.batched)
        signal = with_signal(point, given)
        chosen = int(np.argmax(signal)) if sample is None else sample
        modes = decay(network, equilibrium, sample=chosen)
        bar.update(0.3)
        target = given if equilibrium.batched else given[0]
        came = arrival(network, equilibrium, target, sample=chosen, beta=beta) if signal[chosen] else None
        bar.update(0.6)
        long = durations(network, equilibrium, target, beta=beta) if signal.any() else None
    return Timescales(network, ladder=spectrum, decay=modes, arrival=came, durations=long)


def _pull(point: FixedPoint) -> Array:
    """Targets (batch, n_out) that are one below each output, as the cost sees it; of a softmax the first label."""
    network, shape = point.network, (point.s.shape[1], point.network.n_out)
    if network.graph.readout == SOFTMAX:
        return np.broadcast_to(np.eye(shape[1])[0], shape)
    return np.asarray(point.local.coordinate[network.outputs].T - 1.0)
