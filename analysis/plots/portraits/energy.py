"""Figure: energy and cost over time, through both phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.panels import free_part, panel_for_each_phase, phase_titles
from neurodyn.analysis.plots.selection import settled_after
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.experiments.experiment import Experiment
from neurodyn.flows.layout import RATES
from neurodyn.flows.nudged import change
from neurodyn.numerics.arrays import Array, Mask, inward
from neurodyn.phases.nudged_problem import nudged_rows
from neurodyn.phases.simulate import Trajectory
from neurodyn.results.result import with_batch
from neurodyn.system.constants import free_rows
from neurodyn.system.network import Network

#: Points and weights of Gauss-Legendre integration over [0, 1].
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
POINTS, WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS


def plot_energy(
    result: Experiment | Trajectory, *, sample: int = 0, ax: Axes | Sequence[Axes] | None = None, **style: Any
) -> tuple[Axes, ...]:
    """Draw E and C on the way to s*, then their changes while the network is nudged, over beta² and beta.

    In the nudged phase the total energy F = E + beta C falls, its cost by more than the energy rises: as beta → 0,
    (C − C*)/beta ends at twice (F − F*)/beta². A centered phase is shown by its half with +beta.

    Parameters
    ----------
    result : Experiment or Trajectory
        The free phase of an experiment is simulated again, from its start. A trajectory has one panel, without cost.
    sample : int
        Which sample of the batch.
    ax : Axes or pair of Axes, optional
        One for a trajectory, one for each phase of an experiment. Default: a new figure.
    **style
        Properties of the lines.

    Raises
    ------
    ArgumentError
        For a sample that does not exist, or as many axes as there are not phases.
    ModelError
        For a network without an energy.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> axes = plots.plot_energy(run)
    """
    network = result.network
    network.require_energy("figure of it")
    t, states, x = free_part(result, sample)
    inputs = None if x is None else np.tile(x, (len(t), 1))
    curves = {"energy $E$": network.energy(states, inputs)}
    if isinstance(result, Experiment):
        run = result.nudged.positive or result.nudged
        target = with_batch(run.target, 2)[sample]
        curves["cost $C$"] = network.cost(states, np.tile(target, (len(t), 1)))
        base, moved = with_batch(run.base, 2)[sample], with_batch(run.displacement[0], 3)[:, sample]
        active = with_batch(run.active, 2)[sample]
        energy = energy_change(network, base, moved, x, active, run.beta)
        cost = cost_change(network, base, moved, target, run.beta)
        changes = {
            r"$(E - E^*)/\beta^2$": energy,
            r"$(C - C^*)/\beta$": cost,
            r"$(F - F^*)/\beta^2$": energy + cost,
        }

    axes = panel_for_each_phase(result, ax, height=2.9)
    _draw(axes[0], t, curves, look.FREE_SHADES, style)
    look.time_axis(axes[0], float(t[-1]), gap=0.17)
    axes[0].set_ylabel("energy and cost" if len(curves) == 2 else "energy $E$")
    if isinstance(result, Experiment):
        _draw(axes[1], run.t, changes, look.NUDGED_SHADES, style)
        look.time_axis(axes[1], settled_after(run.t, moved - moved[-1]), look.NUDGED_TIME, gap=0.17)
        axes[1].set_ylabel("change since the nudge")
        phase_titles(axes, rf"$\beta$ = {run.beta:g}")
    return look.together(axes)


def energy_change(network: Network, base: Array, moved: Array, x: Array | None, active: Mask, beta: float) -> Array:
    """(E(s* + beta·delta) − E(s*))/beta², (T,), for delta (T, n): the work against the force, not a difference.

    Subtracting energies would leave only noise at the smallest beta; at 0 the work is half of delta·mK·delta, as
    `Landscape` has them. Like the flow of delta, it leaves out the residual force at s* (on active units).
    """
    landscape, finite = Landscape(network, x), np.where(np.isfinite(moved), moved, 0.0)
    if beta == 0.0:
        there = np.tile(base, (len(moved), 1))
        product = network.jvp(there, finite, landscape.inputs(len(moved)))
        work = 0.5 * np.sum(finite * landscape.slopes(there) * product, axis=1)
    else:
        residual = np.where(active, network.force(base, x), 0.0)
        states = [base + u * beta * finite for u in POINTS]
        forces = [landscape.slopes(s) * (landscape.force(s) - residual) for s in states]
        work = -np.einsum("u,utn,tn->t", WEIGHTS, forces, finite) / beta
    return np.where(np.isfinite(moved).all(axis=1), work, np.nan)


def cost_change(network: Network, base: Array, moved: Array, target: Array, beta: float) -> Array:
    """(C(s* + beta·delta) − C(s*))/beta, (T,), for delta (T, n); defined at beta = 0 too."""
    outputs, delta = network.outputs, inward(moved)
    if network.metric == RATES:  # the cost is one of the rates, whose change must not cancel either
        still = network.local(base[:, None], free_rows(network, None, 1)).columns(np.zeros(len(moved), dtype=int))
        rows = nudged_rows(network, still, np.full(len(moved), beta))
        delta = network.evaluate(change, delta, rows, network.n)
    return network.readout.change(network.coordinate(base[:, None])[outputs], target[:, None], delta[outputs], beta)


def _draw(ax: Axes, t: Array, curves: dict[str, Array], colors: Sequence[str], style: dict[str, Any]) -> None:
    for k, (name, curve) in enumerate(curves.items()):
        options = {
            "color": colors[k],
            "linestyle": look.DASHES[k],
            "linewidth": look.thick(1.5),
            "label": name,
            **look.own(style),
        }
        ax.plot(t, curve, **options)
    ax.axhline(0.0, color=look.QUIET, linewidth=look.thick(0.5), zorder=0)
    look.legend(ax, loc="best")
