"""Less of what was known is lost where units move before weights do (Y. Song et al., Nature Neuroscience 27:348, 2024).

A bear that sees a river expects to hear water and to smell salmon; one day it hears nothing. In the network 1-1-2 with
all weights 1, back-propagation unlearns the smell on the way. With units that first settle where the new target is met,
the weight to the ear changes most. *Target alignment* is the cosine between the change of the outputs that was asked
for and that of an update: 2/√5 of back-propagation here, 7/√50 of predictive coding, at small rates (figs. 1-3).

It is then measured in random linear networks of many layers. Last, two tasks that share all outputs are learned in
turn, some minibatches each, and both are tested all the time (fig. 4): here five digits each, in the paper clothes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.analysis.plots import style
from neurodyn.models.data.image_sets import digits
from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.predictive_chain import Prospective, Rule, back_propagation, chain, learned, outputs
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table, standard_error
from neurodyn.results.figure_files import write_figures
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import Network

#: Both rules, by name: units come to rest before weights move; or they have time enough for most of the way.
RULES: dict[str, Rule] = {"back-propagation": back_propagation, "prospective configuration": Prospective(300.0)}
QUICK: dict[str, Rule] = RULES | {"prospective configuration": Prospective(6.0, Solver(rtol=1e-3, atol=1e-5))}
#: Rates of the bear's learning, and how many updates are drawn.
RATES, UPDATES = (0.005, 0.05, 0.5), 60
#: Numbers of layers of weights; units of each layer; networks drawn for each.
DEPTHS, UNITS, NETWORKS = {"small": (1, 3), "full": (1, 2, 3, 5, 7, 10)}, 32, {"small": 3, "full": 8}
#: The two tasks: sizes of the network, images in a minibatch; minibatches before the tasks change, and changes.
TASK_SIZES, BATCH, PERIOD, CHANGES = (64, 32, 32, 32, 5), 16, {"small": 2, "full": 40}, {"small": 2, "full": 21}
#: Tests between two changes, networks drawn, and rates of learning.
TESTS, REPEATS = {"small": 1, "full": 4}, {"small": 2, "full": 4}
TASK_RATES = {"small": (0.3,), "full": (0.05, 0.1, 0.2, 0.4, 0.8)}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """The bear, random networks, and two tasks."""
    table, kept = Table(), Kept(folder, scale, (TASK_SIZES, BATCH, PERIOD[scale], CHANGES[scale], TESTS[scale]))
    with Bar("interference") as bar:
        bear = {(rule, rate): _bear(learn, rate) for rule, learn in RULES.items() for rate in RATES}
        for rule, learn in RULES.items():
            table.add(f"target alignment of the bear, {rule}", alignment(*BEAR, learn, RATES[0] / 5.0))
            table.add(f"smell after unlearning the sound, {rule}", bear[rule, RATES[1]][:, 1].min())
        table.begin()
        deep = {rule: _by_depth(learn, scale, seed) for rule, learn in RULES.items()}
        bar.update(0.05)
        for rule, found in deep.items():
            table.add_mean(f"target alignment in {DEPTHS[scale][-1]} layers, {rule}", found[-1])
        table.begin()
        tasks = {}
        for rule, begin, end in zip(QUICK, (0.05, 0.15), (0.15, 1.0), strict=True):
            tasks[rule] = _by_rate(rule, scale, seed, kept, partial(_show, bar, begin, end))
        table.spend(kept.taken())
        for rule, found in tasks.items():
            best = int(found.mean(axis=1).argmin())
            table.add(f"best rate, {rule}", TASK_RATES[scale][best])
            table.add_mean(f"mean error of both tasks at the best rate, {rule}", 100.0 * found[best], unit="%")
    if folder is not None:
        write_figures(folder, {"interference": _figure(scale, bear, deep, tasks)})
    return table.rows


def _show(bar: Bar, begin: float, end: float, part: float) -> None:
    """Show that a part of what goes from `begin` to `end` of the whole is done."""
    bar.update(begin + (end - begin) * part)


def _made_bear() -> tuple[Network, Array, Array]:
    net = chain([1, 1, 2], "linear", 0).replace(parameters={"x-h1": [[1.0]], "h1-y": [[1.0, 1.0]]})
    return net, np.ones((1, 1)), np.array([[0.0, 1.0]])


#: The network, what the bear sees, and that it hears nothing but smells.
BEAR = _made_bear()


def _bear(rule: Rule, rate: float) -> Array:
    """Sound and smell that the bear expects, before the first update and after each, (updates + 1, 2)."""
    net, x, y = BEAR
    found = [outputs(net, x)[0]]
    for _ in range(UPDATES):
        net = learned(net, x, y, rule, rate)
        found.append(outputs(net, x)[0])
    return np.array(found)


def alignment(net: Network, x: Array, y: Array, rule: Rule, rate: float) -> float:
    """Cosine between what an update does to the outputs and what they lacked."""
    before = outputs(net, x)
    wanted, done = (y - before).ravel(), (outputs(learned(net, x, y, rule, rate), x) - before).ravel()
    return float(wanted @ done / (np.linalg.norm(wanted) * np.linalg.norm(done)))


def _by_depth(rule: Rule, scale: Scale, seed: int) -> Array:
    """Alignment (depths, networks) in random linear networks for one random input and target."""
    found = []
    for depth in DEPTHS[scale]:
        for k in range(NETWORKS[scale]):
            rng = np.random.default_rng([seed, depth, k])
            net = chain([UNITS] * (depth + 1), "linear", int(rng.integers(2**31)))
            x, y = rng.standard_normal((2, 1, UNITS))
            found.append(alignment(net, x, y, rule, 1e-3))
    return np.reshape(found, (len(DEPTHS[scale]), -1))


def _by_rate(rule: str, scale: Scale, seed: int, kept: Kept, show: Callable[[float], None]) -> Array:
    """Mean test error over both tasks and all tests, (rates, repetitions)."""
    found = []
    for rate in TASK_RATES[scale]:
        for repeat in range(REPEATS[scale]):
            learning = partial(_errors, rule, rate, [seed, repeat], scale)
            part = kept.computed(f"{rule}, rate {rate}, seed {seed}, network {repeat}", learning)
            found.append(part["errors"].mean())
            show(len(found) / (len(TASK_RATES[scale]) * REPEATS[scale]))
    return np.reshape(found, (len(TASK_RATES[scale]), -1))


def _errors(rule: str, rate: float, seed: Sequence[int], scale: Scale) -> dict[str, Array]:
    """The test errors of `two_tasks`, as what is kept."""
    return {"errors": two_tasks(QUICK[rule], rate, seed, scale)}


def two_tasks(rule: Rule, rate: float, seed: Sequence[int], scale: Scale) -> Array:
    """Test errors of two tasks that are learned in turn, (tests, 2)."""
    rng = np.random.default_rng(seed)
    rank = np.argsort(
        rng.permutation(10)
    )  # classes of ranks 0 to 4 are one task, 5 to 9 the other; both have 5 outputs
    net = chain(TASK_SIZES, "sigmoid", int(rng.integers(2**31)))
    train, test = digits("train"), digits("test")
    found = []
    for step in range(PERIOD[scale] * CHANGES[scale]):
        own = np.flatnonzero(rank[train.labels] // 5 == step // PERIOD[scale] % 2)
        picked = rng.choice(own, BATCH, replace=False)
        net = learned(net, train.images[picked], np.eye(5)[rank[train.labels[picked]] % 5], rule, rate)
        if (step + 1) % (PERIOD[scale] // TESTS[scale]) == 0:
            wrong = outputs(net, test.images).argmax(axis=1) != rank[test.labels] % 5
            found.append([wrong[rank[test.labels] // 5 == task].mean() for task in (0, 1)])
    return np.array(found)


def _figure(scale: Scale, bear: dict[Any, Array], deep: dict[str, Array], tasks: dict[str, Array]) -> Any:
    """What the bear smells while it unlearns; alignment against depth; error of both tasks against the rate."""
    left, middle, right = style.new_axes(1, 3, height=2.8, width=11.0)
    for k, rule in enumerate(RULES):
        look = style.method(k) | {"ms": 4}
        for rate, dash in zip(RATES, style.DASHES[2::-1], strict=True):
            sound, smell = bear[rule, rate].T
            left.plot(sound, smell, color=look["color"], ls=dash)
        for ax, at, found in ((middle, DEPTHS[scale], deep[rule]), (right, TASK_RATES[scale], 100.0 * tasks[rule])):
            bars = [standard_error(values) for values in found]
            ax.errorbar(at, found.mean(axis=1), bars, **look, capsize=2, label=rule)
    left.plot(0.0, 1.0, marker="*", color=style.QUIET, ms=10, ls="")
    for rate, dash in zip(RATES, style.DASHES[2::-1], strict=True):
        right.plot([], [], color=style.QUIET, ls=dash, label=f"left: rate {rate:g}")
    right.plot([], [], marker="*", color=style.QUIET, ms=10, ls="", label="left: target")
    left.set(xlabel="sound expected", ylabel="smell expected", xlim=(1.05, -0.05))
    middle.set(xlabel="layers of weights", ylabel="target alignment")
    right.set_xscale("log")
    right.set_xticks(TASK_RATES[scale], [f"{rate:g}" for rate in TASK_RATES[scale]])
    right.minorticks_off()
    right.set(xlabel="learning rate", ylabel="mean error of both tasks (%)")
    style.legend(right)
    return style.figure_of(left)
