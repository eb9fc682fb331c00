"""Which data a figure shows: samples, units and their names; the two error signals, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurodyn.analysis.signals.compare import check_pair
from neurodyn.analysis.units import Units, unit_index
from neurodyn.errors import ArgumentError
from neurodyn.inputs import whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.phases.side import SidePhase
from neurodyn.results.result import with_batch
from neurodyn.system.graph import Graph


def error_signals(run: NudgedPhase, side: SidePhase) -> tuple[Array, Array, Any]:
    """Error signals (T, batch, n) of the nudged phase and the side network, and which samples (batch,) have one.

    Unlike `compare`, this takes a phase that did not reach its end. Refuses two that do not belong together.
    """
    check_pair(run, side)
    tilde, bar = with_batch(run.error_signal, 3), with_batch(side.error_signal, 3)
    return tilde, bar, np.any(bar != 0.0, axis=(0, 2))


def sample_index(sample: object, batch: int) -> int:
    """Return `sample`, a whole number below `batch`, or refuse it."""
    return whole_number(sample, "sample", 0, batch - 1)


def unit_indices(units: Units, graph: Graph) -> list[int]:
    """Return free units, given by number or by name like "h1[3]", as numbers; each once, in the order given."""
    wanted: list[object] = [units] if isinstance(units, str) or not isinstance(units, Iterable) else list(units)
    if not wanted:
        raise ArgumentError("`units` must name at least one unit; got none")
    return list(dict.fromkeys(unit_index(graph, unit, "units") for unit in wanted))


def leading_units(graph: Graph, size: Array, *, each: int = 2, populations: int = 6) -> list[int]:
    """The units with the largest `size` (n,): of each population up to `each`, those above zero, but at least one.

    More `populations` than that are thinned out evenly, the first and the last kept.
    """
    names = list(graph.slices)
    if len(names) > populations:
        names = [names[k] for k in np.linspace(0, len(names) - 1, populations).astype(int)]
    found: list[int] = []
    for name in names:
        units = np.arange(graph.n)[graph.slices[name]]
        order = units[np.argsort(-size[units], kind="stable")][:each]
        found += [int(i) for k, i in enumerate(order) if k == 0 or size[i] > 0.0]
    return found


def by_population(graph: Graph, units: Iterable[int]) -> dict[str, list[int]]:
    """Units grouped by population, populations in the network's order."""
    chosen = list(units)
    groups = {name: [i for i in chosen if w.start <= i < w.stop] for name, w in graph.slices.items()}
    return {name: group for name, group in groups.items() if group}


def largest_over_time(path: Array) -> Array:
    """Largest magnitude over the first axis, NaN counted as 0."""
    return np.asarray(np.max(np.nan_to_num(np.abs(path), nan=0.0, posinf=0.0), axis=0))


def settled_after(t: Array, path: Array, fraction: float = 3e-3) -> float:
    """Last time at which some column of `path` (T, k) is above `fraction` of its own largest magnitude."""
    size = np.nan_to_num(np.abs(path), nan=0.0, posinf=0.0)
    above = np.flatnonzero(np.any(size > fraction * size.max(axis=0, initial=0.0), axis=1))
    return float(t[min(above[-1] + 1, len(t) - 1)]) if above.size else float(t[-1])
