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
from neurodyn.graph import Array, Population
from neurodyn.inputs import as_input
from neurodyn.kernel import flow_kernel, helper
from neurodyn.network import Kernels, Local, Network, inward
from neurodyn.parameters import Parameters
from neurodyn.product import add_product, add_transposed_product

# Layout: a header, then a few integers per free population, per connection between free populations, and per
# connection of the input.
N, POPULATIONS, CONNECTIONS, INPUTS, BIASES, INPUT_CODE, HEADER = range(7)
PER_POPULATION, PER_CONNECTION, PER_INPUT = 3, 5, 4


@helper
def activate(s, layout, r, d):
    """Rates and slopes of all free units."""
    for p in range(layout[POPULATIONS]):
        o = HEADER + PER_POPULATION * p
        for i in range(layout[o], layout[o + 1]):
            rate_and_slope(layout[o + 2], s[i], r[i], d[i])


@helper
def couple(r, theta, layout, out):
    """out += W r, over all connections between free populations."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for c in range(layout[CONNECTIONS]):
        o = first + PER_CONNECTION * c
        a, m, b, n, where = layout[o], layout[o + 1], layout[o + 2], layout[o + 3], layout[o + 4]
        w = theta[where : where + m * n].reshape(m, n)
        add_product(w, r[b : b + n], out[a : a + m])
        if a != b:
            add_transposed_product(w, r[a : a + m], out[b : b + n])


@helper
def hessian_product(v, slope, diagonal, theta, layout, work, out):
    """out = H v, with the diagonal 1 - rho'' g given; rows of inactive units are zero."""
    n = layout[N]
    weighted = work[:n]
    for i in range(n):
        for j in range(v.shape[1]):
            weighted[i, j] = slope[i, j] * v[i, j]
            out[i, j] = 0.0
    couple(weighted, theta, layout, out)
    for i in range(n):
        for j in range(v.shape[1]):
            out[i, j] = diagonal[i, j] * v[i, j] - slope[i, j] * out[i, j]


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
        b, n, where, transposed = layout[o], layout[o + 1], layout[o + 2], layout[o + 3]
        if transposed:
            add_product(theta[where : where + m * n].reshape(n, m), x, out[b : b + n])
        else:
            add_transposed_product(theta[where : where + m * n].reshape(m, n), x, out[b : b + n])


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
        o = HEADER + PER_POPULATION * p
        for i in range(layout[o], layout[o + 1]):
            for j in range(s.shape[1]):
                c[i, j] = bend(layout[o + 2], r[i, j], d[i, j])
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
    r, d = work[:n], work[n:]
    activate(s, layout, r, d)
    for i in range(n):
        for j in range(s.shape[1]):
            out[i, j] = rows[n + i, j]
    couple(r, theta, layout, out)
    for p in range(layout[POPULATIONS]):
        o = HEADER + PER_POPULATION * p
        hard = layout[o + 2] == HARD_SIGMOID
        for i in range(layout[o], layout[o + 1]):
            for j in range(s.shape[1]):
                if hard:  # s was clipped to r, also in stages that overshoot the box
                    f = out[i, j] - r[i, j]
                    if (s[i, j] <= 0.0 and f < 0.0) or (s[i, j] >= 1.0 and f > 0.0):
                        f = 0.0
                else:
                    f = d[i, j] * out[i, j] - s[i, j]
                out[i, j] = rows[i, j] * f


@flow_kernel
def nudged(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase around s*.

    Rows, n each but beta: 1/tau, rho(s*), rho'(s*), g*, dC/ds(s*), C'', beta (one row), and with a box the outward
    force of inactive units / beta, lower and upper bounds of delta.
    """
    n = layout[N]
    change, bent = work[:n], work[n:]
    beta = rows[6 * n]
    pressure, lower, upper = 6 * n + 1, 7 * n + 1, 8 * n + 1
    for p in range(layout[POPULATIONS]):
        o = HEADER + PER_POPULATION * p
        for i in range(layout[o], layout[o + 1]):
            divided_differences(layout[o + 2], rows[n + i], rows[2 * n + i], delta[i], beta, change[i], bent[i])
            for j in range(delta.shape[1]):
                out[i, j] = 0.0
                if layout[o + 2] == HARD_SIGMOID:
                    change[i, j] = min(max(delta[i, j], rows[lower + i, j]), rows[upper + i, j])
    couple(change, theta, layout, out)
    for p in range(layout[POPULATIONS]):
        o = HEADER + PER_POPULATION * p
        hard = layout[o + 2] == HARD_SIGMOID
        for i in range(layout[o], layout[o + 1]):
            for j in range(delta.shape[1]):
                pull = 1.0 + beta[j] * rows[5 * n + i, j]
                if hard:
                    x = change[i, j]
                    f = out[i, j] + rows[pressure + i, j] - rows[4 * n + i, j] - pull * x
                    if (delta[i, j] <= rows[lower + i, j] and f < 0.0) or (
                        delta[i, j] >= rows[upper + i, j] and f > 0.0
                    ):
                        f = 0.0
                else:
                    slope = rows[2 * n + i, j] + beta[j] * bent[i, j]
                    f = slope * out[i, j] + rows[3 * n + i, j] * bent[i, j]
                    f -= rows[4 * n + i, j] + pull * delta[i, j]
                out[i, j] = rows[i, j] * f


