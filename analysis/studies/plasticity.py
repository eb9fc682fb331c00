"""Weights that move during the nudged phase: how far their step is from the gradient, over beta and 1/tau_theta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.signals.convergence import SOLVER
from neurodyn.analysis.studies.study import Study
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.inputs import as_positives, choice
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import default_times, nudge
from neurodyn.phases.plasticity import RULES, critical_kappa, plastic_phase
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.synapses import Synapses
from neurodyn.progress import Bar
from neurodyn.results.result import with_batch
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

if TYPE_CHECKING:
    import xarray

#: Defaults of the two axes.
BETAS, RATES = np.logspace(-4.0, 0.0, 9), np.logspace(-8.0, 0.0, 9)
#: Recorded times of a phase, at which it is looked whether it runs away.
TIMES = 9
#: A law is fitted where what it is about makes the error this many times larger than the rest, and less than `SMALL`.
ABOVE, SMALL = 5.0, 0.2


def plasticity(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    betas: ArrayLike | None = None,
    rates: ArrayLike | None = None,
    rule: str = "tied",
    solver: Solver | None = None,
) -> Study:
    """Run the plastic phase over the plane of beta and 1/tau_theta, and compare its step with the exact gradient.

    What acts back is kappa = 1/(beta tau_theta): the error is O(kappa) + O(beta), one-sided, until the weights run away
    with the states that move them.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax` and `nudge`; the network must have an energy.
    betas, rates : (K,), (L,) arrays, optional
        Values of beta and 1/tau_theta, positive. Default: nine from 1e-4 to 1, and nine from 1e-8 to 1.
    rule : {"tied", "stdp"}
    solver : Solver, optional

    Returns
    -------
    study : Study
        Over `beta` and `rate` = 1/tau_theta: `kappa`; `error`, the relative distance of the gain from dJ/dtheta, where
        no sample ran away; `runaway`, the fraction of the samples that did, and `failed` of those that did not end.
        Over `beta`: `still_error`, that of the nudged phase with weights at rest. Summary: `critical_kappa` (the
        smallest of all samples); `kappa_order`, `beta_order`, 1 in theory; `half_error`, by how much the half of each
        synapse that leads forward alone, rho_i drho_j/dt, misses the gradient, with `half_cosine`.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.plasticity(net, [0.5, 0.2], [1.0, 0.0], betas=[0.001], rates=[1e-6])
    >>> study["cosine"].round(4) if "cosine" in study.data else list(study.data)
    ['kappa', 'error', 'runaway', 'failed', 'still_error']
    """
    solver = chosen_solver(solver, SOLVER)
    choice(rule, RULES, "rule")
    network.require_energy("dE/dtheta by which weights could move")
    rest = relax_with_signal(network, x, y, start, solver)
    point = FixedPoint.of(network, rest.state, rest.x)
    exact = point.exact_gradient(network.target(y, point.s.shape[1], rest.batched))
    betas = BETAS if betas is None else as_positives(betas, "betas")
    rates = RATES if rates is None else as_positives(rates, "rates")
    end = default_times(point)[-1]
    times = np.linspace(0.0, end, TIMES)
    shape = (betas.size, rates.size)
    error, runaway, failed = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape)
    still, critical = np.empty(betas.size), critical_kappa(point, Synapses.of(network, own=rule == "stdp"))
    with Bar("plasticity") as bar:
        for i, beta in enumerate(betas):
            phase = nudge(
                network, rest, y, beta=beta, nudging="positive", t_eval=times, solver=solver, on_failure="return"
            )
            still[i] = (phase.parameter_gradient() - exact).norm / exact.norm
            for k, rate in enumerate(rates):
                bar.update((i * rates.size + k) / error.size)
                if np.all(rate / beta >= critical):  # it is known how that ends
                    runaway[i, k] = 1.0
                    continue
                run = plastic_phase(
                    network,
                    rest,
                    y,
                    beta=beta,
                    tau_theta=1.0 / rate,
                    rule=rule,
                    t_eval=times,
                    solver=solver,
                    on_failure="return",
                )
                status = np.atleast_1d(run.status)
                runaway[i, k] = np.mean(status == Status.RUNAWAY)
                failed[i, k] = np.mean((status != Status.RUNAWAY) & (status != Status.DONE))
                if np.all(status == Status.DONE):
                    error[i, k] = (run.parameter_gradient() - exact).norm / exact.norm
    lowest = float(critical.min())
    half = _half(network, rest, y, exact, times, solver)
    return Study(
        network,
        "plasticity",
        "Weights that move during the nudged phase: distance of their step from the gradient",
        _table(betas, rates, error, runaway, failed, still),
        {"critical_kappa": lowest, "rule": rule, **_orders(betas, rates, error, still, lowest), **half},
    )


def _orders(betas: Array, rates: Array, error: Array, still: Array, critical: float) -> dict[str, float]:
    """Orders in kappa, of all cells that it rules, and in beta, of the slowest weights."""
    kappa = rates / betas[:, None]
    with np.errstate(invalid="ignore"):
        ruled = (error > ABOVE * still[:, None]) & (error < SMALL) & (kappa < critical)
        slow = (error[:, 0] > ABOVE * kappa[:, 0] / critical) & (error[:, 0] < SMALL)
    return {
        "kappa_order": power_law(kappa[ruled], error[ruled])[0],
        "beta_order": power_law(betas[slow], error[slow, 0])[0],
    }


def _half(
    network: Network, rest: Equilibrium, y: ArrayLike, exact: Parameters, times: Array, solver: Solver
) -> dict[str, float | None]:
    """How far one half of the rule is from the gradient, in the slow limit of a small nudge."""
    run = plastic_phase(
        network, rest, y, beta=1e-6, tau_theta=1e14, rule="stdp", t_eval=times, solver=solver, on_failure="return"
    )
    forward = -with_batch(run.gain, 3)[-1].mean(axis=0)
    miss = float(np.linalg.norm(forward - exact.vector) / exact.norm)
    cosine = float(forward @ exact.vector / np.linalg.norm(forward) / exact.norm)
    return {"half_error": miss, "half_cosine": cosine}


def _table(betas: Array, rates: Array, error: Array, runaway: Array, failed: Array, still: Array) -> xarray.Dataset:
    import xarray

    plane, one = ("beta", "rate"), {"units": "1"}
    return xarray.Dataset(
        {
            "kappa": (plane, rates / betas[:, None], one),
            "error": (plane, error, one),
            "runaway": (plane, runaway, one),
            "failed": (plane, failed, one),
            "still_error": ("beta", still, one),
        },
        {"beta": ("beta", betas, one), "rate": ("rate", rates, {"units": "1/time"})},
    )
