"""Schedules: the factor on the learning rates in each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurodyn.errors import ArgumentError
from neurodyn.inputs import positive_number, real_number, whole_number


@dataclass(frozen=True, slots=True)
class Constant:
    """The same rates in all epochs."""

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor in an epoch, counted from 0, of so many."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Linear:
    """Rates that fall in a straight line: 1 − k/K in epoch k out of K."""

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor in an epoch, counted from 0, of so many."""
        return 1.0 - epoch / epochs


@dataclass(frozen=True, slots=True)
class Cosine:
    """Rates that fall along half a cosine: (1 + cos(πk/K))/2 in epoch k out of K."""

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor in an epoch, counted from 0, of so many."""
        return 0.5 * (1.0 + math.cos(math.pi * epoch / epochs))


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSchedule:
    """Rates that are multiplied by a factor every so many epochs.

    Parameters
    ----------
    every : int
        Epochs from one fall to the next.
    fall : float
        What rates are multiplied by; positive, at most 1.

    Examples
    --------
    >>> import neurodyn as nd
    >>> recipe = nd.Recipe(schedule=nd.StepSchedule(every=2, fall=0.5))
    >>> [recipe.factor(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    every: int = 10
    fall: float = 0.3

    def __post_init__(self) -> None:
        whole_number(self.every, "every", 1)
        if positive_number(self.fall, "fall") > 1.0:
            raise ArgumentError(f"`fall` must be at most 1; got {self.fall!r}")

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor in an epoch, counted from 0, of so many."""
        return float(self.fall ** (epoch // self.every))


@dataclass(frozen=True, kw_only=True, slots=True)
class OneCycle:
    """Rates that rise in a straight line, and then fall along half a cosine.

    Parameters
    ----------
    rise : float
        In which fraction of the epochs they rise; from 0 to below 1.
    start : float
        The factor that they rise from; from 0 to 1. They end near 0.

    Examples
    --------
    >>> import neurodyn as nd
    >>> recipe = nd.Recipe(schedule=nd.OneCycle(rise=0.5, start=0.0), epochs=4)
    >>> [round(recipe.factor(epoch), 2) for epoch in range(4)]
    [0.25, 0.75, 0.85, 0.15]
    """

    rise: float = 0.3
    start: float = 0.04

    def __post_init__(self) -> None:
        if real_number(self.rise, "rise", 0.0) >= 1.0:
            raise ArgumentError(f"`rise` must be below 1; got {self.rise!r}")
        if real_number(self.start, "start", 0.0) > 1.0:
            raise ArgumentError(f"`start` must be at most 1; got {self.start!r}")

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor in the middle of an epoch, counted from 0, of so many."""
        passed = (epoch + 0.5) / epochs
        if passed < self.rise:
            return self.start + (1.0 - self.start) * passed / self.rise
        return 0.5 * (1.0 + math.cos(math.pi * (passed - self.rise) / (1.0 - self.rise)))


Schedule = Constant | Linear | Cosine | StepSchedule | OneCycle

#: Schedules by name.
SCHEDULES: Mapping[str, type[Any]] = {
    "constant": Constant,
    "linear": Linear,
    "cosine": Cosine,
    "step": StepSchedule,
    "one-cycle": OneCycle,
}
#: Those that do not depend on how many epochs there are: learning may go on for more.
ENDLESS = (Constant, StepSchedule)

__all__ = ["ENDLESS", "SCHEDULES", "Constant", "Cosine", "Linear", "OneCycle", "Schedule", "StepSchedule"]
