"""Measures on results, and their figures in `neurodyn.analysis.plots`."""

from neurodyn.analysis.free_phase import free_phase
from neurodyn.analysis.gradients.compare_gradients import (
    Agreement,
    ComparedGradients,
    GradientEstimate,
    compare_gradients,
)
from neurodyn.analysis.gradients.gradient_order import GradientOrder, gradient_order
from neurodyn.analysis.gradients.step_by_step import StepByStep, step_by_step
from neurodyn.analysis.gradients.track_gradients import GradientTrack, track_gradients
from neurodyn.analysis.motion.limit_cycle import LimitCycle, limit_cycle
from neurodyn.analysis.motion.lyapunov import LyapunovSpectrum, lyapunov
from neurodyn.analysis.overlap import overlap
from neurodyn.analysis.portraits.basins import Basins, BasinVolumes, basin_volumes, basins
from neurodyn.analysis.portraits.branch import Bifurcation, BifurcationDiagram, Branch
from neurodyn.analysis.portraits.continuation import bifurcation_diagram, continue_cycle, continue_fixed_point
from neurodyn.analysis.portraits.cycle_branch import CycleBifurcation, CycleBranch
from neurodyn.analysis.portraits.fixed_points import FixedPoints, fixed_points
from neurodyn.analysis.portraits.lyapunov_map import LyapunovMap, lyapunov_map
from neurodyn.analysis.portraits.nudged_path import NudgedPath, nudged_path
from neurodyn.analysis.portraits.phase_plane import PhasePlane, phase_plane
from neurodyn.analysis.portraits.plane import principal_direction
from neurodyn.analysis.portraits.portrait import Portrait, portrait
from neurodyn.analysis.portraits.projection import Projection, project
from neurodyn.analysis.signals.asymmetry import Asymmetry, asymmetry
from neurodyn.analysis.signals.compare import Comparison, compare
from neurodyn.analysis.signals.convergence import Convergence, convergence
from neurodyn.analysis.studies import (
    STUDIES,
    Study,
    concurrent,
    discretisation,
    duration,
    fluctuation,
    hardware,
    heterogeneity,
    nudging,
    plasticity,
    stiffness,
    stimulus,
)
from neurodyn.analysis.timing.arrival import Arrival, arrival
from neurodyn.analysis.timing.decay import Decay, decay
from neurodyn.analysis.timing.durations import Durations, durations
from neurodyn.analysis.timing.ladder import Ladder, ladder
from neurodyn.analysis.timing.timescales import Timescales, timescales

__all__ = [
    "STUDIES",
    "Agreement",
    "Arrival",
    "Asymmetry",
    "BasinVolumes",
    "Basins",
    "Bifurcation",
    "BifurcationDiagram",
    "Branch",
    "ComparedGradients",
    "Comparison",
    "Convergence",
    "CycleBifurcation",
    "CycleBranch",
    "Decay",
    "Durations",
    "FixedPoints",
    "GradientEstimate",
    "GradientOrder",
    "GradientTrack",
    "Ladder",
    "LimitCycle",
    "LyapunovMap",
    "LyapunovSpectrum",
    "NudgedPath",
    "PhasePlane",
    "Portrait",
    "Projection",
    "StepByStep",
    "Study",
    "Timescales",
    "arrival",
    "asymmetry",
    "basin_volumes",
    "basins",
    "bifurcation_diagram",
    "compare",
    "compare_gradients",
    "concurrent",
    "continue_cycle",
    "continue_fixed_point",
    "convergence",
    "decay",
    "discretisation",
    "duration",
    "durations",
    "fixed_points",
    "fluctuation",
    "free_phase",
    "gradient_order",
    "hardware",
    "heterogeneity",
    "ladder",
    "limit_cycle",
    "lyapunov",
    "lyapunov_map",
    "nudged_path",
    "nudging",
    "overlap",
    "phase_plane",
    "plasticity",
    "portrait",
    "principal_direction",
    "project",
    "step_by_step",
    "stiffness",
    "stimulus",
    "timescales",
    "track_gradients",
]
