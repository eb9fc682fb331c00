"""How many random patterns a dense memory holds: exponentially many in its units.

    E = ½|s|² − (1/κ) log Σ_m exp(κ ξ_m·s),    κ = 1

Energies that grow faster than the square of the overlap hold more than 0.138 n patterns (D. Krotov, J. J. Hopfield
2016). The exponential one holds all of 2^{n/2} for large n; beyond, two of so many are likely to differ in one unit
only. Trajectories begin at each pattern; it is held if its signs are kept.

Source: M. Demircigil et al., J. Stat. Phys. 168:288 (2017), theorem 3.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar
from neurodyn.reproductions.memory_capacity import critical_load
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

UNITS = {"small": (6, 8), "full": (8, 10, 12, 14, 16, 18)}
#: So many memories of each size are tried; how long trajectories go on; more patterns are not tried.
MEMORIES, DURATION, MOST = {"small": 8, "full": 40}, 20.0, 2**14


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Find for several sizes with how many patterns half of the memories lose none, and how that grows."""
    table, units = Table(), np.array(UNITS[scale])
    capacity = np.empty(len(units))
    with Bar("dense memory") as bar:
        for k, n in enumerate(units):
            bar.update(k / len(units), f"{n} units")
            capacity[k] = all_held(int(n), MEMORIES[scale], np.random.default_rng([seed, n]))
    growth = np.polyfit(units, np.log2(capacity), 1)[0]
    table.add("log2 of the patterns held, for each unit more", growth, paper=0.5)
    table.add(f"patterns in {units[-1]} units, all held", capacity[-1], paper=2.0 ** (units[-1] / 2))
    table.add(f"patterns in {units[-1]} units by the outer product, 0.138 n", critical_load() * units[-1])
    if folder is not None:
        ax = style.new_axes(height=3.0, width=4.5)[0]
        ax.semilogy(units, capacity, color=style.FREE, marker="o", label="dense, all held")
        ax.semilogy(units, 2.0 ** (units / 2), color=style.SIDE, label="2^(n/2)")
        ax.semilogy(units, critical_load() * units, color=style.QUIET, ls="--", label="outer product, 0.138 n")
        ax.set(xlabel="units n", ylabel="patterns")
        style.legend(ax, loc="upper left")
        write_figures(folder, {"dense": ax.figure})
    return table.rows


def all_held(n: int, memories: int, rng: np.random.Generator) -> float:
    """The number of patterns at which half of the memories lose none, among numbers that each are √2 times the last."""
    count, before = 2.0, 1.0
    while count < MOST:
        whole = float(np.mean([holds(rng.choice([-1.0, 1.0], size=(round(count), n))) for _ in range(memories)]))
        if whole < 0.5:
            part = (before - 0.5) / (before - whole)
            return float(count * 2.0 ** (0.5 * (part - 1.0)))
        count, before = count * 2.0**0.5, whole
    return count


def holds(patterns: Array) -> bool:
    """Whether the signs of every pattern are still there after some time."""
    memory = models.store(patterns, "dense")
    end = nd.simulate(memory, start=patterns, t_eval=[DURATION], solver=nd.Solver(rtol=1e-3, atol=1e-3))
    return bool(np.all(np.sign(end.state[-1]) == patterns))
