"""The Hopfield energy of Scellier & Bengio (2017, eq. 1) on any undirected graph of populations.

With u = (x, s) and r = rho(u):

    E = 1/2 sum_free s_i^2 - 1/2 sum_{i != j} W_ij r_i r_j - sum_i b_i r_i
    tau_i ds_i/dt = -dE/ds_i = -s_i + rho'(s_i) g_i,   g_i = sum_j W_ij r_j + b_i        (free phase)
    d2E/ds_i ds_j = [i = j] (1 - rho''(s_i) g_i) - rho'(s_i) W_ij rho'(s_j)

The nudged phase is the flow of delta, where s = s* + beta delta: with D = (rho(s) - rho(s*)) / beta and
D' = (rho'(s) - rho'(s*)) / beta by formulas that do not cancel,

    tau ddelta/dt = rho'(s) W D + g* D' - delta - dC/ds(s*) - beta C'' delta.

Hard-sigmoid units live in the box [0, 1]: a unit on a bound does not move while its force points out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from neurodyn.activation import (
    CODES,
    HARD_SIGMOID,
    bend,
    divided_differences,
    rate_and_slope,
)
from neurodyn.errors import ModelError
from neurodyn.graph import Array, Connection, Population
from neurodyn.inputs import as_input
from neurodyn.kernel import flow_kernel, helper
from neurodyn.network import Kernels, Local, Network, inward
from neurodyn.parameters import Block, Parameters
from neurodyn.product import add_product
from neurodyn.sparse_product import add_sparse, lay_out, pair_sums, product
from neurodyn.view import rectangle, window

# Layout: a header, then a few integers per free population, per connection between free populations, and per
# connection of the input; then the patterns of sparse connections. Where a pattern begins is 0 for a dense one;
# SPARSE is the address of the sparse product in this process.
N, POPULATIONS, CONNECTIONS, INPUTS, BIASES, INPUT_CODE, SPARSE, HEADER = range(8)
PER_POPULATION, PER_CONNECTION, PER_INPUT = 3, 8, 4
#: Floats in a line of the cache.
CACHE_LINE = 8


@helper
def flat(array, start, stop):
    """Rows start ... stop as one long row: all samples of a population, or all units of a single sample."""
    return window(array, start * array.shape[1], (stop - start) * array.shape[1])


@helper
def units(array, first, count):
    """The rows of some units."""
    return rectangle(array, first * array.shape[1], count, array.shape[1])


@helper
def activate(s, layout, r, d):
    """Rates and slopes of all free units."""
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        rate_and_slope(code, flat(s, start, stop), flat(r, start, stop), flat(d, start, stop))


@helper
def population(layout, p):
    """First unit, end, and activation of a free population."""
    o = HEADER + PER_POPULATION * p
    return layout[o], layout[o + 1], layout[o + 2]


@helper
def couple(r, theta, layout, out):
    """out += W r, over all connections between free populations."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for c in range(layout[CONNECTIONS]):
        o = first + PER_CONNECTION * c
        if layout[o + 6]:
            couple_sparse(r, theta, layout, o, out)
        else:
            couple_dense(r, theta, layout, o, out)


@helper
def couple_dense(r, theta, layout, o, out):
    """One connection, described in layout from o on.

    theta holds each block and its transpose, so that both directions run along memory. A single sample is a row: its
    product is taken from the other side, which gives the same chains of additions.
    """
    a, m, b, n = layout[o], layout[o + 1], layout[o + 2], layout[o + 3]
    w, turned = rectangle(theta, layout[o + 4], m, n), rectangle(theta, layout[o + 5], n, m)
    if r.shape[1] == 1:
        add_product(rectangle(r, b, 1, n), turned, rectangle(out, a, 1, m))
        if a != b:
            add_product(rectangle(r, a, 1, m), w, rectangle(out, b, 1, n))
    else:
        add_product(w, units(r, b, n), units(out, a, m))
        if a != b:
            add_product(turned, units(r, a, m), units(out, b, n))


