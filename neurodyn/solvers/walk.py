"""Run a problem under noise through the compiled loop: trajectories in blocks, blocks on threads, a run in pieces.

A `Place` is all that a later piece of a run must know of an earlier one. The pieces have the same bits as the whole.
"""

from __future__ import annotations

import threading
import time as clocks
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.compilation import compile_together
from neurodyn.numerics.random import Words, fill_normals, lanes_of, pairs
from neurodyn.numerics.sparse_product import threads_lock
from neurodyn.progress import Bar
from neurodyn.solvers import noisy
from neurodyn.solvers.columns import FIRST_CALL, next_iterations, run_blocks
from neurodyn.solvers.problem import Problem

#: State entries of one block.
BLOCK_ENTRIES = 4096


class Weights(NamedTuple):
    """What a step of one size does: weights of velocity and noise for every unit, (m,); and q, p of smooth noise."""

    drift: Array
    amplitude: Array
    kept: float = 0.0
    fresh: float = 1.0


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a walk: a key, the number that each trajectory counts with, (B,), and the weights of steps by size.

    `walls` (m,) says which units are held in the box [0, 1], and how; see `noisy`.
    """

    key: Words
    streams: Integers
    weights: Callable[[float], Weights]
    smooth: bool
    walls: Array


@dataclass(frozen=True, slots=True)
class Place:
    """Where trajectories are: states (m, B), the noise that is carried on (2p, B), the next draw's number, the time."""

    state: Array
    carry: Array
    draw: int
    time: float


class Gaps(NamedTuple):
    """Recorded times (T,), and of the gap before each the number of its steps and their size, (T,)."""

    times: Array
    lengths: Integers
    sizes: Array


def gaps_to(times: Array, step: float, since: float = 0.0) -> Gaps:
    """Steps of about `step` that land on all the times: of just that size where it fits, else shortened evenly."""
    spans = np.diff(times, prepend=since)
    lengths = np.ceil(spans / step - 1e-6).astype(np.int64)
    even: Array = spans / np.maximum(lengths, 1)
    return Gaps(times, lengths, np.where(np.abs(even - step) <= 1e-6 * step, step, even))


def steps_of(count: int, every: int, step: float, since: float = 0.0) -> Gaps:
    """`count` steps, with a record after every so many of them; whole numbers of them."""
    lengths = np.full(count // every, every, dtype=np.int64)
    times = np.asarray(since + step * np.cumsum(lengths), dtype=np.float64)
    return Gaps(times, lengths, np.full(lengths.size, step))


def begin(start: Array, noise: Noise) -> Place:
    """The place at which trajectories start from (m, B). Smooth noise is in its stationary law from the start."""
    m, batch = start.shape
    if not noise.smooth:
        return Place(start.copy(), np.zeros((0, batch)), 0, 0.0)
    carry = np.zeros((2 * pairs(m), batch))
    fill_normals(0, lanes_of(m, noise.streams), noise.key, carry)
    return Place(start.copy(), carry, 1, 0.0)


def walk(problem: Problem, noise: Noise, place: Place, gaps: Gaps, what: str = "simulating") -> tuple[Array, Place]:
    """Step on from a place; returns states at the recorded times, (T, m, B), and the place reached.

    What is no number any more, or infinite, is left so: look at the states.
    """
    guard: AbstractContextManager[Any] = threads_lock if problem.threads_inside else nullcontext()
    with guard, Bar(what) as bar:
        run = _Walk(problem, noise, place, gaps, bar)
        run.run()
        steps = int(gaps.lengths.sum())
        time = float(gaps.times[-1]) if gaps.times.size else place.time
        return run.states, Place(run.state, run.carry, place.draw + steps, time)


class _Walk:
    """One call of `walk`."""

    def __init__(self, problem: Problem, noise: Noise, place: Place, gaps: Gaps, bar: Bar) -> None:
        self.problem, self.noise, self.place, self.bar = problem, noise, place, bar
        m, batch = place.state.shape
        sizes, which = np.unique(gaps.sizes, return_inverse=True)
        found = [noise.weights(float(size)) for size in sizes]
        of_units = np.zeros((len(found), noisy.UNIT_ROWS, m))
        of_steps = np.zeros((len(found), noisy.STEP_NUMBERS))
        for k, (size, weights) in enumerate(zip(sizes, found, strict=True)):
            of_units[k] = weights.drift, weights.amplitude, noise.walls
            of_steps[k] = size, weights.kept, weights.fresh
        self.tables = of_units, of_steps
        self.states = np.full((gaps.times.size, m, batch), np.nan)
        self.record = np.ascontiguousarray(gaps.times), self.states, gaps.lengths, which.astype(np.int64).ravel()
        self.state, self.carry = place.state.copy(), place.carry.copy()
        self.total = max(1, int(gaps.lengths.sum()) * batch)
        self.done = 0
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def run(self) -> None:
        """All blocks, on threads where that is worth it."""
        compile_together((noisy.walk_on, self.problem.flow))
        run_blocks(
            self.block,
            *self.state.shape,
            entries=BLOCK_ENTRIES,
            stop=self.stop,
            alone=self.problem.threads_inside,
        )

    def block(self, columns: slice) -> None:
        """Run some trajectories to the end."""
        problem, noise = self.problem, self.noise
        s = aligned.copy(self.state[:, columns])
        m, b = s.shape
        carry, variates = aligned.copy(self.carry[:, columns]), aligned.empty((2 * pairs(m), b))
        velocity, work, t = aligned.empty((m, b)), aligned.empty((problem.work_rows, b)), np.full(b, self.place.time)
        block = s, velocity, carry, variates, work, t
        constants = aligned.copy(problem.rows[:, columns]), problem.theta, problem.layout
        random = lanes_of(m, noise.streams[columns]), noise.key
        counts = np.zeros(noisy.COUNTS, dtype=np.int64)
        counts[[noisy.DRAW, noisy.FIRST, noisy.SMOOTH]] = self.place.draw, columns.start, noise.smooth
        counts[noisy.ITERATIONS] = max(1, FIRST_CALL // s.size)
        left = len(self.record[0])
        while left and not self.stop.is_set():
            started, before = clocks.monotonic(), counts[noisy.DRAW]
            left = noisy.walk_on(problem.flow.address, constants, block, random, self.record, self.tables, counts)
            passed = clocks.monotonic() - started
            counts[noisy.ITERATIONS] = next_iterations(int(counts[noisy.ITERATIONS]), passed)
            self.report(int(counts[noisy.DRAW] - before) * b)
        self.state[:, columns], self.carry[:, columns] = s, carry

    def report(self, steps: int) -> None:
        """Show how far all trajectories are."""
        with self.lock:
            self.done += steps
        self.bar.update(self.done / self.total)


__all__ = ["Gaps", "Noise", "Place", "Weights", "begin", "gaps_to", "steps_of", "walk"]
