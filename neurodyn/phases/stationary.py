"""The stationary law of a network under noise: means, covariances and error bars over long runs of several chains."""

from __future__ import annotations

import os
import time as clocks
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture, bars
from neurodyn.cards.shown import told
from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_condition, is_number, positive_number, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.driven import Nudge
from neurodyn.phases.langevin import Langevin
from neurodyn.phases.relax import check_box
from neurodyn.phases.stationary_run import Run, Wanted
from neurodyn.progress import Bar
from neurodyn.results.result import Result, array
from neurodyn.system.network import Network, as_network
from neurodyn.system.parameters import Parameters

#: Effective samples of the slowest unit, unless something else is asked for.
SAMPLES = 1000
#: More chains, samples or bins are a slip.
MOST_CHAINS, MOST_SAMPLES, MOST_BINS = 100_000, 10**12, 10_000


@dataclass(frozen=True, eq=False, repr=False)
class Stationary(Result):
    """Averages over the stationary law of a network under noise, with error bars of one standard deviation.

    Attributes
    ----------
    mean, standard_error : (batch, n)
        Of the states; the error bar is that of the mean.
    covariance : (batch, n, n), optional
        Of the states; None where it would take more than a gigabyte.
    autocorrelation_time, effective_samples, r_hat : (batch, n)
        The integral of the autocorrelation function of each state, in units of time; as how many independent samples
        the run counts for its mean; and Gelman and Rubin's statistic between the chains, 1 where they agree.
    rate, rate_error : (batch, n)
        Mean of rho(s), and its error bar.
    energy, energy_error : (batch,)
        NaN for a network without an energy.
    cost, cost_error : (batch,), optional
        Of a run with targets.
    parameter_mean, parameter_error : (p,), optional
        Mean of dE/dtheta over the law and the batch; see `energy_gradient`.
    histogram, edges : (batch, n, bins), (n, bins + 1), optional
        The part of the time that a state is in each bin; what is beyond the edges counts to the bins at the ends.
    pairs, pair_histogram : (K, 2), (K, batch, bins, bins), optional
        The same for some pairs of units together; the first unit's bins come first.
    x, target : optional
    beta : float
        Strength of a nudge: the law is that of E + beta C.
    burn_in, time, interval : float
        What was left out at the beginning of each chain, how long it was averaged, and the time between two records.
    chains, blocks : int
        Chains of each sample; and the blocks, independent of each other, that they were cut into for error bars.
    noise : dict
        What describes the `Langevin`, with the step that was taken.
    notes : list of str
        What is not as it should be.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> law = nd.stationary(net, [0.5, 0.2], temperature=0.1, samples=50, seed=0)
    >>> law.mean.shape, bool(law.standard_error.max() < 0.2)
    ((5,), True)
    """

    mean: Array = array("batch", "unit")
    standard_error: Array = array("batch", "unit")
    autocorrelation_time: Array = array("batch", "unit", units="time")
    effective_samples: Array = array("batch", "unit")
    r_hat: Array = array("batch", "unit")
    rate: Array = array("batch", "unit")
    rate_error: Array = array("batch", "unit")
    energy: Array = array("batch", units="energy")
    energy_error: Array = array("batch", units="energy")
    covariance: Array | None = array("batch", "unit", "other unit", default=None)
    cost: Array | None = array("batch", units="cost", default=None)
    cost_error: Array | None = array("batch", units="cost", default=None)
    parameter_mean: Array | None = array("parameter", units="energy", default=None)
    parameter_error: Array | None = array("parameter", units="energy", default=None)
    histogram: Array | None = array("batch", "unit", "bin", default=None)
    edges: Array | None = array("unit", "edge", default=None)
    pairs: Any = array("pair", "end", default=None)
    pair_histogram: Array | None = array("pair", "batch", "bin", "other bin", default=None)
    x: Array | None = array("batch", "input", default=None)
    target: Array | None = array("batch", "output", default=None)
    beta: float = 0.0
    burn_in: float = 0.0
    time: float = 0.0
    interval: float = 0.0
    chains: int = 1
    blocks: int = 1
    noise: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def energy_gradient(self) -> Parameters:
        """Mean of dE/dtheta, laid out like the parameters. Raises `ArgumentError` where there is no energy."""
        return self._laid_out(self.parameter_mean)

    @property
    def energy_gradient_error(self) -> Parameters:
        """The error bar of `energy_gradient`."""
        return self._laid_out(self.parameter_error)

    def _laid_out(self, vector: Array | None) -> Parameters:
        if vector is None:
            raise ArgumentError("this network has no energy, and so no derivative of it")
        return Parameters(self.network.parameters.blocks, vector)

    def _picture(self) -> Picture | None:
        return bars(np.atleast_2d(self.mean)[0], caption="mean state of the first sample, unit by unit")

    def __repr__(self) -> str:
        parts = (
            f"{self.chains} chains for each of {np.atleast_2d(self.mean).shape[0]} samples",
            f"averaged over a time {self.time:.4g} after {self.burn_in:.4g}; at least "
            f"{self.effective_samples.min():.4g} effective samples",
            f"largest error bar {self.standard_error.max():.2g}, R-hat {np.max(self.r_hat):.4g}",
        )
        return told("Stationary", parts)


