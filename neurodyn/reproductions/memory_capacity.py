"""How many random patterns a Hopfield memory holds (D. J. Amit, H. Gutfreund, H. Sompolinsky, PRL 55:1530, 1985).

With α n random patterns of ±1 in n units by the outer product, theory for n → ∞ has states of rest near the patterns,
with overlap m, up to a critical load: with y the largest root of

    y (√(2α) + (2/√π) exp(−y²)) = erf(y),    m = erf(y),    a fraction (1 − m)/2 of the units is wrong,

and none beyond α_c = max_y ½ (erf(y)/y − (2/√π) exp(−y²))² = 0.138. Here units are not binary: rates are tanh of
states whose field in a pattern is `SHARPNESS`, and time is continuous. Each trajectory begins at a pattern. The
projection rule (Personnaz et al. 1985) holds as many as n − 1.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array
from neurodyn.progress import Bar
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

#: Units, and how many patterns of each network are tried.
SIZES = {"small": ((100,), 10), "full": ((250, 500, 1000), 50)}
LOADS = {"small": np.array([0.1, 0.3]), "full": np.round(np.arange(0.08, 0.1901, 0.01), 3)}
#: Units of the network with the projection rule.
PROJECTED = {"small": 20, "full": 200}
#: So steep are the units, and so long do trajectories go on, in time constants.
SHARPNESS, DURATION = 20.0, 100.0
#: Overlap above which a pattern counts as held, well between those of theory on both sides of the critical load.
HELD = 0.9


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Measure overlap against load for networks of several sizes, and what the projection rule holds."""
    (sizes, tried), loads, table = SIZES[scale], LOADS[scale], Table()
    critical = critical_load()
    table.add("critical load in theory", critical, paper=0.138)
    table.add("units wrong at load 0.1 in theory", 50.0 * (1.0 - overlap_in_theory(0.1)), unit="%")
    overlaps = np.empty((len(sizes), len(loads), tried))
    with Bar("memory capacity") as bar:
        for i, n in enumerate(sizes):
            table.begin()
            for k, load in enumerate(loads):
                done = sum(size**2 for size in sizes[:i]) + n**2 * k / len(loads)
                bar.update(done / sum(size**2 for size in sizes), f"{n} units")
                overlaps[i, k] = final_overlaps(n, round(load * n), tried, np.random.default_rng([seed, n, k]))
            held = (overlaps[i] > HELD).mean(axis=1)
            table.add(f"load at which {n} units lose half of the patterns", crossing(loads, held), paper=0.138)
            table.add(f"units wrong at load 0.1, {n} units", 50.0 * (1.0 - overlaps[i, loads == 0.1].mean()), unit="%")
    if len(sizes) > 1:
        losses = [row.value for row in table.rows if row.name.startswith("load at which")]
        limit = np.polyfit(1.0 / np.array(sizes), losses, 1)[1]
        table.add("load at which half are lost, extrapolated in 1/n", limit, paper=0.138)
    table.begin()
    n = PROJECTED[scale]
    table.add(f"patterns held by the projection rule in {n} units", projection_holds(n, seed), paper=n - 1)
    if folder is not None:
        _draw(folder, sizes, loads, overlaps, critical)
    return table.rows


def overlap_in_theory(load: float) -> float:
    """Overlap m of the state of rest near a pattern for n → ∞; 0 beyond the critical load."""
    from scipy.optimize import brentq

    def balance(y: float) -> float:
        return math.erf(y) - y * (math.sqrt(2.0 * load) + 2.0 / math.sqrt(math.pi) * math.exp(-y * y))

    best = _best()
    return math.erf(brentq(balance, best, 100.0)) if load <= _load(best) else 0.0


def critical_load() -> float:
    """α_c, beyond which no state near a pattern is at rest."""
    return _load(_best())


def _load(y: float) -> float:
    """The load of which y is a root."""
    return 0.5 * (math.erf(y) / y - 2.0 / math.sqrt(math.pi) * math.exp(-y * y)) ** 2


def _best() -> float:
    """The root y at the critical load."""
    from scipy.optimize import minimize_scalar

    return float(minimize_scalar(lambda y: -_load(y), bounds=(0.5, 4.0), method="bounded", options={"xatol": 1e-10}).x)


def final_overlaps(n: int, count: int, tried: int, rng: np.random.Generator) -> Array:
    """Overlap of the signs with the pattern, some time after beginning at it, of the first few of `count` patterns.

    Where there are fewer than are to be tried, networks of other patterns are taken too.
    """
    found: list[float] = []
    while len(found) < tried:
        patterns = rng.choice([-1.0, 1.0], size=(count, n))
        chosen = patterns[: tried - len(found)]
        end = nd.simulate(
            models.store(patterns, sharpness=SHARPNESS),
            start=SHARPNESS * chosen,
            t_eval=[DURATION],
            solver=nd.Solver(rtol=1e-3, atol=1e-3),
        )
        found.extend(analysis.overlap(np.sign(end.state[-1]), chosen).diagonal())
    return np.array(found)


def crossing(loads: Array, held: Array) -> float:
    """The load at which the fraction that is held falls through one half, between the two on both sides of it."""
    after = int(np.argmax(held < 0.5))
    before = after - 1
    if before < 0:
        return float(loads[0] if held[0] < 0.5 else loads[-1])
    part = (held[before] - 0.5) / (held[before] - held[after])
    return float(loads[before] + part * (loads[after] - loads[before]))


def projection_holds(n: int, seed: int) -> int:
    """The largest number of random patterns all of which are at rest, up to signs, by the projection rule."""
    patterns = np.random.default_rng([seed, n]).choice([-1.0, 1.0], size=(n, n))
    count = n - 1
    while count:
        held = patterns[:count]
        net = models.store(held, "projection", sharpness=SHARPNESS)
        end = nd.simulate(net, start=SHARPNESS * held, t_eval=[DURATION], solver=nd.Solver(rtol=1e-3, atol=1e-3))
        if np.all(np.sign(end.state[-1]) == held):
            break
        count -= 1
    return count


def _draw(folder: Path, sizes: tuple[int, ...], loads: Array, overlaps: Array, critical: float) -> None:
    left, right = style.new_axes(1, 2, height=3.0)
    fine = np.linspace(loads[0], loads[-1], 400)
    theory = np.array([overlap_in_theory(load) for load in fine])
    below = fine <= critical
    for ax in (left, right):
        ax.axvline(critical, color=style.FAINT, lw=1.0)
        ax.set_xlabel(r"load $\alpha$ (patterns per unit)")
    left.plot(fine[below], 50.0 * (1.0 - theory[below]), color=style.SIDE, label="theory")
    for i, n in enumerate(sizes):
        kept = overlaps[i] > HELD
        wrong = [50.0 * (1.0 - m[k].mean()) if k.any() else np.nan for m, k in zip(overlaps[i], kept, strict=True)]
        colour = {
            "color": style.cycle(style.POPULATIONS, i),
            "marker": style.cycle(style.MARKERS, i),
            "ms": 4,
            "lw": 1.0,
        }
        left.plot(loads, wrong, ls="", **{k: v for k, v in colour.items() if k != "lw"})
        right.plot(loads, kept.mean(axis=1), **colour, label=f"{n} units")
    left.set(ylabel="units wrong (%), where it is held", ylim=(0.0, None))
    right.set(ylabel="fraction of patterns held", ylim=(-0.03, 1.03))
    style.legend(left, loc="upper left")
    style.legend(right, loc="lower left")
    write_figures(folder, {"capacity": left.figure})
