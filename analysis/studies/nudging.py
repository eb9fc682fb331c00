"""How strong the nudging may be: errors of one-sided and centered nudging, from the solver's floor to beyond beta_c."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.signals.convergence import SOLVER, Convergence, convergence
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.numerics.arrays import Array
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.network import Network

#: Errors that a user may find good enough.
GOOD = 0.01
#: Curvature has taken over where the error is so many times larger, or smaller, than the fitted power of beta.
DEPARTURE = 2.0


def nudging(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    betas: ArrayLike | None = None,
    correction: str | None = None,
    solver: Solver | None = None,
) -> Study:
    """Measure the errors of one-sided and centered nudging against the side network, over seven decades of beta.

    Small beta show the solver's floor, then the error grows as beta one-sided, as beta² centered, until curvature
    takes over: the higher powers of beta count. Centered nudging ends at beta_c, where the negative phase has no
    equilibrium that is the smooth continuation of s*; one-sided nudging with +beta goes on.

    Parameters
    ----------
    network, x, y, start, correction
        The same as for `relax` and `nudge`.
    betas : (K,) array, optional
        Default: 22 from 1e-6 to 10.
    solver : Solver, optional
        Default: a relative tolerance of 1e-10.

    Returns
    -------
    study : Study
        Over `beta`: `one_sided`, `centered`, `gradient_one_sided` and `gradient_centered`, as of `Convergence`, NaN
        where a phase ran away; `beyond`, whether beta >= beta_c or the fold; `crossed`, the fraction of units that met
        a bound. Summary: beta_c; the smallest |beta| at which the branch of s* folds; the solver's floors; and for
        each of the four the fitted `order`, the largest beta up to which
        it stays below 1 % (`below_one_percent`), and from which on it departs from its power by a factor of 2
        (`curvature`); NaN where it never does.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.nudging(net, [0.5, 0.2], [1.0, 0.0], betas=[0.01, 0.1])
    >>> bool((study["centered"] < study["one_sided"]).all())
    True
    """
    solver = chosen_solver(solver, SOLVER)
    rest = relax_with_signal(network, x, y, start, solver)
    strengths = np.logspace(-6.0, 1.0, 22) if betas is None else betas
    found = convergence(network, rest, y, betas=strengths, correction=correction, solver=solver)
    kinds = ("one_sided", "centered", "gradient_one_sided", "gradient_centered")
    data = columns(
        {"beta": found.betas},
        **{kind: ("beta", getattr(found, kind)) for kind in kinds},
        beyond=("beta", found.betas >= found.limit),
        crossed=("beta", found.crossed),
    )
    floors = {"floor": found.floor, "gradient_floor": found.gradient_floor}
    return Study(
        network,
        "nudging",
        "Error of the nudged phase against the nudging strength",
        data,
        {
            "critical_beta": found.critical_beta,
            "fold": found.fold,
            **floors,
            **{kind: _marks(found, kind) for kind in kinds},
        },
    )


def _marks(found: Convergence, kind: str) -> dict[str, float]:
    """Where the error of a kind is small, and where it leaves its power law."""
    betas, errors = found.betas, getattr(found, kind)
    good = betas[errors <= GOOD]
    slope, factor = found.fit(kind)
    departed = betas[~(np.abs(np.log(errors / (factor * betas**slope))) <= np.log(DEPARTURE)) & _above(found, kind)]
    return {
        "order": slope,
        "below_one_percent": float(good.max()) if good.size else np.nan,
        "curvature": float(departed.min()) if departed.size and np.isfinite(slope) else np.nan,
    }


def _above(found: Convergence, kind: str) -> Array:
    """The beta beyond those that were fitted."""
    fitted = found.betas[np.isfinite(found.guide(kind))]
    return np.asarray(found.betas > fitted.max(initial=0.0))
