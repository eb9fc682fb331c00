"""All figures of one experiment."""

from __future__ import annotations

from matplotlib.figure import Figure

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.gradients.agreement import plot_agreement
from neurodyn.analysis.plots.signals.convergence import plot_convergence
from neurodyn.analysis.plots.signals.error_over_time import plot_error_over_time
from neurodyn.analysis.plots.signals.error_signals import plot_error_signals
from neurodyn.analysis.plots.signals.phases import plot_phases
from neurodyn.analysis.signals.compare import Comparison
from neurodyn.analysis.signals.convergence import Convergence
from neurodyn.experiments.experiment import Experiment
from neurodyn.phases.simulate import Trajectory


def draw_report(
    experiment: Experiment, comparison: Comparison, convergence: Convergence | None, *, free: Trajectory | None = None
) -> dict[str, Figure]:
    """Draw the figures of an experiment; save one with `figure.savefig(path, dpi=150)`.

    Parameters
    ----------
    experiment, comparison, convergence
        What is drawn; without a convergence, all else.
    free : Trajectory, optional
        The free phase of the sample `comparison.shown`, as `analysis.free_phase` has it. Default: simulated.

    Returns
    -------
    figures : dict
        `phases`, `error-signals`, `error-over-time`, `agreement`, and `convergence` if it is given.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> figures = plots.draw_report(run, analysis.compare(run.nudged, run.side), None)
    >>> sorted(figures)
    ['agreement', 'error-over-time', 'error-signals', 'phases']
    """
    run, side = experiment.nudged, experiment.side
    whole = experiment.network, experiment.equilibrium, run
    axes = {
        "phases": plot_phases(*whole, sample=comparison.shown, free=free)[0],
        "error-signals": plot_error_signals(run, side)[0],
        "error-over-time": plot_error_over_time(comparison),
        "agreement": plot_agreement(run, side),
    }
    figures = {name: look.figure_of(ax) for name, ax in axes.items()}
    return figures if convergence is None else {**figures, **draw_convergence(convergence, run.beta)}


def draw_convergence(convergence: Convergence, beta: float) -> dict[str, Figure]:
    """Draw the last figure of a report, with the strength of its run marked."""
    return {"convergence": look.figure_of(plot_convergence(convergence, beta=beta))}
