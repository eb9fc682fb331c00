"""What continuation finds: branches of fixed points over a parameter, the bifurcations on them, and their diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodyn.analysis.portraits.algebra import Rates
from neurodyn.analysis.portraits.cycle_branch import CycleBranch
from neurodyn.cards.picture import Picture, curves, paths
from neurodyn.cards.shown import Facts, Rows, Shown, told
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.system.graph import Graph


@dataclass(frozen=True, eq=False)
class Bifurcation(Shown):
    """A point of a branch at which an eigenvalue passes through zero, or a complex pair through the imaginary axis.

    kind: "fold", where the parameter turns; "pitchfork" or "transcritical", where another branch crosses, symmetric in
    the critical direction to second order or not; "border collision", where a unit meets or leaves a bound of its box
    and an eigenvalue jumps; "Hopf", where a complex pair crosses. parameter, state (n,): where. direction (n,): the
    critical eigenvector, of a pair its real part. position: between which points of the branch, the number of the
    first. frequency: ω > 0 of the pair ± iω at a Hopf bifurcation, and coefficient: its first Lyapunov coefficient; NaN
    elsewhere, and where units live in a box.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis
    >>> analysis.Bifurcation("fold", 0.5, np.zeros(2), np.array([1.0, 0.0]), position=3)
    Bifurcation(fold at 0.5)
    """

    kind: str
    parameter: float
    state: Array
    direction: Array
    position: int
    frequency: float = float("nan")
    coefficient: float = float("nan")

    @property
    def criticality(self) -> str | None:
        """Of a Hopf bifurcation: "supercritical" where the cycles attract that begin there, else "subcritical"."""
        if not np.isfinite(self.coefficient):
            return None
        return "supercritical" if self.coefficient < 0.0 else "subcritical"

    def __repr__(self) -> str:
        how = "" if self.criticality is None else f"{self.criticality} "
        return f"Bifurcation({how}{self.kind} at {self.parameter:.10g})"


@dataclass(frozen=True, eq=False, repr=False)
class Branch(Shown):
    """Fixed points along a curve, in order.

    Attributes
    ----------
    name : str
        The parameter.
    parameter : (K,)
    state : (K, n)
    energy : (K,)
        E, or F = E + beta C; NaN at infinite beta, and where there is none.
    rates : (K, n)
        Eigenvalues of T⁻¹K, K minus the force's derivative, by rising real part; infinite for units that a bound, or
        infinite nudging, holds. Complex numbers without an energy.
    index : (K,)
        How many of them have a negative real part: 0 where the fixed point is stable.
    bifurcations : tuple of Bifurcation
    ended : pair of str
        Why the branch stops at its first and at its last point: "span"; "closed"; "unbounded", the state goes to
        infinity; "vertical", it moves on while the parameter stands still; "step" or "points", too small a step was
        needed, or there were too many points; "start", it was not followed further.
    graph : Graph
        The graph of the network.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> branch = analysis.continue_fixed_point(net, [0.8, 0.8], parameter="gain", span=(0.8, 1.0))
    >>> branch.state.shape[1], len(branch.bifurcations)
    (2, 0)
    """

    name: str
    parameter: Array
    state: Array
    energy: Array
    rates: Rates
    index: Integers
    bifurcations: tuple[Bifurcation, ...]
    ended: tuple[str, str]
    graph: Graph

    @property
    def stable(self) -> Any:
        """Where the fixed point is stable, (K,)."""
        return self.index == 0

    def _picture(self) -> Picture | None:
        return curves({"": self.state[:, 0]}, self.parameter, caption=f"state of the first unit over {self.name}")

    def __repr__(self) -> str:
        found = ", ".join(f"{b.kind} at {b.parameter:.6g}" for b in self.bifurcations) or "no bifurcation"
        low, high = self.parameter.min(), self.parameter.max()
        return told("Branch", [f"{self.name} from {low:.6g} to {high:.6g}", f"{len(self.parameter)} points: {found}"])


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationDiagram(Shown):
    """Branches of fixed points over one parameter, `name`: those continued from the starts, and all they cross.

    Attributes
    ----------
    name : str
    branches : tuple of Branch
    missing : tuple of (float, (n,) array)
        Fixed points, each with its value of the parameter, that a search at the ends of the span found on none of the
        branches: those of detached branches, or of some that leave where several eigenvalues vanish at once. To follow
        them, add them to the starts. Of networks of more than 30 units none are searched for.
    cycles : tuple of CycleBranch
        The branches of limit cycles that begin at Hopf bifurcations.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.recurrent(2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    >>> branch = analysis.continue_fixed_point(net, [0.8, 0.8], parameter="gain", span=(0.8, 1.0))
    >>> analysis.BifurcationDiagram("gain", (branch,))
    BifurcationDiagram(gain: 1 branches, 0 bifurcations)
    """

    name: str
    branches: tuple[Branch, ...]
    cycles: tuple[CycleBranch, ...] = ()
    missing: tuple[tuple[float, Array], ...] = ()

    @property
    def bifurcations(self) -> tuple[Bifurcation, ...]:
        """The bifurcations of all branches; one that lies on several comes once, by rising parameter."""
        found: list[Bifurcation] = []
        for b in sorted((b for branch in self.branches for b in branch.bifurcations), key=lambda b: b.parameter):
            if not any(same_point(b, other) for other in found):
                found.append(b)
        return tuple(found)

    _head: ClassVar[tuple[str, ...]] = ("bifurcation", "at")

    def _facts(self) -> Facts:
        counted = {"branches": self.branches, "of cycles": self.cycles, "points on none": self.missing}
        return [("parameter", self.name), *((name, f"{len(found):,}") for name, found in counted.items())]

    def _rows(self) -> Rows:
        return [(b.kind, f"{b.parameter:.6g}") for b in self.bifurcations]

    def _picture(self) -> Picture | None:
        lines = [np.column_stack([branch.parameter, branch.state[:, 0]]) for branch in self.branches]
        dots = [(b.parameter, b.state[0]) for b in self.bifurcations] or None
        return paths(lines, dots=dots, caption=f"state of the first unit over {self.name}, and bifurcations")

    def __repr__(self) -> str:
        text = f"{self.name}: {len(self.branches)} branches"
        text += f", {len(self.cycles)} of cycles" if self.cycles else ""
        text += f", {len(self.bifurcations)} bifurcations"
        if self.missing:
            values = " and ".join(f"{p:.6g}" for p in dict.fromkeys(p for p, _ in self.missing))
            text += f"; {len(self.missing)} fixed points at {values} on none of them, see `missing`"
        return f"BifurcationDiagram({text})"


def same_point(a: Bifurcation, b: Bifurcation) -> bool:
    """Whether two bifurcations are one, met on two branches."""
    return abs(a.parameter - b.parameter) < 1e-6 and bool(np.abs(a.state - b.state).max() < 1e-4)
