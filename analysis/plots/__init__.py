"""Figures of results: `plot_x(result, *, ax=None, **style) -> Axes`. Nothing here shows; only `animate` saves.

A function with several panels returns them all. Without `ax` a figure is made, it is `ax.figure`; pyplot is not used.
"""

from neurodyn.analysis.plots.densities import plot_densities
from neurodyn.analysis.plots.fans import plot_fans
from neurodyn.analysis.plots.gradients.agreement import plot_agreement
from neurodyn.analysis.plots.gradients.gradient_cost import plot_gradient_cost
from neurodyn.analysis.plots.gradients.gradient_order import plot_gradient_order
from neurodyn.analysis.plots.gradients.gradient_scatter import plot_gradient_scatter
from neurodyn.analysis.plots.gradients.gradient_track import plot_gradient_track
from neurodyn.analysis.plots.gradients.gradients import draw_gradients
from neurodyn.analysis.plots.learning import (
    draw_training,
    plot_confusion,
    plot_filters,
    plot_learning,
    plot_settling,
)
from neurodyn.analysis.plots.live import LiveLearning
from neurodyn.analysis.plots.motion.limit_cycle import plot_limit_cycle
from neurodyn.analysis.plots.motion.lyapunov import plot_lyapunov, plot_lyapunov_map
from neurodyn.analysis.plots.paper import paper
from neurodyn.analysis.plots.portraits.basins import plot_basins
from neurodyn.analysis.plots.portraits.bifurcation import plot_bifurcation
from neurodyn.analysis.plots.portraits.energy import plot_energy
from neurodyn.analysis.plots.portraits.movie import animate
from neurodyn.analysis.plots.portraits.nudged_path import plot_nudged_path
from neurodyn.analysis.plots.portraits.phase_plane import plot_phase_plane, plot_phase_planes
from neurodyn.analysis.plots.portraits.portrait import draw_portrait
from neurodyn.analysis.plots.portraits.projection import plot_projection
from neurodyn.analysis.plots.raster import plot_raster
from neurodyn.analysis.plots.report import draw_report
from neurodyn.analysis.plots.signals.asymmetry import plot_asymmetry
from neurodyn.analysis.plots.signals.convergence import plot_convergence
from neurodyn.analysis.plots.signals.error_over_time import plot_error_over_time
from neurodyn.analysis.plots.signals.error_signals import plot_error_signals
from neurodyn.analysis.plots.signals.phases import plot_phases
from neurodyn.analysis.plots.studies import draw_study
from neurodyn.analysis.plots.timing.arrival import plot_arrival
from neurodyn.analysis.plots.timing.decay import plot_decay, plot_durations
from neurodyn.analysis.plots.timing.ladder import plot_ladder
from neurodyn.analysis.plots.timing.timescales import draw_timescales

__all__ = [
    "LiveLearning",
    "animate",
    "draw_gradients",
    "draw_portrait",
    "draw_report",
    "draw_study",
    "draw_timescales",
    "draw_training",
    "paper",
    "plot_agreement",
    "plot_arrival",
    "plot_asymmetry",
    "plot_basins",
    "plot_bifurcation",
    "plot_confusion",
    "plot_convergence",
    "plot_decay",
    "plot_densities",
    "plot_durations",
    "plot_energy",
    "plot_error_over_time",
    "plot_error_signals",
    "plot_fans",
    "plot_filters",
    "plot_gradient_cost",
    "plot_gradient_order",
    "plot_gradient_scatter",
    "plot_gradient_track",
    "plot_ladder",
    "plot_learning",
    "plot_limit_cycle",
    "plot_lyapunov",
    "plot_lyapunov_map",
    "plot_nudged_path",
    "plot_phase_plane",
    "plot_phase_planes",
    "plot_phases",
    "plot_projection",
    "plot_raster",
    "plot_settling",
]
