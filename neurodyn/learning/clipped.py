"""The learner of the method `ep-2017`: float32, compiled, on all cores."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np

from neurodyn.inputs import check_size
from neurodyn.learning.arguments import Circuit, Epoch, Exchange, Floats, SampleArrays, Settings
from neurodyn.learning.euler import Euler
from neurodyn.learning.euler_phases import GROUP
from neurodyn.learning.layout import CONNECTIONS, INPUTS, Layout
from neurodyn.learning.learner import EpochMeans, FreePhaseEnds, Learner, Order, inputs, signs
from neurodyn.learning.measures import COST, ENERGY, STEPS, WRONG
from neurodyn.learning.minibatches import run_minibatches
from neurodyn.learning.optimizer import OPTIMIZERS
from neurodyn.learning.outputs_at_rest import outputs_at_rest
from neurodyn.learning.rates import rates_by_block
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples
from neurodyn.learning.thread_choice import ThreadChoice
from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Numbers beyond this are refused: the square of a larger one comes near the end of float32.
LARGEST = 1e18


class ClippedLearner(Learner):
    """Euler steps in the box [0, 1], weights changed after each minibatch; see `Euler`."""

    def __init__(self, network: Network, samples: Samples, recipe: Recipe) -> None:
        super().__init__(network, samples, recipe)
        self.euler, self.layout = Euler.of(recipe.options), Layout(network)
        self._theta = self.layout.pack(network.parameters)
        pace = np.zeros(self.layout.width, np.float32)
        pace[self.layout.columns] = self.euler.step / network.tau
        kept = recipe.mover.keeps
        mean, square = (aligned.zeros32(self.layout.size * (name in kept)) for name in ("mean", "square"))
        self._circuit = Circuit(self.layout.plan, self._theta, pace, mean, square)
        check_size(network.parameters.vector, "parameters", LARGEST)
        self._x, self._target = _singles(samples.x, len(samples), "x"), _singles(samples.target, len(samples), "y")
        weight = np.ones(len(samples)) if samples.weight is None else samples.weight
        self._weight = weight.astype(np.float32)
        rows = len(samples) if recipe.persistent else 1
        self._particles = np.zeros((rows, self.layout.width), np.float32)
        self._rates = self._rates_by_place()
        self._threads = ThreadChoice(min(numba.get_num_threads(), recipe.batch_size))
        euler = self.euler
        self._rule = _rule(recipe)
        self._numbers = np.array([euler.tol, euler.beta * euler.scale, euler.scale, euler.beta], np.float32)

    def _rates_by_place(self) -> Array:
        """Rates of the input connections, of the others, of the biases, in the order of the plan."""
        network, graph = self.start, self.start.graph
        by_name = rates_by_block(self.recipe.rates, network)
        outer = [c.name for c in graph.connections if {c.first, c.second} - set(graph.slices)]
        inner = [c.name for c in graph.connections if c.name not in outer]
        return np.array([by_name[name] for name in (*outer, *inner, *(p.name for p in graph.free))])

    def epoch(self, number: int, order: Order, report: Callable[[float], None]) -> EpochMeans:
        """See `Learner.epoch`."""
        size = min(self.recipe.batch_size, len(order))
        count = -(-len(order) // size)
        measured = np.zeros((4, len(order)))
        rates = self._rates * self.recipe.factor(number)
        run = self._minibatches(
            size, order, self._signs(number, count), rates, measured, inputs(self.recipe, number, self._x), number
        )
        done = 0
        while done < count:
            threads = self._threads.choose()
            ahead = min(count, done + self._threads.minibatches(threads))
            began = time.perf_counter()
            run(done, ahead, threads)
            self._threads.record(threads, ahead - done, time.perf_counter() - began)
            done = ahead
            report(done / count)
        means = np.mean(measured, axis=1)
        error = float(means[WRONG]) if self.samples.labels is not None else np.nan
        return EpochMeans(error, float(means[COST]), float(means[ENERGY]), float(means[STEPS]))

    def _signs(self, number: int, count: int) -> Array:
        kind = self.euler.nudging
        return (
            signs(self.recipe, number, count)
            if kind == "random"
            else np.full(count, -1.0 if kind == "negative" else 1.0)
        )

    def _minibatches(
        self, size: int, order: Order, sign: Array, rates: Array, measured: Array, x: Any = None, epoch: int = 0
    ) -> Callable[[int, int, int], None]:
        """What runs minibatches of an epoch from one number to before another, on some threads."""
        n_in, width = self.start.n_in, self.layout.width
        particles = self._particles.reshape(-1)
        samples = SampleArrays(self._x if x is None else x, self._target, self._weight, particles, measured)
        states = np.zeros(4 * size * width, np.float32)
        which, rate = np.zeros((2, size, n_in), np.int32), np.zeros((2, size, n_in), np.float32)
        counts, weight = np.zeros((2, size), np.int64), np.zeros(size, np.float32)
        squares = np.zeros((self.layout.plan[INPUTS] + self.layout.plan[CONNECTIONS] + 1) * width)
        run_minibatches.compiled  # noqa: B018  (compiled before threads meet in it)

        def run(first: int, last: int, threads: int) -> None:
            settings = Settings(self._job(first, last, size, epoch * len(sign)), self._numbers, rates, self._rule)
            exchange = Exchange(states, weight, squares, which, rate, counts, np.zeros(1, np.int64))
            everything = self._circuit, settings, samples, Epoch(order, sign), exchange
            _on_threads(threads, lambda thread: run_minibatches(thread, threads, *everything))

        return run

    def _job(self, first: int, last: int, size: int, before: int = 0) -> Any:
        euler = self.euler
        centered = euler.nudging == "centered"
        kept = self.recipe.persistent
        job = [first, last, size, euler.free_steps, euler.nudged_steps, centered, kept, before]
        return np.array(job, dtype=np.int64)

    def rest(self, samples: Samples) -> FreePhaseEnds:
        """See `Learner.rest`."""
        count = len(samples)
        outputs, measured = np.zeros((count, self.start.n_out), np.float32), np.zeros((4, count))
        residual = np.zeros(count, np.float32)
        x, target = _singles(samples.x, count, "x"), _singles(samples.target, count, "y")
        none = np.zeros(0, np.float32)
        arrays = SampleArrays(x, target, none, none, measured)
        settings = Settings(self._job(0, 0, GROUP), self._numbers, self._rates, self._rule)
        groups = -(-count // GROUP)
        threads = max(1, min(numba.get_num_threads(), groups))
        outputs_at_rest.compiled  # noqa: B018
        ends = [min(count, groups * k // threads * GROUP) for k in range(threads + 1)]
        everything = self._circuit, settings, arrays, outputs, residual
        _on_threads(threads, lambda k: outputs_at_rest(ends[k], ends[k + 1], *everything))
        return FreePhaseEnds(
            outputs.astype(float), measured[COST], measured[ENERGY], measured[STEPS], residual.astype(float)
        )

    def gradient(self, samples: Samples) -> Parameters:
        """See `Learner.gradient`; with a random sign, the mean over both."""
        count = len(samples)
        plain: dict[str, Any] = {"optimizer": "sgd", "weight_decay": 0.0, "clip_norm": None}
        recipe = Recipe.of(self.recipe, batch_size=count, rates=1.0, persistent=False, **plain)
        found = []
        for sign in (1.0, -1.0) if self.euler.nudging == "random" else self._signs(0, 1):
            probe = ClippedLearner(self.network, samples, recipe)
            measured = np.zeros((4, count))
            probe._minibatches(count, np.arange(count), np.array([sign]), probe._rates, measured)(0, 1, 1)
            found.append(self.network.parameters - probe.network.parameters)
        return found[0] if len(found) == 1 else (found[0] + found[1]) * 0.5

    @property
    def network(self) -> Network:
        """See `Learner.network`."""
        return self.start.replace(parameters=self.parameters(self._theta))

    def weights(self) -> Floats:
        """See `Learner.weights`."""
        return self._theta.copy()

    def parameters(self, weights: Floats) -> Parameters:
        """See `Learner.parameters`."""
        return self.layout.unpack(weights)

    def state(self) -> dict[str, Any]:
        """See `Learner.state`."""
        found = self._packed()
        return {**found, "particles": self._particles} if self.recipe.persistent else found

    def _packed(self) -> dict[str, Any]:
        """The arrays of the state that lie as the layout says."""
        return {"theta": self._theta} | {name: getattr(self._circuit, name) for name in self.recipe.mover.keeps}

    def restore(self, state: dict[str, Any]) -> None:
        """See `Learner.restore`."""
        if (
            "theta" not in state
        ):  # of the first checkpoints: an array for each block, and the states of free units alone
            blocks = {b.name: state[b.name] for b in self.start.parameters.blocks}
            self._theta[:] = self.layout.pack(self.start.replace(parameters=blocks).parameters)
            self._particles[:, self.layout.columns] = state["particles"]
            return
        own = self.layout
        written = own if state["theta"].size == own.size else Layout(self.start, spaced=False)
        for name, values in self._packed().items():
            values[:] = state[name] if written is own else own.taken(state[name], written)
        if self.recipe.persistent:
            self._particles[:, own.columns] = state["particles"][:, written.columns]


def _rule(recipe: Recipe) -> Array:
    """The optimizer as kernels read it, see `moves`."""
    kind = list(OPTIMIZERS.values()).index(type(recipe.mover))
    return np.array([kind, *recipe.mover.constants, recipe.weight_decay, recipe.clip_norm or 0.0])


def _singles(values: Array | None, count: int, name: str) -> Any:
    """Values in float32, none so large that products of two of them overflow."""
    if values is None:
        return np.zeros((count, 0), np.float32)
    check_size(values, name, LARGEST)
    return np.ascontiguousarray(values, dtype=np.float32)


def _on_threads(threads: int, run: Callable[[int], object]) -> None:
    """Call run(0) ... run(threads - 1), each on a thread of its own."""
    if threads == 1:
        run(0)
        return
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(run, k) for k in range(threads)]:
            future.result()
