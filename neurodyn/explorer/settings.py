"""What a user has set on the page: all sliders and menus, and where trajectories start."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurodyn.explorer.subject import MOST_STARTS, Subject
from neurodyn.inputs import positive_number, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

#: More inputs than this share one slider, which is a factor on all of them.
FEW_INPUTS = 4
#: The strength of nudging that a page begins with: visible, and still far from most folds.
BETA = 0.5


@dataclass(frozen=True, eq=False)
class Settings:
    """Sample, axes, strengths and starts.

    Attributes
    ----------
    sample : int
    axes : (int, int), "principal" or None
        Two units, principal directions of the motion, or what shows most.
    beta, gain, temperature : float
        Nudging strength; factor on all weights; of the noise, 0 for none.
    tau : (populations,)
        Factors on the time constants of the free populations.
    inputs : (n_in,)
        The clamped rates.
    starts : (k, n)
        Where free phases begin.
    selected : int
        The start whose signals are shown.
    """

    sample: int
    axes: tuple[int, int] | str | None
    beta: float
    gain: float
    temperature: float
    tau: tuple[float, ...]
    inputs: Array
    starts: Array
    selected: int = 0

    @classmethod
    def of(cls, subject: Subject, sample: int = 0, axes: tuple[int, int] | str | None = None) -> Settings:
        """Those of a sample as the model has it."""
        whole_number(sample, "sample", 0, len(subject) - 1)
        network = subject.network
        inputs = np.zeros(network.n_in) if subject.x is None else subject.x[sample]
        beta = BETA if subject.y is not None else 0.0
        tau = (1.0,) * len(network.graph.free)
        return cls(sample, axes, beta, 1.0, 0.0, tau, inputs, subject.together(sample))

    def with_start(self, state: Array) -> Settings:
        """One more start, which is selected; the oldest goes where there are too many."""
        kept = self.starts[len(self.starts) + 1 - MOST_STARTS :] if len(self.starts) >= MOST_STARTS else self.starts
        starts = np.concatenate([kept, state[None]])
        return replace(self, starts=starts, selected=len(starts) - 1)

    def with_moved(self, state: Array) -> Settings:
        """The selected start elsewhere."""
        starts = self.starts.copy()
        starts[self.selected] = state
        return replace(self, starts=starts)

    def with_one(self) -> Settings:
        """The selected start alone."""
        return replace(self, starts=self.starts[self.selected : self.selected + 1], selected=0)


def network_of(subject: Subject, settings: Settings) -> Network:
    """The network with its weights times the gain, and its time constants times their factors."""
    network = subject.network
    gain = real_number(settings.gain, "gain")
    factors = [positive_number(value, "tau") for value in settings.tau]
    if gain == 1.0 and all(value == 1.0 for value in factors):
        return network
    vector, begin = network.parameters.vector.copy(), 0
    for block in network.parameters.blocks:
        if len(block.shape) > 1:  # not the biases
            vector[begin : begin + block.size] *= gain
        begin += block.size
    tau = network.tau.copy()
    for population, value in zip(network.graph.free, factors, strict=True):
        tau[network.graph.slices[population.name]] *= value
    return network.replace(parameters=type(network.parameters)(network.parameters.blocks, vector), tau=tau)


def inputs_of(subject: Subject, settings: Settings) -> Array | None:
    """The clamped rates, (n_in,), or None without an input population."""
    return settings.inputs if subject.network.n_in else None


def target_of(subject: Subject, settings: Settings) -> Array | None:
    """The target, (n_out,), or None without one."""
    return None if subject.y is None else subject.y[settings.sample]
