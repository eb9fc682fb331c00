"""What a cost does to the outputs: the force of a nudge, and how it changes from the base.

z is what the cost is a function of: the states of the outputs, in the rate form their rates. The squared error is
linear and so part of the flows' loops; the others write over whole outputs. What a nudge changes of these is a kernel,
which is compiled only for such a cost, and called by its address in the layout.
"""

from __future__ import annotations

from numba import types

from neurodyn.flows.layout import COST, COST_CHANGES, COST_SLOPES, OUT_COUNT, OUT_FIRST, OWN_COST, SOFTMAX, N, some
from neurodyn.flows.rows import BETA
from neurodyn.numerics.kernel import (
    Kernel,
    constant_integers,
    constant_matrix,
    constant_vector,
    helper,
    make_call,
    matrix,
    vector,
)
from neurodyn.numerics.vectormath import expm1_and_exp
from neurodyn.numerics.view import flat, units

#: slopes(z, y, out) writes dc/dz of a cost of a user's own for each output; out may be z itself.
SLOPES_OF = types.void(constant_vector, constant_vector, vector)
call_slopes = make_call(SLOPES_OF)
#: cost_changes(z, rows, layout, responded, bent, out).
COST_CHANGES_OF = types.void(constant_matrix, constant_matrix, constant_integers, types.boolean, matrix, matrix)
call_cost_changes = make_call(COST_CHANGES_OF)


@helper
def is_curved(layout):
    """Whether the cost's second derivative depends on the outputs."""
    return layout[COST] != 0


@helper
def cost_change(x, rows, layout, out):
    """Write dC/dz(z* + beta x) - dC/dz(z*) of a curved cost into out, for x and out of the outputs, (count, b).

    The rows of the nudged flow end with softmax(z*), or for a cost of a user's own with dC/dz(z*), z* and targets.
    """
    first, count = layout[OUT_FIRST], layout[OUT_COUNT]
    beta, last = some(rows, BETA, first, count, layout), units(rows, rows.shape[0] - count, count)
    if layout[COST] == SOFTMAX:
        soften(x, beta, last, out)
        return
    place = rows.shape[0] - 3 * count
    slope, z = flat(rows, place, place + count), flat(rows, place + count, place + 2 * count)
    strength, move, change = flat(beta, 0, count), flat(x, 0, count), flat(out, 0, count)
    for j in range(change.size):
        change[j] = z[j] + strength[j] * move[j]
    call_slopes(layout[COST_SLOPES], (change, flat(last, 0, count), change))
    for j in range(change.size):
        change[j] -= slope[j]


@helper
def soften(x, beta, p, out):
    """Write softmax(z* + beta x) - softmax(z*) into out, for x, beta and out of the outputs; p = softmax(z*).

    It is p (e - sum p e) / (1 + sum p e), e = expm1(beta x), whatever is added to all of x: here, so that no power
    overflows, the largest is 0.
    """
    count = x.shape[0]
    for j in range(x.shape[1]):
        top = beta[0, j] * x[0, j]
        for i in range(count):
            top = max(top, beta[i, j] * x[i, j])
        mean, total = 0.0, 0.0
        for i in range(count):
            growth, factor = expm1_and_exp(beta[i, j] * x[i, j] - top)
            out[i, j] = growth
            mean += p[i, j] * growth
            total += p[i, j] * factor
        for i in range(count):
            out[i, j] = p[i, j] * (out[i, j] - mean) / total


def _cost_changes(z, rows, layout, responded, bent, out):
    """Subtract the change of the cost's slope from the outputs' forces, or from their velocities if they responded.

    The outputs' rows of `bent`, which their population needs no more, are overwritten.
    """
    first, count = layout[OUT_FIRST], layout[OUT_COUNT]
    pull = units(bent, first, count)
    cost_change(units(z, first, count), rows, layout, pull)
    for i in range(count):
        for j in range(out.shape[1]):
            out[first + i, j] -= rows[first + i, j] * pull[i, j] if responded else pull[i, j]


cost_changes = Kernel(_cost_changes, COST_CHANGES_OF)


@helper
def subtract_cost(z, rows, layout, responded, bent, out):
    """Call `cost_changes`."""
    call_cost_changes(layout[COST_CHANGES], (z, rows, layout, responded, bent, out))


@helper
def pull(z, strength, target, layout, out):
    """out = -beta dC/dz (n, b) at z (n, b), from strengths beta and targets (n, b)."""
    n = layout[N]
    a, b, y, force = flat(z, 0, n), flat(strength, 0, n), flat(target, 0, n), flat(out, 0, n)
    for j in range(force.size):
        force[j] = b[j] * (y[j] - a[j])
    if is_curved(layout):
        first, count = layout[OUT_FIRST], layout[OUT_COUNT]
        outputs = units(z, first, count), units(strength, first, count), units(target, first, count)
        curved_pull(outputs, layout, units(out, first, count))


@helper
def curved_pull(outputs, layout, out):
    """out = -beta dC/dz of the outputs alone, of a softmax beta (y - softmax)."""
    z, strength, target = outputs
    count = z.shape[0]
    if layout[COST] == OWN_COST:
        force, beta = flat(out, 0, count), flat(strength, 0, count)
        call_slopes(layout[COST_SLOPES], (flat(z, 0, count), flat(target, 0, count), force))
        for j in range(force.size):
            force[j] = -beta[j] * force[j]
        return
    for j in range(z.shape[1]):
        top = z[0, j]
        for i in range(count):
            top = max(top, z[i, j])
        total = 0.0
        for i in range(count):
            out[i, j] = expm1_and_exp(z[i, j] - top)[1]
            total += out[i, j]
        for i in range(count):
            out[i, j] = strength[i, j] * (target[i, j] - out[i, j] / total)
