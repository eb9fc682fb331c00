"""States, side network and weights at once, each on a time scale of its own.

    T ds/dt = -dE/ds,   tau_side dlambda/dt = dC/ds - H lambda,   tau_theta dtheta/dt = (d2E/dtheta ds) lambda

In the rate form s is u, dC/dr stands for dC/ds, and 1 - W rho' for H.
"""

from __future__ import annotations

from neurodyn.flows.cost import pull
from neurodyn.flows.layout import (
    LEAK,
    METRIC,
    POPULATIONS,
    RATES,
    N,
    population,
    rows_of,
    zero,
)
from neurodyn.flows.moving_weights import associate, footer, relay, transmit
from neurodyn.flows.populations import activate, curve
from neurodyn.flows.response import respond
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.view import flat, row, units

#: Blocks of constants: 1/tau, 1 for outputs, targets; then 1/tau_side, -1/tau_theta, rates of the clamped units.
STRENGTH, TARGET, CONCURRENT_BLOCKS = range(1, 4)


@flow_kernel(blocks=7)
def concurrent(t, z, rows, theta, layout, work, out):
    """The velocities of z: s, lambda (n rows each), weights and biases."""
    n, first = layout[N], footer(layout)[2]
    s, signal, clamped = units(z, 0, n), units(z, n, n), units(rows, first + 2, rows.shape[0] - first - 2)
    rate, slope, bent = rows_of(work, 0, layout), rows_of(work, 1, layout), rows_of(work, 2, layout)
    product, weighted, pulled = rows_of(work, 3, layout), rows_of(work, 4, layout), rows_of(work, 5, layout)
    one, fields = row(work, 6 * n), units(out, 0, n)
    activate(s, layout, rate, slope)
    curve(s, rate, slope, layout, bent)
    zero(flat(fields, 0, n))
    zero(flat(product, 0, n))
    w, d, x = flat(weighted, 0, n), flat(slope, 0, n), flat(signal, 0, n)
    for j in range(w.size):
        w[j] = d[j] * x[j]
    for j in range(one.size):
        one[j] = 1.0
    transmit(z, rate, clamped, layout, one, fields)
    relay(z, weighted, layout, product)
    pull(
        rate if layout[METRIC] == RATES else s,
        rows_of(rows, STRENGTH, layout),
        rows_of(rows, TARGET, layout),
        layout,
        pulled,
    )
    follow(signal, (product, pulled, slope, bent), fields, row(rows, first), layout, units(out, n, n))
    respond(s, rate, slope, rows, layout, fields)
    associate(rate, clamped, weighted, layout, row(rows, first + 1), out)


@helper
def follow(signal, parts, fields, fast, layout, out):
    """out = (dC/ds - H lambda) / tau_side, from the product W rho' lambda, -dC/ds, and slopes and curvatures of rho."""
    product, pulled, slope, bent = parts
    for p in range(layout[POPULATIONS]):
        o, start, stop, _ = population(layout, p)
        leak = float(layout[o + LEAK])
        for i in range(start, stop):
            b, v, w, c = row(out, i), row(signal, i), row(product, i), row(pulled, i)
            d, e, g = row(slope, i), row(bent, i), row(fields, i)
            for j in range(b.size):
                if layout[METRIC] == RATES:
                    b[j] = fast[j] * (w[j] - c[j] - leak * v[j])
                else:
                    b[j] = fast[j] * (d[j] * w[j] - c[j] - (leak - e[j] * g[j]) * v[j])
