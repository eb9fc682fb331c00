"""What every estimator of dJ/dtheta is: options, and a way from a task to a gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from neurodyn.estimators.task import Task
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class Estimator(ABC):
    """An estimator of dJ/dtheta, J the mean over the batch of C(s*, y). Its fields are its options.

    A subclass is a frozen dataclass. It checks its options in `__post_init__`, with `ArgumentError`, and says what it
    computes, with what bias, and where that comes from. An instance stands for the name of a method in
    `neurodyn.gradient`, `neurodyn.learn` and `neurodyn.analysis.compare_gradients`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> from neurodyn.estimators import Estimator
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Decay(Estimator):
    ...     rate: float = 0.1
    ...     def estimate(self, task):
    ...         return self.rate * task.network.parameters
    >>> net = models.Hopfield.layered([2, 1])
    >>> nd.gradient(net, [0.5, 1.0], [0.2], method=Decay(rate=0.5)) == 0.5 * net.parameters
    True
    """

    #: The option that is the strength of the method's nudging, if it has one.
    strength: ClassVar[str | None] = None
    #: Ways to nudge whose errors differ in their order in that strength: options by the way's name.
    schemes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    #: Whether it is a check of other estimators, too dear to learn with.
    check: ClassVar[bool] = False
    #: Whether it estimates the gradient of a mean over noise, and is compared with others only where it is named.
    noisy: ClassVar[bool] = False

    def repeated(self, call: int) -> Self:
        """The estimator for one of many calls: what it draws at random, it draws anew."""
        return self

    @abstractmethod
    def estimate(self, task: Task) -> Parameters:
        """The gradient, which learning subtracts. Tells `task.count` what it runs, and `task.note` what to know.

        Raises `ModelError` for a network on which the method makes no sense.
        """
