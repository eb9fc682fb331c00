"""The nudged phase while weights move: dtheta/dt = -(1/(beta tau_theta)) d/dt dE/dtheta."""

from __future__ import annotations

from neurodyn.flows.activation import HARD_SIGMOID
from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import (
    POPULATIONS,
    N,
    after,
    block,
    part,
    population,
    rows_of,
    zero,
)
from neurodyn.flows.moving_weights import associate, footer, transmit
from neurodyn.flows.nudged import finish
from neurodyn.flows.populations import differences
from neurodyn.flows.rows import BASE_RATE, BASE_SLOPE, BETA
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.view import flat, row, units


@flow_kernel(blocks=4)
def plastic(t, z, rows, theta, layout, work, out):
    """The velocities of z: delta (n rows), then what the weights and biases gain, times tau_theta.

    Rows: those of `nudged`, then 1/(beta tau_theta), 1, and the rates of the clamped units.
    """
    n, first = layout[N], footer(layout)[2]
    delta, velocity = units(z, 0, n), units(out, 0, n)
    change, bent = rows_of(work, 0, layout), rows_of(work, 1, layout)
    rate, motion = rows_of(work, 2, layout), rows_of(work, 3, layout)
    differences(delta, rows, layout, change, bent)
    r, a, beta, dr = flat(rate, 0, n), block(rows, BASE_RATE, layout), block(rows, BETA, layout), flat(change, 0, n)
    for j in range(r.size):
        r[j] = a[j] + beta[j] * dr[j]
    zero(flat(velocity, 0, n))
    couple(change, theta, layout, velocity)
    clamped = units(rows, first + 2, rows.shape[0] - first - 2)
    transmit(z, rate, clamped, layout, row(rows, first), velocity)
    slopes(bent, rows, layout, motion)
    finish(delta, change, bent, units(rows, 0, first), theta, layout, after(work, 4, layout), velocity)
    m, f = flat(motion, 0, n), flat(velocity, 0, n)
    for j in range(m.size):
        m[j] *= f[j]
    associate(rate, clamped, motion, layout, row(rows, first + 1), out)


@helper
def slopes(bent, rows, layout, out):
    """The present slopes rho'(s), from their changes over beta."""
    for p in range(layout[POPULATIONS]):
        _, start, stop, code = population(layout, p)
        m, d = flat(out, start, stop), part(rows, BASE_SLOPE, start, stop, layout)
        beta, b = part(rows, BETA, start, stop, layout), flat(bent, start, stop)
        for j in range(m.size):
            m[j] = 1.0 if code == HARD_SIGMOID else d[j] + beta[j] * b[j]
