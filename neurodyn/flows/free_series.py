"""The Taylor series of the free phase, by recurrence: its k-th coefficients cost one product with the weights.

With the coefficients s_k of states, r_k of rates, q_k of their slopes, u_k of fields, and v_k of velocities,

    s_k = v_(k-1) / k,   k r_k = sum_{j<k} q_j v_(k-1-j),   q = 1 - r^2 (tanh) or r - r^2 (sigmoid),   u_k = W r_k,
    tau v_k = sum_{j<=k} q_j u_(k-j) - leak s_k (state form) or u_k - leak s_k (rate form).
"""

from __future__ import annotations

from neurodyn.flows.activation import LINEAR, SIGMOID
from neurodyn.flows.free import free
from neurodyn.flows.layout import POPULATIONS, N, block
from neurodyn.flows.populations import activate
from neurodyn.flows.recurrence import STACKS, are_few, fields, in_vectors, sums
from neurodyn.flows.rows import DRIVE
from neurodyn.numerics.kernel import helper, inlined_helper, series_kernel
from neurodyn.numerics.vectors import all_of, load, minus, plus_times, store, times
from neurodyn.numerics.view import borrowed, constant, flat, layer


@series_kernel(free, STACKS)
def free_series(c, rows, theta, layout, work):
    """Coefficients of the states of the free phase; units must have tanh, the sigmoid, or be linear."""
    c, rows, theta, layout, work = borrowed(c), borrowed(rows), borrowed(theta), borrowed(layout), borrowed(work)
    orders, few = c.shape[0], are_few(work, layout)
    activate(constant(layer(c, 0)), layout, layer(work, 0), layer(work, orders))
    for k in range(orders):
        if k > 0:
            for p in range(layout[POPULATIONS]):
                in_vectors(coefficients, k, p, c, rows, work, layout)
        if k < orders - 1:
            fields(k, few, work, rows, theta, layout, orders)
        if k == 0:
            begin(rows, layer(work, 2 * orders), layer(work, 3 * orders), layout)


@helper
def begin(rows, u, v, layout):
    """Add the constant current to u_0; of v_0 nothing is known yet."""
    field, current, velocity = flat(u, 0, layout[N]), block(rows, DRIVE, layout), flat(v, 0, layout[N])
    for j in range(field.size):
        field[j] += current[j]
        velocity[j] = 0.0


@inlined_helper
def coefficients(how, e, c, rows, work, like):
    """v_(k-1), s_k, r_k and q_k of some entries from e on, and of v_k what is known already."""
    k, code, sloped, leak, _ = how
    size, orders = work.shape[1] * work.shape[2], c.shape[0]
    q, u, v, here = e + orders * size, e + 2 * orders * size, e + 3 * orders * size, k * size
    field = load(work, u + here - size, like)
    if sloped and code != LINEAR:
        field = plus_times(load(work, q, like), field, load(work, v + here - size, like))
    force = plus_times(all_of(-leak, like), load(c, e + here - size, like), field)
    velocity = times(load(rows, e, like), force)
    store(work, v + here - size, velocity)
    share = all_of(1.0 / k, like)
    state = times(velocity, share)
    store(c, e + here, state)
    if k == orders - 1:
        return
    if code == LINEAR:
        store(work, e + here, state)
        return
    by_velocity, by_field, by_rate = sums(k, work, (e, q, u, v, size), like)
    rate = times(plus_times(load(work, q, like), velocity, by_velocity), share)
    store(work, e + here, rate)
    squared = plus_times(all_of(2.0, like), times(load(work, e, like), rate), by_rate)
    slope = minus(rate if code == SIGMOID else like, squared)
    store(work, q + here, slope)
    store(work, v + here, plus_times(slope, load(work, u, like), by_field))
