"""Circuits of resistors and diodes that learn XOR and two moons by equilibrium propagation (J. Kendall et al. 2020).

    E = ½ Σ g_ij (v_i − v_j)² + Σ I_s (V_T exp(D/V_T) − D),    dw/dt = −g dJ/dg,    g = e^w

At rest the currents into every node cancel. The change of a conductance is a difference of squared voltage drops, in
the nudged and in the free state, which its own resistor knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array
from neurodyn.reproductions.circuit import circuit, learn, outputs, power, sources
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures
from neurodyn.system.network import Network

#: Epochs for XOR; hidden nodes of either kind, epochs and points for two moons; points along each side of the figure.
SIZES = {"small": (2, 2, 1, 20, 5), "full": (150, 8, 200, 200, 41)}
#: Rates of both tasks, the size of minibatches, and the voltage of the outputs.
RATES, BATCH, HIGH = (10.0, 30.0), 50, 0.3
NUDGING: dict[str, Any] = {"beta": 0.1, "nudging": "centered", "duration": 10.0}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Learn both tasks, and draw what each circuit says over the plane of its inputs."""
    rounds, hidden, epochs, points, side = SIZES[scale]
    rng, table = np.random.default_rng(seed), Table()
    model = models.read("resistive-xor", overrides=[f"seed={seed + 1}"])
    x, y = np.asarray(model.x), np.asarray(model.y)
    xor = learn(model.network, x, y, epochs=rounds, batch=4, rate=RATES[0], rng=rng, **NUDGING)
    found = outputs(xor, x)
    table.add("XOR: samples of the right sign", 100.0 * (np.sign(found) == np.sign(y)).mean(), unit="%")
    table.add("XOR: largest error over the voltage wanted", np.abs(found - y).max() / HIGH)
    table.add("XOR: power turned into heat", power(xor, x))
    table.begin()
    (train, wanted), (test, tested) = two_moons(points, rng), two_moons(points, rng)
    net = circuit(2, hidden, 1, seed=seed + 1)
    net = learn(net, sources(train), wanted, epochs=epochs, batch=BATCH, rate=RATES[1], rng=rng, **NUDGING)
    right = np.sign(outputs(net, sources(test))) == np.sign(tested)
    table.add("two moons: new points on the right side", 100.0 * right.mean(), unit="%")
    table.add("two moons: power turned into heat", power(net, sources(test)))
    table.add("smallest conductance of both", min(n.parameters.vector.min() for n in (xor, net)))
    if folder is not None:
        _draw(folder, side, (xor, np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]), y), (net, test, tested))
    return table.rows


def two_moons(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Points on two half circles with noise 0.1, (count, 2) around 0, and ±0.3 V, (count, 1)."""
    angle, label = rng.uniform(0.0, np.pi, count), np.arange(count) % 2
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.where(label[:, None], [1.0, 0.5] - upper, upper) - [0.5, 0.25]
    return np.asarray(points + 0.1 * rng.standard_normal(points.shape)), np.where(label[:, None] == 1, HIGH, -HIGH)


def _draw(folder: Path, side: int, *tasks: tuple[Network, Array, Array]) -> None:
    axes = style.new_axes(1, 2, height=3.0)
    for ax, (net, points, wanted), name in zip(axes, tasks, ("XOR", "two moons"), strict=True):
        edge = 1.15 * np.abs(points).max()
        grid = np.linspace(-edge, edge, side)
        plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
        volts = outputs(net, sources(plane)).reshape(side, side)
        drawn = ax.contourf(grid, grid, volts, levels=np.linspace(-0.4, 0.4, 17), cmap="PuOr", extend="both")
        ax.contour(grid, grid, volts, levels=[0.0], colors=style.SIDE, linewidths=1.0)
        for sign, marker in ((-1, "o"), (1, "^")):
            some = points[np.sign(wanted[:, 0]) == sign]
            ax.plot(*some.T, ls="", marker=marker, ms=3, color=style.SIDE, mfc="white", mew=0.7)
        ax.set(xlabel="first input", ylabel="second input")
        style.title(ax, name)
    axes[0].figure.colorbar(drawn, ax=axes, label="output (V)", ticks=[-0.3, 0.0, 0.3])
    write_figures(folder, {"classifiers": axes[0].figure})
