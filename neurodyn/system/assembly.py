"""From a network to what its kernels read: the flat parameter vector theta, and the integers of its layout.

theta holds the weights of every arrow (each matrix and its transpose), the biases of all free units, and the parameters
and constants of the terms that flows call by their addresses. `neurodyn.flows.layout` names the integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.flows import layout as at
from neurodyn.flows.activation import CODES, OWN, code_of
from neurodyn.flows.own_activation import OWN_ACTIVATIONS
from neurodyn.flows.own_cost import OWN_COSTS
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.compilation import compile_together
from neurodyn.numerics.kernel import Kernel
from neurodyn.numerics.sparse_product import lay_out, product
from neurodyn.system.attached import Attached
from neurodyn.system.graph import LINEAR, SOFTMAX, Connection
from neurodyn.system.parameters import Parameters
from neurodyn.system.parts import parts_of

if TYPE_CHECKING:
    from neurodyn.system.network import Network

#: What a kernel reads that calls terms with complex states.
COMPLEX = "COMPLEX_GRADIENT"
#: Floats in a line of the cache.
CACHE_LINE = 8


def assemble(network: Network) -> tuple[Array, Integers]:
    """theta and the layout, without addresses: see `write_addresses`."""
    graph = network.graph
    inner = [c for c in graph.connections if c.first in graph.slices and c.second in graph.slices]
    outer = [c for c in graph.connections if c not in inner]
    arrow_count = sum(1 if c.first == c.second else 2 for c in inner)
    terms = network.attached
    sizes = (len(graph.free), at.PER_POPULATION), (arrow_count, at.PER_ARROW), (len(outer), at.PER_INPUT)
    table = at.HEADER + sum(count * size for count, size in sizes)
    store = _Store(network.parameters, table + at.PER_TERM * len(terms))
    arrows, inputs = [], []
    for c in inner:
        arrows += _arrows(network, c, store)
    for c in outer:
        target = c.first if c.first in graph.slices else c.second
        inputs += [graph.slices[target].start, graph[target].size, *store.add(c.name, target == c.second)]
    biases = [network.parameters[p.name] if network.has_bias(p.name) else np.zeros(p.size) for p in graph.free]
    bias_place = store.end
    store.append(np.concatenate(biases))
    term_table = [number for term in terms for number in _term(term, store)]
    header = np.zeros(at.HEADER, dtype=np.int64)
    header[[at.N, at.CLAMPED, at.POPULATIONS, at.ARROWS]] = graph.n, graph.n_in, len(graph.free), arrow_count
    header[[at.INPUTS, at.TERMS, at.TERM_TABLE, at.BIASES]] = len(outer), len(terms), table, bias_place
    header[at.INPUT_CODE] = CODES[graph.input.activation] if graph.input else 0
    header[at.SPARSE] = product.address if store.patterns else 0
    header[[at.COST, at.OUT_FIRST, at.OUT_COUNT]] = _cost(network)
    header[[at.METRIC, at.BOXED, at.EXTENDED]] = network.metric, network.box.any(), network.extended
    integers = [*_populations(network), *arrows, *inputs, *term_table]
    layout = np.concatenate([header, np.array(integers, dtype=np.int64), *store.integers])
    return np.concatenate(store.values), layout.astype(np.int64)


def write_addresses(network: Network, layout: Integers, kernel: Kernel) -> None:
    """Write into the layout where what a kernel calls lies in this process; both are compiled for it.

    That is the parts of flows, terms, own activations, and an own cost.
    """
    parts = parts_of(network, kernel)
    compile_together((*parts.values(), kernel))
    for place, part in parts.items():
        layout[place] = part.address
    for k, p in enumerate(network.graph.free):
        o = at.HEADER + at.PER_POPULATION * k
        if layout[o + at.CODE] == OWN:
            own = OWN_ACTIVATIONS[p.activation]
            layout[o + at.OWN_RATES], layout[o + at.OWN_CURVATURE] = own.rates.address, own.curvatures.address
            layout[o + at.OWN_DIFFERENCES] = own.differences.address
    if layout[at.COST] == at.OWN_COST:
        layout[at.COST_SLOPES] = OWN_COSTS[network.graph.readout].slopes.address
    for k, attached in enumerate(network.attached):
        primitives, o = attached.term.primitives, layout[at.TERM_TABLE] + at.PER_TERM * k
        layout[o + at.GRADIENT], layout[o + at.CURVE] = primitives.gradient.address, primitives.curve.address
        layout[o + at.TRANSPOSED] = (primitives.curve_transposed or primitives.curve).address
        if primitives.energy is not None:
            layout[o + at.ENERGY] = primitives.energy.address
        if COMPLEX in kernel.names and primitives.complex_gradient is not None:
            layout[o + at.COMPLEX_GRADIENT] = primitives.complex_gradient.address


def _populations(network: Network) -> list[int]:
    numbers = []
    for p in network.graph.free:
        own = [0] * at.PER_POPULATION
        where = network.graph.slices[p.name]
        own[at.START], own[at.STOP] = where.start, where.stop
        own[at.CODE], own[at.LEAK] = code_of(p.activation), int(network.has_leak(p.name))
        numbers += own
    return numbers


def _cost(network: Network) -> tuple[int, int, int]:
    """Kind of the cost, first output and number of outputs, as the kernels have them."""
    kind = {LINEAR: at.SQUARED, SOFTMAX: at.SOFTMAX}.get(network.graph.readout, at.OWN_COST)
    return kind, network.outputs.start, network.n_out


def _arrows(network: Network, c: Connection, store: _Store) -> list[int]:
    """To the first population from the second, and back; within a population both at once.

    Each: first unit and size of where it leads to and comes from; matrix, transpose; patterns of both.
    """
    graph = network.graph
    a, b = ([graph.slices[name].start, graph[name].size] for name in (c.first, c.second))
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


def _term(attached: Attached, store: _Store) -> list[int]:
    """Where a term's parameters and integers lie, and how many they are; its addresses are still missing."""
    numbers = [0] * at.PER_TERM
    numbers[at.THETA], numbers[at.THETA_SIZE] = store.end, attached.theta.size
    numbers[at.PLACE], numbers[at.PLACE_SIZE] = store.place, attached.place.size
    numbers[at.QUADRATIC] = int(attached.term.quadratic)
    store.append(attached.theta)
    store.append_integers(attached.place)
    return numbers


class _Store:
    """Weights and integers for the kernels, laid end to end; `end` and `place` are where the next ones begin."""

    def __init__(self, parameters: Parameters, place: int) -> None:
        self.parameters, self.end, self.place = parameters, 0, place
        self.values: list[Array] = []
        self.integers: list[Any] = []
        self.patterns = 0
        self.symmetric: dict[str, tuple[int, int]] = {}

    def append(self, values: Array) -> None:
        """Store floats, and fill up their last line of the cache."""
        padding = np.zeros(-values.size % CACHE_LINE)
        self.values += [values, padding]
        self.end += values.size + padding.size

    def append_integers(self, values: Integers) -> None:
        """Store integers."""
        self.integers.append(values)
        self.place += len(values)

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
            self.append_integers(lay_out(starts, columns))
            self.patterns += 1
            if pattern.symmetric:
                self.symmetric[name] = start, place
        self.append(values if factor == 1.0 else factor * values)
        return start, place
