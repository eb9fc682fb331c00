"""Chains: for each sample some independent trajectories under noise, recorded at even times, in pieces.

Columns are sample-major: those of sample j are j·c ... j·c + c - 1 for c chains. A chain's random numbers are counted
by its column, so that two ensembles of one seed have the same noise, chain by chain, unless they are of two *families*.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from neurodyn.errors import DivergenceError
from neurodyn.flows.rows import RATE
from neurodyn.numerics.arrays import Array, Integers, Mask
from neurodyn.numerics.random import fill_normals, key_of, lanes_of, pairs
from neurodyn.phases.driven import Nudge, driven_problem
from neurodyn.phases.fluctuating_weights import FluctuatingWeights, walk_with
from neurodyn.phases.langevin import Langevin, engine_noise, step_of
from neurodyn.solvers.stepper import EXPLOSION
from neurodyn.solvers.walk import Gaps, Place, begin, steps_of, walk
from neurodyn.system.network import Network

#: Records are this part of the shortest time constant apart, or one step.
INTERVAL = 0.5
#: A block of an average is so many autocorrelation times of the slowest unit long: half as many effective samples.
BLOCK = 40.0
#: Numbers in the states of one piece of a block.
PIECE = 1 << 22
#: What the random numbers of starts are for.
STARTS = 1


class Chains:
    """Some chains for each sample, from where they have come to.

    Parameters
    ----------
    network : Network
    x : (batch, n_in) or None
    start : (batch, n)
        Chains begin around it, in a normal law with the variance Theta of each unit, clipped to boxes.
    noise : Langevin
    count : int
        Chains of each sample.
    nudge : Nudge, optional
        Its target is (batch, n_out).
    family : int
        Chains of two families have different noise.
    held : (n,) mask, optional
        Units that do not move.
    state : (n, columns), optional
        Where the chains begin, if not around `start`.

    Attributes
    ----------
    x : (columns, n_in) or None
        What the columns are clamped at.
    step, interval : float
        Time of a step, and between two records.
    memory : float
        In which weights that fluctuate forget themselves, else 0: what chains remember at least.
    weights : list of FluctuatingWeights
        Of each chain of a sample, which shares them with that chain of all other samples; none if they stay.
    place : Place
        Where they are.
    records : int
        How many they have made, those that were skipped too.
    """

    def __init__(
        self,
        network: Network,
        x: Array | None,
        start: Array,
        noise: Langevin,
        count: int,
        *,
        nudge: Nudge | None = None,
        family: int = 0,
        held: Mask | None = None,
        state: Array | None = None,
    ) -> None:
        self.network, self.count, self.batch, self.langevin = network, count, len(start), noise
        copies = np.repeat(np.arange(self.batch), count)
        streams: Integers = np.arange(copies.size, dtype=np.int64) + family * copies.size
        self.x = None if x is None else np.ascontiguousarray(x[copies])
        inner = None if nudge is None else Nudge(nudge.beta, np.ascontiguousarray(nudge.target[copies]))
        begins = self._around(start[copies], streams, held) if state is None else state
        self.nudge = inner
        self.problem = driven_problem(network, begins, self.x, inner)
        if held is not None:
            self.problem.rows[RATE * network.n : (RATE + 1) * network.n][held] = 0.0
            noise = replace(noise, temperature=np.where(held, 0.0, noise.temperature))
        self.engine = engine_noise(network, noise, streams)
        self.step = step_of(network, noise)
        self.every = max(1, round(INTERVAL * float(network.tau.min()) / self.step))
        self.interval = self.every * self.step
        self.memory = noise.weight_correlation_time if noise.weight_noise else 0.0
        devices = range(count if noise.weight_noise else 0)
        self.weights = [FluctuatingWeights(network, noise, self.step, device) for device in devices]
        self.place: Place = begin(begins, self.engine)
        self.records = 0

    def _around(self, start: Array, streams: Integers, held: Mask | None) -> Array:
        """States (n, columns) around starts, with the variance Theta, the same for a chain in any company."""
        n, box = self.network.n, self.network.box
        found = np.empty((2 * pairs(n), streams.size))
        fill_normals(0, lanes_of(n, streams), key_of(self.langevin.seed, STARTS), found)
        theta = np.broadcast_to(np.asarray(self.langevin.temperature), (n,))
        if held is not None:
            theta = np.where(held, 0.0, theta)
        around = np.ascontiguousarray(start.T) + np.sqrt(theta)[:, None] * found[:n]
        around[box] = np.clip(around[box], 0.0, 1.0)
        return around

    def block(self, memory: float) -> int:
        """Records of a block, for an autocorrelation time."""
        return max(2, int(np.ceil(BLOCK * max(memory, self.memory) / self.interval)))

    @property
    def piece(self) -> int:
        """Records that are made at a time."""
        return max(1, PIECE // self.place.state.size)

    def record(self, count: int) -> Array:
        """Go on for so many records; their states, (count, n, columns).

        Raises
        ------
        DivergenceError
            Some state left the finite numbers, or grew beyond all bounds.
        """
        gaps = steps_of(count * self.every, self.every, self.step, self.place.time)
        states = self._walk(gaps)
        self.records += count
        size = np.abs(states)
        if not size.max() <= EXPLOSION:
            wrong = ~(size.max(axis=(0, 1)) <= EXPLOSION)
            column = int(np.argmax(wrong))
            unit = int(np.argmax(~(size[:, :, column].max(axis=0) <= EXPLOSION)))
            raise DivergenceError(
                f"noise: {self.network.graph.unit(unit)} of sample {column // self.count} grew beyond all bounds by "
                f"t = {self.place.time:.4g} with steps of {self.step:.3g}: take a smaller `step`; where it stays so, "
                "the energy has no lower bound, and there is no stationary law"
            )
        return states

    def skip(self, count: int) -> None:
        """Go on for so many records, and forget them."""
        if count:
            self.after(count * self.every)
            self.records += count

    def after(self, steps: int) -> Array:
        """Go on for so many steps; the states (n, columns) there."""
        self._walk(steps_of(steps, steps, self.step, self.place.time))
        return self.place.state

    def _walk(self, gaps: Gaps) -> Array:
        """Go on to some records, and return them: chain by chain where each has weights of its own."""
        if not self.weights:
            states, self.place = walk(self.problem, self.engine, self.place, gaps)
            return states
        before, state, carry = self.place, self.place.state.copy(), self.place.carry.copy()
        states = np.empty((len(gaps.times), *state.shape))
        after = before
        for k, weights in enumerate(self.weights):
            mine = slice(k, None, self.count)
            x = None if self.x is None else np.ascontiguousarray(self.x[mine])
            nudge = self.nudge and Nudge(self.nudge.beta, np.ascontiguousarray(self.nudge.target[mine]))
            begins = np.ascontiguousarray(before.state[:, mine])
            start = replace(before, state=begins, carry=np.ascontiguousarray(before.carry[:, mine]))
            noise = replace(self.engine, streams=self.engine.streams[mine])
            problem = partial(driven_problem, start=begins, x=x, nudge=nudge)
            states[:, :, mine], after = walk_with(weights, problem, noise, start, gaps, self.step)
            state[:, mine], carry[:, mine] = after.state, after.carry
        self.place = replace(after, state=state, carry=carry)
        return states

    def by_chain(self, values: Array) -> Array:
        """Records (count, m, columns) as series (count, chain, batch, m)."""
        count, m, _ = values.shape
        return np.ascontiguousarray(values.reshape(count, m, self.batch, self.count).transpose(0, 3, 2, 1))
