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
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError, ModelError
from neurodyn.models import complex_nudged, shapes
from neurodyn.models.coupling import (
    DRIVEN,
    EXTRA,
    POPULATIONS,
    SOFT_COUNT,
    SOFT_FIRST,
    N,
    activate,
    couple,
    currents,
    flat,
    local,
    population,
    pull,
    row,
    soften,
    units,
)
from neurodyn.models.synapses import associate, drive_and_linearize, footer, transmit
from neurodyn.models.wired import Wired
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.system.activation import HARD_SIGMOID, bend, divided_differences
from neurodyn.system.graph import Graph
from neurodyn.system.network import Kernels, Local


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
    respond(s, r, d, None, rows, layout, out)


@flow_kernel
def driven(t, s, rows, theta, layout, work, out):
    """ds/dt under an input that moves, or a nudge, or both. Rows: those of `free`, then what `Driven` adds."""
    n = layout[N]
    r, d, force = units(work, 0, n), units(work, n, n), units(work, 2 * n, n)
    activate(s, layout, r, d)
    currents(t, rows, theta, layout, units(work, 3 * n, work.shape[0] - 3 * n), out)
    couple(r, theta, layout, out)
    pull(s, rows, layout[layout.size - DRIVEN + EXTRA], layout, force)
    respond(s, r, d, force, rows, layout, out)


@helper
def respond(s, r, d, pulled, rows, layout, out):
    """Turn fields into ds/dt; `pulled` is a further force, or None."""
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        f, x, rate = flat(out, start, stop), flat(s, start, stop), flat(rows, start, stop)
        if code == HARD_SIGMOID:
            clipped = flat(r, start, stop)  # also in stages that overshoot the box
            for j in range(f.size):
                force = f[j] - clipped[j]
                if pulled is not None:
                    force += flat(pulled, start, stop)[j]
                stuck = (x[j] <= 0.0 and force < 0.0) or (x[j] >= 1.0 and force > 0.0)
                f[j] = 0.0 if stuck else rate[j] * force
        else:
            slope = flat(d, start, stop)
            for j in range(f.size):
                force = slope[j] * f[j] - x[j]
                if pulled is not None:
                    force += flat(pulled, start, stop)[j]
                f[j] = rate[j] * force


