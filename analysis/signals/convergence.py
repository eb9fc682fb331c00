"""How fast the nudged phase's velocities approach the side network's error signal as beta shrinks.

One-sided nudging has an error O(beta), centered nudging O(beta²), down to a floor that the solver sets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest, at_rest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.signals.compare import compare
from neurodyn.cards.picture import Picture, curves
from neurodyn.cards.shown import Shown
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_positives
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.correction import check_correction
from neurodyn.phases.nudge import NudgedPhase, default_times, nudge, resting_point
from neurodyn.phases.side import SidePhase, side_network
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.branch import first_fold
from neurodyn.system.network import Network

#: Errors closer than this factor to the solver's floor say nothing about beta, and beta closer than this fraction to
#: beta_c or the first fold nothing about the limit: higher orders count there.
ABOVE_FLOOR, BELOW_CRITICAL = 10.0, 1.0 / 3.0
#: Tighter than the default one, whose floor near 1e-7 would hide the second order.
SOLVER = Solver(rtol=1e-10, atol=1e-12)


@dataclass(frozen=True, slots=True, repr=False)
class Convergence(Shown):
    """Errors of the nudged phase against one side network, for several beta.

    Attributes
    ----------
    betas : (K,)
        Nudging strengths, positive.
    one_sided, centered : (K,)
        `Comparison.max_relative_error` of the phase with +beta, and of half the difference of +beta and -beta.
        NaN where a phase did not reach its end: for centered nudging, often where beta lies beyond beta_c.
    floor : float
        The same for the linear limit, beta = 0: what the solver alone contributes. NaN if no sample has a signal.
    gradient_one_sided, gradient_centered : (K,)
        `GradientComparison.relative_error`, likewise; its floor is `gradient_floor`.
    critical_beta : float
        Smallest beta_c of the samples: from there on s* need not be followed smoothly.
    crossed : (K,)
        Fraction of the units (of all samples) that left or reached a bound of their box at each beta.
    fold : float
        The smallest strength, of either sign and up to the largest of the betas, at which the branch of a sample's s*
        folds, which may be below `critical_beta`; infinite where none does.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.convergence(net, [0.5, 0.2], [1.0, 0.0], betas=[0.01, 0.1])
    >>> bool(found.centered[0] < found.one_sided[0])
    True
    """

    betas: Array
    one_sided: Array
    centered: Array
    floor: float
    gradient_one_sided: Array
    gradient_centered: Array
    gradient_floor: float
    critical_beta: float
    crossed: Array
    fold: float = float("inf")

    def _picture(self) -> Picture | None:
        errors = {"one-sided": self.one_sided, "centered": self.centered}
        return curves(errors, np.log10(self.betas), caption="error over the logarithm of beta", log=True)

    @property
    def limit(self) -> float:
        """From this beta on s* need not be, or is not, followed: the smaller of `critical_beta` and `fold`."""
        return min(self.critical_beta, self.fold)

    @property
    def one_sided_slope(self) -> float:
        """Measured order in beta of one-sided nudging; 1 in theory."""
        return self.slope("one_sided")

    @property
    def centered_slope(self) -> float:
        """Measured order in beta of centered nudging; 2 in theory."""
        return self.slope("centered")

    def slope(self, kind: str) -> float:
        """Least squares slope of log error against log beta; `kind` is the name of a field of errors.

        Over the beta up to a third of `limit` whose error is above 10 times the floor and that pushed no
        unit across a bound; NaN if fewer than two.
        """
        return self._fit(kind)[0]

    def fit(self, kind: str) -> tuple[float, float]:
        """The `slope`, and the factor of beta to that power, of the fitted line."""
        return self._fit(kind)[:2]

    def guide(self, kind: str) -> Array:
        """Error on the fitted line, (K,); NaN at the beta that the fit left out."""
        slope, factor, used = self._fit(kind)
        return np.where(used, factor * self.betas**slope, np.nan)

    def _fit(self, kind: str) -> tuple[float, float, Any]:
        kinds = ("one_sided", "centered", "gradient_one_sided", "gradient_centered")
        if kind not in kinds:
            raise ArgumentError(f"unknown `kind` {kind!r}; allowed: {', '.join(kinds)}")
        errors = getattr(self, kind)
        floor = self.gradient_floor if kind.startswith("gradient") else self.floor
        used = (errors > ABOVE_FLOOR * floor) & (self.betas <= BELOW_CRITICAL * self.limit) & (self.crossed == 0.0)
        return *power_law(self.betas[used], errors[used]), used


@few_threads
def convergence(
    network: Network,
    equilibrium: AtRest,
    y: ArrayLike,
    *,
    betas: ArrayLike | None = None,
    t_eval: ArrayLike | None = None,
    correction: str | None = None,
    solver: Solver | None = None,
) -> Convergence:
    """Measure the error of one-sided and centered nudging for each beta, against one side network.

    Parameters
    ----------
    network, equilibrium, y, correction, solver
        The same as for `nudge`, or inputs in place of the equilibrium; but the default solver has rtol 1e-10.
    betas : (K,) array, optional
        Positive. Default 1e-1, 1e-2, ..., 1e-6.
    t_eval : (T,) array, optional
        Times to compare. Default: every fifth of `nudge`'s default times.

    Raises
    ------
    ArgumentError
        For betas that are not positive, and as `nudge` does. A phase that fails is no error: it gives NaN.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> found = analysis.convergence(net, [0.5, 0.2], [1.0, 0.0], betas=[0.003, 0.01, 0.03])
    >>> round(found.one_sided_slope, 1), round(found.centered_slope, 1)
    (1.0, 2.0)
    """
    solver = chosen_solver(solver, SOLVER)
    strengths = as_positives(np.logspace(-1.0, -6.0, 6) if betas is None else betas, "betas")
    equilibrium = at_rest(network, equilibrium, solver)
    times = default_times(resting_point(network, equilibrium))[::5] if t_eval is None else t_eval
    check_correction(correction)
    side = side_network(network, equilibrium, y, t_eval=times, solver=solver)
    errors, crossed = np.empty((4, len(strengths))), np.zeros(len(strengths))
    same: dict[str, Any] = {"correction": correction, "t_eval": times, "solver": solver}
    with Bar("convergence in beta") as bar:
        linear = nudge(network, equilibrium, y, beta=0.0, nudging="positive", **same)
        for k, beta in enumerate(strengths):
            bar.update((k + 1) / (len(strengths) + 1))
            run = nudge(network, equilibrium, y, beta=float(beta), **same, on_failure="return")
            errors[0::2, k], errors[1::2, k] = _errors(run.positive, side), _errors(run, side)
            crossed[k] = np.mean(run.crossed)
    floor, gradient_floor = _errors(linear, side)
    critical = float(np.min(linear.critical_beta))
    point = resting_point(network, equilibrium)
    target = network.target(y, point.s.shape[1], equilibrium.batched)
    fold = first_fold(point, target, float(strengths.max()))
    return Convergence(
        strengths, errors[0], errors[1], floor, errors[2], errors[3], gradient_floor, critical, crossed, fold
    )


def precise(solver: Solver) -> Solver:
    """The same solver, tight enough for its floor to lie below what is measured; SciPy's are slow and stay."""
    if not solver.compiled:
        return solver
    return replace(solver, rtol=min(solver.rtol, SOLVER.rtol), atol=min(solver.atol, SOLVER.atol))


def _errors(run: NudgedPhase | None, side: SidePhase) -> tuple[float, float]:
    """Error of the velocities and of the gradient; NaN where the phase did not reach the end."""
    if run is None or not np.isfinite(run.displacement_rate).all():
        return float("nan"), float("nan")
    found = compare(run, side, gradient_times=2)
    return found.max_relative_error, found.gradient.relative_error
