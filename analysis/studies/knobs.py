"""The knobs of devices that the study of hardware turns, alone and in pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurodyn.analysis.studies.bench import Bench
from neurodyn.errors import ArgumentError, NeurodynError, shown
from neurodyn.inputs import choice
from neurodyn.numerics.arrays import Array
from neurodyn.system.device import Device

#: What is varied: the levels of each knob, from good to bad.
KNOBS: dict[str, tuple[float, ...]] = {
    "mismatch": (0.01, 0.03, 0.1, 0.3, 0.6),
    "bits": (8, 6, 4, 3, 2),
    "feedback": (0.01, 0.03, 0.1, 0.3, 0.6),
    "drift": (0.01, 0.03, 0.1, 0.3, 0.6),
}
#: In pairs there is noise, too.
LEVELS: dict[str, tuple[float, ...]] = {**KNOBS, "noise": (0.0001, 0.001, 0.01, 0.03, 0.1)}
#: Devices at each pair of levels.
PAIRED = 4

Pairs = Sequence[tuple[str, str]]


def as_pairs(pairs: Pairs) -> list[tuple[str, str]]:
    """Return pairs of names of knobs, two different ones in each."""
    rule = f"`pairs` must be a list of pairs of two different knobs, of {', '.join(LEVELS)}; got {shown(pairs)}"
    if isinstance(pairs, str) or not isinstance(pairs, Sequence):
        raise ArgumentError(rule)
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ArgumentError(rule)
        if choice(pair[0], LEVELS, "pairs") == choice(pair[1], LEVELS, "pairs"):
            raise ArgumentError(rule)
    return [(first, second) for first, second in pairs]


def column_of(first: str, second: str) -> str:
    """The name of the column of cosines of a pair."""
    return f"{first}_{second}_cosine"


def device_at(seed: int, **levels: float) -> Device:
    """A device with some knobs at these levels."""
    settings: dict[str, Any] = {name: int(level) if name == "bits" else level for name, level in levels.items()}
    return Device(seed=seed, **settings)


#: Strength of nudging and averaging time at a temperature.
Averaged = Callable[[float], tuple[float, float]]


def pair_cosines(bench: Bench, pair: tuple[str, str], count: int, seed: int, averaged: Averaged) -> Array:
    """Means over devices of the cosine with the exact gradient, (levels of the first, levels of the second).

    NaN where no device comes to rest, or the network cannot have such knobs.
    """
    first, second = pair
    found = np.full((len(LEVELS[first]), len(LEVELS[second])), np.nan)
    for (i, k), _ in np.ndenumerate(found):
        device = device_at(seed, **{first: LEVELS[first][i], second: LEVELS[second][k]})
        cosines = []
        for number in range(min(count, PAIRED)):
            try:
                made = device.network(bench.network, number, time=1.0)
                if device.noise:
                    cosines.append(bench.noisy_cosine(made, device.noise, *averaged(device.noise), seed + number))
                else:
                    cosines.append(bench.measure(made).cosine)
            except NeurodynError:  # one that oscillates, say, with feedback that is too unequal
                continue
        if cosines:
            found[i, k] = np.mean(cosines)
    return found


__all__ = ["KNOBS", "LEVELS", "Pairs", "as_pairs", "column_of", "device_at", "pair_cosines"]
