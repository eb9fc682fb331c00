"""Lyapunov exponents of a network's free flow: how fast neighbouring trajectories part, or come together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture, bars
from neurodyn.cards.shown import told
from neurodyn.inputs import as_condition, positive_number, real_number, whole_number
from neurodyn.numerics.arrays import Array, Integers, Mask, inward
from neurodyn.numerics.blas import few_threads
from neurodyn.phases.beginning import beginning
from neurodyn.phases.growth import CLEAR, SOLVER, dimension, growth
from neurodyn.phases.relax import longest
from neurodyn.phases.simulate import failure
from neurodyn.phases.tangent import require_smooth
from neurodyn.results.result import Result, array, check_on_failure
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.solvers.status import Status
from neurodyn.system.network import Network, as_network

#: How long the beginning that is left out is, and the first run, in units of the longest time constant.
TRANSIENT, FIRST = 100.0, 100.0


@dataclass(frozen=True, eq=False, repr=False)
class LyapunovSpectrum(Result):
    """The largest Lyapunov exponents along trajectories, in falling order.

    Attributes
    ----------
    exponents, standard_error : (batch, count)
        Mean rates of growth of lengths, 1/time, and their standard errors.
    dimension : (batch,)
        Kaplan and Yorke's: j + (λ_1 + ... + λ_j)/|λ_{j+1}| with the largest j for which the sum is not negative.
        Exponents within three standard errors of zero count as zero. NaN where `count` is too small to tell.
    time : (batch,)
        Over which the means were taken.
    state : (batch, n)
        Where the trajectories ended.
    status : (batch,)
    x : (batch, n_in), optional

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> found = analysis.lyapunov(net, count=1)
    >>> bool(found.chaotic)
    False
    """

    exponents: Array = array("batch", "exponent", units="1/time")
    standard_error: Array = array("batch", "exponent", units="1/time")
    dimension: Array = array("batch")
    time: Array = array("batch", units="time")
    state: Array = array("batch", "unit")
    status: Integers = array("batch", units="status")
    x: Array | None = array("batch", "input", default=None)
    solver: dict[str, Any] = field(default_factory=dict)

    @property
    def chaotic(self) -> Mask:
        """Whether the largest exponent is positive, by three standard errors, (batch,)."""
        return np.asarray(self.exponents[..., 0] > CLEAR * self.standard_error[..., 0])

    def _picture(self) -> Picture | None:
        return bars(np.atleast_2d(self.exponents)[0], caption="exponents of the first sample, largest first")

    def __repr__(self) -> str:
        pairs = zip(np.atleast_2d(self.exponents)[0], np.atleast_2d(self.standard_error)[0], strict=True)
        shown = ", ".join(f"{value:.4g} ± {error:.1g}" for value, error in pairs)
        more = "" if self.exponents.ndim == 1 else f", and of {len(self.exponents) - 1} more samples"
        return told("LyapunovSpectrum", [f"{shown}{more}"])


@few_threads
def lyapunov(
    network: Network,
    x: ArrayLike | None = None,
    *,
    count: int = 1,
    start: ArrayLike | Result | None = None,
    tol: float | None = None,
    transient: float | None = None,
    t_max: float | None = None,
    solver: Solver | None = None,
    on_failure: str = "raise",
) -> LyapunovSpectrum:
    """Estimate the largest Lyapunov exponents of the free flow under a constant input.

    Orthonormal vectors are carried along a trajectory, a continuous QR decomposition of the linearised flow, and the
    means of their growth taken over a run of 100 of the longest time constants, which is doubled until the standard
    errors of all exponents are at most `tol`. An error is the scatter of the means of 32 parts of the run, over √32.

    Parameters
    ----------
    network : Network
        Of smooth activations.
    x : (batch, n_in) or (n_in,) array, optional
    count : int
        How many exponents, from the largest on.
    start : (batch, n) or (n,) array, or a result, optional
        Where trajectories begin, as for `simulate`. Default: drawn near zero, since a network may rest at zero itself.
    tol : float, optional
        Standard error at which a run ends, 1/time. Default: 0.01 over the longest time constant.
    transient : float, optional
        How long trajectories run before anything counts. Default: 100 of the longest time constants.
    t_max : float, optional
        Longest run. Default: 10⁴·max(tau). `standard_error` tells what was reached.
    solver : Solver, optional
        Default: tolerances of 1e-6 and 1e-8, as errors of single steps hardly change a mean.
    on_failure : {"raise", "return"}

    Raises
    ------
    ArgumentError, ModelError
        For arguments that do not fit, and for units with the hard sigmoid.
    DivergenceError, SimulationError
        A trajectory did not reach the end; `.result` is the LyapunovSpectrum as far as it came.

    References
    ----------
    Benettin et al., Meccanica 15:9 (1980). Christiansen & Rugh, Nonlinearity 10:1063 (1997).

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(2).replace(parameters={"s-s": [[0.0, 0.5], [0.5, 0.0]]})
    >>> rest = analysis.lyapunov(net, count=2)  # minus the relaxation rates
    >>> rest.exponents.round(3), bool(rest.chaotic), float(rest.dimension)
    (array([-0.5, -1.5]), False, 0.0)
    """
    as_network(network)
    solver = chosen_solver(solver, SOLVER)
    check_on_failure(on_failure)
    require_smooth(network, "a Lyapunov exponent")
    whole_number(count, "count", 1, network.n)
    scale = float(network.tau.max())
    error = 0.01 / scale if tol is None else positive_number(tol, "tol")
    skipped = TRANSIENT * scale if transient is None else real_number(transient, "transient", 0.0)
    limit = longest(network) if t_max is None else positive_number(t_max, "t_max")
    begin, _ = beginning(start, None)
    if begin is None:
        begin = np.random.default_rng(0).normal(scale=0.1, size=network.n)
    rates, initial, batched = as_condition(x, begin, network.n_in, network.n)
    found = growth(
        network,
        inward(initial),
        rates,
        count,
        transient=max(skipped, 1e-6 * scale),
        first=min(FIRST * scale, limit),
        longest=limit,
        tol=error,
        solver=solver,
    )
    pick: Any = slice(None) if batched else 0
    lines = zip(found.exponents.T, found.standard_error.T, strict=True)
    result = LyapunovSpectrum(
        network,
        exponents=found.exponents.T[pick],
        standard_error=found.standard_error.T[pick],
        dimension=np.asarray(np.array([dimension(*line, network.n) for line in lines])[pick]),
        time=np.asarray(found.time[pick]),
        state=found.state.T[pick],
        status=np.asarray(found.status[pick]),
        x=None if rates is None else rates[pick],
        solver=solver.describe(),
    )
    if on_failure == "raise" and np.any(found.status != Status.DONE):
        solution = found.solution
        solution.status[:] = found.status
        raise failure(["Lyapunov exponents"], network, solution, result)
    return result
