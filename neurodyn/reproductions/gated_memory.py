"""A gated memory learns to match to a sample, by rewards and attention.

    τ_i du_i/dt = γ_i(t) (−u_i + Σ_j W_ij ρ(u_j) + b_i),    γ = 1 but for the memory, open for the sample alone

A trial shows a sample, then nothing, then a probe. The network chooses "same" or "another" by its larger output, and
is told by a reward whether that was right: only the error δ = y_a − reward of the chosen output a is known. Feedback
from a *tags* the synapses that led to the choice, and all weights change by −δ times their tags, which are ∂y_a/∂θ.
Tags reach the memory through time: while the gate is shut its units do not move, and the current from the probe's
feedback that would move them, ∂y_a/∂m, is what drives tags where the gate was last open. With the units f that move,
and A = ∂force/∂u,

    probe: −A_ffᵀ λ = ∂y_a/∂u,  ∂y_a/∂m = A_fmᵀ λ;    sample: −Aᵀ λ' = ∂y_a/∂m;    tag of W_ij: λ_i r_j, both added up

The gate is given here, and nothing leads back but tags; in the paper the network learns to open the gate, too. Source:
W. Kruijne, S. M. Bohte, P. R. Roelfsema, C. N. L. Olivers, Neural Computation 33:1 (2021).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.solvers.solver import Solver
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.graph import Connection
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import mixed_product
from neurodyn.system.parameters import Parameters

#: Stimuli, units of the memory and of the comparison; updates, trials in each, and the rate of learning.
STIMULI, MEMORY, HIDDEN = 4, 6, 12
UPDATES, TRIALS, RATE = {"small": 3, "full": 400}, {"small": 8, "full": 32}, 0.5
#: How often a choice is made at random while it learns.
EXPLORE = 0.05
#: Times of the sample, the delay in training, and the probe; in time constants.
SAMPLE, DELAY, PROBE = 12.0, 5.0, 12.0
#: A shut gate: 1/τ is so small that no state changes by a bit.
SHUT = 1e-300
#: How open gates are that leak, and the delays at which the memory is tested.
LEAKS, DELAYS = (SHUT, 1e-3, 1e-2, 1e-1), {"small": (1.0, 100.0), "full": (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)}
QUICK = Solver(rtol=1e-6, atol=1e-8)


def network(seed: int) -> Network:
    """The input x, the memory m, units h that compare, and an output for each of two choices."""
    populations: dict[str, Any] = {
        "x": {"size": STIMULI, "role": "input"},
        "m": {"size": MEMORY, "activation": "tanh"},
        "h": {"size": HIDDEN, "activation": "tanh"},
        "y": {"size": 2, "role": "output", "activation": "linear"},
    }
    forward = [Connection(first, second, feedback=0.0) for first, second in (("m", "h"), ("h", "y"))]
    return models.Rate(populations, ["x-m", "x-h", *forward], seed=seed)


def gated(net: Network, gate: float) -> Network:
    """The network with the memory's gate so far open."""
    tau = np.array(net.tau)
    tau[net.graph.slices["m"]] /= gate
    return net.replace(tau=tau)


def states(net: Network, sample: Array, probe: Array, delay: float, leak: float = SHUT) -> tuple[Array, Array, Array]:
    """States (batch, n) at the end of the sample, of the delay, and of the probe."""
    seen = simulate(net, sample, t_eval=[SAMPLE], solver=QUICK).state[-1]
    shut = gated(net, leak)
    kept = simulate(shut, np.zeros_like(sample), start=seen, t_eval=[delay], solver=QUICK).state[-1]
    return seen, kept, simulate(shut, probe, start=kept, t_eval=[PROBE], solver=QUICK).state[-1]


def tags(net: Network, at: tuple[Array, Array, Array], sample: Array, probe: Array, pull: Array) -> Parameters:
    """Σ pull·∂y/∂θ through the probe, back through the shut gate and through the sample, averaged over the batch.

    `pull` (batch, n_out) says which outputs attention comes from, and how much of it.
    """
    seen, _, last = at
    memory = net.graph.slices["m"]
    moves = np.ones(net.n, dtype=bool)
    moves[memory] = False
    slope, back = np.zeros_like(last), np.zeros_like(last)
    slope[:, net.outputs] = pull
    first, later = np.zeros_like(last), np.zeros_like(last)
    for j, slopes in enumerate(net.jacobian(last, probe)):
        later[j, moves] = np.linalg.solve(-slopes[np.ix_(moves, moves)].T, slope[j, moves])
        back[j, memory] = slopes[:, memory].T @ later[j]
    for j, slopes in enumerate(net.jacobian(seen, sample)):
        first[j] = np.linalg.solve(-slopes.T, back[j])
    return _contracted(net, seen, sample, first) + _contracted(net, last, probe, later)


