"""Spike-timing-dependent plasticity from rates: dW/dt = ρ_pre dρ_post/dt (Y. Bengio et al., Neural Comput. 29, 2017).

A unit that gets a short input at time 0 has the rate a exp(−t/τ) afterwards. If that of `post` comes Δ after that of
`pre`, the weight changes in all by

    Δw(Δ) = ∫ ρ_pre dρ_post = K/τ_pre exp(−Δ/τ_pre)  for Δ > 0,    −K/τ_post exp(Δ/τ_post)  for Δ < 0,

two exponentials, whose largest values are as τ_post to τ_pre: the window that G. Bi and M. Poo fitted to their
measurements (Annu. Rev. Neurosci. 24, 2001), from which both time constants of the model `stdp-pair` are. The change
of the other direction, ∫ ρ_post dρ_pre, is its negative: both together are the change of ρ_pre ρ_post, which is that of
equilibrium propagation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

#: Milliseconds between the two inputs, at most and from one to the next; how long inputs are, and how strong.
FARTHEST, APART = 80.0, {"small": 20.0, "full": 4.0}
WIDTH, STRENGTH = 1.0, 20.0
#: When the first input comes, how long the rates are followed, and in steps of what size they are integrated over.
BEGIN, END, STEP = 100.0, 700.0, 0.25
#: Bi & Poo (2001), fig. 4: largest potentiation and depression, and their time constants (ms).
MEASURED = {"potentiation": (0.777, 16.8), "depression": (-0.273, 33.7)}


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Change of the weight against the time between both bumps, and the exponentials that it follows."""
    del seed  # nothing is drawn at random
    table = Table()
    delays = np.arange(-FARTHEST, FARTHEST + 1.0, APART[scale])
    delays = delays[np.abs(delays) > WIDTH]
    forward, backward = changes(delays)
    after, before = delays > 0.0, delays < 0.0
    found = {"potentiation": exponential(delays[after], forward[after])}
    found["depression"] = exponential(-delays[before], forward[before])
    for name, (_, tau) in found.items():
        table.add(f"time constant of {name}", tau, paper=MEASURED[name][1], unit="ms")
    largest = found["potentiation"][0], found["depression"][0]
    ratio = MEASURED["potentiation"][0] / -MEASURED["depression"][0]
    table.add("largest potentiation over largest depression", -largest[0] / largest[1], paper=ratio)
    table.add(
        "both directions together, over the largest change", np.abs(forward + backward).max() / largest[0], paper=0.0
    )
    if folder is not None:
        ax = style.new_axes(height=3.2, width=4.8)[0]
        ax.axhline(0.0, color=style.FAINT, lw=1.0)
        ax.axvline(0.0, color=style.FAINT, lw=1.0)
        for sign, (name, (top, tau)) in zip((1.0, -1.0), MEASURED.items(), strict=True):
            t = np.linspace(0.0, FARTHEST, 200)
            scaled = top / MEASURED["potentiation"][0]
            label = "fit of Bi & Poo (2001)" if name == "potentiation" else None
            ax.plot(sign * t, scaled * np.exp(-t / tau), color=style.SIDE, ls="--", lw=1.0, label=label)
        ax.plot(delays, forward / largest[0], ls="", marker="o", ms=4, color=style.NUDGED, label="from rates")
        ax.set(
            xlabel="time from the bump of pre to that of post (ms)", ylabel=r"change of the weight, $\Delta w$ (scaled)"
        )
        style.legend(ax, loc="upper left")
        write_figures(folder, {"stdp-window": ax.figure})
    return table.rows


def changes(delays: Array) -> tuple[Array, Array]:
    """∫ ρ_pre dρ_post and ∫ ρ_post dρ_pre for inputs to `post` so many milliseconds after those to `pre`, (delays,)."""
    net = models.read("stdp-pair").network.replace(parameters={"pre-post": [[0.0]]})
    begins = np.stack([np.full(len(delays), BEGIN + FARTHEST), BEGIN + FARTHEST + delays], axis=1)  # (delay, input)
    times = np.unique([begins, begins + WIDTH])
    at = np.concatenate([[0.0], times])[:, None, None]
    levels = np.where((at >= begins) & (at < begins + WIDTH), STRENGTH, 0.0)
    run = nd.simulate(
        net, nd.Steps(times, levels), t_eval=np.arange(0.0, END, STEP), solver=nd.Solver(rtol=1e-8, atol=1e-10)
    )
    pre, post = run.state[..., 0], run.state[..., 1]  # linear units: their rates
    return stieltjes(pre, post), stieltjes(post, pre)


def stieltjes(values: Array, of: Array) -> Array:
    """∫ values d(of) over the first axis, by the trapezoidal rule."""
    return np.asarray((0.5 * (values[1:] + values[:-1]) * np.diff(of, axis=0)).sum(axis=0))


def exponential(t: Array, values: Array) -> tuple[float, float]:
    """Height at t = 0 and time constant of the exponential through values of one sign, by regression of logarithms."""
    slope, height = np.polyfit(t, np.log(np.abs(values)), 1)
    return float(np.sign(values[0]) * np.exp(height)), float(-1.0 / slope)
