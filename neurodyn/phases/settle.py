"""Burn-in: let chains run until they have forgotten where they began, and see how long they remember.

A run is doubled until its second half is some autocorrelation times long, of the slowest unit, and all halves of all
chains show one law there. The whole of it is then left out of what is averaged.
"""

from __future__ import annotations

import time as clocks
from dataclasses import dataclass

import numpy as np

from neurodyn.numerics import series
from neurodyn.numerics.arrays import Array, Integers, Mask
from neurodyn.phases.chains import Chains
from neurodyn.progress import Bar

#: The first run, in the longest time constant or memory; its second half must be so many autocorrelation times long.
FIRST, REMEMBERED = 40.0, 25.0
#: Largest R-hat of chains that have met.
MET = 1.1
#: Doublings, after which chains that have not met are taken as they are.
DOUBLINGS = 12
#: Numbers that are kept of all records; of larger networks some units, evenly spaced, stand for all.
KEPT = 1 << 23
FEWEST_UNITS = 16


@dataclass(frozen=True)
class Settled:
    """What was seen while chains settled.

    Attributes
    ----------
    time : float
        The burn-in.
    memory : float
        The longest autocorrelation time of a unit's state.
    r_hat : float
        The largest of a unit's state.
    mean : (n, batch)
        Mean state over the second half, for what is best computed near the mean.
    notes : tuple of str
        What is not as it should be.
    """

    time: float
    memory: float
    r_hat: float
    mean: Array
    notes: tuple[str, ...] = ()


def settle(
    chains: Chains, bar: Bar, max_seconds: float = np.inf, units: Mask | None = None, doublings: int | None = None
) -> Settled:
    """Let chains run until they have met and forgotten where they began: those of all units, or of some (n,).

    At most so many doublings (default: `DOUBLINGS`), or seconds: what has not met then is told in the notes.
    """
    network, began = chains.network, clocks.monotonic()
    length = max(
        2 * series.FEWEST, int(np.ceil(FIRST * max(float(network.tau.max()), chains.memory) / chains.interval))
    )
    columns = chains.batch * chains.count
    moving = np.arange(network.n) if units is None else np.flatnonzero(units)
    chosen = moving[_some_units(len(moving), length * columns)]
    kept = chains.record(length)[:, chosen]
    stride, since = 1, length  # records that are kept of all, and made so far
    for _ in range(DOUBLINGS if doublings is None else doublings):
        half = chains.by_chain(kept[len(kept) // 2 :])
        flat = half.reshape(*half.shape[:2], -1)
        memory = max(
            float(series.autocorrelation_time(flat).max(initial=0.0)) * stride, chains.memory / chains.interval
        )
        worst = float(series.r_hat(flat).max(initial=1.0))
        burnt = int(series.burn_in(chains.by_chain(kept).reshape(len(kept), chains.count, -1)).max(initial=0)) * stride
        if since >= 2.0 * REMEMBERED * memory and worst < MET and burnt <= since // 2:
            return _settled(chains, memory, worst)
        if clocks.monotonic() - began > max_seconds:
            break
        bar.update(0.0, f"settling, R-hat {worst:.3g} after {chains.place.time:.3g}")
        kept, stride = _lengthened(chains, kept, chosen, stride, since)
        since *= 2
    return _settled(
        chains,
        memory,
        worst,
        f"chains had not met after a time {chains.place.time:.4g}: R-hat is {worst:.3g}, the longest autocorrelation "
        f"time {memory * chains.interval:.3g}; error bars are too small where chains stay in different wells",
    )


def _settled(chains: Chains, memory: float, worst: float, *notes: str) -> Settled:
    """What was seen, with the means of some more records."""
    last = chains.record(max(1, int(np.ceil(2.0 * memory)))).mean(axis=0)
    mean = last.reshape(len(last), chains.batch, chains.count).mean(axis=2)
    return Settled(chains.place.time, max(memory, 0.5) * chains.interval, worst, mean, notes)


def _some_units(n: int, entries: int) -> Integers:
    """The units that are looked at."""
    count = min(n, max(FEWEST_UNITS, KEPT // (4 * entries)))
    return np.unique(np.linspace(0, n - 1, count).round().astype(np.int64))


def _lengthened(chains: Chains, kept: Array, units: Integers, stride: int, more: int) -> tuple[Array, int]:
    """The records with as many again; every other one, where they are too many."""
    parts, size = [kept], chains.batch * chains.count * chains.network.n
    left = more
    while left:
        some = min(left, max(stride, KEPT // size // stride * stride))
        parts.append(chains.record(some)[stride - 1 :: stride, units])
        left -= some
    found = np.concatenate(parts)
    return (found[1::2], 2 * stride) if found.size > KEPT else (found, stride)
