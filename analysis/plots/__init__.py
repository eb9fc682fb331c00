"""Figures of results: `plot_x(result, *, ax=None, **style) -> Axes`. Nothing here shows or saves.

A function with several panels returns them all. Without `ax` a figure is made, it is `ax.figure`; pyplot is not used.
"""

from neurodyn.analysis.plots.agreement import plot_agreement
from neurodyn.analysis.plots.convergence import plot_convergence
from neurodyn.analysis.plots.error_over_time import plot_error_over_time
from neurodyn.analysis.plots.error_signals import plot_error_signals
from neurodyn.analysis.plots.phases import free_trajectory, plot_phases
from neurodyn.analysis.plots.report import draw_report

__all__ = [
    "draw_report",
    "free_trajectory",
    "plot_agreement",
    "plot_convergence",
    "plot_error_over_time",
    "plot_error_signals",
    "plot_phases",
]
