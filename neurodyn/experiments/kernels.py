"""The compiled kernels that an experiment calls: compiled first, so that times are those of the phases."""

from __future__ import annotations

from collections.abc import Iterable

from neurodyn.solvers.solver import Solver
from neurodyn.solvers.stepper import advance
from neurodyn.system.network import Network

#: What both phases, the side network and their comparison call, by its name in `Kernels`. The others are slow to
#: compile, and left to who needs them.
CALLED = ("free", "nudged", "side", "local", "change", "jvp")


def compile_kernels(network: Network, solver: Solver, also: Iterable[str] = ()) -> None:
    """Compile what an experiment calls, and the kernels named in `also`; or load it from the disk cache."""
    names = [*CALLED, *(["energy"] if network.has_energy else []), *also]
    for kernel in (*(getattr(network.kernels, name) for name in names), *([advance] if solver.compiled else [])):
        kernel.compiled  # noqa: B018  (asking for it compiles it)