@helper
def couple_sparse(r, theta, layout, o, out):
    """One sparse connection: its rows by the units of either population, but of one with itself just once."""
    a, m, b, n = layout[o], layout[o + 1], layout[o + 2], layout[o + 3]
    add_sparse(layout[SPARSE], theta, layout[o + 4], layout, layout[o + 6], units(r, b, n), units(out, a, m))
    if a != b:
        add_sparse(layout[SPARSE], theta, layout[o + 5], layout, layout[o + 7], units(r, a, m), units(out, b, n))


@helper
def hessian_product(v, slope, diagonal, theta, layout, work, out):
    """out = H v, with the diagonal 1 - rho'' g given; rows of inactive units are zero."""
    n = layout[N]
    weighted, product = flat(work, 0, n), flat(out, 0, n)
    x, d, h = flat(v, 0, n), flat(slope, 0, n), flat(diagonal, 0, n)
    for j in range(x.size):
        weighted[j] = d[j] * x[j]
        product[j] = 0.0
    couple(units(work, 0, n), theta, layout, out)
    for j in range(x.size):
        product[j] = h[j] * x[j] - d[j] * product[j]


@flow_kernel
def drive(t, x, rows, theta, layout, work, out):
    """Constant current of each free unit: biases and the clamped rates x (n_in, b) through their weights."""
    for i in range(layout[N]):
        for j in range(x.shape[1]):
            out[i, j] = theta[layout[BIASES] + i]
    first = HEADER + PER_POPULATION * layout[POPULATIONS] + PER_CONNECTION * layout[CONNECTIONS]
    m = x.shape[0]
    for c in range(layout[INPUTS]):
        o = first + PER_INPUT * c
        b, n, where = layout[o], layout[o + 1], layout[o + 2]
        if layout[o + 3]:
            add_sparse(layout[SPARSE], theta, where, layout, layout[o + 3], x, out[b : b + n])
        else:
            add_product(theta[where : where + m * n].reshape(n, m), x, out[b : b + n])


@flow_kernel
def clamped(t, x, rows, theta, layout, work, out):
    """Rates rho(x) of the input population; x and out are (n_in, b)."""
    for i in range(x.shape[0]):
        rate_and_slope(layout[INPUT_CODE], x[i], out[i], work[0])


@flow_kernel
def local(t, s, rows, theta, layout, work, out):
    """Rates, slopes, bends and fields at s; rows are those of `free`."""
    n = layout[N]
    r, d, c, g = out[:n], out[n : 2 * n], out[2 * n : 3 * n], out[3 * n :]
    activate(s, layout, r, d)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        for i in range(start, stop):
            for j in range(s.shape[1]):
                c[i, j] = bend(code, r[i, j], d[i, j])
                g[i, j] = rows[n + i, j]
    couple(r, theta, layout, g)


@flow_kernel
def energy(t, s, rows, theta, layout, work, out):
    """E of each sample; rows are those of `free`."""
    n = layout[N]
    r, field = work[:n], work[n:]
    activate(s, layout, r, field)
    for i in range(n):
        for j in range(s.shape[1]):
            field[i, j] = 0.0
    couple(r, theta, layout, field)
    for j in range(s.shape[1]):
        out[0, j] = 0.0
    for i in range(n):
        for j in range(s.shape[1]):
            out[0, j] += 0.5 * s[i, j] * s[i, j] - r[i, j] * (rows[n + i, j] + 0.5 * field[i, j])


@flow_kernel
def free(t, s, rows, theta, layout, work, out):
    """ds/dt of the free phase. Rows: 1/tau, drive, and with a box its lower and upper bounds."""
    n = layout[N]
    r, d = units(work, 0, n), units(work, n, n)
    activate(s, layout, r, d)
    field, current = flat(out, 0, n), flat(rows, n, 2 * n)
    for j in range(field.size):
        field[j] = current[j]
    couple(r, theta, layout, out)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        f, x, rate = flat(out, start, stop), flat(s, start, stop), flat(rows, start, stop)
        if code == HARD_SIGMOID:
            clipped = flat(r, start, stop)  # also in stages that overshoot the box
            for j in range(f.size):
                force = f[j] - clipped[j]
                stuck = (x[j] <= 0.0 and force < 0.0) or (x[j] >= 1.0 and force > 0.0)
                f[j] = 0.0 if stuck else rate[j] * force
        else:
            slope = flat(d, start, stop)
            for j in range(f.size):
                f[j] = rate[j] * (slope[j] * f[j] - x[j])


