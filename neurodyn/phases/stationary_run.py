"""A stationary run: chains that settle, and are averaged block by block until enough is known; with a checkpoint."""

from __future__ import annotations

import hashlib
import json
import os
import time as clocks
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.errors import ConvergenceError, ResultFileError
from neurodyn.flows.layout import STATES
from neurodyn.inputs import as_path
from neurodyn.numerics.arrays import Array
from neurodyn.phases.averages import Moments, Running
from neurodyn.phases.chains import Chains
from neurodyn.phases.driven import Nudge
from neurodyn.phases.histograms import Histograms
from neurodyn.phases.langevin import Langevin
from neurodyn.phases.observables import Observables
from neurodyn.phases.settle import Settled, settle
from neurodyn.progress import Bar
from neurodyn.results.array_file import bytes_of, read_arrays, write_arrays
from neurodyn.solvers.walk import Place
from neurodyn.system.network import Network

#: With fewer blocks of all chains of a sample, or of the whole, their scatter says too little.
FEWEST, FEWEST_IN_TURN = 32, 8
#: Numbers in the covariances of all samples.
LARGEST = 1 << 27
#: Seconds between two writes of a checkpoint.
EVERY = 10.0
TITLE = b"neurodyn stationary run 1\n"


@dataclass(frozen=True)
class Wanted:
    """When a run ends, and what it looks at; `must_meet` if it is an error that chains stay in different wells."""

    samples: float
    tolerance: float | None
    max_seconds: float
    bins: int
    pairs: tuple[tuple[int, int], ...]
    must_meet: bool = False


