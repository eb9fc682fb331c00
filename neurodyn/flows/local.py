"""What a state means: energy, and rates, slopes, curvatures, fields and forces of each unit."""

from __future__ import annotations

from neurodyn.flows.activation import leak_energy
from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import (
    BOXED,
    FREE_TERMS,
    LEAK,
    METRIC,
    POPULATIONS,
    STATES,
    TERM_ENERGIES,
    TERMS,
    N,
    after,
    block,
    population,
    rows_of,
    unit,
    zero,
)
from neurodyn.flows.populations import activate, curve
from neurodyn.flows.rows import DRIVE, FREE_BLOCKS, clamped
from neurodyn.flows.terms import OUT_S, TERM_PART, R, S, add_energies, call_part, every, extend
from neurodyn.numerics.kernel import Kernel, flow_kernel, helper
from neurodyn.numerics.view import flat, row

#: Blocks of `local`.
LOCAL_RATE, LOCAL_SLOPE, LOCAL_CURVATURE, LOCAL_FIELD, LOCAL_FORCE, LOCAL_BLOCKS = range(6)


@flow_kernel(blocks=0)
def local(t, s, rows, theta, layout, work, out):
    """Rates, slopes, curvatures, fields, and -V_s of the terms that flows call, at s; rows are those of `free`."""
    r, d = rows_of(out, LOCAL_RATE, layout), rows_of(out, LOCAL_SLOPE, layout)
    activate(s, layout, r, d)
    curve(s, r, d, layout, rows_of(out, LOCAL_CURVATURE, layout))
    g, current, force = block(out, LOCAL_FIELD, layout), block(rows, DRIVE, layout), block(out, LOCAL_FORCE, layout)
    for j in range(g.size):
        g[j] = current[j]
        force[j] = 0.0
    field = rows_of(out, LOCAL_FIELD, layout)
    couple(r, theta, layout, field)
    if layout[TERMS] > 0:
        call_part(layout[FREE_TERMS], (s, r, rows, theta, layout, work, field))
        by_state = flat(every(work, OUT_S, layout), 0, layout[N])
        for j in range(force.size):
            force[j] = by_state[j]


@flow_kernel(blocks=2)
def energy(t, s, rows, theta, layout, work, out):
    """E of each sample, out (1, b); rows are those of `free`, with the drive of biases and connections alone."""
    r, field = rows_of(work, 0, layout), rows_of(work, 1, layout)
    activate(s, layout, r, field)
    zero(flat(field, 0, layout[N]))
    couple(r, theta, layout, field)
    zero(row(out, 0))
    for p in range(layout[POPULATIONS]):
        o, start, stop, code = population(layout, p)
        leak = float(layout[o + LEAK])
        for i in range(start, stop):
            add_unit_energies(code, leak, i, (s, r, field, rows), layout, row(out, 0))
    if layout[TERMS] > 0:
        call_part(layout[TERM_ENERGIES], (s, r, rows, theta, layout, after(work, 2, layout), out))


def _term_energies(s, r, rows, theta, layout, scratch, out):
    """out (1, b) += V of all terms."""
    rates = clamped(after(rows, FREE_BLOCKS + 2 * layout[BOXED], layout), 1, layout)
    extend(s, rates, every(scratch, S, layout))
    extend(r, rates, every(scratch, R, layout))
    add_energies(theta, layout, scratch, out)


term_energies = Kernel(_term_energies, TERM_PART)


@helper
def add_unit_energies(code, leak, i, values, layout, out):
    """out (b,) += the leak of unit i, and what its biases, its input and half of its connections contribute."""
    s, r, field, rows = values
    x, y, f, current = row(s, i), row(r, i), row(field, i), unit(rows, DRIVE, i, layout)
    for j in range(out.size):
        kept = 0.5 * x[j] * x[j] if layout[METRIC] == STATES else leak_energy(code, x[j], y[j])
        out[j] += leak * kept - y[j] * (current[j] + 0.5 * f[j])
