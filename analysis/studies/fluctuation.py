"""The equality in the mean: what a nudge does under noise, what free noise says of it, and the side network.

In the stationary law of a temperature Theta, switching on a nudge at t = 0 moves the mean state. The mean current
−(tau/beta) dE[s_i]/dt is then, at every time and for small beta, −(tau/Theta) d/dt E⁰[s_i(t) C(s(0))], a correlation
of the free network alone (the fluctuation-dissipation theorem); and as Theta → 0 both tend to the error signal of the
side network. Mean velocities are means of forces, which no noise enters at the time itself: tau dE[s]/dt = E[force].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.at_rest import AtRest
from neurodyn.analysis.power_law import power_law
from neurodyn.analysis.studies.study import Study, columns
from neurodyn.analysis.with_signal import relax_with_signal
from neurodyn.errors import ModelError
from neurodyn.flows.layout import STATES
from neurodyn.inputs import as_positives, as_seed, positive_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.chains import Chains
from neurodyn.phases.driven import Nudge
from neurodyn.phases.langevin import Langevin
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.settle import settle
from neurodyn.phases.side import side_network
from neurodyn.progress import Bar
from neurodyn.solvers.solver import Solver
from neurodyn.system.constants import free_rows
from neurodyn.system.network import Network

TEMPERATURES = (0.1, 0.05, 0.025, 0.0125)
#: Recorded times, and the last of them in the longest time constant.
TIMES, LAST = 13, 4.0
#: Doublings of the time to settle. Chains that have not met then change wells too seldom for it to be seen until LAST.
DOUBLINGS = 8
#: Nudged ensembles begin at most so many of the longest time constants apart: error bars are of chains, not of rounds.
APART = 40.0
#: Steps are this part of the default, as motion is looked at, and not only the law.
FINER = 0.25
MOST = 10**7


def fluctuation(
    network: Network,
    x: AtRest,
    y: ArrayLike,
    *,
    start: ArrayLike | None = None,
    temperatures: ArrayLike | None = None,
    beta: float = 0.02,
    chains: int = 64,
    rounds: int = 20,
    seed: int = 0,
    solver: Solver | None = None,
) -> Study:
    """Hold the mean current of nudged ensembles against correlations of free ones, and both against the side network.

    Parameters
    ----------
    network, x, y, start
        The same as for `relax` and `nudge`; a network with an energy of its states, and without a box.
    temperatures : (K,) array, optional
    beta : float
        Strength of the nudge, which is centered: errors are O(beta²).
    chains, rounds : int
        Free chains of each sample, and how often nudged ones begin at their states, some time apart. Error bars are
        the scatter between chains.
    seed : int
    solver : Solver, optional
        Of the side network.

    Returns
    -------
    study : Study
        Over `temperature`, `time`, `sample` and `free_unit`: `nudged` and `correlation` with their error bars
        `nudged_error` and `correlation_error`, and `gap_error`, that of their difference; over `time`, `sample` and
        `free_unit`: `side`, the side network. Over `temperature`: `distance`, of the nudged mean from the side network,
        relative to its size. Summary: the largest gap between the first two in error bars, the fraction of gaps below
        3, the power of the temperature with which the distance falls, and at how many temperatures chains stayed in
        different wells, where law and means are those of the wells that they were in.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> study = analysis.fluctuation(net, [0.5, 0.2], [1.0, 0.0], temperatures=[0.01], chains=4, rounds=2)
    >>> list(study.data)[:2]
    ['nudged_error', 'nudged']
    """
    heat = np.sort(as_positives(TEMPERATURES if temperatures is None else temperatures, "temperatures"))[::-1]
    beta, seed = positive_number(beta, "beta"), as_seed(seed)
    counts = whole_number(chains, "chains", 4, MOST), whole_number(rounds, "rounds", 1, MOST)
    rest = relax_with_signal(network, x, y, start, solver)
    if network.metric != STATES or network.box.any():
        raise ModelError(
            "this study needs a network whose noise has the law exp(-E/Theta) and no bounds, at which mean velocities "
            "are not mean forces: models.Hopfield with smooth activations"
        )
    network.require_energy("stationary law exp(-E/Theta)")
    target = network.target(y, len(np.atleast_2d(rest.state)), rest.batched)
    parts: list[dict[str, Array]] = []
    unmet = 0
    times: Array = np.zeros(0)
    with one_thread(), Bar("fluctuation") as bar:
        for k, theta in enumerate(heat):
            measure = _Measure(network, rest, target, Langevin(float(theta), seed=seed), beta, counts)
            parts.append(measure.run(bar, k / len(heat), 1.0 / len(heat)))
            times = measure.times
            unmet += not measure.met
    found = {name: np.array([part[name] for part in parts]) for name in parts[0]}
    signal = side_network(network, rest, y, t_eval=times, solver=solver).error_signal
    side: Array = np.reshape(signal, found["nudged"].shape[1:])
    away = found["nudged"] - side
    squares = np.sum(away**2, axis=(1, 2, 3)) - np.sum(found["nudged_error"] ** 2, axis=(1, 2, 3))
    distance = np.sqrt(np.maximum(squares, 0.0)) / np.linalg.norm(side)
    z = np.abs(found["nudged"] - found["correlation"]) / found["gap_error"]
    units: dict[str, Any] = {"sample": np.arange(side.shape[1]), "free_unit": np.arange(network.n)}
    data = columns(
        {"temperature": heat, "time": (times, "time"), **units},
        **{name: (("temperature", "time", "sample", "free_unit"), values) for name, values in found.items()},
        side=(("time", "sample", "free_unit"), side),
        distance=("temperature", distance),
    )
    good = distance > 0.0
    slope = power_law(heat[good], distance[good])[0] if good.sum() > 1 else np.nan
    summary = {
        "beta": beta,
        "largest_gap": float(z.max()),
        "below_3": float(np.mean(z < 3.0)),
        "power_of_temperature": float(slope),
        "trajectories": counts[0] * counts[1] * side.shape[1],
        "temperatures_unmet": unmet,
    }
    title = "Mean current of nudged ensembles, correlations of free noise, and the side network"
    return Study(network, "fluctuation", title, data, summary)


class _Measure:
    """One temperature."""

    def __init__(
        self, network: Network, rest: Equilibrium, target: Array, noise: Langevin, beta: float, counts: tuple[int, int]
    ) -> None:
        self.network, self.target, self.beta, self.theta = network, target, beta, float(noise.temperature)
        self.met = True
        (self.count, self.rounds), self.start = counts, np.atleast_2d(rest.state)
        self.x = None if rest.x is None else np.atleast_2d(rest.x)
        self.free = Chains(network, self.x, self.start, noise, self.count)
        fine = self.free.step * FINER
        self.noise = Langevin(noise.temperature, noise.scheme, fine, noise.seed)
        ends = LAST * float(network.tau.max()) * np.linspace(0.0, 1.0, TIMES) ** 2
        self.steps = np.unique(np.round(ends / fine).astype(np.int64))
        self.times = np.asarray(self.steps * fine)
        self.columns = len(self.start) * self.count
        self.rows = free_rows(network, self.free.x, self.columns)
        self.aims = np.repeat(target, self.count, axis=0).T

    def run(self, bar: Bar, done: float, part: float) -> dict[str, Array]:
        """Both sides, (time, sample, unit), with their error bars."""
        settled = settle(self.free, bar, doublings=DOUBLINGS)
        self.met = not settled.notes
        wait = min(2.0 * settled.memory, APART * float(self.network.tau.max()))
        apart = max(1, round(wait / self.free.interval))
        shape = (len(self.steps), self.network.n, self.columns)
        nudged, force, cost = np.zeros(shape), np.zeros((self.rounds, *shape)), np.zeros((self.rounds, self.columns))
        for k in range(self.rounds):
            self.free.skip(apart)
            begin = self.free.place.state
            cost[k] = self.network.readout.cost(begin[self.network.outputs], self.aims)
            force[k] = self._forces(begin, 0.0, k)
            nudged -= (self._forces(begin, self.beta, k) - self._forces(begin, -self.beta, k)) / (2.0 * self.beta)
            bar.update(done + part * (k + 1) / self.rounds)
        # each chain's costs relative to the mean over the others, which it has nothing to do with
        by_chain = cost.reshape(self.rounds, -1, self.count)
        total = by_chain.sum(axis=(0, 2), keepdims=True)
        own = by_chain.sum(axis=0, keepdims=True)
        moved = by_chain - (total - own) / (self.rounds * (self.count - 1))
        weights = np.reshape(moved, (self.rounds, 1, 1, self.columns))
        sides = {"nudged": nudged / self.rounds, "correlation": -(force * weights).mean(axis=0) / self.theta}
        found = {}
        for name, values in (*sides.items(), ("gap", sides["nudged"] - sides["correlation"])):
            chains = values.reshape(*values.shape[:2], -1, self.count).transpose(3, 0, 2, 1)
            found[f"{name}_error"] = chains.std(axis=0, ddof=1) / np.sqrt(self.count)
            if name in sides:
                found[name] = chains.mean(axis=0)
        return found

    def _forces(self, begin: Array, beta: float, number: int) -> Array:
        """Forces, (time, n, columns), of an ensemble that begins at states of the free one."""
        nudge = Nudge(beta, self.target) if beta else None
        ensemble = Chains(
            self.network, self.x, self.start, self.noise, self.count, nudge=nudge, family=number + 1, state=begin
        )
        found, outputs, before = [], self.network.outputs, 0
        for step in self.steps:
            state = ensemble.after(int(step) - before) if step > before else begin
            before = int(step)
            force = self.network.local(np.ascontiguousarray(state), self.rows).force
            force[outputs] -= beta * self.network.readout.slope(state[outputs], self.aims)
            found.append(force)
        return np.array(found)


__all__ = ["fluctuation"]
