"""The rate form (Hopfield 1984, Cohen & Grossberg 1983): the second leaky-integrator form, without the slope rho'.

With the state u of the free units, their rates r = rho(u) and those of the clamped input in the drive,

    tau_i du_i/dt = -u_i + sum_j W_ij r_j + b_i                                              (free phase)

Where weights are shared by both directions, this descends an energy of the rates,

    E(r) = -1/2 r^T W r - b^T r + sum_i int_0^r_i rho^-1,    tau du/dt = -dE/dr,    d2E/dr2 = 1/rho' - W,

and the cost C = 1/2 |r_out - y|^2 is one of the rates too: nudging adds -beta dC/dr. The metric is tau/rho', and
-(tau/beta) du/dt is the derivative dL/dr of the cost L after a time t by the rate. With D = (rho(u) - rho(u*)) / beta
by formulas that do not cancel, u = u* + beta delta follows

    tau ddelta/dt = W D - delta - dC/dr(r*) - beta C'' D.

Feedback may have other weights than W^T: a factor gamma, or weights of its own. Then there is no energy, nudged
velocities follow W and the side network W^T,

    z' = -(1 - W rho') T^-1 z,    S' = -(1 - W^T rho') T^-1 S,    z(0) = S(0) = dC/dr,

which are the same for a symmetric W only. S is the derivative of the cost in either case.

Source: J. J. Hopfield, PNAS 81:3088 (1984); X. Xie, H. S. Seung, Neural Computation 15:441 (2003) for gamma.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from neurodyn.errors import ModelError, nearest
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
    couple_transposed,
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
from neurodyn.system.activation import divided_differences, inverse, leak_energy
from neurodyn.system.graph import RANDOM, Connection, Graph
from neurodyn.system.network import Kernels, Local


@flow_kernel
def energy(t, u, rows, theta, layout, work, out):
    """E of each sample; rows are those of `free`."""
    n = layout[N]
    r, field = work[:n], work[n:]
    activate(u, layout, r, field)
    for i in range(n):
        for j in range(u.shape[1]):
            field[i, j] = 0.0
    couple(r, theta, layout, field)
    for j in range(u.shape[1]):
        out[0, j] = 0.0
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        for i in range(start, stop):
            for j in range(u.shape[1]):
                out[0, j] += leak_energy(code, u[i, j], r[i, j]) - r[i, j] * (rows[n + i, j] + 0.5 * field[i, j])


@flow_kernel
def free(t, u, rows, theta, layout, work, out):
    """du/dt of the free phase. Rows: 1/tau, drive."""
    n = layout[N]
    r = units(work, 0, n)
    activate(u, layout, r, units(work, n, n))
    field, current, rate, x = flat(out, 0, n), flat(rows, n, 2 * n), flat(rows, 0, n), flat(u, 0, n)
    for j in range(field.size):
        field[j] = current[j]
    couple(r, theta, layout, out)
    for j in range(field.size):
        field[j] = rate[j] * (field[j] - x[j])


@flow_kernel
def driven(t, u, rows, theta, layout, work, out):
    """du/dt under an input that moves, or a nudge, or both. Rows: those of `free`, then what `Driven` adds."""
    n = layout[N]
    r, force = units(work, 0, n), flat(work, n, 2 * n)
    activate(u, layout, r, units(work, n, n))
    currents(t, rows, theta, layout, units(work, 3 * n, work.shape[0] - 3 * n), out)
    couple(r, theta, layout, out)
    pull(r, rows, layout[layout.size - DRIVEN + EXTRA], layout, units(work, n, n))
    field, rate, x = flat(out, 0, n), flat(rows, 0, n), flat(u, 0, n)
    for j in range(field.size):
        field[j] = rate[j] * (field[j] - x[j] + force[j])


@flow_kernel
def nudged(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase around u*. Rows, n each: 1/tau, rho(u*), rho'(u*), dC/dr(r*), C'', beta.

    With a softmax read-out, whose C'' varies and stands as 0, then the outputs' softmax at u*.
    """
    n = layout[N]
    moved, bent = units(work, 0, n), units(work, n, n)
    differences(delta, rows, layout, moved, bent)
    field = flat(out, 0, n)
    for j in range(field.size):
        field[j] = 0.0
    couple(moved, theta, layout, out)
    respond_nudged(delta, moved, bent, rows, layout, out)


