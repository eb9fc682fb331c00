"""The compiled kernels of a network: compiled first, so that times are those of the phases."""

from __future__ import annotations

from neurodyn.solvers.solver import Solver
from neurodyn.solvers.stepper import advance
from neurodyn.system.network import Network


def compile_kernels(network: Network, solver: Solver) -> None:
    """Compile the kernels of a network and the solver's, or load them from the disk cache."""
    for kernel in (*network.kernels, *([advance] if solver.compiled else [])):
        kernel.compiled  # noqa: B018  (asking for it compiles it)
