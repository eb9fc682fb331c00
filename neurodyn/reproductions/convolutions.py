"""A network of convolutions in float32 and by matrix products: the fast route by which it learns from MNIST.

    E = ½|h₁|² − ⟨h₁, P(W₁ ∗ x) + b₁⟩ + ε (½|h₂|² − ⟨h₂, P(W₂ ∗ h₁) + b₂⟩),    F = E + ε β C(softmax(Vᵀ h₂ + c))

States are in the box [0, 1], P is the average over squares, and C the cross-entropy. The read-out is no part of the
energy, as in A. Laborieux et al. (Front. Neurosci. 15, 2021). ε is the strength of the feedback: states descend F in
one population after the other, where the lowest point in the box is h₁ = clip(… + ε P(W₂ᵀ ∗ h₂)) and h₂ = clip(…
+ b₂), so that no step raises the energy, none needs a step size, and with a small ε few are needed. A convolution with
average pooling is one convolution with a larger kernel and a stride. Images are (batch, row, column, channel), so that
patches are copied in runs of channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.models import terms
from neurodyn.reproductions.diode_layers import softmax
from neurodyn.reproductions.feedback import fed_back
from neurodyn.system.network import Network

Single = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Layer:
    """A convolution with average pooling from images (side, side, channels_in) to (size, size, channels)."""

    side: int
    channels_in: int
    channels: int
    kernel: int = 5
    pool: int = 2

    @property
    def size(self) -> int:
        """Rows and columns after pooling."""
        return (self.side - self.kernel + 1) // self.pool

    @property
    def reach(self) -> int:
        """Rows and columns of the pixels that one unit sees after pooling."""
        return self.kernel + self.pool - 1

    def pooled_kernel(self, w: Single) -> Single:
        """Weights (kernel, kernel, channels_in, channels) averaged over places: (reach² channels_in, channels)."""
        out = np.zeros((self.reach, self.reach, self.channels_in, self.channels), np.float32)
        for a in range(self.pool):
            for b in range(self.pool):
                out[a : a + self.kernel, b : b + self.kernel] += w / self.pool**2
        return out.reshape(-1, self.channels)

    def unpooled(self, change: Single) -> Single:
        """The transposed of `pooled_kernel`: derivatives by the weights from those by the larger kernel."""
        full = change.reshape(self.reach, self.reach, self.channels_in, self.channels)
        out = np.zeros((self.kernel, self.kernel, self.channels_in, self.channels), np.float32)
        for a in range(self.pool):
            for b in range(self.pool):
                out += full[a : a + self.kernel, b : b + self.kernel] / self.pool**2
        return out

    def patches(self, images: Single) -> Single:
        """What each unit sees, (batch size², reach² channels_in)."""
        view = np.lib.stride_tricks.sliding_window_view(images, (self.reach, self.reach), axis=(1, 2))
        view = view[:, : self.pool * self.size : self.pool, : self.pool * self.size : self.pool]
        return np.ascontiguousarray(view.transpose(0, 1, 2, 4, 5, 3)).reshape(-1, self.reach**2 * self.channels_in)

    def fed_back(self, states: Single, kernel: Single, strength: float, drive: Single) -> Single:
        """clip(drive + strength · what units (batch, size, size, channels) send to pixels by their own weights)."""
        count, n = len(states), self.size
        sent = (states.reshape(-1, self.channels) @ kernel.T).reshape(count, n, n, self.reach, -1)
        out = np.empty((count, self.side, self.side, self.channels_in), np.float32)
        rows = count, self.side, self.side * self.channels_in
        fed_back(sent, self.pool, np.float32(strength), drive.reshape(rows), out.reshape(rows))
        return out


@dataclass(frozen=True)
class Circuit:
    """Two convolutions and a read-out of all units of the second; weights by the names of blocks, and ε."""

    first: Layer
    second: Layer
    outputs: int
    weights: dict[str, Single]
    feedback: float

    @classmethod
    def drawn(
        cls, first: Layer, second: Layer, outputs: int, seed: int, gain: float = 1.0, feedback: float = 1.0
    ) -> Circuit:
        """Weights uniform with variance gain² 2 / fan-in, biases zero; `feedback` is ε."""
        rng = np.random.default_rng(seed)

        def uniform(*shape: int) -> Single:
            bound = gain * np.sqrt(6.0 / np.prod(shape[:-1]))
            return rng.uniform(-bound, bound, shape).astype(np.float32)

        def zeros(layer: Layer) -> Single:
            return np.zeros((layer.size, layer.size, layer.channels), np.float32)

        kernels = {
            f"{name}-{other}": uniform(layer.kernel, layer.kernel, layer.channels_in, layer.channels)
            for name, other, layer in (("x", "h1", first), ("h1", "h2", second))
        }
        dense = {"h2-y": uniform(second.size**2 * second.channels, outputs)}
        biases = {"h1": zeros(first), "h2": zeros(second), "y": np.zeros(outputs, np.float32)}
        return cls(first, second, outputs, kernels | dense | biases, feedback)

    def drive(self, x: Single) -> tuple[Single, Single]:
        """Patches of images (batch, side²), and what the image and the biases add to the field of h1."""
        seen = self.first.patches(x.reshape(len(x), self.first.side, self.first.side, self.first.channels_in))
        field = (seen @ self.first.pooled_kernel(self.weights["x-h1"])).reshape(-1, *self.weights["h1"].shape)
        return seen, field + self.weights["h1"]

    def zero(self, count: int) -> State:
        """All states zero."""
        w = self.weights
        return State(*(np.zeros((count, *w[name].shape), np.float32) for name in ("h1", "h2", "y")))

    def settle(
        self, drive: Single, state: State, sweeps: int, target: Single | None = None, beta: float = 0.0
    ) -> State:
        """Descend E, or F with a target, so many times in h1 and h2; under a nudge from h2 on."""
        kernel, readout = self.second.pooled_kernel(self.weights["h1-h2"]), self.weights["h2-y"]
        h1, h2, y = state.h1, state.h2, state.y
        for sweep in range(sweeps):
            if target is None or sweep:
                h1 = self.second.fed_back(h2, kernel, self.feedback, drive)
            h2 = (self.second.patches(h1) @ kernel).reshape(h2.shape)
            h2 += self.weights["h2"]
            if target is not None:
                h2 -= np.float32(beta) * ((softmax(y) - target) @ readout.T).reshape(h2.shape)
            np.clip(h2, 0.0, 1.0, out=h2)
            if target is not None or sweep == sweeps - 1:
                y = h2.reshape(len(h2), -1) @ readout + self.weights["y"]
        return State(h1, h2, y)

    def slopes(self, seen: Single, state: State) -> dict[str, Single]:
        """∂E/∂θ over ε, summed over the samples."""
        h1, h2 = state.h1, state.h2
        return {
            "x-h1": -self.first.unpooled(seen.T @ h1.reshape(-1, self.first.channels)) / np.float32(self.feedback),
            "h1-h2": -self.second.unpooled(self.second.patches(h1).T @ h2.reshape(-1, self.second.channels)),
            "h1": -h1.sum(axis=0) / np.float32(self.feedback),
            "h2": -h2.sum(axis=0),
        }

    def gradient(
        self, x: Single, target: Single, beta: float, free: int, nudged: int
    ) -> tuple[State, dict[str, Single]]:
        """The state of rest after `free` sweeps, and dJ/dθ: by centered equilibrium propagation, read-out at rest."""
        seen, drive = self.drive(x)
        rest = self.settle(drive, self.zero(len(x)), free)
        plus, minus = (self.slopes(seen, self.settle(drive, rest, nudged, target, sign * beta)) for sign in (1, -1))
        found = {name: (plus[name] - minus[name]) / np.float32(2 * beta * len(x)) for name in plus}
        wrong = (softmax(rest.y) - target) / np.float32(len(x))
        return rest, found | {"h2-y": rest.h2.reshape(len(x), -1).T @ wrong, "y": wrong.sum(axis=0)}


@dataclass(frozen=True)
class State:
    """States of both populations, (batch, row, column, channel), and what is read out, (batch, n_out)."""

    h1: Single
    h2: Single
    y: Single


def energy_network(circuit: Circuit) -> Network:
    """The network whose energy a circuit descends, with its weights; its outputs are what is read, h2."""
    first, second, w = circuit.first, circuit.second, circuit.weights
    hard: dict[str, Any] = {"activation": "hard-sigmoid"}
    populations = {
        "x": {"size": first.side**2 * first.channels_in, "role": "input"},
        "h1": hard | {"size": w["h1"].size},
        "h2": hard | {"size": w["h2"].size, "role": "output"},
    }
    convolutions = [
        terms.Convolution(
            *pair, (layer.side,) * 2, layer.channels, layer.kernel, channels_in=layer.channels_in, pool=layer.pool
        )
        for pair, layer in ((("x", "h1"), first), (("h1", "h2"), second))
    ]
    leaks = terms.Leak(("h1",)), terms.Unit("h2", "k*s**2/2", k=circuit.feedback)
    net = models.EnergyNetwork(populations, [*leaks, terms.Bias(), *convolutions])
    scaled = w | {name: circuit.feedback * w[name] for name in ("h1-h2", "h2")}
    return net.replace(parameters=as_blocks(scaled))


def as_blocks(values: dict[str, Single]) -> dict[str, Any]:
    """Weights of the energy in the order of the network: channel by channel, row by row."""
    kernels = {name: values[name].transpose(3, 2, 0, 1) for name in ("x-h1", "h1-h2")}
    return kernels | {name: values[name].transpose(2, 0, 1).ravel() for name in ("h1", "h2")}


def as_states(state: State) -> Any:
    """States (batch, n) in the order of the network."""
    return np.hstack([some.transpose(0, 3, 1, 2).reshape(len(some), -1) for some in (state.h1, state.h2)])
