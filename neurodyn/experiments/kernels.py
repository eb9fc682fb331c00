"""The compiled kernels that an experiment calls: compiled first, so that times are those of the phases."""

from __future__ import annotations

from collections.abc import Iterable

from neurodyn.flows.corrected import corrected
from neurodyn.flows.free import free
from neurodyn.flows.free_series import free_series
from neurodyn.flows.input import clamped_rates
from neurodyn.flows.linear import jvp, side
from neurodyn.flows.local import energy, local
from neurodyn.flows.nudged import nudged
from neurodyn.flows.nudged_series import nudged_series
from neurodyn.flows.side_series import side_series
from neurodyn.numerics.compilation import compile_together
from neurodyn.numerics.kernel import Kernel
from neurodyn.solvers.integrate import uses_series
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.stepper import advance
from neurodyn.solvers.taylor import advance_lanes
from neurodyn.system.analytic import is_analytic
from neurodyn.system.network import Network
from neurodyn.system.parts import parts_of

#: What both phases, the side network and their comparison call. Other flows are left to who needs them.
CALLED: tuple[Kernel, ...] = (free, nudged, side, local, jvp)


def compile_kernels(
    network: Network, solver: Solver, also: Iterable[Kernel] = (), correction: str | None = None
) -> None:
    """Compile what an experiment calls, and the kernels in `also`; or load it from the disk cache."""
    corrects = correction is not None and not network.has_energy
    wanted: dict[Kernel, bool] = {clamped_rates: network.n_in > 0 and not network.clamps_rates}
    wanted |= {energy: network.has_energy, corrected: corrects}
    wanted |= loops(network, solver, corrects)
    chosen = [*CALLED, *(kernel for kernel, needed in wanted.items() if needed), *also]
    parts = dict.fromkeys(part for kernel in chosen for part in parts_of(network, kernel).values())
    compile_together((*parts, *chosen))


def loops(network: Network, solver: Solver, corrects: bool) -> dict[Kernel, bool]:
    """Which loops of the solvers go on in time, and the series of the phases; the side network has one always."""
    series = uses_series(network.n, solver)
    free = series and is_analytic(network)
    nudged = free and network.readout.is_quadratic and not corrects
    return {
        free_series: free,
        nudged_series: nudged,
        side_series: series,
        advance_lanes: series,
        advance: solver.compiled and not nudged,
    }
