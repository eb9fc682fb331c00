"""The compiled kernels that an experiment calls: compiled first, so that times are those of the phases."""

from __future__ import annotations

from collections.abc import Iterable

from neurodyn.flows.corrected import corrected
from neurodyn.flows.coupling import drive
from neurodyn.flows.free import free
from neurodyn.flows.input import clamped_rates
from neurodyn.flows.linear import jvp, side
from neurodyn.flows.local import energy, local
from neurodyn.flows.nudged import change, nudged
from neurodyn.numerics.compilation import compile_together
from neurodyn.numerics.kernel import Kernel
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.stepper import advance
from neurodyn.system.network import Network

#: What both phases, the side network and their comparison call. Other flows are left to who needs them.
CALLED: tuple[Kernel, ...] = (drive, free, nudged, side, local, change, jvp)


def compile_kernels(
    network: Network, solver: Solver, also: Iterable[Kernel] = (), correction: str | None = None
) -> None:
    """Compile what an experiment calls, and the kernels in `also`; or load it from the disk cache."""
    wanted = {clamped_rates: network.n_in > 0, energy: network.has_energy, advance: solver.compiled}
    wanted[corrected] = correction is not None and not network.has_energy
    compile_together((*CALLED, *(kernel for kernel, needed in wanted.items() if needed), *also))
