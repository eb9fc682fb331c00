"""The public names and where they are: what `__init__.py` imports when they are first used."""

from .free_phase import free_phase
from .gradients.compare_gradients import Agreement, ComparedGradients, GradientEstimate, compare_gradients
from .gradients.gradient_order import GradientOrder, gradient_order
from .gradients.step_by_step import StepByStep, step_by_step
from .gradients.track_gradients import GradientTrack, track_gradients
from .motion.limit_cycle import LimitCycle, limit_cycle
from .motion.lyapunov import LyapunovSpectrum, lyapunov
from .overlap import overlap
from .portraits.basins import Basins, BasinVolumes, basin_volumes, basins
from .portraits.branch import Bifurcation, BifurcationDiagram, Branch
from .portraits.continuation import bifurcation_diagram, continue_cycle, continue_fixed_point
from .portraits.cycle_branch import CycleBifurcation, CycleBranch
from .portraits.fixed_points import FixedPoints, fixed_points
from .portraits.lyapunov_map import LyapunovMap, lyapunov_map
from .portraits.nudged_path import NudgedPath, nudged_path
from .portraits.phase_plane import PhasePlane, phase_plane
from .portraits.plane import principal_direction
from .portraits.portrait import Portrait, portrait
from .portraits.projection import Projection, project
from .signals.asymmetry import Asymmetry, asymmetry
from .signals.compare import Comparison, compare
from .signals.convergence import Convergence, convergence
from .studies import (
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
from .timing.arrival import Arrival, arrival
from .timing.decay import Decay, decay
from .timing.durations import Durations, durations
from .timing.ladder import Ladder, ladder
from .timing.timescales import Timescales, timescales

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
