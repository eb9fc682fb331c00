"""Forces that the compiled methods need for the same error: counted, so that noise of the machine has no part in it.

    python -m tests.benchmarks.methods

Recurrent tanh networks that come to rest, of other seeds than those timed; one that a sine drives; and some in the
rate form that never rest. Errors are the largest over trajectories, units and recorded times, against `dopri5` at
the tightest tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import click
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.numerics.arrays import Array
from neurodyn.solvers.solver import Solver

from .cases import Case

METHODS = ("relax5", "tsit5", "dopri5")
TARGETS = (1e-4, 1e-6, 1e-8)
TOLERANCES = 10.0 ** -np.arange(2.0, 12.1, 0.25)
TIGHTEST = Solver("dopri5", rtol=1e-13, atol=1e-14)
#: Runs whose error is within this factor of a target say what the target costs.
NEAR = 30.0

#: Solves a problem; returns the states recorded, and the mean number of forces of a trajectory.
Run = Callable[[Solver], tuple[Array, float]]


def counted(found: nd.Trajectory) -> tuple[Array, float]:
    """The states recorded, and the mean number of forces of a trajectory, without those that recording takes."""
    return found.state, found.counters["nfev"] / found.state.shape[1] - len(found.t)


def resting(units: int, batch: int, seed: int, solver: Solver) -> tuple[Array, float]:
    """A network as those that are timed."""
    case = Case("", units, batch, outputs=20, seed=seed)
    return counted(nd.simulate(case.network, start=case.start, t_eval=case.times, solver=solver))


def driven(seed: int, solver: Solver) -> tuple[Array, float]:
    """16 units under an input that oscillates about as fast as they relax."""
    network = models.Hopfield.recurrent(16, 2, activation="tanh", tau=np.geomspace(0.3, 3.0, 16), seed=seed)
    times = np.linspace(2.5, 50.0, 20)
    start = np.random.default_rng(seed).normal(size=(20, 16))
    sine = nd.Sine(0.0, [1.0, -0.5], frequency=0.3)
    return counted(nd.simulate(network, sine, start=start, t_eval=times, solver=solver))


def oscillating(seed: int, solver: Solver) -> tuple[Array, float]:
    """The rate form with weights that are not symmetric, and so strong that it never rests."""
    network = models.Rate.recurrent(16, activation="tanh", gain=4.0, feedback="random", seed=seed)
    times = np.linspace(1.0, 20.0, 20)
    start = np.random.default_rng(seed).normal(size=(20, 16))
    return counted(nd.simulate(network, start=start, t_eval=times, solver=solver))


PROBLEMS: dict[str, list[Run]] = {
    "2 units, at rest": [partial(resting, 2, 500, seed) for seed in (11, 12, 13)],
    "16 units, at rest": [partial(resting, 16, 200, seed) for seed in (11, 12, 13)],
    "128 units, at rest": [partial(resting, 128, 16, seed) for seed in (11, 12, 13)],
    "16 units, driven by a sine": [partial(driven, seed) for seed in (11, 12, 13)],
    "16 units, rate form, oscillating": [partial(oscillating, seed) for seed in (12, 13, 17)],
}


def curve(run: Run, method: str, exact: Array) -> tuple[Array, Array]:
    """Logarithms of error and cost, by tolerance."""
    rows = []
    for rtol in TOLERANCES:
        state, forces = run(Solver(method, rtol=rtol, atol=0.1 * rtol))
        rows.append((np.log(np.abs(state - exact).max()), np.log(forces)))
    error, cost = np.array(rows).T
    return error, cost


def costs(run: Run) -> Array:
    """Forces of each method at each target, (methods, targets), from a power law through the runs near it."""
    exact = run(TIGHTEST)[0]
    found = np.empty((len(METHODS), len(TARGETS)))
    for m, method in enumerate(METHODS):
        error, cost = curve(run, method, exact)
        for k, target in enumerate(np.log(TARGETS)):
            near = np.abs(error - target) < np.log(NEAR)
            found[m, k] = np.exp(np.polyval(np.polyfit(error[near], cost[near], 1), target))
    return found


@click.command()
def main() -> None:
    """Print forces of relax5, and how many times as many the others need, as a Markdown table."""
    heads = [f"{method}, error {target:.0e}" for target in TARGETS for method in METHODS]
    click.echo("| problem | " + " | ".join(heads) + " |\n|---|" + "---:|" * len(heads))
    for title, runs in PROBLEMS.items():
        mean = np.exp(np.mean([np.log(costs(run)) for run in runs], axis=0))
        cells = []
        for k in range(len(TARGETS)):
            cells += [f"{mean[0, k]:.0f}", *(f"{ratio:.2f}x" for ratio in mean[1:, k] / mean[0, k])]
        click.echo(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
