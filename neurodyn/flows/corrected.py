"""The nudged phase of a network without an energy, corrected so that the changes of states follow the side network.

K is minus the Jacobian of the force at s*, and K' = m^-1 Kᵀ m the matrix of the side network (`neurodyn.flows.linear`).
To the force of the nudged phase comes their difference, which vanishes where there is an energy:

    tau ddelta/dt = (that of `neurodyn.flows.nudged`) + K delta - K' delta

Linearised, that is tau ddelta/dt = -K' delta - dC/dz, so that w = -tau ddelta/dt obeys the equation of the side
network, w(0) = dC/dz and dw/dt = -K' T^-1 w. In the rate form the correction is -(W - Wᵀ) rho'(u*) delta.
"""

from __future__ import annotations

from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import CLAMPED, EXTENDED, NUDGED_TERMS, TERMS, N, after, rows_of, zero
from neurodyn.flows.linear import BASE, FORWARD, SIDE, multiply_by_jacobian
from neurodyn.flows.nudged import respond
from neurodyn.flows.populations import differences
from neurodyn.flows.response import add_to_fields, add_to_velocities, subtract
from neurodyn.flows.rows import LINEAR_BLOCKS
from neurodyn.flows.terms import OUT_S, call_part, every
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.view import flat, units


@flow_kernel(blocks=3)
def corrected(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the corrected phase; rows are those of products with the Jacobian at s*, then those of `nudged`."""
    force, change, bent = rows_of(work, 0, layout), rows_of(work, 1, layout), rows_of(work, 2, layout)
    own = nudged_rows(rows, layout)
    multiply_by_jacobian(FORWARD, delta, rows, theta, layout, after(work, 1, layout), force)
    multiply_by_jacobian(SIDE, delta, rows, theta, layout, after(work, 1, layout), out)
    subtract(out, layout, force)
    differences(delta, own, layout, change, bent)
    zero(flat(out, 0, layout[N]))
    couple(change, theta, layout, out)
    if layout[TERMS]:
        scratch = after(work, 3, layout)
        call_part(layout[NUDGED_TERMS], (delta, change, own, theta, layout, scratch, out))
        total, more = flat(force, 0, layout[N]), flat(every(scratch, OUT_S, layout), 0, layout[N])
        for j in range(total.size):
            total[j] += more[j]
    add_to_fields(force, layout, out)
    respond(delta, change, bent, own, layout, out)
    add_to_velocities(force, own, layout, out)


@helper
def nudged_rows(rows, layout):
    """The rows of the nudged flow, after those of products with the Jacobian."""
    first = (LINEAR_BLOCKS + BASE * layout[EXTENDED]) * layout[N] + layout[CLAMPED] * layout[EXTENDED]
    return units(rows, first, rows.shape[0] - first)