def _contracted(net: Network, state: Array, x: Array, adjoint: Array) -> Parameters:
    """Σ_i λ_i ∂force_i/∂θ, averaged over the batch."""
    point = FixedPoint.of(net, state, x)
    return mixed_product(net, point.local, (np.zeros_like(adjoint.T), np.ascontiguousarray(-adjoint.T)), x)


def trials(count: int, rng: np.random.Generator) -> tuple[Array, Array, Integers]:
    """Samples and probes (count, stimuli), and which choice is right: 0 for the same, 1 for another; half of each."""
    sample = rng.integers(0, STIMULI, count)
    another = np.arange(count) % 2
    probe = (sample + another * rng.integers(1, STIMULI, count)) % STIMULI
    return np.eye(STIMULI)[sample], np.eye(STIMULI)[probe], another


def learn(scale: Scale, seed: int, bar: Bar) -> tuple[Network, Array]:
    """The network after learning, and the part of right choices in each update's trials."""
    net, rng, count = network(seed), np.random.default_rng(seed), TRIALS[scale]
    right = []
    for k in range(UPDATES[scale]):
        sample, probe, answer = trials(count, rng)
        at = states(net, sample, probe, DELAY)
        value = at[2][:, net.outputs]
        best, random = value.argmax(axis=1), rng.integers(0, 2, count)
        choice = np.where(rng.uniform(size=count) < EXPLORE, random, best)
        delta = np.zeros_like(value)
        delta[range(count), choice] = value[range(count), choice] - (choice == answer)
        net = net.replace(parameters=net.parameters - RATE * tags(net, at, sample, probe, delta))
        right.append(np.mean(best == answer))
        bar.update((k + 1) / UPDATES[scale])
    return net, np.array(right)


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn the task, then test for how long the memory lasts behind gates that leak more or less."""
    table = Table()
    with Bar("delayed match to sample") as bar:
        net, right = learn(scale, seed, bar)
        sample, probe, answer = trials(4 * STIMULI, np.random.default_rng(seed))
        table.add("right choices after learning", 100.0 * _right(net, sample, probe, answer, DELAY, SHUT), unit="%")
        table.add("trials until nine choices in ten are right", TRIALS[scale] * _until(right, 0.9))
        table.begin()
        kept = {leak: [_right(net, sample, probe, answer, t, leak) for t in DELAYS[scale]] for leak in LEAKS}
        table.add("right choices after the longest delay, shut gate", 100.0 * kept[SHUT][-1], unit="%")
        table.add(
            f"right choices after the longest delay, gate open by {LEAKS[1]:g}", 100.0 * kept[LEAKS[1]][-1], unit="%"
        )
        table.add("largest change of a shut memory in the longest delay", _drift(net, sample, probe, DELAYS[scale][-1]))
    if folder is not None:
        write_figures(folder, {"match": _figure(scale, right, kept)})
    return table.rows


def _right(net: Network, sample: Array, probe: Array, answer: Integers, delay: float, leak: float) -> float:
    """Part of the trials in which the larger output is the right choice."""
    last = states(net, sample, probe, delay, leak)[2]
    return float(np.mean(last[:, net.outputs].argmax(axis=1) == answer))


def _until(right: Array, part: float) -> int:
    """Updates until the mean over ten of them reaches a part; all there are if it never does."""
    means = np.convolve(right, np.full(10, 0.1), mode="valid")
    reached = np.flatnonzero(means >= part - 1e-12)
    return int(reached[0]) + 10 if reached.size else len(right)


def _drift(net: Network, sample: Array, probe: Array, delay: float) -> float:
    """Largest difference of a memory unit's state from that at the end of the sample."""
    seen, kept, last = (s[:, net.graph.slices["m"]] for s in states(net, sample, probe, delay))
    return float(max(np.abs(kept - seen).max(), np.abs(last - seen).max()))


def _figure(scale: Scale, right: Array, kept: dict[float, list[float]]) -> Any:
    """Right choices against trials, and against the delay."""
    left, beside = style.new_axes(1, 2, height=2.8, width=7.5)
    means = np.convolve(right, np.full(3, 1.0 / 3.0), mode="valid")
    left.plot(TRIALS[scale] * (np.arange(len(means)) + 2), 100.0 * means, color=style.FREE)
    for k, (leak, parts) in enumerate(kept.items()):
        label = "gate shut" if leak == SHUT else rf"$\gamma$ = {leak:g}"
        beside.plot(DELAYS[scale], 100.0 * np.array(parts), **style.method(k), ms=4, label=label)
    left.set(xlabel="trials", ylabel="right choices (%)", ylim=(30.0, 102.0))
    beside.set(xlabel=r"delay (units of $\tau$)", ylabel="right choices (%)", xscale="log", ylim=(30.0, 102.0))
    style.legend(beside, loc="lower left")
    return style.figure_of(left)