@flow_kernel
def nudged(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase around s*.

    Rows, n each: 1/tau, rho(s*), rho'(s*), g*, dC/ds(s*), C'', beta, and with a box the outward force of inactive
    units / beta, lower and upper bounds of delta.
    """
    n = layout[N]
    change, bent = units(work, 0, n), units(work, n, n)
    differences(delta, rows, layout, change, bent)
    field = flat(out, 0, n)
    for j in range(field.size):
        field[j] = 0.0
    couple(change, theta, layout, out)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        f, rate = flat(out, start, stop), flat(rows, start, stop)
        gap, spring = flat(rows, 4 * n + start, 4 * n + stop), flat(rows, 5 * n + start, 5 * n + stop)
        beta, x = flat(rows, 6 * n + start, 6 * n + stop), flat(delta, start, stop)
        if code == HARD_SIGMOID:
            inside, pressure = flat(change, start, stop), flat(rows, 7 * n + start, 7 * n + stop)
            low, high = flat(rows, 8 * n + start, 8 * n + stop), flat(rows, 9 * n + start, 9 * n + stop)
            for j in range(f.size):
                force = f[j] + pressure[j] - gap[j] - (1.0 + beta[j] * spring[j]) * inside[j]
                stuck = (x[j] <= low[j] and force < 0.0) or (x[j] >= high[j] and force > 0.0)
                f[j] = 0.0 if stuck else rate[j] * force
        else:
            d, g = flat(rows, 2 * n + start, 2 * n + stop), flat(rows, 3 * n + start, 3 * n + stop)
            b = flat(bent, start, stop)
            for j in range(f.size):
                force = (d[j] + beta[j] * b[j]) * f[j] + g[j] * b[j]
                force -= gap[j] + (1.0 + beta[j] * spring[j]) * x[j]
                f[j] = rate[j] * force


@helper
def differences(delta, rows, layout, change, bent):
    """Divided differences of rates and slopes around s*; hard-sigmoid units are held inside their box first."""
    n = layout[N]
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        x, dr = flat(delta, start, stop), flat(change, start, stop)
        if code == HARD_SIGMOID:
            low, high = flat(rows, 8 * n + start, 8 * n + stop), flat(rows, 9 * n + start, 9 * n + stop)
            for j in range(x.size):
                dr[j] = min(max(x[j], low[j]), high[j])
        else:
            a, d = flat(rows, n + start, n + stop), flat(rows, 2 * n + start, 2 * n + stop)
            beta = flat(rows, 6 * n + start, 6 * n + stop)
            divided_differences(code, a, d, x, beta, dr, flat(bent, start, stop))


@flow_kernel
def change(t, delta, rows, theta, layout, work, out):
    """(rho(s* + beta delta) - rho(s*)) / beta; rows are those of `nudged`."""
    differences(delta, rows, layout, out, work[: layout[N]])


@flow_kernel
def jvp(t, v, rows, theta, layout, work, out):
    """H v. Rows: 1/tau (not used), slope, diagonal. H is symmetric, so this is its vjp as well."""
    n = layout[N]
    hessian_product(v, units(rows, n, n), units(rows, 2 * n, n), theta, layout, work, out)


@flow_kernel
def side(t, z, rows, theta, layout, work, out):
    """The side network: z holds S (n rows) and the integral of S/tau (n rows); dS/dt = -H^T T^-1 S.

    H is symmetric here, so that its product serves as the transposed one. Rows are those of `jvp`.
    """
    n = layout[N]
    current, signal, rate = flat(out, n, 2 * n), flat(z, 0, n), flat(rows, 0, n)
    for j in range(current.size):
        current[j] = rate[j] * signal[j]
    slope, diagonal = units(rows, n, n), units(rows, 2 * n, n)
    hessian_product(units(out, n, n), slope, diagonal, theta, layout, work, units(out, 0, n))
    fall = flat(out, 0, n)
    for j in range(fall.size):
        fall[j] = -fall[j]


class Hopfield(Network):
    """Network with the Hopfield energy. See `Network` for the parameters; `layered` and `recurrent` for shapes.

    Examples
    --------
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([4, 3, 2], seed=1)
    >>> net.parameters["x-h1"].shape
    (4, 3)
    """

    kernels = Kernels(free, nudged, side, energy, local, change, jvp, jvp)

    @classmethod
    def layered(
        cls,
        sizes: Sequence[int],
        *,
        activation: str | Sequence[str] = "tanh",
        tau: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """A chain x, h1, h2, ..., y of layers; activation (and tau) for all or one per free layer."""
        if len(sizes) < 2:
            raise ModelError(f"`sizes` must name at least an input and an output layer; got {list(sizes)}")
        names = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "y"]
        kinds = [activation] * (len(sizes) - 1) if isinstance(activation, str) else list(activation)
        if len(kinds) != len(sizes) - 1:
            raise ModelError(
                f"`activation` must be one name or one per free layer ({len(sizes) - 1}); got {len(kinds)}"
            )
        roles = ["input", *["hidden"] * (len(sizes) - 2), "output"]
        populations = tuple(Population(*fields) for fields in zip(names, sizes, ["linear", *kinds], roles, strict=True))
        connections = tuple(f"{a}-{b}" for a, b in pairwise(names))
        return cls(populations, connections, tau=tau, seed=seed, gain=gain)

    @classmethod
    def recurrent(
        cls,
        n: int,
        n_in: int = 0,
        n_out: int = 0,
        *,
        activation: str = "tanh",
        tau: Any = 1.0,
        sparsity: float = 0.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """One population `s`, driven by `x`; its last n_out units are the outputs.

        A fraction `sparsity` of the connections within `s` is absent (see `Connection`); x drives all of `s`.
        """
        populations: tuple[Population, ...] = (Population("s", n, activation, outputs=n_out),)
        connections: tuple[str | Connection, ...] = (Connection("s", "s", sparsity),)
        if n_in:
            populations = (Population("x", n_in, role="input"), *populations)
            connections = ("x-s", *connections)
        return cls(populations, connections, tau=tau, seed=seed, gain=gain)

    def _compile(self) -> tuple[Array, np.ndarray[Any, np.dtype[np.int64]]]:
        graph = self.graph
        inner = [c for c in graph.connections if c.first in graph.slices and c.second in graph.slices]
        outer = [c for c in graph.connections if c not in inner]
        counts = [len(graph.free), len(inner), len(outer)]
        populations, connections, inputs = [], [], []
        sizes = (PER_POPULATION, PER_CONNECTION, PER_INPUT)
        store = _Store(self.parameters, HEADER + sum(k * size for k, size in zip(counts, sizes, strict=True)))
        for p in graph.free:
            where = graph.slices[p.name]
            populations += [where.start, where.stop, CODES[p.activation]]
        for c in inner:
            (w, rows), (turned, columns) = store.add(c.name, False), store.add(c.name, True)
            first, second = graph.slices[c.first], graph.slices[c.second]
            places = [first.start, graph[c.first].size, second.start, graph[c.second].size]
            connections += [*places, w, turned, rows, columns]
        for c in outer:
            target = c.first if c.first in graph.slices else c.second
            inputs += [graph.slices[target].start, graph[target].size, *store.add(c.name, target == c.second)]
        code = CODES[graph.input.activation] if graph.input else 0
        header = np.array(
            [graph.n, *counts, store.end, code, store.product, *populations, *connections, *inputs], dtype=np.int64
        )
        biases = [self.parameters[p.name] for p in graph.free]
        return np.concatenate([*store.weights, *biases]), np.concatenate([header, *store.patterns])

    def input_rates(self, x: Array) -> Array:
        """rho(x) of the clamped population, (n_in, batch)."""
        return self.evaluate(clamped, inward(x), np.empty((0, len(x))), self.n_in)

    def free_rows(self, x: Array | None, batch: int) -> Array:
        """1/tau, drive, and with a box the bounds of each unit."""
        n = self.n
        rates = np.zeros((0, batch)) if x is None else self.input_rates(x)
        rows = np.empty(((4 if self.box.any() else 2) * n, batch))
        rows[:n] = 1.0 / self.tau[:, None]
        rows[n : 2 * n] = self.evaluate(drive, rates, np.empty((0, batch)), n)
        if self.box.any():
            rows[2 * n : 3 * n] = np.where(self.box, 0.0, -np.inf)[:, None]
            rows[3 * n :] = np.where(self.box, 1.0, np.inf)[:, None]
        return rows

    def nudged_rows(self, s: Array, local: Local, gap: Array, beta: Array) -> Array:
        """See `nudged`."""
        n = self.n
        spring = np.zeros((n, len(beta)))
        spring[self.outputs] = 1.0
        rate = np.repeat(1.0 / self.tau[:, None], len(beta), axis=1)
        rows = [rate, local.rate, local.slope, local.field, gap, spring, np.repeat(beta[None], n, axis=0)]
        if self.box.any():
            rows += self._box_rows(s, local, beta)
        return np.concatenate(rows)

    def _box_rows(self, s: Array, local: Local, beta: Array) -> list[Array]:
        """Outward force of inactive units over beta, and the box seen from s* in units of beta.

        At beta = 0 an inactive unit cannot leave its bound, and no active one can reach one.
        """
        box = self.box[:, None]
        zero = beta == 0.0
        safe = np.where(zero, 1.0, beta)
        reach = np.where(local.active, np.inf, 0.0)
        low, high = -s / safe, (1.0 - s) / safe
        lower = np.where(zero, -reach, np.minimum(low, high))
        upper = np.where(zero, reach, np.maximum(low, high))
        pressure = np.where(local.active | zero, 0.0, local.force / safe)
        return [pressure, np.where(box, lower, -np.inf), np.where(box, upper, np.inf)]

    def hessian_rows(self, local: Local) -> Array:
        """1/tau, slope and diagonal of H, zero for inactive units."""
        rate = np.repeat(1.0 / self.tau[:, None], local.rate.shape[1], axis=1)
        diagonal = 1.0 - local.bend * local.field
        return np.concatenate([rate, local.slope * local.active, diagonal * local.active])

    def energy_gradient(self, s: Any, x: Any = None) -> Parameters:
        """dE/dW_ij = -rho_i rho_j, dE/db_i = -rho_i, averaged over the batch."""
        state, rows, _ = self._at(s, x)
        rate = self.local(state, rows).rate
        return self.difference_gradient(as_input(x, self.n_in)[0], np.zeros_like(rate), rate, rate)

    def difference_gradient(self, x: Array | None, before: Array, change: Array, after: Array) -> Parameters:
        """-(D_i after_j + before_i D_j) and -D_i, averaged over the batch."""
        graph, scale = self.graph, -1.0 / change.shape[1]
        clamped = np.zeros((0, change.shape[1])) if x is None else self.input_rates(x)
        parts = []
        for c, block in zip(graph.connections, self.parameters.blocks, strict=False):
            a, b = graph.slices.get(c.first), graph.slices.get(c.second)
            if a is None:
                terms = [(clamped, change[b])]
            elif b is None:
                terms = [(change[a], clamped)]
            else:
                terms = [(change[a], after[b]), (before[a], change[b])]
            parts.append(scale * _outer(block, terms))
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

    def add(self, name: str, turned: bool) -> tuple[int, int]:
        """Store a block by the units of its first population, or turned; returns where its weights and pattern lie."""
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
        padding = np.zeros(-values.size % CACHE_LINE)  # so that every block begins on a line of the cache
        self.weights += [values, padding]
        self.end += values.size + padding.size
        return start, place


__all__ = ["Hopfield"]
