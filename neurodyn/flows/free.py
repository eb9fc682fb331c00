"""The free phase: tau_i ds_i/dt = -dE/ds_i, or in the rate form tau_i du_i/dt = -dE/dr_i, under a constant input."""

from __future__ import annotations

from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import BOXED, FREE_TERMS, TERMS, N, after, block, rows_of
from neurodyn.flows.populations import activate
from neurodyn.flows.response import push, respond, subtract
from neurodyn.flows.rows import DRIVE, FREE_BLOCKS, clamped
from neurodyn.flows.terms import OUT_S, TERM_PART, call_part, every, gradients
from neurodyn.numerics.kernel import Kernel, flow_kernel
from neurodyn.numerics.view import flat


@flow_kernel(blocks=2)
def free(t, s, rows, theta, layout, work, out):
    """ds/dt of the free phase; rows as `neurodyn.flows.rows` has them."""
    r, d = rows_of(work, 0, layout), rows_of(work, 1, layout)
    activate(s, layout, r, d)
    field, current = flat(out, 0, layout[N]), block(rows, DRIVE, layout)
    for j in range(field.size):
        field[j] = current[j]
    couple(r, theta, layout, out)
    scratch = after(work, 2, layout)
    if layout[TERMS] > 0:
        call_part(layout[FREE_TERMS], (s, r, rows, theta, layout, scratch, out))
        push(every(scratch, OUT_S, layout), rows, layout, False, out)
    respond(s, r, d, rows, layout, out)
    if layout[TERMS] > 0:
        push(every(scratch, OUT_S, layout), rows, layout, True, out)


def _free_terms(s, r, rows, theta, layout, scratch, out):
    """Subtract V_r of the terms from the fields in out, and leave -V_s in scratch memory; both of the free phase."""
    last = FREE_BLOCKS + 2 * layout[BOXED]
    by_state, by_rate = gradients(s, r, clamped(after(rows, last, layout), 1, layout), theta, layout, scratch)
    subtract(by_rate, layout, out)
    force, constant = flat(by_state, 0, layout[N]), block(rows, last, layout)
    for j in range(force.size):
        force[j] = constant[j] - force[j]


free_terms = Kernel(_free_terms, TERM_PART)
