"""An equilibrium where inputs are given, and inputs where an equilibrium is: functions of the analysis take either."""

from __future__ import annotations

from numpy.typing import ArrayLike

from neurodyn.phases.relax import Equilibrium, relax
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network

#: What stands for a network at rest: its equilibrium, or inputs, with which it is relaxed first.
AtRest = Equilibrium | ArrayLike | None


def at_rest(network: Network, given: AtRest, solver: Solver | None = None) -> Equilibrium:
    """The equilibrium that was given, or that of the inputs that were."""
    return given if isinstance(given, Equilibrium) else relax(network, given, solver=solver)


def inputs_of(given: AtRest) -> ArrayLike | None:
    """The inputs that were given, or those of the equilibrium that was."""
    return given.x if isinstance(given, Equilibrium) else given


def inputs_and_start(given: AtRest, start: ArrayLike | None) -> tuple[ArrayLike | None, ArrayLike | None]:
    """Inputs, and where the free phase begins: if nobody says, where that of a given equilibrium did."""
    known = given.start if start is None and isinstance(given, Equilibrium) else start
    return inputs_of(given), known
