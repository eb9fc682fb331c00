"""Contrastive divergence: the network starts with its outputs clamped, and is then let go for a short time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.estimators.clamped import clamped, contrast
from neurodyn.estimators.noisy import UnderNoise
from neurodyn.estimators.task import Task
from neurodyn.inputs import as_duration, is_positive, real_number, whole_number
from neurodyn.numerics.arrays import inward, outward
from neurodyn.numerics.blas import one_thread
from neurodyn.phases.averages import Running
from neurodyn.phases.chains import Chains
from neurodyn.phases.observables import gradient_changes, rates_of
from neurodyn.phases.settle import settle
from neurodyn.phases.simulate import simulate
from neurodyn.progress import Bar
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class ContrastiveDivergence(UnderNoise):
    """DE/dtheta with the outputs clamped to y, minus dE/dtheta after a free run from there.

    No free phase is needed. The second sample is not one of the free network's equilibrium, or of its stationary law:
    as the run becomes long this tends to contrastive Hebbian learning, at the slowest relaxation rate; a short run
    weighs fast modes more than slow ones, and the whole falls with the duration. It is no estimate of dJ/dtheta in
    general.

    Without a temperature the clamped state is the equilibrium, found from `start`. With one it is the rule of Boltzmann
    machines, CD-k with k in units of time: clamped chains wander under noise, and now and then each is let go for a
    while; what comes of it is averaged, with error bars. As the run becomes long this is the gradient of
    −Theta log p(y), the likelihood of the targets among the outputs.

    Parameters
    ----------
    duration : float, optional
        Time of the free run. Default: the largest time constant.
    temperature : float
        Theta >= 0.
    chains, samples
        With a temperature: chains of each sample, and free runs of all of them together.
    scheme, step, seed
        With a temperature: see `neurodyn.Langevin`.

    References
    ----------
    Hinton, Neural Computation 14:1771 (2002).
    """

    duration: float | None = None
    temperature: float = 0.0
    samples: int = 200

    def __post_init__(self) -> None:
        if self.duration is not None and not is_positive(self.duration):
            raise ArgumentError(f"`duration` must be a positive time; got {self.duration!r}")
        real_number(self.temperature, "temperature", 0.0)
        super().__post_init__()
        whole_number(self.samples, "samples", 1)

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        tau = task.network.tau
        duration = float(tau.max()) if self.duration is None else as_duration(self.duration, float(tau.min()))
        held = clamped(task, inward(task.start), task.target.T)
        if self.temperature:
            return self._under_noise(task, held, duration)
        run = simulate(task.network, task.x, start=outward(held.s), t_eval=[duration], solver=task.solver)
        task.count(force_evaluations=run.counters["nfev"], time=duration)
        return contrast(FixedPoint.of(task.network, run.state[-1], task.x), held)

    def _under_noise(self, task: Task, at: FixedPoint, duration: float) -> Parameters:
        """Clamped chains that are let go now and then."""
        network, found = task.network, Running(task.network.parameters.vector.size)
        outputs = np.zeros(network.n, dtype=bool)
        outputs[network.outputs] = True
        rates = network.input_rates(task.x, len(task.target))
        with one_thread(), Bar(f"contrastive divergence at temperature {self.temperature:g}") as bar:
            held = Chains(network, task.x, outward(at.s), self.noise, self.chains, held=outputs)
            memory = settle(held, bar, units=~outputs).memory
            count = max(1, -(-self.samples // self.chains))
            apart, length = max(1, round(2.0 * memory / held.interval)), max(1, round(duration / held.step))
            for k in range(count):
                before = held.record(apart)[-1]
                let_go = Chains(network, task.x, outward(at.s), self.noise, self.chains, family=k + 1, state=before)
                after = let_go.after(length)
                for chain in range(self.chains):
                    first, last = (np.ascontiguousarray(s[:, chain :: self.chains]) for s in (after, before))
                    ends = rates_of(network, first), rates_of(network, last)
                    found.add(gradient_changes(network, (first, last), ends, 1.0, rates) / len(task.target))
                bar.update((k + 1) / count)
        steps = held.records * held.every + count * length
        task.count(force_evaluations=steps * before.shape[1], time=steps * held.step)
        return self.told(task, found)
