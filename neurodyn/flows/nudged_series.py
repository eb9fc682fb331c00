"""The Taylor series of the nudged phase, as `free_series` is that of the free one: of delta, where s = s* + beta delta.

With D and B the changes of rates and of their slopes over beta, q = rho'(s*) + beta B the slopes, U = W D,

    k D_k = sum_{j<k} q_j v_(k-1-j),   B = -(2 r* + beta D) D (tanh) or (1 - 2 r* - beta D) D (sigmoid),
    tau v_k = sum_{j<=k} q_j U_(k-j) + g* B_k - (leak + beta C'') delta_k (state form),
    tau v_k = U_k - leak delta_k - beta C'' D_k (rate form).

Nothing is divided by beta.
"""

from __future__ import annotations

from neurodyn.flows.activation import LINEAR, SIGMOID, moved_slope
from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import POPULATIONS, N, part, population, zero
from neurodyn.flows.nudged import nudged
from neurodyn.flows.populations import differences
from neurodyn.flows.recurrence import STACKS, VELOCITY, are_few, call, fields, in_vectors, sums
from neurodyn.flows.rows import BASE_FIELD, BASE_RATE, BASE_SLOPE, BETA, COST_CURVATURE
from neurodyn.numerics.kernel import inlined_helper, series_kernel
from neurodyn.numerics.vectors import all_of, load, minus, plus_times, store, times
from neurodyn.numerics.view import borrowed, flat, layer, rectangle


@series_kernel(nudged, STACKS, nudged)
def nudged_series(c, rows, theta, layout, work):
    """Coefficients of delta; units must have tanh, the sigmoid, or be linear, and the cost be the squared error."""
    c, rows, theta, layout, work = borrowed(c), borrowed(rows), borrowed(theta), borrowed(layout), borrowed(work)
    orders, few = c.shape[0], are_few(work, layout)
    begin(c, rows, theta, layout, work)
    for k in range(1, orders):
        for p in range(layout[POPULATIONS]):
            in_vectors(coefficients, k, p, c, rows, work, layout)
        if k < orders - 1:
            fields(k, few, work, rows, theta, layout, orders)


@inlined_helper
def begin(c, rows, theta, layout, work):
    """D_0, q_0, U_0 and v_0 of all units."""
    orders, delta = c.shape[0], layer(c, 0)
    spare = rectangle(work, 0, 2 * c.shape[1], c.shape[2])
    moved, slope, u = layer(work, 0), layer(work, orders), layer(work, 2 * orders)
    call(VELOCITY, delta, rows, theta, layout, spare, layer(work, 3 * orders))
    differences(delta, rows, layout, moved, u)
    zero(flat(u, 0, layout[N]))
    couple(moved, theta, layout, u)
    for p in range(layout[POPULATIONS]):  # a slope of 1e-17 that should be 0 would let the coefficients explode
        _, start, stop, code = population(layout, p)
        q, x, strength = flat(slope, start, stop), flat(delta, start, stop), part(rows, BETA, start, stop, layout)
        a, d = part(rows, BASE_RATE, start, stop, layout), part(rows, BASE_SLOPE, start, stop, layout)
        for j in range(q.size):
            q[j] = moved_slope(code, a[j], d[j], strength[j] * x[j])


@inlined_helper
def coefficients(how, e, c, rows, work, like):
    """v_(k-1), delta_k, D_k and q_k of some entries from e on, and of v_k what is known already."""
    k, code, sloped, leak, block = how
    size, orders = work.shape[1] * work.shape[2], c.shape[0]
    q, u, v, here = e + orders * size, e + 2 * orders * size, e + 3 * orders * size, k * size
    beta = load(rows, BETA * block + e, like)
    velocity = load(work, v + here - size, like)
    if k > 1:
        field = load(work, u + here - size, like)
        pull = times(beta, load(rows, COST_CURVATURE * block + e, like))
        if sloped:
            if code != LINEAR:
                field = plus_times(load(work, q, like), field, velocity)
            held = plus_times(pull, load(c, e + here - size, like), like)
        else:
            held = times(pull, load(work, e + here - size, like))
        held = plus_times(all_of(leak, like), load(c, e + here - size, like), held)
        velocity = times(load(rows, e, like), minus(field, held))
        store(work, v + here - size, velocity)
    share = all_of(1.0 / k, like)
    delta = times(velocity, share)
    store(c, e + here, delta)
    if k == orders - 1:
        return
    if code == LINEAR:
        store(work, e + here, delta)
        return
    by_velocity, by_field, by_rate = sums(k, work, (e, q, u, v, size), like)
    rate = times(plus_times(load(work, q, like), velocity, by_velocity), share)
    store(work, e + here, rate)
    start = load(rows, BASE_RATE * block + e, like)
    steep = minus(all_of(1.0 if code == SIGMOID else 0.0, like), times(all_of(2.0, like), start))
    squared = plus_times(all_of(2.0, like), times(load(work, e, like), rate), by_rate)
    bent = minus(times(steep, rate), times(beta, squared))
    slope = times(beta, bent)
    store(work, q + here, slope)
    known = plus_times(load(rows, BASE_FIELD * block + e, like), bent, by_field)
    store(work, v + here, plus_times(slope, load(work, u, like), known))
