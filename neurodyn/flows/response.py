"""From fields to velocities: tau ds/dt = rho'(s) g - s in the state form, tau du/dt = g - u in the rate form.

g_i = sum_j W_ij r_j + b_i is the field. A unit that does not leak lacks the - s. A unit with the hard sigmoid lives in
the box [0, 1]: it does not move while it sits on a bound and its force points out.
"""

from __future__ import annotations

from numba import types

from neurodyn.flows.activation import HARD_SIGMOID
from neurodyn.flows.layout import (
    LEAK,
    METRIC,
    POPULATIONS,
    RATES,
    TERM_FORCES,
    N,
    part,
    population,
)
from neurodyn.flows.rows import RATE
from neurodyn.numerics.kernel import Kernel, constant_integers, constant_matrix, helper, make_call, matrix
from neurodyn.numerics.processor import wide
from neurodyn.numerics.view import flat

#: term_forces(force, rows, layout, responded, out).
TERM_FORCES_OF = types.void(constant_matrix, constant_matrix, constant_integers, types.boolean, matrix)
call_term_forces = make_call(TERM_FORCES_OF)


@helper
def is_stuck(x, low, high, force):
    """Whether a unit at x in [low, high] sits on a bound with its force pointing out."""
    return (x <= low and force < 0.0) or (x >= high and force > 0.0)


@helper
def respond(s, r, d, rows, layout, out):
    """Turn fields into ds/dt."""
    wide()
    for p in range(layout[POPULATIONS]):
        o, start, stop, code = population(layout, p)
        leak = float(layout[o + LEAK])
        f, x, rate = flat(out, start, stop), flat(s, start, stop), part(rows, RATE, start, stop, layout)
        if code == HARD_SIGMOID:
            clipped = flat(r, start, stop)  # also in stages that overshoot the box
            for j in range(f.size):
                force = f[j] - leak * clipped[j]
                f[j] = 0.0 if is_stuck(x[j], 0.0, 1.0, force) else rate[j] * force
        elif layout[METRIC] == RATES:
            for j in range(f.size):
                f[j] = rate[j] * (f[j] - leak * x[j])
        else:
            slope = flat(d, start, stop)
            for j in range(f.size):
                f[j] = rate[j] * (slope[j] * f[j] - leak * x[j])


@helper
def add_to_fields(force, layout, out):
    """Add a further force (n, b) to the fields of units in a box, whose slope is 1: before they respond."""
    for p in range(layout[POPULATIONS]):
        _, start, stop, code = population(layout, p)
        if code == HARD_SIGMOID:
            f, more = flat(out, start, stop), flat(force, start, stop)
            for j in range(f.size):
                f[j] += more[j]


@helper
def add_to_velocities(force, rows, layout, out):
    """Add what a further force (n, b) does to the velocities of units outside a box: after they responded."""
    for p in range(layout[POPULATIONS]):
        _, start, stop, code = population(layout, p)
        if code != HARD_SIGMOID:
            f, more, rate = flat(out, start, stop), flat(force, start, stop), part(rows, RATE, start, stop, layout)
            for j in range(f.size):
                f[j] += rate[j] * more[j]


def _term_forces(force, rows, layout, responded, out):
    """Add a further force before units respond and after, where that is what terms add: compiled if there are any."""
    if responded:
        add_to_velocities(force, rows, layout, out)
    else:
        add_to_fields(force, layout, out)


term_forces = Kernel(_term_forces, TERM_FORCES_OF)


@helper
def push(force, rows, layout, responded, out):
    """Call `term_forces`."""
    call_term_forces(layout[TERM_FORCES], (force, rows, layout, responded, out))


@helper
def subtract(values, layout, out):
    """out (n, b) -= values of the free units."""
    a, b = flat(out, 0, layout[N]), flat(values, 0, layout[N])
    for j in range(a.size):
        a[j] -= b[j]