@helper
def respond_nudged(delta, moved, bent, rows, layout, out):
    """Turn the change of the fields over beta into ddelta/dt; of a softmax the outputs' `bent` is overwritten."""
    n = layout[N]
    field, x, rate, dr = flat(out, 0, n), flat(delta, 0, n), flat(rows, 0, n), flat(moved, 0, n)
    gap, spring, beta = flat(rows, 3 * n, 4 * n), flat(rows, 4 * n, 5 * n), flat(rows, 5 * n, 6 * n)
    for j in range(field.size):
        field[j] = rate[j] * (field[j] - x[j] - gap[j] - beta[j] * spring[j] * dr[j])
    first, count = layout[SOFT_FIRST], layout[SOFT_COUNT]
    if count > 0:
        pull = units(bent, first, count)
        soften(units(moved, first, count), units(rows, 5 * n + first, count), rows, layout, pull)
        for i in range(count):
            for j in range(out.shape[1]):
                out[first + i, j] -= rows[first + i, j] * pull[i, j]


@flow_kernel
def plastic(t, z, rows, theta, layout, work, out):
    """The nudged phase while weights move. z: delta (n rows), then what the weights and biases gain, times tau_theta.

    Rows: those of `nudged`, then 1/(beta tau_theta), 1, and the rates of the clamped units.
    """
    n, first = layout[N], footer(layout)[2]
    delta, velocity = units(z, 0, n), units(out, 0, n)
    moved, bent, rate, motion = units(work, 0, n), units(work, n, n), units(work, 2 * n, n), units(work, 3 * n, n)
    differences(delta, rows, layout, moved, bent)
    field, r, a, d = flat(out, 0, n), flat(rate, 0, n), flat(rows, n, 2 * n), flat(rows, 2 * n, 3 * n)
    beta, dr, dd = flat(rows, 5 * n, 6 * n), flat(moved, 0, n), flat(bent, 0, n)
    for j in range(field.size):
        field[j] = 0.0
        r[j] = a[j] + beta[j] * dr[j]
    couple(moved, theta, layout, velocity)
    clamped = units(rows, first + 2, rows.shape[0] - first - 2)
    transmit(z, rate, clamped, layout, row(rows, first), velocity)
    m = flat(motion, 0, n)
    for j in range(m.size):
        m[j] = d[j] + beta[j] * dd[j]
    respond_nudged(delta, moved, bent, units(rows, 0, first), layout, velocity)
    for j in range(m.size):
        m[j] *= field[j]
    associate(rate, clamped, motion, layout, row(rows, first + 1), out)


@helper
def differences(delta, rows, layout, moved, bent):
    """Divided differences of rates (and slopes) around u*."""
    n = layout[N]
    for p in range(layout[POPULATIONS]):
        start, stop, code = population(layout, p)
        a, d = flat(rows, n + start, n + stop), flat(rows, 2 * n + start, 2 * n + stop)
        beta, x = flat(rows, 5 * n + start, 5 * n + stop), flat(delta, start, stop)
        divided_differences(code, a, d, x, beta, flat(moved, start, stop), flat(bent, start, stop))


@flow_kernel
def change(t, delta, rows, theta, layout, work, out):
    """(rho(u* + beta delta) - rho(u*)) / beta; rows are those of `nudged`."""
    differences(delta, rows, layout, out, work[: layout[N]])


@flow_kernel
def jvp(t, v, rows, theta, layout, work, out):
    """(1 - W rho') v, minus the Jacobian of the force times v. Rows: 1/tau (not used), rho'."""
    n = layout[N]
    x, d, weighted, result = flat(v, 0, n), flat(rows, n, 2 * n), flat(work, 0, n), flat(out, 0, n)
    for j in range(x.size):
        weighted[j] = -d[j] * x[j]
        result[j] = x[j]
    couple(units(work, 0, n), theta, layout, out)


