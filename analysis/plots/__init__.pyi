"""The public names and where they are: what `__init__.py` imports when they are first used."""

from .densities import plot_densities
from .fans import plot_fans
from .gradients.agreement import plot_agreement
from .gradients.gradient_cost import plot_gradient_cost
from .gradients.gradient_order import plot_gradient_order
from .gradients.gradient_scatter import plot_gradient_scatter
from .gradients.gradient_track import plot_gradient_track
from .gradients.gradients import draw_gradients
from .learning import draw_training, plot_confusion, plot_filters, plot_learning, plot_settling
from .live import LiveLearning
from .motion.limit_cycle import plot_limit_cycle
from .motion.lyapunov import plot_lyapunov, plot_lyapunov_map
from .paper import paper
from .portraits.basins import plot_basins
from .portraits.bifurcation import plot_bifurcation
from .portraits.energy import plot_energy
from .portraits.movie import animate
from .portraits.nudged_path import plot_nudged_path
from .portraits.phase_plane import plot_phase_plane, plot_phase_planes
from .portraits.portrait import draw_portrait
from .portraits.projection import plot_projection
from .raster import plot_raster
from .report import draw_report
from .signals.asymmetry import plot_asymmetry
from .signals.convergence import plot_convergence
from .signals.error_over_time import plot_error_over_time
from .signals.error_signals import plot_error_signals
from .signals.phases import plot_phases
from .studies import draw_study
from .timing.arrival import plot_arrival
from .timing.decay import plot_decay, plot_durations
from .timing.ladder import plot_ladder
from .timing.timescales import draw_timescales

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
