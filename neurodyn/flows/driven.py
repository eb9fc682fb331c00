"""The free flow under an input that moves, and with its outputs nudged: tau ds/dt = -dE/ds(x(t)) - beta dC/ds."""

from __future__ import annotations

from neurodyn.flows.cost import pull
from neurodyn.flows.coupling import couple
from neurodyn.flows.input import currents
from neurodyn.flows.layout import (
    CONSTANT,
    DRIVEN,
    EXTRA,
    FREE_TERMS,
    KIND,
    METRIC,
    MOVING_TERMS,
    RATES,
    TERMS,
    WIDTH,
    N,
    after,
    rows_of,
)
from neurodyn.flows.populations import activate
from neurodyn.flows.response import add_to_fields, add_to_velocities, respond, subtract
from neurodyn.flows.terms import OUT_S, TERM_PART, all_gradients, call_part, every
from neurodyn.numerics.kernel import Kernel, flow_kernel, helper
from neurodyn.numerics.view import flat, units


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
        free = units(rows, 0, layout[o + EXTRA])
        call_part(layout[FREE_TERMS], (s, r, free, theta, layout, scratch, out))
    else:
        call_part(layout[MOVING_TERMS], (s, r, units(moving, 0, width), theta, layout, scratch, out))
    more = flat(every(scratch, OUT_S, layout), 0, layout[N])
    for j in range(total.size):
        total[j] += more[j]


def _moving_terms(s, r, rates, theta, layout, scratch, out):
    """As `free_terms`, but at the rates of the clamped units, (clamped, b), that an input has at a time."""
    by_state, by_rate = all_gradients(s, r, rates, theta, layout, scratch)
    subtract(by_rate, layout, out)
    force = flat(by_state, 0, layout[N])
    for j in range(force.size):
        force[j] = -force[j]


moving_terms = Kernel(_moving_terms, TERM_PART)