def stationary(
    network: Network,
    x: ArrayLike | None = None,
    *,
    temperature: ArrayLike | None = None,
    scheme: str | None = None,
    step: float | None = None,
    seed: int | None = None,
    noise: Langevin | None = None,
    start: ArrayLike | None = None,
    y: ArrayLike | None = None,
    beta: float = 0.0,
    chains: int = 4,
    samples: float | None = None,
    tolerance: float | None = None,
    max_seconds: float | None = None,
    bins: int | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> Stationary:
    """Average over the stationary law of tau ds = −dF/ds dt + sqrt(2 Theta tau) dB, F = E + beta C.

    Several chains of each sample begin apart, and run until they have forgotten it: until all of them, and their
    halves, show one law, over some autocorrelation times. Then they are averaged, in blocks that are long against the
    slowest unit's autocorrelation time, until there are enough. Error bars are the scatter of the means over blocks.

    Parameters
    ----------
    network, x, start, y, beta
        The same as for `simulate`; chains begin in a normal law of variance Theta around `start`, default zeros.
    temperature, scheme, step, seed, noise
        The noise, as `Langevin` says. Where weights fluctuate, averages are over them, too: every chain of a sample has
        fluctuations of its own. Energies and their derivatives are those of the weights at rest.
    chains : int
        Of each sample.
    samples : float, optional
        Effective samples wanted of every state of every sample. Default: 1000, without a `tolerance`.
    tolerance : float, optional
        Largest error bar wanted of a mean state; in the rate form of a mean rate, too.
    max_seconds : float, optional
        Wall time after which the result is what has been reached, and a note says so.
    bins, pairs : int, and list of pairs of units, optional
        Ask for histograms with so many bins, and for those of some pairs of units, by their numbers.
    checkpoint : path, optional
        A file that is written now and then. With `resume` the run goes on from it, if it is there, to the same bits;
        also for more samples.

    Raises
    ------
    ArgumentError
    DivergenceError
        A state grew beyond all bounds.
    ResultFileError
        The checkpoint cannot be written, or is of another run.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.recurrent(2, n_in=1, n_out=1, seed=0)
    >>> law = nd.stationary(net, [0.5], temperature=0.1, seed=0, samples=200)
    >>> law.mean.shape, law.covariance.shape, law.standard_error.shape
    ((2,), (2, 2), (2,))
    >>> bool(law.effective_samples.min() >= 200)
    True
    """
    as_network(network)
    settings = as_langevin({"temperature": temperature, "scheme": scheme, "step": step, "seed": seed}, noise)
    rates, initial, batched = as_condition(x, start, network.n_in, network.n)
    check_box(network, initial)
    beta, target = real_number(beta, "beta"), None
    if y is not None:
        target = network.target(y, len(initial), batched)
    elif beta != 0.0:
        raise ArgumentError(f"a nudge with beta = {beta:g} needs targets `y`")
    wanted = _wanted(network, samples, tolerance, max_seconds, bins, pairs)
    if resume not in (False, True) or (resume and checkpoint is None):
        raise ArgumentError("`resume` must be True or False, and needs a `checkpoint` to go on from")
    nudge = None if target is None or beta == 0.0 else Nudge(beta, target)
    chains = whole_number(chains, "chains", 1, MOST_CHAINS)
    with one_thread(), Bar("stationary law") as bar:
        run = Run(network, rates, initial, settings, chains, nudge, target, wanted, bar)
        run.to_end(checkpoint, resume, clocks.monotonic())
    return _result(run, rates, target, beta, batched)


def as_langevin(given: dict[str, Any], noise: Any) -> Langevin:
    """The noise that is asked for in one piece or by keywords.

    Raises `ArgumentError` for both, or neither.
    """
    settings = {name: value for name, value in given.items() if value is not None}
    if noise is None:
        if "temperature" not in settings:
            raise ArgumentError("`temperature` is missing: without noise there is no law, and `relax` finds the state")
        noise = Langevin(**settings)
    elif not isinstance(noise, Langevin) or settings:
        raise ArgumentError("`noise` must be a Langevin, which has its own temperature, scheme, step and seed")
    if not np.all(np.asarray(noise.temperature) > 0.0):
        raise ArgumentError(
            f"`temperature` must be positive: without noise there is no law, and `relax` finds the state; got "
            f"{noise.temperature}"
        )
    return noise


def _wanted(network: Network, samples: Any, tolerance: Any, max_seconds: Any, bins: Any, pairs: Any) -> Wanted:
    """What is asked for, checked."""
    if samples is not None and not (is_number(samples) and 1 <= samples <= MOST_SAMPLES):
        raise ArgumentError(f"`samples` must be a number from 1 to {MOST_SAMPLES:g}; got {samples!r}")
    if tolerance is not None:
        tolerance = positive_number(tolerance, "tolerance")
    if samples is None:
        samples = SAMPLES if tolerance is None else 1
    found: list[tuple[int, int]] = []
    for pair in pairs or ():
        try:
            a, b = pair
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"`pairs` must be pairs of units; got {pair!r}") from error
        found.append((whole_number(a, "pairs", 0, network.n - 1), whole_number(b, "pairs", 0, network.n - 1)))
    if found and bins is None:
        bins = 50
    return Wanted(
        float(samples),
        tolerance,
        np.inf if max_seconds is None else positive_number(max_seconds, "max_seconds"),
        0 if bins is None else whole_number(bins, "bins", 2, MOST_BINS),
        tuple(found),
    )


