"""The free flow under an input that moves, and with its outputs nudged: tau ds/dt = -dE/ds(x(t)) - beta dC/ds."""

from __future__ import annotations

from neurodyn.flows.cost import pull
from neurodyn.flows.coupling import couple
from neurodyn.flows.free import term_forces
from neurodyn.flows.input import currents
from neurodyn.flows.layout import (
    CONSTANT,
    DRIVEN,
    EXTRA,
    KIND,
    METRIC,
    RATES,
    TERMS,
    WIDTH,
    N,
    after,
    flat,
    rows_of,
    units,
)
from neurodyn.flows.populations import activate
from neurodyn.flows.response import add_to_fields, add_to_velocities, respond, subtract
from neurodyn.flows.terms import all_gradients
from neurodyn.numerics.kernel import flow_kernel, helper


@flow_kernel(blocks=3)
def driven(t, s, rows, theta, layout, work, out):
    """ds/dt. Rows: those of the free flow, strengths and targets (n each), the sample that a trajectory is.

    Scratch: three blocks, 2 WIDTH + 1 rows of the stimulus, and those of the terms.
    """
    n, o = layout[N], layout.size - DRIVEN
    r, d, force = rows_of(work, 0, layout), rows_of(work, 1, layout), rows_of(work, 2, layout)
    moving = after(work, 3, layout)
    activate(s, layout, r, d)
    currents(t, rows, theta, layout, moving, out)
    couple(r, theta, layout, out)
    strength, target = units(rows, layout[o + EXTRA], n), units(rows, layout[o + EXTRA] + n, n)
    pull(r if layout[METRIC] == RATES else s, strength, target, layout, force)
    if layout[TERMS] > 0:
        add_term_forces(s, r, rows, theta, layout, moving, force, out)
    add_to_fields(force, layout, out)
    respond(s, r, d, rows, layout, out)
    add_to_velocities(force, rows, layout, out)


@helper
def add_term_forces(s, r, rows, theta, layout, moving, force, out):
    """Subtract V_r of the terms from the fields in out, and V_s from the force, at the rates that the input has."""
    o = layout.size - DRIVEN
    width = layout[o + WIDTH]
    used = 2 * width + 1
    scratch = units(moving, used, moving.shape[0] - used)
    total = flat(force, 0, layout[N])
    if layout[o + KIND] == CONSTANT:
        by_state = term_forces(s, r, units(rows, 0, layout[o + EXTRA]), theta, layout, scratch, out)
        more = flat(by_state, 0, layout[N])
        for j in range(total.size):
            total[j] += more[j]
    else:
        by_state, by_rate = all_gradients(s, r, units(moving, 0, width), theta, layout, scratch)
        subtract(by_rate, layout, out)
        subtract(by_state, layout, force)
