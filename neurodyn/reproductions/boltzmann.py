"""Bars and stripes, learned by a Boltzmann machine in continuous time: three rules that are differences of averages.

    ΔW ∝ ⟨s_v tanh(h)⟩₊ − ⟨s_v tanh(h)⟩₋,    with the noise of a temperature

In the first average visible units are clamped to an image, or nudged towards it with a strength β; in the second the
network runs free. *Contrastive Hebbian learning* under noise, the rule of Boltzmann machines, clamps, and lets chains
run free that never see an image: the gradient of the log-likelihood. *Contrastive divergence* lets the clamped ones go
for a time t only. *Equilibrium propagation* nudges: at a finite β that is the gradient of the likelihood of images
that are blurred by a Gaussian of the variance Θ/β. How likely the images are is enumerated (`boltzmann_law`).

Sources: D. H. Ackley, G. E. Hinton, T. J. Sejnowski, Cognitive Science 9:147 (1985); J. R. Movellan, Connectionist
Models Summer School (1991); G. E. Hinton, Neural Computation 14:1771 (2002); B. Scellier, Y. Bengio, Front. Comput.
Neurosci. 11:24 (2017), appendix.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.reproductions.boltzmann_law import TEMPERATURE, law, machine, patterns
from neurodyn.reproductions.kept import Kept
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table, standard_error
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Pixels on a side, hidden units, updates, chains for each image, and rate of the first update; it falls to 0.
SIZES = {"small": (2, 4, 4, 2, 0.5), "full": (3, 8, 320, 8, 0.3)}
#: Seeds of each rule, from the one given on.
SEEDS = {"small": 2, "full": 4}
#: How often the law is enumerated on the way.
LOOKS = {"small": 1, "full": 8}
STEP = 0.02
#: A strength of nudging that clamps.
CLAMPED = 1e3


@dataclass(frozen=True)
class Rule:
    """How averages are taken: β, for how long chains move before an update, and if free ones begin at the nudged."""

    beta: float
    nudged_time: float
    free_time: float
    anew: bool


RULES = {
    "contrastive Hebbian": Rule(CLAMPED, 1.0, 2.0, anew=False),
    "contrastive divergence, t = 1": Rule(CLAMPED, 1.0, 1.0, anew=True),
    "equilibrium propagation, β = 4": Rule(4.0, 1.0, 2.0, anew=False),
}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn by all rules, enumerate, and compare the law with the images that a network dreams."""
    table, side, count = Table(), SIZES[scale][0], SEEDS[scale]
    images = bars_and_stripes(side)
    found: dict[str, list[dict[str, Array]]] = {}
    kept = Kept(folder, scale, (SIZES[scale], LOOKS[scale], STEP, RULES))
    table.add("log-likelihood of an image, at most", -np.log(len(images)))
    table.add("of a network that knows nothing", -np.log(2.0) * side**2)
    with Bar("bars and stripes") as bar:
        for k, (name, rule) in enumerate(RULES.items()):
            table.begin()
            found[name] = []
            for i in range(count):
                show = partial(_show, bar, k * count + i, count * len(RULES))
                learning = partial(learned, rule, images, scale, seed + i, show)
                found[name].append(kept.computed(f"{name}, seed {seed + i}", learning))
            table.spend(kept.taken())
            ends = np.array([one["curve"][-1] for one in found[name]])
            table.add_mean(f"log-likelihood, {name}", ends[:, 1])
            table.add_mean(f"probability of all bars and stripes, {name}", ends[:, 2])
    table.begin()
    net = machine(side * side, SIZES[scale][1], seed)
    net = net.replace(parameters=Parameters(net.parameters.blocks, found["contrastive Hebbian"][0]["theta"]))
    dreams = dream(net, 4 * SIZES[scale][3] * 2**side, 60.0, seed)
    table.add(
        "probability of bars and stripes among dreams, contrastive Hebbian", np.isin(dreams, numbers(images)).mean()
    )
    if folder is not None:
        curves = {name: np.array([one["curve"] for one in some]) for name, some in found.items()}
        write_figures(folder, {"likelihood": _curves(curves, len(images), side), "dreams": _dreams(dreams, images)})
    return table.rows


def _show(bar: Bar, done: int, of: int, part: float) -> None:
    """Show that so many of some trainings are done, and a part of the next."""
    bar.update((done + part) / of)


def learned(rule: Rule, images: Array, scale: Scale, seed: int, show: Any) -> dict[str, Array]:
    """What `learn` gives, as arrays: the parameters of the network, and the curve."""
    net, curve = learn(rule, images, scale, seed, show)
    return {"theta": np.array(net.parameters.vector), "curve": curve}


