"""What estimators under noise have in common: the noise, how many chains for how long, and error bars.

They estimate the gradient of J = E[C], the mean cost over the stationary law at a temperature, which tends to the cost
at the equilibrium as the temperature falls. Chains begin at the equilibrium of the free phase, settle, and are averaged
over blocks of time; each chain in each block gives an estimate of its own, and the scatter of these is the error bar.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.inputs import is_number, is_positive, positive_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.averages import Running
from neurodyn.phases.chains import BLOCK, Chains
from neurodyn.phases.langevin import LEIMKUHLER_MATTHEWS, Langevin
from neurodyn.phases.settle import settle
from neurodyn.progress import Bar
from neurodyn.system.parameters import Parameters

#: With a duration, the burn-in is this part of it.
SHARE = 0.25
MOST_CHAINS = 100_000


@dataclass(frozen=True, kw_only=True)
class UnderNoise(Estimator):
    """An estimator with noise, and error bars.

    Parameters
    ----------
    chains : int
        Of each sample.
    scheme, step, seed
        Of the noise: see `neurodyn.Langevin`.
    """

    temperature: float = 0.1
    chains: int = 8
    scheme: str = LEIMKUHLER_MATTHEWS
    step: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        whole_number(self.chains, "chains", 1, MOST_CHAINS)
        self.noise  # noqa: B018  (which checks its own)

    @property
    def noise(self) -> Langevin:
        """The noise."""
        return Langevin(self.temperature, self.scheme, self.step, self.seed)

    def repeated(self, call: int) -> Self:
        """Return the estimator with noise of its own for every call."""
        return dataclasses.replace(self, seed=int(np.random.SeedSequence([self.seed, call]).generate_state(1)[0]))

    def told(self, task: Task, found: Running) -> Parameters:
        """The mean of single estimates; their error bar goes to the task."""
        blocks = task.network.parameters.blocks
        task.standard_error = Parameters(blocks, found.standard_error) if found.number > 1 else None
        return Parameters(blocks, found.mean)


@dataclass(frozen=True, kw_only=True)
class Noisy(UnderNoise):
    """An estimator of the gradient of the mean cost under noise; subclasses say how.

    Parameters
    ----------
    temperature : float
        Theta > 0.
    chains : int
        Of each sample, at least 2 for an error bar.
    samples : float
        Effective samples of the slowest unit, over all chains of a sample. Without a `duration`.
    duration : float, optional
        For how long each chain is averaged, after a quarter of this time for burn-in. Default: until there are
        `samples`, after a burn-in that is found by itself.
    scheme, step, seed
        Of the noise: see `neurodyn.Langevin`.
    """

    noisy: ClassVar = True

    samples: float = 1000
    duration: float | None = None

    def __post_init__(self) -> None:
        positive_number(self.temperature, "temperature")
        super().__post_init__()
        if not (is_number(self.samples) and self.samples >= 1):
            raise ArgumentError(f"`samples` must be a number >= 1; got {self.samples!r}")
        if self.duration is not None and not is_positive(self.duration):
            raise ArgumentError(f"`duration` must be a positive time, or None; got {self.duration!r}")

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        with one_thread(), Bar(f"gradient at temperature {self.temperature:g}") as bar:
            found = self._average(task, bar)
        return self.told(task, found)

    @abstractmethod
    def _average(self, task: Task, bar: Bar) -> Running:
        """The estimates of all chains and blocks."""

    def ensemble(self, task: Task, **options: Any) -> Chains:
        """Chains that begin around the equilibria of the task."""
        start = task.equilibrium.state if task.batched else np.atleast_2d(task.equilibrium.state)
        return Chains(task.network, task.x, start, self.noise, self.chains, **options)

    def blocks(self, task: Task, bar: Bar, ensembles: list[Chains]) -> Iterator[tuple[Array, ...]]:
        """Settle ensembles, and record them together, piece by piece: states (count, n, columns) of each.

        Between blocks comes an empty tuple.
        """
        first, *others = ensembles
        if self.duration is None:
            settled = settle(first, bar)
            for sentence in settled.notes:
                task.note(sentence)
            length = first.block(settled.memory)
            number = max(1, int(np.ceil(self.samples / (0.5 * BLOCK * self.chains))))
        else:
            length, number = max(1, round(self.duration / first.interval)), 1
            first.skip(round(SHARE * length))
        for other in others:
            other.skip(first.records)
        for k in range(number):
            left = length
            while left:
                some = min(first.piece, left)
                yield tuple(chains.record(some) for chains in ensembles)
                left -= some
            yield ()
            bar.update((k + 1) / number)
        for chains in ensembles:
            steps = chains.records * chains.every
            task.count(force_evaluations=steps * chains.place.state.shape[1], time=chains.place.time)

    def averaged(
        self, task: Task, bar: Bar, ensembles: list[Chains], of_piece: Callable[[tuple[Array, ...]], Array]
    ) -> Running:
        """Average what `of_piece` finds for every chain, (chains, p) summed over the records of a piece."""
        found = Running(task.network.parameters.vector.size)
        total, records = np.zeros((self.chains, found.mean.size)), 0
        for piece in self.blocks(task, bar, ensembles):
            if piece:
                total += of_piece(piece)
                records += len(piece[0])
                continue
            for row in total / (records * ensembles[0].batch):
                found.add(row)
            total, records = np.zeros_like(total), 0
        return found


def of_chain(values: Array, chain: int, chains: int) -> Array:
    """The columns (m, count·batch) of one chain of all samples out of records (count, m, columns), side by side."""
    own = values[:, :, chain::chains]
    return np.ascontiguousarray(own.transpose(1, 0, 2)).reshape(own.shape[1], -1)
