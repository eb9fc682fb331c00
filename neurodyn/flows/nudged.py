"""The nudged phase as the flow of delta, where s = s* + beta delta: its size does not shrink with beta.

With D = (rho(s) - rho(s*)) / beta and D' = (rho'(s) - rho'(s*)) / beta by formulas that do not cancel, g* the field at
s*, and G_s, G_r what `neurodyn.flows.terms.changes` gives of the terms,

    tau ddelta/dt = rho'(s) (W D - G_r) + g* D' - delta - G_s - dC/ds(s*) - beta C'' delta      (state form)
    tau ddelta/dt = W D - G_r - delta - dC/dr(r*) - beta C'' D                                  (rate form)
"""

from __future__ import annotations

from neurodyn.flows.activation import HARD_SIGMOID
from neurodyn.flows.cost import is_curved, subtract_cost
from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import (
    LEAK,
    METRIC,
    NUDGED_TERMS,
    OUT_FIRST,
    POPULATIONS,
    RATES,
    TERMS,
    N,
    after,
    part,
    population,
    rows_of,
    unit,
    zero,
)
from neurodyn.flows.populations import differences
from neurodyn.flows.response import is_stuck, push, subtract
from neurodyn.flows.rows import (
    BASE_BLOCKS,
    BASE_FIELD,
    BASE_RATE,
    BASE_SLOPE,
    BETA,
    COST_CURVATURE,
    COST_SLOPE,
    DELTA_LOWER,
    DELTA_UPPER,
    NUDGED_BLOCKS,
    NUDGED_BOX,
    PRESSURE,
    RATE,
    STATE,
    TERMS_BY_RATE,
    TERMS_BY_STATE,
    base,
    clamped,
)
from neurodyn.flows.terms import OUT_S, TERM_PART, V_R, V_S, R, S, call_part, changes, every, extend, extend_by_zeros
from neurodyn.numerics.kernel import Kernel, flow_kernel, helper
from neurodyn.numerics.view import constant, flat


@flow_kernel(blocks=2)
def nudged(t, delta, rows, theta, layout, work, out):
    """ddelta/dt of the nudged phase around s*; rows as `neurodyn.flows.rows` has them."""
    change, bent = rows_of(work, 0, layout), rows_of(work, 1, layout)
    differences(delta, rows, layout, change, bent)
    zero(flat(out, 0, layout[N]))
    couple(change, theta, layout, out)
    finish(delta, change, bent, rows, theta, layout, after(work, 2, layout), out)


@helper
def finish(delta, change, bent, rows, theta, layout, scratch, out):
    """Turn the changes W D of the fields in out into ddelta/dt."""
    if layout[TERMS] > 0:
        call_part(layout[NUDGED_TERMS], (delta, change, rows, theta, layout, scratch, out))
        push(every(scratch, OUT_S, layout), rows, layout, False, out)
    respond(delta, change, bent, rows, layout, out)
    if layout[TERMS] > 0:
        push(every(scratch, OUT_S, layout), rows, layout, True, out)


def _nudged_terms(delta, change, rows, theta, layout, scratch, out):
    """Subtract G_r from the changes of the fields in out, and leave -G_s in scratch memory."""
    start = base(rows, NUDGED_BLOCKS, NUDGED_BOX, layout)
    rates = clamped(start, BASE_BLOCKS, layout)
    extend(rows_of(start, STATE, layout), rates, every(scratch, S, layout))
    extend(rows_of(rows, BASE_RATE, layout), rates, every(scratch, R, layout))
    extend_by_zeros(delta, every(scratch, V_S, layout))
    extend_by_zeros(change, every(scratch, V_R, layout))
    for p in range(layout[POPULATIONS]):
        _, first, stop, code = population(layout, p)
        if code == HARD_SIGMOID:  # held inside their box
            inside, moved = flat(every(scratch, V_S, layout), first, stop), flat(change, first, stop)
            for j in range(inside.size):
                inside[j] = moved[j]
    before = rows_of(start, TERMS_BY_STATE, layout), rows_of(start, TERMS_BY_RATE, layout)
    by_state, by_rate = changes(unit(rows, BETA, 0, layout), before, theta, layout, scratch)
    subtract(by_rate, layout, out)
    force = flat(by_state, 0, layout[N])
    for j in range(force.size):
        force[j] = -force[j]


nudged_terms = Kernel(_nudged_terms, TERM_PART)


@helper
def respond(delta, change, bent, rows, layout, out):
    """The response of each unit to the change of its field, to the leak, and to the cost."""
    for p in range(layout[POPULATIONS]):
        o, start, stop, code = population(layout, p)
        leak, responded = float(layout[o + LEAK]), code != HARD_SIGMOID
        f, rate = flat(out, start, stop), part(rows, RATE, start, stop, layout)
        slope = part(rows, COST_SLOPE, start, stop, layout)
        curve = part(rows, COST_CURVATURE, start, stop, layout)
        beta, x = part(rows, BETA, start, stop, layout), flat(delta, start, stop)
        if not responded:
            inside, pressure = flat(change, start, stop), part(rows, PRESSURE, start, stop, layout)
            low, high = part(rows, DELTA_LOWER, start, stop, layout), part(rows, DELTA_UPPER, start, stop, layout)
            if is_curved_here(layout, start, stop):  # before it is known whether a unit is stuck
                subtract_cost(constant(change), rows, layout, responded, bent, out)
            for j in range(f.size):
                force = f[j] + pressure[j] - slope[j] - (leak + beta[j] * curve[j]) * inside[j]
                f[j] = 0.0 if is_stuck(x[j], low[j], high[j], force) else rate[j] * force
        elif layout[METRIC] == RATES:
            moved = flat(change, start, stop)
            for j in range(f.size):
                f[j] = rate[j] * (f[j] - leak * x[j] - slope[j] - beta[j] * curve[j] * moved[j])
            if is_curved_here(layout, start, stop):
                subtract_cost(constant(change), rows, layout, responded, bent, out)
        else:
            d, g = part(rows, BASE_SLOPE, start, stop, layout), part(rows, BASE_FIELD, start, stop, layout)
            b = flat(bent, start, stop)
            for j in range(f.size):
                force = (d[j] + beta[j] * b[j]) * f[j] + g[j] * b[j]
                force -= slope[j] + (leak + beta[j] * curve[j]) * x[j]
                f[j] = rate[j] * force
            if is_curved_here(layout, start, stop):
                subtract_cost(delta, rows, layout, responded, bent, out)


@helper
def is_curved_here(layout, start, stop):
    """Whether the outputs are among these units, and their cost's second derivative is no constant."""
    return is_curved(layout) and start <= layout[OUT_FIRST] < stop


@flow_kernel(blocks=1)
def change(t, delta, rows, theta, layout, work, out):
    """(rho(s* + beta delta) - rho(s*)) / beta; rows are those of `nudged`."""
    differences(delta, rows, layout, out, rows_of(work, 0, layout))
