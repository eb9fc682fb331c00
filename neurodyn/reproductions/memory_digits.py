"""Ten handwritten digits stored and recalled from noise: by the outer product none, by the projection rule all.

The digits share most of their pixels, and a sum of outer products takes what they share for what is stored (Hebb's
rule; J. J. Hopfield 1982). The projection onto the span of the patterns knows them apart, however alike they are, as
long as they are linearly independent (L. Personnaz, I. Guyon, G. Dreyfus 1985).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.models.data.image_sets import digits
from neurodyn.numerics.arrays import Array
from neurodyn.reproductions.mosaic import plot_mosaic
from neurodyn.reproductions.reproduction import Row, Scale
from neurodyn.reproductions.table import Table
from neurodyn.results.figure_files import write_figures

#: Noisy copies of each digit; the fraction of pixels that are of the other colour; and how long recall may take.
COPIES = {"small": 2, "full": 10}
FLIPPED, DURATION = 0.1, 100.0


def run(scale: Scale, folder: Path | None, seed: int) -> list[Row]:
    """Recall noisy digits by each rule."""
    stored, rng, table = patterns(), np.random.default_rng(seed), Table()
    wanted = np.repeat(stored, COPIES[scale], axis=0)
    noisy = np.where(rng.random(wanted.shape) < FLIPPED, -wanted, wanted)
    recalled = {}
    for rule in ("outer", "projection", "dense"):
        table.begin()
        recalled[rule] = recall(stored, noisy, rule)
        exact = np.all(recalled[rule] == wanted, axis=1)
        table.add(f"noisy digits recalled, {rule}", 100.0 * exact.mean(), unit="%")
        mean = analysis.overlap(recalled[rule], wanted).diagonal().mean()
        table.add(f"mean overlap with the stored digit, {rule}", float(mean))
    if folder is not None:
        shown = {"stored": wanted, "noisy": noisy, **recalled}
        ax = plot_mosaic({name: found[:: COPIES[scale]] for name, found in shown.items()}, (8, 8))
        write_figures(folder, {"digits": ax.figure})
    return table.rows


def patterns() -> Array:
    """The first training image of each digit from 0 to 9, +1 for ink and −1 for paper, (10, 64)."""
    data = digits("train")
    first = [int(np.flatnonzero(data.labels == k)[0]) for k in range(data.classes)]
    return np.where(data.images[first] > 0.5, 1.0, -1.0)


def recall(stored: Array, noisy: Array, rule: str) -> Array:
    """Signs of the states in which trajectories from noisy patterns end."""
    end = nd.simulate(
        models.store(stored, rule), start=noisy, t_eval=[DURATION], solver=nd.Solver(rtol=1e-4, atol=1e-4)
    )
    return np.sign(end.state[-1])
