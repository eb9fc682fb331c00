"""The free phase of an experiment over time: an equilibrium knows where it began and ended, not the way."""

from __future__ import annotations

import numpy as np

from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.simulate import Trajectory, simulate
from neurodyn.solvers.solver import Solver


def free_phase(equilibrium: Equilibrium, sample: int | None = None) -> Trajectory:
    """The way to the equilibrium, simulated again: 201 times, dense at first, on one time axis.

    From `equilibrium.start`, with the same solver, to where the last sample came to rest, for max(tau) if all began
    there. With `sample`, of one sample, without a batch axis.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> analysis.free_phase(nd.relax(net, [0.5, 0.2])).state.shape[1]
    5
    """
    network, x, start, time = equilibrium.network, equilibrium.x, equilibrium.start, np.max(equilibrium.time)
    if sample is not None:
        x, start = None if x is None else np.atleast_2d(x)[sample], np.atleast_2d(start)[sample]
        time = np.atleast_1d(equilibrium.time)[sample]
    end = float(time) or float(network.tau.max())
    return simulate(
        network,
        x,
        start=start,
        t_eval=end * np.linspace(0.0, 1.0, 201) ** 2,
        solver=Solver(**equilibrium.solver),
        on_failure="return",
    )
