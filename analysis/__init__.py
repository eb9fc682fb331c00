"""Measures on results, and their figures in `neurodyn.analysis.plots`."""

from neurodyn.analysis.arrival import Arrival, arrival
from neurodyn.analysis.asymmetry import Asymmetry, asymmetry
from neurodyn.analysis.basins import Basins, BasinVolumes, basin_volumes, basins
from neurodyn.analysis.branch import Bifurcation, BifurcationDiagram, Branch
from neurodyn.analysis.compare import Comparison, compare
from neurodyn.analysis.compare_gradients import Agreement, ComparedGradients, GradientEstimate, compare_gradients
from neurodyn.analysis.continuation import bifurcation_diagram, continue_fixed_point
from neurodyn.analysis.convergence import Convergence, convergence
from neurodyn.analysis.decay import Decay, decay
from neurodyn.analysis.durations import Durations, durations
from neurodyn.analysis.fixed_points import FixedPoints, fixed_points
from neurodyn.analysis.free_phase import free_phase
from neurodyn.analysis.gradient_order import GradientOrder, gradient_order
from neurodyn.analysis.ladder import Ladder, ladder
from neurodyn.analysis.nudged_path import NudgedPath, nudged_path
from neurodyn.analysis.phase_plane import PhasePlane, phase_plane
from neurodyn.analysis.plane import principal_direction
from neurodyn.analysis.portrait import Portrait, portrait
from neurodyn.analysis.projection import Projection, project
from neurodyn.analysis.step_by_step import StepByStep, step_by_step
from neurodyn.analysis.studies import (
    STUDIES,
    Study,
    concurrent,
    discretisation,
    duration,
    heterogeneity,
    nudging,
    plasticity,
    stiffness,
    stimulus,
)
from neurodyn.analysis.timescales import Timescales, timescales
from neurodyn.analysis.track_gradients import GradientTrack, track_gradients

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
    "Decay",
    "Durations",
    "FixedPoints",
    "GradientEstimate",
    "GradientOrder",
    "GradientTrack",
    "Ladder",
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
    "continue_fixed_point",
    "convergence",
    "decay",
    "discretisation",
    "duration",
    "durations",
    "fixed_points",
    "free_phase",
    "gradient_order",
    "heterogeneity",
    "ladder",
    "nudged_path",
    "nudging",
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