@flow_kernel
def change(t, delta, rows, theta, layout, work, out):
    """(rho(s* + beta delta) - rho(s*)) / beta; rows are those of `nudged`."""
    n = layout[N]
    for p in range(layout[POPULATIONS]):
        o = HEADER + PER_POPULATION * p
        for i in range(layout[o], layout[o + 1]):
            divided_differences(layout[o + 2], rows[n + i], rows[2 * n + i], delta[i], rows[6 * n], out[i], work[i])


@flow_kernel
def jvp(t, v, rows, theta, layout, work, out):
    """H v. Rows: 1/tau (not used), slope, diagonal. H is symmetric, so this is its vjp as well."""
    n = layout[N]
    hessian_product(v, rows[n : 2 * n], rows[2 * n : 3 * n], theta, layout, work, out)


@flow_kernel
def side(t, z, rows, theta, layout, work, out):
    """The side network: z holds S (n rows) and the integral of S/tau (n rows); dS/dt = -H^T T^-1 S.

    H is symmetric here, so that its product serves as the transposed one. Rows are those of `jvp`.
    """
    n = layout[N]
    current = out[n:]
    for i in range(n):
        for j in range(z.shape[1]):
            current[i, j] = rows[i, j] * z[i, j]
    hessian_product(current, rows[n : 2 * n], rows[2 * n : 3 * n], theta, layout, work, out[:n])
    for i in range(n):
        for j in range(z.shape[1]):
            out[i, j] = -out[i, j]


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
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """One fully connected population `s`, driven by `x`; its last n_out units are the outputs."""
        populations: tuple[Population, ...] = (Population("s", n, activation, outputs=n_out),)
        connections: tuple[str, ...] = ("s-s",)
        if n_in:
            populations = (Population("x", n_in, role="input"), *populations)
            connections = ("x-s", "s-s")
        return cls(populations, connections, tau=tau, seed=seed, gain=gain)

    def _compile(self) -> tuple[Array, np.ndarray[Any, np.dtype[np.int64]]]:
        graph = self.graph
        code = CODES[graph.input.activation] if graph.input else 0
        header = [graph.n, len(graph.free), 0, 0, 0, code]
        populations, connections, inputs, blocks = [], [], [], []
        offset = 0
        for p in graph.free:
            where = graph.slices[p.name]
            populations += [where.start, where.stop, CODES[p.activation]]
        for c in graph.connections:
            w = self.parameters[c.name]
            ends = [graph[c.first], graph[c.second]]
            if graph.input in ends:
                transposed = ends.index(graph.input)
                target = graph.slices[ends[1 - transposed].name]
                inputs += [target.start, target.stop - target.start, offset, transposed]
            else:
                for end in ends:
                    connections += [graph.slices[end.name].start, end.size]
                connections.append(offset)
            blocks.append(w.ravel())
            offset += w.size
        header[CONNECTIONS] = len(connections) // PER_CONNECTION
        header[INPUTS] = len(inputs) // PER_INPUT
        header[BIASES] = offset
        blocks += [self.parameters[p.name] for p in graph.free]
        return np.concatenate(blocks), np.array(header + populations + connections + inputs, dtype=np.int64)

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
        rows = [rate, local.rate, local.slope, local.field, gap, spring, beta[None]]
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
        arrays: dict[str, Array] = {}
        for c in graph.connections:
            a, b = graph.slices.get(c.first), graph.slices.get(c.second)
            if a is None:
                block = clamped @ change[b].T
            elif b is None:
                block = change[a] @ clamped.T
            else:
                block = change[a] @ after[b].T + before[a] @ change[b].T
                if a == b:
                    block = 0.5 * (block + block.T)  # the two triangles differ by rounding only
                    np.fill_diagonal(block, 0.0)
            arrays[c.name] = scale * block
        for p in graph.free:
            arrays[p.name] = scale * change[graph.slices[p.name]].sum(axis=1)
        return Parameters.from_arrays(self.parameters.blocks, arrays)


__all__ = ["Hopfield"]