@flow_kernel
def nudged(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase around s*.

    Rows, n each: 1/tau, rho(s*), rho'(s*), g*, dC/ds(s*), C'', beta, and with a box the outward force of inactive
    units / beta, lower and upper bounds of delta; with a softmax read-out, whose C'' varies and stands as 0, then the
    outputs' softmax at s*.
    """
    n = layout[N]
    change, bent = units(work, 0, n), units(work, n, n)
    differences(delta, rows, layout, change, bent)
    field = flat(out, 0, n)
    for j in range(field.size):
        field[j] = 0.0
    couple(change, theta, layout, out)
    respond_nudged(delta, change, bent, rows, layout, out)


@helper
def respond_nudged(delta, change, bent, rows, layout, out):
    """Turn the change of the fields over beta into ddelta/dt."""
    n = layout[N]
    first, count = layout[SOFT_FIRST], layout[SOFT_COUNT]
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        soft = count > 0 and start <= first < stop
        pull, strength = units(bent, first, count), units(rows, 6 * n + first, count)
        f, rate = flat(out, start, stop), flat(rows, start, stop)
        gap, spring = flat(rows, 4 * n + start, 4 * n + stop), flat(rows, 5 * n + start, 5 * n + stop)
        beta, x = flat(rows, 6 * n + start, 6 * n + stop), flat(delta, start, stop)
        if code == HARD_SIGMOID:
            inside, pressure = flat(change, start, stop), flat(rows, 7 * n + start, 7 * n + stop)
            low, high = flat(rows, 8 * n + start, 8 * n + stop), flat(rows, 9 * n + start, 9 * n + stop)
            if soft:  # the slopes of these units, which do not bend, leave room for it
                soften(units(change, first, count), strength, rows, layout, pull)
                for i in range(count):
                    for j in range(out.shape[1]):
                        out[first + i, j] -= pull[i, j]
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
            if soft:
                soften(units(delta, first, count), strength, rows, layout, pull)
                for i in range(count):
                    for j in range(out.shape[1]):
                        out[first + i, j] -= rows[first + i, j] * pull[i, j]


@flow_kernel
def plastic(t, z, rows, theta, layout, work, out):
    """The nudged phase while weights move. z: delta (n rows), then what the weights and biases gain, times tau_theta.

    Rows: those of `nudged`, then 1/(beta tau_theta), 1, and the rates of the clamped units.
    """
    n, first = layout[N], footer(layout)[2]
    delta, moved = units(z, 0, n), units(out, 0, n)
    change, bent, rate, motion = units(work, 0, n), units(work, n, n), units(work, 2 * n, n), units(work, 3 * n, n)
    differences(delta, rows, layout, change, bent)
    field, r, a = flat(out, 0, n), flat(rate, 0, n), flat(rows, n, 2 * n)
    beta, dr = flat(rows, 6 * n, 7 * n), flat(change, 0, n)
    for j in range(field.size):
        field[j] = 0.0
        r[j] = a[j] + beta[j] * dr[j]
    couple(change, theta, layout, moved)
    clamped = units(rows, first + 2, rows.shape[0] - first - 2)
    transmit(z, rate, clamped, layout, row(rows, first), moved)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        m, d = flat(motion, start, stop), flat(rows, 2 * n + start, 2 * n + stop)
        strength, b = flat(rows, 6 * n + start, 6 * n + stop), flat(bent, start, stop)
        for j in range(m.size):
            m[j] = 1.0 if code == HARD_SIGMOID else d[j] + strength[j] * b[j]
    respond_nudged(delta, change, bent, units(rows, 0, first), layout, moved)
    m = flat(motion, 0, n)
    for j in range(m.size):
        m[j] *= field[j]
    associate(rate, clamped, motion, layout, row(rows, first + 1), out)


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


@flow_kernel
def concurrent(t, z, rows, theta, layout, work, out):
    """States, side network and weights at once. z: s, lambda (n rows each), weights and biases.

        T ds/dt = -dE/ds,   tau_side dlambda/dt = dC/ds - H lambda,   tau_theta dtheta/dt = (d2E/dtheta ds) lambda

    Rows, n each: 1/tau, 1 for outputs, targets; then 1/tau_side, -1/tau_theta, rates of the clamped units.
    """
    n, first = layout[N], footer(layout)[2]
    s, signal, clamped = units(z, 0, n), units(z, n, n), units(rows, first + 2, rows.shape[0] - first - 2)
    rate, slope, fields = units(work, 0, n), units(work, n, n), units(out, 0, n)
    activate(s, layout, rate, slope)
    drive_and_linearize(z, signal, clamped, layout, work, fields)
    change, pulled, side = units(work, 3 * n, n), units(work, 4 * n, n), units(out, n, n)
    pull(s, rows, n, layout, pulled)
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        for i in range(start, stop):
            b, g, product, r, d = row(side, i), row(fields, i), row(work, 2 * n + i), row(rate, i), row(slope, i)
            v, c, gap, fast = row(signal, i), row(change, i), row(pulled, i), row(rows, first)
            for j in range(b.size):
                curve = 1.0 - bend(code, r[j], d[j]) * g[j]
                b[j] = fast[j] * (d[j] * product[j] - gap[j] - curve * v[j])
                c[j] = d[j] * v[j]
    respond(s, rate, slope, None, rows, layout, fields)
    associate(rate, clamped, change, layout, row(rows, first + 1), out)


class Hopfield(Wired):
    """Network with the Hopfield energy. See `Network` for the parameters; `layered` and `recurrent` for shapes.

    Examples
    --------
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([4, 3, 2], seed=1)
    >>> net.parameters["x-h1"].shape
    (4, 3)
    """

    kernels = Kernels(
        free=free,
        driven=driven,
        nudged=nudged,
        plastic=plastic,
        concurrent=concurrent,
        side=side,
        energy=energy,
        local=local,
        change=change,
        jvp=jvp,
        vjp=jvp,
        complex_nudged=complex_nudged.hopfield,
        complex_changes=complex_nudged.changes,
    )
    linear_in_box = True

    @classmethod
    def layered(
        cls,
        sizes: Sequence[int],
        *,
        activation: str | Sequence[str] = "tanh",
        readout: str = "linear",
        tau: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """A chain x, h1, h2, ..., y of layers; activation (and tau) for all or one per free layer.

        `readout` says what the cost is of: see `Population`.
        """
        return cls(*shapes.layered(sizes, activation, readout), tau=tau, seed=seed, gain=gain)

    @classmethod
    def recurrent(
        cls,
        n: int,
        n_in: int = 0,
        n_out: int = 0,
        *,
        activation: str = "tanh",
        readout: str = "linear",
        tau: Any = 1.0,
        sparsity: float = 0.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """One population `s`, driven by `x`; its last n_out units are the outputs.

        A fraction `sparsity` of the connections within `s` is absent (see `Connection`); x drives all of `s`.
        """
        return cls(*shapes.recurrent(n, n_in, n_out, activation, readout, sparsity), tau=tau, seed=seed, gain=gain)

    @classmethod
    def check(cls, graph: Graph) -> None:
        """Weights must be shared by both directions."""
        for c in graph.connections:
            if c.feedback != 1.0:
                raise ModelError(
                    f"connection {c.name!r}: the Hopfield energy has weights that both directions share, feedback 1; "
                    f"got {c.feedback!r}: models.Rate allows it"
                )

    def argument(self, s: Array) -> Array:
        """Energy and cost are functions of the states themselves."""
        return s

    def output_state(self, argument: Array) -> Array:
        """The argument itself, inside the box if the outputs live in one."""
        if self.box[self.outputs].any() and np.any((argument < 0.0) | (argument > 1.0)):
            raise ArgumentError("outputs with the hard sigmoid live in [0, 1] and cannot be clamped to a `y` outside")
        return argument

    def local(self, s: Array, rows: Array) -> Local:
        """See `Network.local`."""
        n = self.n
        r, d, c, g = self.evaluate(self.kernels.local, s, rows, 4 * n).reshape(4, n, -1)
        force = d * g - s
        box = self.box[:, None]
        stuck = box & (((s <= 0.0) & (force < 0.0)) | ((s >= 1.0) & (force > 0.0)))
        return Local(r, d, c, g, force, ~stuck, s, np.ones_like(s))

    def free_rows(self, x: Array | None, batch: int) -> Array:
        """1/tau, drive, and with a box the bounds of each unit."""
        n = self.n
        rows = np.empty(((4 if self.box.any() else 2) * n, batch))
        rows[:n] = 1.0 / self.tau[:, None]
        rows[n : 2 * n] = self.drive(x, batch)
        if self.box.any():
            rows[2 * n : 3 * n] = np.where(self.box, 0.0, -np.inf)[:, None]
            rows[3 * n :] = np.where(self.box, 1.0, np.inf)[:, None]
        return rows

    def nudged_rows(self, s: Array, local: Local, gap: Array, beta: Array) -> Array:
        """See `nudged`."""
        n = self.n
        spring, soft = self.nudged_cost(local, len(beta))
        rate = np.repeat(1.0 / self.tau[:, None], len(beta), axis=1)
        rows = [rate, local.rate, local.slope, local.field, gap, spring, np.repeat(beta[None], n, axis=0)]
        if self.box.any():
            rows += self._box_rows(s, local, beta)
        return np.concatenate([*rows, soft])

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

    def complex_linearized(
        self, local: Local, move: Complex, rates: Complex, slopes: Complex, beta: complex
    ) -> Complex:
        """See `Network.complex_linearized`."""
        rate, slope, outputs = local.rate[:, 0] + rates, local.slope[:, 0] + slopes, self.outputs
        field = local.field[:, 0] + self.coupling @ rates
        bend = complex_nudged.bends(self.graph, rate, slope)
        matrix = np.diag(1.0 - bend * field) - slope[:, None] * self.coupling * slope
        matrix[outputs, outputs] += beta * self.readout.curvature(local.argument[outputs, 0] + move[outputs])
        return matrix

    def linear_rows(self, local: Local) -> Array:
        """1/tau, slope and diagonal of H, zero for inactive units."""
        rate = np.repeat(1.0 / self.tau[:, None], local.rate.shape[1], axis=1)
        diagonal = 1.0 - local.bend * local.field
        return np.concatenate([rate, local.slope * local.active, diagonal * local.active])
