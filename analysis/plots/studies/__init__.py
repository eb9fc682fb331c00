"""Figures of studies: `plot_NAME(study, ...)` for each name in `analysis.studies.STUDIES`, and all of one by name."""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.studies.concurrent import plot_concurrent
from neurodyn.analysis.plots.studies.discretisation import plot_discretisation
from neurodyn.analysis.plots.studies.duration import plot_duration
from neurodyn.analysis.plots.studies.fluctuation import plot_fluctuation
from neurodyn.analysis.plots.studies.hardware import plot_hardware
from neurodyn.analysis.plots.studies.heterogeneity import plot_heterogeneity
from neurodyn.analysis.plots.studies.nudging import plot_nudging
from neurodyn.analysis.plots.studies.plasticity import plot_plasticity
from neurodyn.analysis.plots.studies.stiffness import plot_stiffness
from neurodyn.analysis.plots.studies.stimulus import plot_stimulus
from neurodyn.analysis.studies.study import Study

#: Every study's figure; one with several panels returns all its axes.
PLOTS: dict[str, Callable[..., Any]] = {
    "duration": plot_duration,
    "nudging": plot_nudging,
    "heterogeneity": plot_heterogeneity,
    "plasticity": plot_plasticity,
    "concurrent": plot_concurrent,
    "stiffness": plot_stiffness,
    "stimulus": plot_stimulus,
    "discretisation": plot_discretisation,
    "fluctuation": plot_fluctuation,
    "hardware": plot_hardware,
}


def draw_study(study: Study) -> Figure:
    """The figure of a study; save it with `figure.savefig(path, dpi=150)`.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> figure = plots.draw_study(analysis.nudging(net, [0.5, 0.2], [1.0, 0.0], betas=[0.01, 0.1]))
    >>> len(figure.axes)
    2
    """
    drawn = PLOTS[study.name](study)
    return look.figure_of(drawn if not isinstance(drawn, tuple) else drawn[0])


__all__ = [
    "PLOTS",
    "draw_study",
    "plot_concurrent",
    "plot_discretisation",
    "plot_duration",
    "plot_fluctuation",
    "plot_hardware",
    "plot_heterogeneity",
    "plot_nudging",
    "plot_plasticity",
    "plot_stiffness",
    "plot_stimulus",
]
