"""The learner of the method `ep-2017`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurodyn.learning.euler import Euler
from neurodyn.learning.learner import Learner, Measured, Order, Rested, signs
from neurodyn.learning.recipe import Recipe, rates_by_block
from neurodyn.learning.samples import Samples
from neurodyn.network import Network
from neurodyn.parameters import Parameters


class ClippedLearner(Learner):
    """Euler steps in the box."""

    def __init__(self, network: Network, samples: Samples, recipe: Recipe) -> None:
        super().__init__(network, samples, recipe)
        self.euler = Euler.of(recipe.options)
        self._w = {name: np.array(network.parameters[name], np.float32) for name in network.parameters}
        self._rates = rates_by_block(recipe.rates, network)
        self._particles = np.zeros((len(samples), network.n), np.float32)

    def _drive(self, samples: Samples) -> Any:
        graph = self.start.graph
        out = np.zeros((len(samples), graph.n), np.float32)
        for p in graph.free:
            out[:, graph.slices[p.name]] += self._w[p.name]
        for c in graph.connections:
            for a, b, w in ((c.first, c.second, self._w[c.name]), (c.second, c.first, self._w[c.name].T)):
                if a not in graph.slices:
                    assert samples.x is not None
                    out[:, graph.slices[b]] += samples.x.astype(np.float32) @ w
        return out

    def _field(self, s: Any, drive: Any) -> Any:
        graph, out = self.start.graph, drive.copy()
        for c in graph.connections:
            if c.first in graph.slices and c.second in graph.slices:
                a, b = graph.slices[c.first], graph.slices[c.second]
                out[:, b] += s[:, a] @ self._w[c.name]
                if c.first != c.second:
                    out[:, a] += s[:, b] @ self._w[c.name].T
        return out

    def _free(self, s: Any, drive: Any) -> tuple[Any, Any]:
        e = np.float32(self.euler.step) / self.start.tau.astype(np.float32)
        steps = np.zeros(len(s))
        moving = np.ones(len(s), bool)
        for _ in range(self.euler.free_steps):
            new = np.clip(s + e * (self._field(s, drive) - s), 0, 1)
            speed = np.max(np.abs(new - s) / e, axis=1)
            s = np.where(moving[:, None], new, s)
            steps += moving
            moving &= ~(speed < self.euler.tol)
            if not moving.any():
                break
        return s, steps

    def _nudged(self, s: Any, drive: Any, target: Any, beta: float) -> Any:
        e = np.float32(self.euler.step) / self.start.tau.astype(np.float32)
        for _ in range(self.euler.nudged_steps):
            force = self._field(s, drive) - s
            force[:, self.start.outputs] += np.float32(beta * self.euler.scale) * (target - s[:, self.start.outputs])
            s = np.clip(s + e * force, 0, 1)
        return s

    def _contrast(self, samples: Samples, s: Any, drive: Any, sign: float) -> tuple[dict[str, Any], Any]:
        """Change of the products of rates over beta, by block."""
        euler, graph = self.euler, self.start.graph
        target = samples.target.astype(np.float32)
        if euler.nudging == "centered":
            plus, minus = (self._nudged(s, drive, target, k * euler.beta) for k in (1, -1))
            span = 2 * euler.beta
        else:
            sign = {"random": sign, "positive": 1.0, "negative": -1.0}[euler.nudging]
            plus, minus, span = self._nudged(s, drive, target, sign * euler.beta), s, sign * euler.beta
        scale = np.float32(1.0 / (span * len(s)))
        out = {}
        for c in graph.connections:
            a, b = graph.slices.get(c.first), graph.slices.get(c.second)
            if a is None:
                assert samples.x is not None
                out[c.name] = scale * (samples.x.astype(np.float32).T @ (plus[:, b] - minus[:, b]))
            elif b is None:
                assert samples.x is not None
                out[c.name] = scale * ((plus[:, a] - minus[:, a]).T @ samples.x.astype(np.float32))
            else:
                out[c.name] = scale * (plus[:, a].T @ plus[:, b] - minus[:, a].T @ minus[:, b])
                if a == b:
                    np.fill_diagonal(out[c.name], 0.0)
        for p in graph.free:
            out[p.name] = scale * np.sum(plus[:, graph.slices[p.name]] - minus[:, graph.slices[p.name]], axis=0)
        return out, plus

    def epoch(self, number: int, order: Order, report: Callable[[float], None]) -> Measured:
        """See `Learner.epoch`."""
        size, factor = self.recipe.batch_size, np.float32(self.recipe.factor(number))
        from neurodyn.learning.descent import totals

        sums = np.zeros(4)
        sign = signs(self.recipe, number, -(-len(order) // size))
        for k in range(len(sign)):
            picks = order[k * size : (k + 1) * size]
            batch = self.samples.take(picks)
            drive = self._drive(batch)
            s, steps = self._free(
                self._particles[picks] if self.recipe.persistent else np.zeros((len(picks), self.start.n), np.float32),
                drive,
            )
            self._particles[picks] = s
            sums += totals(batch, self._rested(batch, s, drive, steps))
            change, _ = self._contrast(batch, s, drive, sign[k])
            for name, value in change.items():
                self._w[name] += np.float32(self._rates[name]) * factor * value
            report((k + 1) / len(sign))
        return Measured(*(sums / len(order)).tolist())

    def _rested(self, samples: Samples, s: Any, drive: Any, steps: Any) -> Rested:
        out = s[:, self.start.outputs].astype(float)
        energy = np.sum(0.5 * s * s - 0.5 * s * (self._field(s, drive) + drive), axis=1)
        return Rested(out, 0.5 * np.sum((out - samples.target) ** 2, axis=1) * self.euler.scale, energy, steps)

    def rest(self, samples: Samples) -> Rested:
        """See `Learner.rest`."""
        drive = self._drive(samples)
        s, steps = self._free(np.zeros((len(samples), self.start.n), np.float32), drive)
        return self._rested(samples, s, drive, steps)

    def gradient(self, samples: Samples) -> Parameters:
        """See `Learner.gradient`."""
        drive = self._drive(samples)
        s, _ = self._free(np.zeros((len(samples), self.start.n), np.float32), drive)
        change, _ = self._contrast(samples, s, drive, 1.0)
        blocks = self.start.parameters.blocks
        return Parameters.from_arrays(blocks, {n: -v.astype(float) for n, v in change.items()})

    @property
    def network(self) -> Network:
        """See `Learner.network`."""
        return self.start.replace(parameters={n: v.astype(float) for n, v in self._w.items()})

    def state(self) -> dict[str, Any]:
        """See `Learner.state`."""
        return {**self._w, "particles": self._particles}

    def restore(self, state: dict[str, Any]) -> None:
        """See `Learner.restore`."""
        self._particles[:] = state["particles"]
        self._w = {n: np.array(state[n]) for n in self._w}