class Run:
    """A stationary run in the making: see `stationary` for what it does, and `Stationary` for what comes out."""

    def __init__(
        self,
        network: Network,
        x: Array | None,
        start: Array,
        noise: Langevin,
        count: int,
        nudge: Nudge | None,
        target: Array | None,
        wanted: Wanted,
        bar: Bar,
    ) -> None:
        self.chains = Chains(network, x, start, noise, count, nudge=nudge)
        self.wanted, self.bar = wanted, bar
        self.observe = Observables(self.chains, target)
        self._of = {
            "network": network.describe(),
            "weights": _digest([network.parameters.vector, network.tau, *(p.pairs for p in network.patterns.values())]),
            "samples": _digest([a for a in (x, start, target) if a is not None]),
            "noise": noise.describe(),
            "chains": count,
            "beta": 0.0 if nudge is None else nudge.beta,
            "bins": [wanted.bins, *map(list, wanted.pairs)],
        }
        self.notes: list[str] = []

    # -- the run -----------------------------------------------------------------------------------------------

    def to_end(self, checkpoint: str | os.PathLike[str] | None, resume: bool, began: float) -> None:
        """Settle, or go on from a checkpoint, and average until enough is known, or time is up."""
        path = None if checkpoint is None else Path(as_path(checkpoint, "checkpoint"))
        if not (resume and path is not None and path.exists() and self._read(path)):
            self.settled = settle(self.chains, self.bar, self.wanted.max_seconds)
            if self.wanted.must_meet and self.settled.notes:
                raise ConvergenceError(f"the mean over the stationary law is not known: {self.settled.notes[0]}")
            self._begin(self.chains.record(self.block))
        self.notes += self.settled.notes
        written = clocks.monotonic()
        while not self.enough:
            if clocks.monotonic() - began > self.wanted.max_seconds and self.state.number * self.chains.count > 1:
                self.notes.append(f"stopped after {self.wanted.max_seconds:g} s, before what was asked for was reached")
                break
            self.add_block()
            if path is not None and (self.enough or clocks.monotonic() - written > EVERY):
                self._write(path)
                written = clocks.monotonic()
            self.bar.update(self.fraction, f"error bar {self.error_bar:.2g}")

    @property
    def time(self) -> float:
        """How long each chain has been averaged."""
        return self.state.records * self.chains.interval

    @property
    def noise(self) -> dict[str, Any]:
        """What describes the noise, with the step that is taken."""
        return self.chains.langevin.describe() | {"step": self.chains.step}

    @property
    def block(self) -> int:
        """Records of a block."""
        return self.chains.block(self.settled.memory)

    @property
    def enough(self) -> bool:
        """Whether all that was asked for is known."""
        number = self.state.number
        return number >= FEWEST_IN_TURN and number * self.chains.count >= FEWEST and self.fraction >= 1.0

    @property
    def fraction(self) -> float:
        """The part of the run that is done, as far as error bars say."""
        if self.state.number * self.chains.count < 2:
            return 0.0
        parts = [self.state.effective_samples.min() / self.wanted.samples]
        if self.wanted.tolerance is not None:
            parts.append((self.wanted.tolerance / max(self.error_bar, 1e-300)) ** 2)
        return float(min(parts))

    @property
    def error_bar(self) -> float:
        """The largest of a mean state; in the rate form also of a mean rate, which is what outputs are read by."""
        by_state = self.chains.network.metric == STATES
        seen = (self.state,) if by_state else (self.state, self.rate)
        return max(float(moments.standard_error.max()) for moments in seen)

    def _begin(self, states: Array) -> None:
        """All sums, at zero; near what a first block shows, which is not averaged."""
        network, count = self.chains.network, self.chains.count

        def near(values: Array) -> Moments:
            mean = values.mean(axis=0)
            return Moments(mean.reshape(len(mean), -1, count).mean(axis=2), count)

        few = states[:: max(1, len(states) // 10)]
        self.state, self.rate = near(states), near(self.observe.rate(few))
        self.energy = near(self.observe.energy(few)) if network.has_energy else None
        self.cost = near(self.observe.cost(few)) if self.observe.target is not None else None
        self.gradient = Running(network.parameters.vector.size) if network.has_energy else None
        entries = self.chains.batch * network.n**2
        self.outer = np.zeros((self.chains.batch, network.n, network.n)) if entries <= LARGEST else None
        bins, pairs = self.wanted.bins, self.wanted.pairs
        self.counts = Histograms(states, self.chains.batch, bins, pairs, network.box) if bins else None

    def add_block(self) -> None:
        """Run a block, and take it in."""
        left, gradient = self.block, np.zeros(self.chains.network.parameters.vector.size)
        while left:
            some = min(self.chains.piece, left)
            gradient += some / self.block * self._add_piece(self.chains.record(some))
            left -= some
        for moments, _ in self._moments():
            moments.end_block(self.block)
        if self.gradient is not None:
            self.gradient.add(gradient)

    def _add_piece(self, states: Array) -> Array:
        """Take in a piece of a block; returns its mean dE/dtheta, 0 without an energy."""
        rate, gradient = self.observe.rate(states), np.zeros(self.chains.network.parameters.vector.size)
        self.state.add(states)
        self.rate.add(rate)
        if self.energy is not None:
            self.energy.add(self.observe.energy(states))
            gradient = self.observe.gradient(states, rate)
        if self.cost is not None:
            self.cost.add(self.observe.cost(states))
        if self.outer is not None:
            moved = states - np.repeat(self.state.near, self.chains.count, axis=1)
            by_sample = moved.reshape(*moved.shape[:2], self.chains.batch, self.chains.count).transpose(2, 1, 0, 3)
            flat = np.ascontiguousarray(by_sample).reshape(*by_sample.shape[:2], -1)
            self.outer += flat @ flat.transpose(0, 2, 1)
        if self.counts is not None:
            self.counts.add(states)
        return gradient

    def _moments(self) -> list[tuple[Moments, str]]:
        named = ((self.state, "state"), (self.rate, "rate"), (self.energy, "energy"), (self.cost, "cost"))
        return [(moments, name) for moments, name in named if moments is not None]

    @property
    def covariance(self) -> Array:
        """Covariance of the states, (batch, n, n)."""
        assert self.outer is not None
        mean = self.state.mean - self.state.near.T
        return np.asarray(self.outer / (self.state.records * self.chains.count) - mean[:, :, None] * mean[:, None, :])

    # -- its checkpoint ----------------------------------------------------------------------------------------

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {name: moments for moments, name in self._moments()}
        parts |= {
            name: part for name, part in (("gradient", self.gradient), ("counts", self.counts)) if part is not None
        }
        return parts

    def _write(self, path: Path) -> None:
        arrays = {f"{name}.{k}": v for name, part in self._parts().items() for k, v in part.arrays().items()}
        place = self.chains.place
        arrays |= {"place.state": place.state, "place.carry": place.carry, "settled.mean": self.settled.mean}
        arrays |= {} if self.outer is None else {"outer": self.outer}
        settled = [self.settled.time, self.settled.memory, self.settled.r_hat, list(self.settled.notes)]
        head = {"of": self._of, "draw": place.draw, "time": place.time, "settled": settled}
        write_arrays(path, TITLE, head, arrays)

    def _read(self, path: Path) -> bool:
        """Go on from a checkpoint."""
        head, arrays = read_arrays(path, TITLE, "stationary run", self._check)
        try:
            time, memory, r_hat, notes = head["settled"]
            self.settled = Settled(time, memory, r_hat, arrays["settled.mean"], tuple(notes))
            self._begin(np.zeros((2, self.chains.network.n, self.observe.columns)))
            for name, part in self._parts().items():
                own = {k.partition(".")[2]: v for k, v in arrays.items() if k.partition(".")[0] == name}
                part.restore(own)
            self.outer = None if self.outer is None else arrays["outer"]
            self.chains.place = Place(arrays["place.state"], arrays["place.carry"], head["draw"], head["time"])
        except (KeyError, TypeError, ValueError) as error:
            raise ResultFileError(f"{path} is not a whole stationary run: {error!r}") from error
        return True

    def _check(self, head: dict[str, Any]) -> None:
        """Refuse the checkpoint of another run."""
        ours = json.loads(json.dumps(self._of))
        if wrong := [name for name in ours if head["of"].get(name) != ours[name]]:
            raise ResultFileError(
                f"it is of a run with other {' and '.join(wrong)}: resume the same, or name another file"
            )


def _digest(arrays: list[Any]) -> str:
    digest = hashlib.sha256()
    for part in arrays:
        digest.update(bytes_of(part))
    return digest.hexdigest()
