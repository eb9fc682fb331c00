"""What every estimator of dJ/dtheta is: options, and a way from a task to a gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from neurodyn.estimators.task import Task
from neurodyn.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class Estimator(ABC):
    """An estimator of dJ/dtheta, J the mean over the batch of C(s*, y). Its fields are its options.

    A subclass checks its options in `__post_init__`, with `ArgumentError`, and says what it computes, with what bias,
    and where that comes from.
    """

    @abstractmethod
    def estimate(self, task: Task) -> Parameters:
        """DJ/dtheta, which learning subtracts. Tells `task.count` what it runs, and `task.note` what to know.

        Raises `ModelError` for a network on which the method makes no sense.
        """
