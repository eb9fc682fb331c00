"""Where things lie in the float32 arrays of the compiled learner.

Populations are padded with silent units to a multiple of `LANES`. The states of b samples are one block (b, size) per
population, one after the other. A connection between free populations has two matrices, each other's transpose, so
that both directions run along memory; within a population one serves both. A matrix has a row per unit that is there,
and a column per unit and padding.
"""

from __future__ import annotations

import numpy as np

from neurodyn.learning.arguments import Floats
from neurodyn.learning.tiles import LANES
from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, window
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

# The plan: a header, then a few integers per population, connection of the input, and connection of free populations.
POPULATIONS, INPUTS, CONNECTIONS, WIDTH, N_IN, OUTPUT, FIRST_OUT, N_OUT, BIASES, HEADER = range(10)
PER_POPULATION, PER_INPUT, PER_CONNECTION = 4, 3, 5
#: Rows of a matrix that a first-level cache holds a line each of, if the lines of a row are a multiple of eight.
FEW_ROWS = 64


def padded_size(size: int, rows: int = 0) -> int:
    """Columns of matrices with so many columns that count, and rows at most: whole lines of `LANES` numbers.

    A tile passes down a matrix, a line of each row. If the lines of a row are a multiple of eight, all that it meets
    lie in an eighth of the places of a cache, or fewer, and drive each other out where there are many: then a row has
    one line more.
    """
    lines = -(-size // LANES)
    return LANES * (lines + (lines % 8 == 0 and rows > FEW_ROWS))


class Layout:
    """The plan of a network, and its parameters there and back.

    Parameters
    ----------
    network : Network
    spaced : bool
        Whether matrices may have a line more, see `padded_size`. Earlier versions wrote checkpoints without.

    Attributes
    ----------
    plan : (integers,)
        What kernels read.
    size : int
        Floats in the array of weights and biases.
    width : int
        Floats of the state of one sample.
    columns : (n,)
        Where each free unit stands in a state.
    """

    def __init__(self, network: Network, spaced: bool = True) -> None:
        self.network, graph = network, network.graph
        self.places: dict[str, tuple[int, int]] = {}
        index = {p.name: k for k, p in enumerate(graph.free)}
        rows = dict.fromkeys(index, 0)
        for c in graph.connections:
            for a, b in ((c.first, c.second), (c.second, c.first)):
                if a in index and b in index:
                    rows[a] = max(rows[a], graph[b].size)
        self.padded = {p.name: padded_size(p.size, rows[p.name] if spaced else 0) for p in graph.free}
        first = 0
        populations, inputs, connections, columns = [], [], [], []
        for p in graph.free:
            populations += [p.size, self.padded[p.name], first, p.activation == "hard-sigmoid"]
            columns.append(first + np.arange(p.size))
            first += self.padded[p.name]
        self.width, self.columns, self.size = first, np.concatenate(columns), 0
        for k, c in enumerate(graph.connections):
            a, b = c.first, c.second
            if a in index and b in index:
                # the first matrix has the longer rows
                a, b = (b, a) if padded_size(graph[a].size) > padded_size(graph[b].size) else (a, b)
                connections += [index[a], index[b], self._place(a, b), self._place(b, a), k]
            else:
                free = a if a in index else b
                inputs += [index[free], self._place("", free, graph.n_in), k]
        biases, self.size = self.size, self.size + self.width
        output = next((index[p.name] for p in graph.free if p.n_outputs), 0)
        first_out = graph.outputs.start - graph.slices[graph.free[output].name].start if graph.n_out else 0
        header = [len(graph.free), len(inputs) // PER_INPUT, len(connections) // PER_CONNECTION, self.width,
                  graph.n_in, output, first_out, graph.n_out, biases]  # fmt: skip
        self.plan: Integers = np.array([*header, *populations, *inputs, *connections], dtype=np.int64)
        self.places["biases"] = biases, self.width

    def _place(self, rows: str, columns: str, count: int = 0) -> int:
        """Where the matrix between two populations begins."""
        name = f"{rows}-{columns}"
        if name not in self.places:
            self.places[name] = self.size, self.padded[columns]
            self.size += (count or self.network.graph[rows].size) * self.padded[columns]
        return self.places[name][0]

    def _matrix(self, theta: Floats, rows: str, columns: str) -> Floats:
        """The part of a matrix that is no padding."""
        graph = self.network.graph
        start, width = self.places[f"{rows if rows in graph.slices else ''}-{columns}"]
        count = graph[rows].size
        return theta[start : start + count * width].reshape(count, width)[:, : graph[columns].size]

    def pack(self, parameters: Parameters) -> Floats:
        """Weights and biases as kernels read them."""
        theta = aligned.zeros32(self.size)
        for rows, columns, turned, name in self._matrices():
            values = parameters[name]
            self._matrix(theta, rows, columns)[...] = values.T if turned else values
        biases = theta[self.places["biases"][0] :]
        biases[self.columns] = np.concatenate([parameters[p.name] for p in self.network.graph.free])
        return theta

    def unpack(self, theta: Floats) -> Parameters:
        """Return the parameters of float32 arrays, in float64."""
        arrays: dict[str, Array] = {}
        for rows, columns, turned, name in self._matrices():
            values = self._matrix(theta, rows, columns).astype(float)
            arrays[name] = values.T if turned else values
        biases = theta[self.places["biases"][0] :][self.columns].astype(float)
        graph = self.network.graph
        arrays |= {p.name: biases[graph.slices[p.name]] for p in graph.free}
        return Parameters.from_arrays(self.network.parameters.blocks, arrays)

    def taken(self, values: Floats, other: Layout) -> Floats:
        """An array that lies as another layout of the network says, as this one has it."""
        found = aligned.zeros32(self.size)
        for rows, columns, _, _ in self._matrices():
            self._matrix(found, rows, columns)[...] = other._matrix(values, rows, columns)
        found[self.places["biases"][0] :][self.columns] = values[other.places["biases"][0] :][other.columns]
        return found

    def _matrices(self) -> list[tuple[str, str, bool, str]]:
        """Populations of the rows and of the columns of each matrix, whether it is the transpose, its connection."""
        graph, found = self.network.graph, []
        for c in graph.connections:
            if c.second in graph.slices:
                found.append((c.first, c.second, False, c.name))
            if c.first in graph.slices and c.first != c.second:
                found.append((c.second, c.first, True, c.name))
        return found


@helper
def population(plan, p):
    """Units, units with padding, and where they begin in a state."""
    o = HEADER + PER_POPULATION * p
    return plan[o], plan[o + 1], plan[o + 2]


@helper
def bounds(plan, p):
    """Where the units of a population live: in [0, 1], or, if linear, anywhere."""
    if plan[HEADER + PER_POPULATION * p + 3]:
        return np.float32(0.0), np.float32(1.0)
    return np.float32(-np.inf), np.float32(np.inf)


@helper
def input_connection(plan, k):
    """Population, place of the matrix, and number of the connection."""
    o = HEADER + PER_POPULATION * plan[POPULATIONS] + PER_INPUT * k
    return plan[o], plan[o + 1], plan[o + 2]


@helper
def connection(plan, k):
    """Two populations, place of the matrix from the first to the second, of its transpose, and number."""
    o = HEADER + PER_POPULATION * plan[POPULATIONS] + PER_INPUT * plan[INPUTS] + PER_CONNECTION * k
    return plan[o], plan[o + 1], plan[o + 2], plan[o + 3], plan[o + 4]


@helper
def population_states(values, plan, p, capacity, count):
    """States (count, units) of the first samples in a population; the array has room for `capacity` of them."""
    _, padded, first = population(plan, p)
    return rectangle(values, capacity * first, count, padded)


@helper
def sample_states(values, plan, p, capacity, sample):
    """The states of one sample in a population."""
    _, padded, first = population(plan, p)
    return window(values, capacity * first + sample * padded, padded)