def bars_and_stripes(side: int) -> Array:
    """All images (count, side²) of ±1 whose rows are each of one colour, or whose columns are."""
    lines = patterns(side)
    rows, columns = np.repeat(lines[:, :, None], side, axis=2), np.repeat(lines[:, None, :], side, axis=1)
    return np.unique(np.concatenate([rows, columns]).reshape(-1, side * side), axis=0)


def numbers(images: Array) -> Array:
    """Where images (count, n) stand among all patterns, by their signs."""
    return (images > 0.0) @ (2 ** np.arange(images.shape[1])[::-1])


def learn(rule: Rule, images: Array, scale: Scale, seed: int, show: Any) -> tuple[Network, Array]:
    """The network, and (looks, 3): updates so far, mean log-likelihood of an image, probability of all images."""
    _, hidden, updates, chains, rate = SIZES[scale]
    net = machine(images.shape[1], hidden, seed)
    targets = np.repeat(images, chains, axis=0)
    rng = np.random.default_rng(seed)
    nudged = np.concatenate([targets, np.zeros((len(targets), hidden))], axis=1)
    free = np.concatenate([rng.choice([-1.0, 1.0], targets.shape), np.zeros((len(targets), hidden))], axis=1)
    found = [(0, *likelihood(net, images))]
    for k in range(updates):
        nudged = moved(net, nudged, rule.nudged_time, [seed, 2 * k], targets, rule.beta)
        free = moved(net, nudged if rule.anew else free, rule.free_time, [seed, 2 * k + 1])
        change = net.energy_gradient(free) - net.energy_gradient(nudged)
        net = net.replace(parameters=net.parameters + rate * (1.0 - k / updates) * change)
        if (k + 1) % (updates // LOOKS[scale]) == 0:
            found.append((k + 1, *likelihood(net, images)))
        show((k + 1) / updates)
    return net, np.array(found)


def moved(net: Network, start: Array, time: float, seed: list[int], y: Array | None = None, beta: float = 0.0) -> Array:
    """States (chains, n) after a while under noise, nudged towards y; a strong nudge acts as fast as units move."""
    tau = np.ones(net.n)
    tau[net.outputs] = 1.0 + beta
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    run = simulate(
        net.replace(tau=tau),
        start=start,
        y=y,
        beta=beta,
        t_eval=[time],
        temperature=TEMPERATURE,
        step=STEP,
        seed=number,
    )
    return run.state[-1]


def likelihood(net: Network, images: Array) -> tuple[float, float]:
    """Mean log-likelihood of an image, and the probability of all of them."""
    found = law(net)[numbers(images)]
    return float(np.log(found).mean()), float(found.sum())


def dream(net: Network, chains: int, time: float, seed: int) -> Array:
    """Numbers of the patterns in which chains are after running free for a while from random ones."""
    rng = np.random.default_rng([seed, 1])
    visible = rng.choice([-1.0, 1.0], (chains, net.n_out))
    start = np.concatenate([visible, np.zeros((chains, net.n - net.n_out))], axis=1)
    return numbers(moved(net, start, time, [seed, -1 % 2**32])[:, net.outputs])


def _curves(curves: dict[str, Array], images: int, side: int) -> Any:
    """Log-likelihood against the number of updates, in the mean over seeds, with its standard error."""
    ax = style.new_axes(height=3.2)[0]
    for k, (name, found) in enumerate(curves.items()):
        bars = [standard_error(values) for values in found[:, :, 1].T]
        ax.errorbar(found[0, :, 0], found[:, :, 1].mean(axis=0), bars, **style.method(k), ms=4, capsize=2, label=name)
    for level in (-np.log(images), -np.log(2.0) * side**2):
        ax.axhline(level, color=style.QUIET, lw=0.8, ls=":")
    ax.set(xlabel="updates", ylabel="log-likelihood of an image (nats)")
    style.legend(ax)
    return ax.figure


def _dreams(dreams: Array, images: Array) -> Any:
    """Some dreams as images; those that are bars or stripes have a frame."""
    side = round(images.shape[1] ** 0.5)
    axes = style.new_axes(2, 10, height=1.6)
    for ax, number in zip(axes, dreams, strict=False):
        ax.imshow(patterns(side * side)[number].reshape(side, side), cmap="Greys", vmin=-1.0, vmax=1.0)
        ax.set(xticks=[], yticks=[])
        known = number in numbers(images)
        ax.spines[:].set(visible=True, linewidth=2.0, color=style.NUDGED if known else style.FAINT)
    return axes[0].figure