@flow_kernel
def vjp(t, v, rows, theta, layout, work, out):
    """(1 - rho' W^T) v. Rows are those of `jvp`."""
    n = layout[N]
    x, d, result = flat(v, 0, n), flat(rows, n, 2 * n), flat(out, 0, n)
    for j in range(x.size):
        result[j] = 0.0
    couple_transposed(v, theta, layout, out)
    for j in range(x.size):
        result[j] = x[j] - d[j] * result[j]


@flow_kernel
def side(t, z, rows, theta, layout, work, out):
    """The side network: z holds S (n rows) and the integral of S/tau (n rows); dS/dt = -(1 - W^T rho') T^-1 S.

    Rows are those of `jvp`.
    """
    n = layout[N]
    signal, current, fall = flat(z, 0, n), flat(out, n, 2 * n), flat(out, 0, n)
    rate, d, weighted = flat(rows, 0, n), flat(rows, n, 2 * n), flat(work, 0, n)
    for j in range(signal.size):
        current[j] = rate[j] * signal[j]
        weighted[j] = d[j] * current[j]
        fall[j] = -current[j]
    couple_transposed(units(work, 0, n), theta, layout, units(out, 0, n))


@flow_kernel
def concurrent(t, z, rows, theta, layout, work, out):
    """States, side network and weights at once. z: u, lambda (n rows each), weights and biases.

    T du/dt = -dE/dr,   tau_side dlambda/dt = dC/dr - (1 - W rho') lambda,   tau_theta dtheta/dt = -dJ/dtheta(lambda)

    Rows, n each: 1/tau, 1 for outputs, targets; then 1/tau_side, -1/tau_theta, rates of the clamped units.
    """
    n, first = layout[N], footer(layout)[2]
    u, signal, clamped = units(z, 0, n), units(z, n, n), units(rows, first + 2, rows.shape[0] - first - 2)
    rate, slope, fields = units(work, 0, n), units(work, n, n), units(out, 0, n)
    activate(u, layout, rate, slope)
    drive_and_linearize(z, signal, clamped, layout, work, fields)
    change, pulled, side = units(work, 3 * n, n), units(work, 4 * n, n), units(out, n, n)
    pull(rate, rows, n, layout, pulled)
    for i in range(n):
        a, x, b, product = row(fields, i), row(u, i), row(side, i), row(work, 2 * n + i)
        v, c, d, gap = row(signal, i), row(change, i), row(slope, i), row(pulled, i)
        speed, fast = row(rows, i), row(rows, first)
        for j in range(a.size):
            a[j] = speed[j] * (a[j] - x[j])
            b[j] = fast[j] * (product[j] - gap[j] - v[j])
            c[j] = d[j] * v[j]
    associate(rate, clamped, change, layout, row(rows, first + 1), out)


