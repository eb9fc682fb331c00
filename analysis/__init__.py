"""Measures on results, and their figures in `neurodyn.analysis.plots`."""

from neurodyn.analysis.arrival import Arrival, arrival
from neurodyn.analysis.asymmetry import Asymmetry, asymmetry
from neurodyn.analysis.basins import Basins, BasinVolumes, basin_volumes, basins
from neurodyn.analysis.branch import Bifurcation, BifurcationDiagram, Branch
from neurodyn.analysis.compare import Comparison, compare
from neurodyn.analysis.continuation import bifurcation_diagram, continue_fixed_point
from neurodyn.analysis.convergence import Convergence, convergence
from neurodyn.analysis.decay import Decay, decay
from neurodyn.analysis.durations import Durations, durations
from neurodyn.analysis.fixed_points import FixedPoints, fixed_points
from neurodyn.analysis.free_phase import free_phase
from neurodyn.analysis.ladder import Ladder, ladder
from neurodyn.analysis.nudged_path import NudgedPath, nudged_path
from neurodyn.analysis.phase_plane import PhasePlane, phase_plane
from neurodyn.analysis.plane import principal_direction
from neurodyn.analysis.portrait import Portrait, portrait
from neurodyn.analysis.projection import Projection, project
from neurodyn.analysis.studies import STUDIES, Study, discretisation
from neurodyn.analysis.timescales import Timescales, timescales

__all__ = [
    "STUDIES",
    "Arrival",
    "Asymmetry",
    "BasinVolumes",
    "Basins",
    "Bifurcation",
    "BifurcationDiagram",
    "Branch",
    "Comparison",
    "Convergence",
    "Decay",
    "Durations",
    "FixedPoints",
    "Ladder",
    "NudgedPath",
    "PhasePlane",
    "Portrait",
    "Projection",
    "Study",
    "Timescales",
    "arrival",
    "asymmetry",
    "basin_volumes",
    "basins",
    "bifurcation_diagram",
    "compare",
    "continue_fixed_point",
    "convergence",
    "decay",
    "discretisation",
    "durations",
    "fixed_points",
    "free_phase",
    "ladder",
    "nudged_path",
    "phase_plane",
    "portrait",
    "principal_direction",
    "project",
    "timescales",
]