def _result(run: Run, x: Array | None, target: Array | None, beta: float, batched: bool) -> Stationary:
    """The result of a run that has ended."""
    pick: Any = slice(None) if batched else 0
    state, rate, energy, cost = run.state, run.rate, run.energy, run.cost
    counts = run.counts
    none = np.full(run.chains.batch, np.nan)
    return Stationary(
        run.chains.network,
        mean=state.mean[pick],
        standard_error=state.standard_error[pick],
        autocorrelation_time=state.autocorrelation_time(run.chains.interval)[pick],
        effective_samples=state.effective_samples[pick],
        r_hat=state.r_hat[pick],
        rate=rate.mean[pick],
        rate_error=rate.standard_error[pick],
        energy=(none if energy is None else energy.mean[:, 0])[pick],
        energy_error=(none if energy is None else energy.standard_error[:, 0])[pick],
        covariance=None if run.outer is None else run.covariance[pick],
        cost=None if cost is None else cost.mean[pick, 0],
        cost_error=None if cost is None else cost.standard_error[pick, 0],
        parameter_mean=None if run.gradient is None else run.gradient.mean,
        parameter_error=None if run.gradient is None else run.gradient.standard_error,
        histogram=None if counts is None else counts.single[pick],
        edges=None if counts is None else counts.edges,
        pairs=None if counts is None or not counts.pairs else np.array(counts.pairs),
        pair_histogram=None if counts is None or not counts.pairs else counts.double[:, pick],
        x=None if x is None else x[pick],
        target=None if target is None else target[pick],
        beta=beta,
        burn_in=run.settled.time,
        time=run.time,
        interval=run.chains.interval,
        chains=run.chains.count,
        blocks=state.number * run.chains.count,
        noise=run.noise,
        notes=list(run.notes),
    )