class Rate(Wired):
    """Network in the rate form; see `Network` for the parameters, `layered` and `recurrent` for shapes.

    Units need a strictly increasing activation. `Connection` says what weights its feedback has: with 1 everywhere
    there is an energy; else `energy`, `hessian` and `energy_gradient` refuse, and all else works.

    Examples
    --------
    >>> from neurodyn import models
    >>> net = models.Rate.layered([4, 3, 2], feedback="random", seed=1)
    >>> net.parameters["h1-y"].shape, net.parameters["y-h1"].shape
    ((3, 2), (2, 3))
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
        vjp=vjp,
        complex_nudged=complex_nudged.rate,
        complex_changes=complex_nudged.changes,
    )
    energy_of = "rates"

    @classmethod
    def layered(
        cls,
        sizes: Sequence[int],
        *,
        activation: str | Sequence[str] = "tanh",
        readout: str = "linear",
        tau: Any = 1.0,
        feedback: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Rate:
        """A chain x, h1, h2, ..., y of layers; activation (and tau) for all or one per free layer.

        `readout` says what the cost is of: see `Population`.

        `feedback` from each layer to the one before: a factor gamma of Wᵀ, "random" for weights of its own, or a
        mapping of such weights by name, like ``{"y-h1": array}``, beside which the other connections stay symmetric.
        """
        populations, connections = shapes.layered(sizes, activation, readout)
        connections, arrays = _with_feedback(connections, feedback)
        net = cls(populations, connections, tau=tau, seed=seed, gain=gain)
        return net.replace(parameters=arrays) if arrays else net

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
        feedback: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Rate:
        """One population `s`, driven by `x`; its last n_out units are the outputs.

        A fraction `sparsity` of the connections within `s` is absent (see `Connection`); x drives all of `s`. With
        feedback "random", or ``{"s-s": array}``, the weight from unit i to unit j, entry [i, j], is not that from j
        to i.
        """
        populations, connections = shapes.recurrent(n, n_in, n_out, activation, readout, sparsity)
        connections, arrays = _with_feedback(connections, feedback)
        net = cls(populations, connections, tau=tau, seed=seed, gain=gain)
        return net.replace(parameters=arrays) if arrays else net

    @classmethod
    def check(cls, graph: Graph) -> None:
        """Rates must tell states apart: the energy needs the inverse of the activation."""
        for p in graph.free:
            if p.activation == "hard-sigmoid":
                raise ModelError(
                    f"population {p.name!r}: the rate form needs a strictly increasing activation, and the hard "
                    "sigmoid is flat outside [0, 1]; take sigmoid, tanh, softplus or linear, or models.Hopfield"
                )

    def argument(self, s: Array) -> Array:
        """Energy and cost are functions of the rates."""
        n, batch = s.shape
        return self.evaluate(self.kernels.local, s, np.zeros((2 * n, batch)), 4 * n)[:n]

    def output_state(self, argument: Array) -> Array:
        """Where the outputs have these rates."""
        return inverse(next(p.activation for p in self.graph.free if p.n_outputs), argument)

    def local(self, s: Array, rows: Array) -> Local:
        """See `Network.local`."""
        r, d, c, g = self.evaluate(self.kernels.local, s, rows, 4 * self.n).reshape(4, self.n, -1)
        return Local(r, d, c, g, g - s, np.ones(s.shape, dtype=bool), r, d)

    def free_rows(self, x: Array | None, batch: int) -> Array:
        """1/tau and drive of each unit."""
        rate = np.repeat(1.0 / self.tau[:, None], batch, axis=1)
        return np.concatenate([rate, self.drive(x, batch)])

    def nudged_rows(self, s: Array, local: Local, gap: Array, beta: Array) -> Array:
        """See `nudged`."""
        n = self.n
        spring, soft = self.nudged_cost(local, len(beta))
        rate = np.repeat(1.0 / self.tau[:, None], len(beta), axis=1)
        return np.concatenate([rate, local.rate, local.slope, gap, spring, np.repeat(beta[None], n, axis=0), soft])

    def complex_linearized(
        self, local: Local, move: Complex, rates: Complex, slopes: Complex, beta: complex
    ) -> Complex:
        """See `Network.complex_linearized`."""
        rate, slope, outputs = local.rate[:, 0] + rates, local.slope[:, 0] + slopes, self.outputs
        matrix = np.eye(self.n) - self.coupling * slope
        matrix[outputs, outputs] += beta * self.readout.curvature(rate[outputs]) * slope[outputs]
        return matrix

    def linear_rows(self, local: Local) -> Array:
        """1/tau and slope."""
        rate = np.repeat(1.0 / self.tau[:, None], local.rate.shape[1], axis=1)
        return np.concatenate([rate, local.slope])


def _with_feedback(connections: Sequence[Connection], feedback: Any) -> tuple[tuple[Connection, ...], dict[str, Any]]:
    """The connections with a feedback where they do not come from the input `x`; and its arrays, if it is a mapping."""
    inner = {f"{c.second}-{c.first}": c for c in connections if c.first != "x"}
    if not isinstance(feedback, Mapping):
        return tuple(replace(c, feedback=feedback) if c in inner.values() else c for c in connections), {}
    for name in feedback:
        if name not in inner:
            raise ModelError(f"`feedback`: no connection leads back as {name!r}; {nearest(name, inner)}")
    own = [inner[name] for name in feedback]
    return tuple(replace(c, feedback=RANDOM) if c in own else c for c in connections), dict(feedback)


__all__ = ["Rate"]
