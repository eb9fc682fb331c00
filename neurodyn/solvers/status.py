"""How a trajectory ended. The members' sentences are what a user reads, with the remedy."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np


class Status(IntEnum):
    """End of one trajectory; `sentence` says what it means and what to do.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Status.STABLE.sentence
    'rests at a stable fixed point'
    >>> nd.Status(4).good
    False
    """

    RUNNING = 0
    DONE = 1
    STABLE = 2
    SADDLE = 3
    MOVING = 4
    DIVERGED = 5
    STEP_UNDERFLOW = 6
    MAX_STEPS = 7
    MAX_SECONDS = 8
    SETTLED = 9
    RUNAWAY = 10
    PERIODIC = 11
    CHAOTIC = 12

    @property
    def sentence(self) -> str:
        """What happened, and what to try."""
        return _SENTENCES[self]

    @property
    def good(self) -> bool:
        """True where the result can be used as asked."""
        return self in (Status.DONE, Status.STABLE, Status.SETTLED)


def counted(codes: Any) -> str:
    """How many of several samples have which status, in words."""
    found = [Status(int(code)).name.lower() for code in np.atleast_1d(codes)]
    return ", ".join(f"{found.count(name):,} {name}" for name in dict.fromkeys(found))


_SENTENCES = {
    Status.RUNNING: "is still under way",
    Status.DONE: "reached the end of the time span",
    Status.STABLE: "rests at a stable fixed point",
    Status.SADDLE: (
        "rests at a saddle (or another fixed point that is not stable), not at a minimum of the energy: "
        "start elsewhere with `start`"
    ),
    Status.MOVING: "was still moving when the time ran out: raise `t_max` or loosen `tol`",
    Status.DIVERGED: (
        "diverged: no equilibrium is near (too strong weights for an unbounded activation, a nudge beyond "
        "beta_c, or too large a `step`): scale the weights down, choose a smaller |beta| or a smaller `step`"
    ),
    Status.STEP_UNDERFLOW: (
        "needed steps below rounding: the problem is stiff or the tolerance too small; "
        "try Solver(method='auto') or a larger `rtol`"
    ),
    Status.MAX_STEPS: (
        "used up `max_steps`: raise it, loosen `rtol`, or, where most steps are limited by stability, "
        "use Solver(method='auto')"
    ),
    Status.MAX_SECONDS: "used up `max_seconds`: raise it, or ask for less",
    Status.RUNAWAY: (
        "ran away: weights that move as fast as this drive the motion that moves them: raise `tau_theta`, "
        "so that 1/(beta tau_theta) stays well below its critical value"
    ),
    Status.PERIODIC: (
        "goes round a limit cycle and never rests: draw it with analysis.limit_cycle and plots.plot_limit_cycle, "
        "or weaken the weights"
    ),
    Status.CHAOTIC: (
        "is chaotic and never rests: see analysis.lyapunov, and analysis.lyapunov_map for where that begins, "
        "or weaken the weights"
    ),
    Status.SETTLED: "settled: every unit's force stayed below the tolerance",
}
