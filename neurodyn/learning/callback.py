"""What callbacks of learning are given after each epoch, and how they stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from neurodyn.errors import ArgumentError, shown
from neurodyn.system.network import Network


@dataclass(frozen=True)
class EpochRecord:
    """An epoch that is done.

    Attributes
    ----------
    number : int
        Counted from 0.
    measures : mapping of str to float
        What was measured in it, by the names of the fields of `Training`, and of metrics.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2], activation="hard-sigmoid", seed=0)
    >>> def until_it_reads(epoch):
    ...     return epoch.measures["train_error"] == 0.0  # True stops
    >>> found = nd.learn(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], rates=1.0, epochs=100, callbacks=until_it_reads)
    >>> found.epochs < 100
    True
    """

    number: int
    measures: Mapping[str, float]
    _make: Callable[[], Network]

    @cached_property
    def network(self) -> Network:
        """The network after the epoch; made when it is asked for."""
        return self._make()


#: Called after each epoch; learning stops where it returns True or raises StopIteration.
Callback = Callable[[EpochRecord], object]


def as_callbacks(callbacks: Callback | Sequence[Callback] | None) -> tuple[Callback, ...]:
    """One callback or several as a tuple; refuses what cannot be called."""
    found: tuple[Any, ...] = (
        () if callbacks is None else tuple(callbacks) if isinstance(callbacks, (list, tuple)) else (callbacks,)
    )
    for callback in found:
        if not callable(callback):
            raise ArgumentError(
                f"`callbacks` must be a function of one epoch, or a list of them; got {shown(callback)}"
            )
    return found


def stops(callbacks: tuple[Callback, ...], epoch: EpochRecord) -> bool:
    """Call all; returns whether one of them stops learning."""
    stopping = False
    for callback in callbacks:
        try:
            stopping |= callback(epoch) is True
        except StopIteration:
            stopping = True
    return stopping


__all__ = ["Callback", "EpochRecord", "as_callbacks", "stops"]
