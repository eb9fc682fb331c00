"""Networks whose populations are wired by weights: everything but the flow and its energy, which a model adds.

Parameters go into the kernels' layout (`neurodyn.models.coupling`), the clamped input into the drive, and changes of
rates into parameter gradients: for a weight that leads from unit j to unit i, minus the product of what happens to the
rate of i and of the rate of j.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from neurodyn.inputs import as_input
from neurodyn.models.complex_nudged import coupled
from neurodyn.models.coupling import HEADER, PER_ARROW, PER_INPUT, PER_POPULATION, clamped, drive
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.numerics.sparse_product import lay_out, pair_sums, product
from neurodyn.system.activation import CODES
from neurodyn.system.graph import SOFTMAX, Connection
from neurodyn.system.network import Local, Network, inward
from neurodyn.system.parameters import Block, Parameters

#: Floats in a line of the cache.
CACHE_LINE = 8


class Wired(Network):
    """A network of populations that weights connect; abstract, see `Hopfield` and `Rate`."""

    def _compile(self) -> tuple[Array, np.ndarray[Any, np.dtype[np.int64]]]:
        graph = self.graph
        inner = [c for c in graph.connections if c.first in graph.slices and c.second in graph.slices]
        outer = [c for c in graph.connections if c not in inner]
        counts = [len(graph.free), sum(1 if c.first == c.second else 2 for c in inner), len(outer)]
        populations, arrows, inputs = [], [], []
        sizes = (PER_POPULATION, PER_ARROW, PER_INPUT)
        store = _Store(self.parameters, HEADER + sum(k * size for k, size in zip(counts, sizes, strict=True)))
        for p in graph.free:
            where = graph.slices[p.name]
            populations += [where.start, where.stop, CODES[p.activation]]
        for c in inner:
            arrows += self._arrows(c, store)
        for c in outer:
            target = c.first if c.first in graph.slices else c.second
            inputs += [graph.slices[target].start, graph[target].size, *store.add(c.name, target == c.second)]
        code = CODES[graph.input.activation] if graph.input else 0
        header = np.array(
            [graph.n, *counts, store.end, code, store.product, *self._soft(), *populations, *arrows, *inputs],
            dtype=np.int64,
        )
        biases = [self.parameters[p.name] for p in graph.free]
        return np.concatenate([*store.weights, *biases]), np.concatenate([header, *store.patterns])

    def _arrows(self, c: Connection, store: _Store) -> list[int]:
        """To the first population from the second, and back; within a population both at once.

        Each: first unit and size of where it leads to and comes from; matrix, transpose; patterns of both.
        """
        a, b = ([self.graph.slices[name].start, self.graph[name].size] for name in (c.first, c.second))
        if c.first == c.second:
            backward, forward = (store.add(c.name, turned != bool(c.own_feedback)) for turned in (False, True))
            return [*a, *a, backward[0], forward[0], backward[1], forward[1]]
        source, forward = store.add(c.name, False), store.add(c.name, True)
        if c.own_feedback:
            backward, goal = store.add(c.own_feedback, True), store.add(c.own_feedback, False)
        elif c.feedback == 1.0:
            backward, goal = source, forward
        else:
            backward, goal = (store.add(c.name, turned, float(c.feedback)) for turned in (False, True))
        into_first = [*a, *b, backward[0], goal[0], backward[1], goal[1]]
        return [*into_first, *b, *a, forward[0], source[0], forward[1], source[1]]

    def _soft(self) -> tuple[int, int]:
        """First and number of the units with a softmax read-out."""
        return (self.outputs.start, self.n_out) if self.graph.readout == SOFTMAX else (0, 0)

    def nudged_cost(self, local: Local, batch: int) -> tuple[Array, Array]:
        """What the kernels of the nudged phase read of the cost: C'' where it is a constant, (n, b), and more rows."""
        spring = np.zeros((self.n, batch))
        spring[self.outputs] = 0.0 if self.graph.readout == SOFTMAX else 1.0
        return spring, self.readout.rows(local.argument[self.outputs])

    def input_rates(self, x: Array) -> Array:
        """rho(x) of the clamped population, (n_in, batch)."""
        return self.evaluate(clamped, inward(x), np.empty((0, len(x))), self.n_in)

    def drive(self, x: Array | None, batch: int) -> Array:
        """Constant current from biases and the clamped input, (n, batch)."""
        rates = np.zeros((0, batch)) if x is None else self.input_rates(x)
        return self.evaluate(drive, rates, np.empty((0, batch)), self.n)

    @cached_property
    def coupling(self) -> Array:
        """W between free units, (n, n), written down: row i has the weights that lead to unit i."""
        return self.evaluate(coupled, np.eye(self.n), np.empty((0, self.n)), self.n)

    def complex_rows(self, local: Local, gap: Array, beta: Complex) -> Array:
        """See `neurodyn.models.complex_nudged`."""
        spring, soft = self.nudged_cost(local, len(beta))
        rate = np.repeat(1.0 / self.tau[:, None], len(beta), axis=1)
        strength = [np.repeat(part[None], self.n, axis=0) for part in (beta.real, beta.imag)]
        return np.concatenate([rate, rate, local.rate, local.slope, local.field, gap, spring, *strength, soft])

    def energy_gradient(self, s: Any, x: Any = None) -> Parameters:
        """dE/dW_ij = -rho_i rho_j, dE/db_i = -rho_i, averaged over the batch."""
        self.require_energy("energy gradient")
        state, rows, _ = self._at(s, x)
        rate = self.local(state, rows).rate
        return self.difference_gradient(as_input(x, self.n_in)[0], np.zeros_like(rate), rate, rate)

    def difference_gradient(self, x: Array | None, before: Array, change: Array, after: Array) -> Parameters:
        """-(D_i after_j + before_i D_j) and -D_i, averaged over the batch; -before_i D_j from i to j alone."""
        graph, scale = self.graph, -1.0 / change.shape[1]
        clamped = np.zeros((0, change.shape[1])) if x is None else self.input_rates(x)
        terms: dict[str, list[tuple[Array, Array]]] = {}
        for c in graph.connections:
            a, b = graph.slices.get(c.first), graph.slices.get(c.second)
            if a is None:
                terms[c.name] = [(clamped, change[b])]
            elif b is None:
                terms[c.name] = [(change[a], clamped)]
            elif c.own_feedback:
                terms[c.name] = [(before[a], change[b])]
                terms[c.own_feedback] = [(before[b], change[a])]
            else:
                back = change[a] if c.feedback == 1.0 else float(c.feedback) * change[a]
                terms[c.name] = [(back, after[b]), (before[a], change[b])]
        parts = [scale * _outer(block, terms[block.name]) for block in self.parameters.blocks if block.name in terms]
        parts += [scale * change[graph.slices[p.name]].sum(axis=1) for p in graph.free]
        return Parameters(self.parameters.blocks, np.concatenate(parts))


def _outer(block: Block, terms: list[tuple[Array, Array]]) -> Array:
    """Sum of left right^T over the terms, each once for every weight of the block."""
    if block.pattern is not None:
        out = np.zeros(block.size)
        for left, right in terms:
            pair_sums(*block.pattern.pairs, left, right, out)
        return out
    products = [left @ right.T for left, right in terms]
    full = products[0] if len(products) == 1 else products[0] + products[1]
    if block.symmetric:
        full = 0.5 * (full + full.T)  # the two triangles differ by rounding only
    if block.symmetric or block.hollow:
        np.fill_diagonal(full, 0.0)
    return block.pack(full)


class _Store:
    """Weights and patterns for the kernels, laid end to end; `end` and `place` are where the next ones begin."""

    def __init__(self, parameters: Parameters, place: int) -> None:
        self.parameters, self.end, self.place = parameters, 0, place
        self.weights: list[Array] = []
        self.patterns: list[Any] = []
        self.symmetric: dict[str, tuple[int, int]] = {}

    @property
    def product(self) -> int:
        """Address of the sparse product, 0 if nothing is sparse."""
        return product.address if self.patterns else 0

    def add(self, name: str, turned: bool, factor: float = 1.0) -> tuple[int, int]:
        """Store factor times a block by the units of its first population, or turned; where weights and pattern lie."""
        if name in self.symmetric:
            return self.symmetric[name]
        pattern, start, place = self.parameters.pattern(name), self.end, 0
        if pattern is None:
            w = self.parameters[name]
            values = (w.T if turned else w).ravel()
        else:
            starts, columns, weights = pattern.turned if turned else pattern.rows
            values, place = self.parameters.part(name)[weights], self.place
            self.patterns.append(lay_out(starts, columns))
            self.place += len(self.patterns[-1])
            if pattern.symmetric:
                self.symmetric[name] = start, place
            if pattern.symmetric:
                self.symmetric[name] = start, place
        padding = np.zeros(-values.size % CACHE_LINE)  # so that every block begins on a line of the cache
        self.weights += [values if factor == 1.0 else factor * values, padding]
        self.end += values.size + padding.size
        return start, place
