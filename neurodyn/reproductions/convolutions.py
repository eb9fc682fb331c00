"""A network of convolutions in float32 and by matrix products: the fast route by which it learns from MNIST.

The energy is that of `energy_network`, of the terms Leak, Bias, Convolution and Bilinear with hard sigmoids, and so are
its minima; states get there by descent in one population after the other. Given its neighbours, the energy is a
parabola in the states of a population, whose lowest point in the box is clip(drive): no step raises the energy, and
none needs a step size. A convolution with average pooling is one convolution with a larger kernel and a stride. Images
are (batch, row, column, channel), so that patches are copied in runs of channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn import models
from neurodyn.models import terms
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

    def back(self, states: Single, kernel: Single) -> Single:
        """What units (batch, size, size, channels) send to the pixels by their own weights: the transposed product."""
        count, n, p = len(states), self.size, self.pool
        sent = (states.reshape(-1, self.channels) @ kernel.T).reshape(
            count, n, n, self.reach, self.reach, self.channels_in
        )
        out = np.zeros((count, self.side, self.side, self.channels_in), np.float32)
        for u in range(self.reach):
            for j in range(n):  # a row of a patch is one run of memory
                out[:, u : u + p * n : p, p * j : p * j + self.reach] += sent[:, :, j, u]
        return out


@dataclass(frozen=True)
class Circuit:
    """Two convolutions, then outputs that are joined to all units of the second; weights by the names of blocks."""

    first: Layer
    second: Layer
    outputs: int
    weights: dict[str, Single]

    @classmethod
    def drawn(cls, first: Layer, second: Layer, outputs: int, seed: int, gain: float = 1.0) -> Circuit:
        """Weights uniform with variance gain² 2 / fan-in, biases zero."""
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
        return cls(first, second, outputs, kernels | dense | biases)

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
        """Descend F = E + β ½ |y − target|² so many times in h1, h2 and y; under a nudge from the outputs on."""
        w, kernel = self.weights, self.second.pooled_kernel(self.weights["h1-h2"])
        h1, h2, y = state.h1, state.h2, state.y
        strength = np.float32(0.0 if target is None else beta)
        pull = np.float32(0.0) if target is None else strength * target
        for sweep in range(sweeps):
            if target is None or sweep:
                h1 = np.clip(drive + self.second.back(h2, kernel), 0.0, 1.0)
                field = (self.second.patches(h1) @ kernel).reshape(h2.shape)
                h2 = np.clip(field + w["h2"] + (y @ w["h2-y"].T).reshape(h2.shape), 0.0, 1.0)
            felt: Single = h2.reshape(len(h2), -1) @ w["h2-y"] + w["y"] + pull
            y = felt / (np.float32(1.0) + strength)
        return State(h1, h2, y)

    def slopes(self, seen: Single, state: State) -> dict[str, Single]:
        """∂E/∂θ, summed over the samples."""
        h1, h2, y = state.h1, state.h2, state.y
        flat = h2.reshape(-1, self.second.channels)
        return {
            "x-h1": -self.first.unpooled(seen.T @ h1.reshape(-1, self.first.channels)),
            "h1-h2": -self.second.unpooled(self.second.patches(h1).T @ flat),
            "h2-y": -h2.reshape(len(h2), -1).T @ y,
            "h1": -h1.sum(axis=0),
            "h2": -h2.sum(axis=0),
            "y": -y.sum(axis=0),
        }

    def gradient(
        self, x: Single, target: Single, beta: float, free: int, nudged: int
    ) -> tuple[State, dict[str, Single]]:
        """The state of rest after `free` sweeps, and dJ/dθ by centered equilibrium propagation."""
        seen, drive = self.drive(x)
        rest = self.settle(drive, self.zero(len(x)), free)
        plus, minus = (self.slopes(seen, self.settle(drive, rest, nudged, target, sign * beta)) for sign in (1, -1))
        return rest, {name: (plus[name] - minus[name]) / np.float32(2 * beta * len(x)) for name in plus}


@dataclass(frozen=True)
class State:
    """States of the three populations, images (batch, row, column, channel) and outputs (batch, n_out)."""

    h1: Single
    h2: Single
    y: Single


def energy_network(circuit: Circuit) -> Network:
    """The network whose energy a circuit descends, with its weights."""
    first, second, w = circuit.first, circuit.second, circuit.weights
    hard: dict[str, Any] = {"activation": "hard-sigmoid"}
    populations = {
        "x": {"size": first.side**2 * first.channels_in, "role": "input"},
        "h1": hard | {"size": w["h1"].size},
        "h2": hard | {"size": w["h2"].size},
        "y": {"size": circuit.outputs, "role": "output", "activation": "linear"},
    }
    convolutions = [
        terms.Convolution(
            *pair, (layer.side,) * 2, layer.channels, layer.kernel, channels_in=layer.channels_in, pool=layer.pool
        )
        for pair, layer in ((("x", "h1"), first), (("h1", "h2"), second))
    ]
    net = models.EnergyNetwork(populations, [terms.Leak(), terms.Bias(), *convolutions, terms.Bilinear("h2", "y")])
    return net.replace(parameters=as_blocks(circuit, w))


def as_blocks(circuit: Circuit, values: dict[str, Single]) -> dict[str, Any]:
    """Weights, or derivatives by them, in the order of the network: channel by channel, row by row."""
    n = circuit.second.size
    dense = values["h2-y"].reshape(n, n, -1, circuit.outputs).transpose(2, 0, 1, 3).reshape(-1, circuit.outputs)
    return {
        "x-h1": values["x-h1"].transpose(3, 2, 0, 1),
        "h1-h2": values["h1-h2"].transpose(3, 2, 0, 1),
        "h2-y": dense,
        "h1": values["h1"].transpose(2, 0, 1).ravel(),
        "h2": values["h2"].transpose(2, 0, 1).ravel(),
        "y": values["y"],
    }


def as_states(state: State) -> Any:
    """States (batch, n) in the order of the network."""
    count = len(state.y)
    return np.hstack(
        [state.h1.transpose(0, 3, 1, 2).reshape(count, -1), state.h2.transpose(0, 3, 1, 2).reshape(count, -1), state.y]
    )
