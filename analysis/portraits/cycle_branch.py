"""What the continuation of cycles finds: branches of limit cycles over a parameter, and the bifurcations on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Shown, told
from neurodyn.numerics.arrays import Array, Complex, Integers, Mask
from neurodyn.system.graph import Graph


@dataclass(frozen=True, eq=False)
class CycleBifurcation(Shown):
    """A cycle of a branch at which a multiplier passes through the unit circle.

    kind: "fold of cycles", where the parameter turns; "period doubling", a multiplier of −1; "torus", a complex pair;
    "branch point of cycles", a multiplier of 1 while the parameter goes on. parameter, period, state (n,): where.
    position: between which cycles of the branch, the number of the first.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis
    >>> analysis.CycleBifurcation("period doubling", 0.5, 6.28, np.zeros(2), position=3)
    CycleBifurcation(period doubling at 0.5)
    """

    kind: str
    parameter: float
    period: float
    state: Array
    position: int

    def __repr__(self) -> str:
        return f"CycleBifurcation({self.kind} at {self.parameter:.10g})"


@dataclass(frozen=True, eq=False, repr=False)
class CycleBranch(Shown):
    """Limit cycles along a curve, in order.

    Attributes
    ----------
    name : str
        The parameter.
    parameter, period : (K,)
    low, high : (K, n)
        The smallest and the largest state of each unit on the cycle.
    state : (K, n)
        One state on each cycle.
    multipliers : (K, n)
        Floquet multipliers, by falling size; 1 along the flow.
    index : (K,)
        How many lie outside the unit circle: 0 where the cycle attracts.
    bifurcations : tuple of CycleBifurcation
    ended : pair of str
        Why it stops at its first and at its last cycle: "Hopf", it shrinks to a fixed point; "infinite period", it
        comes near a homoclinic orbit, or meets fixed points; "span"; "unbounded"; "closed"; "step" or "points", too
        small a step was needed, or there were too many cycles; "start", it was not followed further.
    graph : Graph

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> branch = analysis.continue_cycle(net, analysis.limit_cycle(net), parameter="gain", span=(0.95, 1.0))
    >>> bool(branch.stable.all())
    True
    """

    name: str
    parameter: Array
    period: Array
    low: Array
    high: Array
    state: Array
    multipliers: Complex
    index: Integers
    bifurcations: tuple[CycleBifurcation, ...]
    ended: tuple[str, str]
    graph: Graph

    @property
    def stable(self) -> Mask:
        """Which cycles attract, (K,)."""
        return np.asarray(self.index == 0)

    def _picture(self) -> Picture | None:
        return curves({"period": self.period}, self.parameter, caption=f"period over {self.name}")

    def __repr__(self) -> str:
        found = ", ".join(f"{b.kind} at {b.parameter:.6g}" for b in self.bifurcations) or "no bifurcation"
        low, high = self.parameter.min(), self.parameter.max()
        cycles = f"{len(self.parameter)} cycles: {found}"
        return told("CycleBranch", [f"{self.name} from {low:.6g} to {high:.6g}", cycles])
