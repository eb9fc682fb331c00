"""What a network answers under noise: outputs averaged over its stationary law, to an accuracy that is asked for."""

from __future__ import annotations

import time as clocks
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError
from neurodyn.flows.layout import STATES
from neurodyn.inputs import positive_number
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.langevin import Langevin
from neurodyn.phases.stationary import as_langevin
from neurodyn.phases.stationary_run import Run, Wanted
from neurodyn.progress import Bar
from neurodyn.system.network import Network

#: Largest error bar of an output, unless something else is asked for; chains of each sample.
TOLERANCE, CHAINS = 0.01, 4


@dataclass(frozen=True, slots=True)
class ReadOut:
    """The noise under which outputs are read, and the largest error bar of their means."""

    noise: Langevin
    tolerance: float

    @classmethod
    def asked_for(
        cls,
        temperature: ArrayLike | None,
        seed: int | None,
        noise: Langevin | None,
        tolerance: float | None,
        others: list[str],
    ) -> ReadOut | None:
        """What is asked for, or None if outputs are those at rest; `others` are the settings of a free phase.

        Raises `ArgumentError` for what is about noise without noise, and for settings of a free phase with it.
        """
        if temperature is None and noise is None:
            for name, value in (("seed", seed), ("tolerance", tolerance)):
                if value is not None:
                    raise ArgumentError(f"`{name}` is about outputs under noise, and needs a `temperature`")
            return None
        if others:
            raise ArgumentError(
                "under noise outputs are averages over a stationary law, not the end of a free phase: "
                f"{' and '.join(others)} must be left out"
            )
        found = TOLERANCE if tolerance is None else positive_number(tolerance, "tolerance")
        return cls(as_langevin({"temperature": temperature, "seed": seed}, noise), found)


@dataclass(frozen=True, slots=True)
class Averages:
    """Means over the law: outputs and their error bars (batch, n_out), cost and energy (batch,), and over what time."""

    outputs: Array
    error: Array
    cost: Array
    energy: Array
    time: float
    noise: dict[str, Any]


def averaged(network: Network, x: Array | None, target: Array, how: ReadOut) -> Averages:
    """Average over the law of samples x (batch, n_in) with targets (batch, n_out).

    Raises
    ------
    ConvergenceError
        Chains stay in different wells, and no mean over the law is known.
    DivergenceError
    """
    start, wanted = np.zeros((len(target), network.n)), Wanted(1.0, how.tolerance, np.inf, 0, (), must_meet=True)
    with one_thread(), Bar("outputs under noise") as bar:
        run = Run(network, x, start, how.noise, CHAINS, None, target, wanted, bar)
        run.to_end(None, False, clocks.monotonic())
    assert run.cost is not None
    seen = run.state if network.metric == STATES else run.rate
    energy = np.full(len(target), np.nan) if run.energy is None else run.energy.mean[:, 0]
    mean, error = (np.ascontiguousarray(values[:, network.outputs]) for values in (seen.mean, seen.standard_error))
    return Averages(mean, error, run.cost.mean[:, 0], energy, run.time, run.noise)


__all__ = ["Averages", "ReadOut", "averaged"]
