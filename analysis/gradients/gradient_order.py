"""How fast estimates of the gradient approach the exact one as their nudging becomes weaker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, inputs_and_start
from neurodyn.analysis.signals.convergence import ABOVE_FLOOR, BELOW_CRITICAL, SOLVER
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Shown
from neurodyn.errors import NeurodynError
from neurodyn.estimators import ESTIMATORS, Estimator
from neurodyn.estimators.gradient import gradient
from neurodyn.estimators.task import Task
from neurodyn.inputs import as_positives
from neurodyn.numerics.arrays import Array
from neurodyn.phases.correction import check_correction
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.branch import first_fold
from neurodyn.system.network import Network


@dataclass(frozen=True, slots=True, repr=False)
class GradientOrder(Shown):
    """Relative errors of gradients for several strengths of nudging.

    Attributes
    ----------
    betas : (K,)
        Strengths, positive.
    errors : mapping from name to (K,) array
        ‖estimate − exact‖/‖exact‖ of each way to nudge; NaN where it failed.
    floor : float
        The same of the side network run to rest, which has no nudging: what the solver alone contributes.
    critical_beta, fold : float
        Smallest beta_c of the samples, and smallest strength at which the branch of a sample folds: see `Convergence`.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis
    >>> betas = np.array([0.001, 0.01, 0.1])
    >>> found = analysis.GradientOrder(betas, {"centered": betas**2}, floor=0.0, critical_beta=1.0)
    >>> round(found.slope("centered"), 3)
    2.0
    """

    betas: Array
    errors: Mapping[str, Array]
    floor: float
    critical_beta: float
    fold: float = float("inf")

    def _picture(self) -> Picture | None:
        return curves(self.errors, np.log10(self.betas), caption="error over the logarithm of the strength", log=True)

    @property
    def limit(self) -> float:
        """The smaller of `critical_beta` and `fold`."""
        return min(self.critical_beta, self.fold)

    def slope(self, name: str) -> float:
        """Least squares slope of log error against log strength, above 10 floors and up to a third of `limit`.

        NaN where fewer than two strengths are left.
        """
        used = self.used(name)
        if used.sum() < 2:
            return float("nan")
        return float(np.polyfit(np.log(self.betas[used]), np.log(self.errors[name][used]), 1)[0])

    def used(self, name: str) -> Any:
        """Which strengths the slope is of, (K,)."""
        with np.errstate(invalid="ignore"):
            above = self.errors[name] > ABOVE_FLOOR * self.floor
        return above & (self.betas <= BELOW_CRITICAL * self.limit)


def gradient_order(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    betas: ArrayLike | None = None,
    start: ArrayLike | None = None,
    correction: str | None = None,
    solver: Solver | None = None,
) -> GradientOrder:
    """Measure every method that nudges with some strength, in every way that it knows, at every strength.

    Parameters
    ----------
    network, x, y, start, solver
        The same as for `neurodyn.gradient`, but the default solver has rtol 1e-10.
    betas : (K,) array, optional
        Positive strengths. Default 10^-0.5, 10^-1, ..., 10^-4.
    correction : {None, "antisymmetric"}
        The same as for `nudge`: of the methods that know of it.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.gradient_order(net, [0.5, 0.2], [1.0, 0.0], betas=[0.01, 0.03, 0.1])
    >>> "equilibrium-propagation, centered" in found.errors
    True
    """
    strengths = as_positives(np.logspace(-0.5, -4.0, 8) if betas is None else betas, "betas")
    x, start = inputs_and_start(x, start)
    given: dict[str, Any] = {"start": start, "solver": chosen_solver(solver, SOLVER)}
    exact = gradient(network, x, y, method="implicit", **given)
    size = exact.norm or np.nan
    ways = [
        (f"{method}, {way}", method, kind.strength, {**options, **_corrected(kind, correction)})
        for method, kind in ESTIMATORS.items()
        if kind.strength and not kind.noisy
        for way, options in kind.schemes.items()
    ]
    check_correction(correction)
    errors = {name: np.full(len(strengths), np.nan) for name, *_ in ways}
    with Bar("gradients against beta") as bar:
        for k, (name, method, strength, options) in enumerate(ways):
            for j, beta in enumerate(strengths):
                bar.update((k + j / len(strengths)) / len(ways))
                chosen = {**given, **options, strength: float(beta)}
                try:
                    found = gradient(network, x, y, method=method, **chosen)
                except NeurodynError:  # as where a nudge is too strong for the network to follow: NaN says so
                    continue
                errors[name][j] = (found - exact).norm / size
    floor = (gradient(network, x, y, method="recurrent-backprop", **given) - exact).norm / size
    task = Task(network, x, y, **given)
    critical = float(task.point.critical_beta(task.target).min())
    fold = first_fold(task.point, task.target, float(strengths.max()))
    return GradientOrder(strengths, errors, floor, critical, fold)


def _corrected(kind: type[Estimator], correction: str | None) -> dict[str, Any]:
    """The option of a method that knows of corrections."""
    return {"correction": correction} if any(f.name == "correction" for f in fields(kind)) else {}
