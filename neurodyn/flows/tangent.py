"""The free flow with its linearisation along the way: tangent vectors as they grow, or kept orthonormal.

    ds/dt = f(s),   dv_m/dt = J(s) v_m,   J = -T^-1 K

A component of the flow has the state in its first n rows, then each tangent vector in n rows. Kept orthonormal, the
vectors are the columns e_m of Q in the continuous QR decomposition of the linearised flow,

    de_m/dt = J e_m - sum_{k <= m} L_km e_k,   L_mm = J_mm + c (|e_m|^2 - 1),   L_km = J_km + J_mk + 2 c e_k.e_m,

where J_km = e_k.J e_m; the last rows are the integrals of J_mm, the logarithms of how much the m-th length has grown.
c > |J_mm| pulls the vectors back to length 1 and to right angles, so that their errors stay those of one step.

Source: F. Christiansen, H. H. Rugh, Computing Lyapunov spectra with continuous Gram-Schmidt orthonormalization,
Nonlinearity 10:1063 (1997).
"""

from __future__ import annotations

import math

from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import (
    CLAMPED,
    CURVE_TERMS,
    FREE_TERMS,
    LEAK,
    METRIC,
    POPULATIONS,
    RATES,
    TERMS,
    N,
    block,
    part,
    population,
    rows_of,
    zero,
)
from neurodyn.flows.linear import finish, weigh
from neurodyn.flows.populations import activate, curve
from neurodyn.flows.response import push, respond
from neurodyn.flows.rows import ACTIVE, DIAGONAL, DRIVE, LINEAR_BLOCKS, LINEAR_RATE, RATE, SLOPE, STATE
from neurodyn.flows.terms import OUT_S, call_part, every
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.view import flat, row, units

#: Blocks of scratch memory: the constants of products with K, curvatures and fields, weighted vectors.
LINEAR, BENT, WEIGHTED, TANGENT_BLOCKS = 0, 6, 7, 8


@flow_kernel(blocks=TANGENT_BLOCKS)
def tangent(t, z, rows, theta, layout, work, out):
    """The velocities of z: the state and any number of tangent vectors, n rows each; rows are those of `free`."""
    n = layout[N]
    move(z, rows, theta, layout, work, (z.shape[0] // n - 1, 0), out)


@flow_kernel(blocks=TANGENT_BLOCKS)
def orthonormal(t, z, rows, theta, layout, work, out):
    """The velocities of z: the state, k orthonormal vectors, n rows each, and k logarithms of growth.

    Scratch memory has 2 k^2 rows more than `tangent`, for the products of the vectors.
    """
    n = layout[N]
    count = (z.shape[0] - n) // (n + 1)
    products = units(work, TANGENT_BLOCKS * n + layout[CLAMPED], 2 * count * count)
    move(z, rows, theta, layout, work, (count, 2 * count * count), out)
    multiply_all(z, layout, count, products, out)
    restrain(z, rows, layout, count, products, out)


@helper
def move(z, rows, theta, layout, work, sizes, out):
    """Velocities of the state and of tangent vectors, as if nothing kept these orthonormal.

    `sizes` are how many vectors there are, and how many rows of scratch memory are taken for their products.
    """
    n = layout[N]
    count, reserved = sizes
    linear = units(work, 0, LINEAR_ROWS * n + layout[CLAMPED])
    bent, weighted = own_rows(work, BENT, layout), own_rows(work, WEIGHTED, layout)
    used = TANGENT_BLOCKS * n + layout[CLAMPED] + reserved
    scratch = units(work, used, work.shape[0] - used)
    move_state(rows_of(z, 0, layout), rows, theta, layout, (linear, bent, scratch), rows_of(out, 0, layout))
    rate = block(rows, RATE, layout)
    for m in range(count):
        v, velocity = units(z, n * (1 + m), n), units(out, n * (1 + m), n)
        weigh(v, linear, layout, weighted)
        zero(flat(velocity, 0, n))
        couple(weighted, theta, layout, velocity)
        finish(v, weighted, linear, theta, layout, (layout[CURVE_TERMS], layout[METRIC] != RATES), scratch, velocity)
        total = flat(velocity, 0, n)
        for j in range(total.size):
            total[j] *= -rate[j]


#: Rows of the constants of products with K, in blocks of n: its own, and its base.
LINEAR_ROWS = LINEAR_BLOCKS + 3


@helper
def own_rows(work, k, layout):
    """The k-th block of scratch memory, after the constants, whose last rows are the clamped rates."""
    return units(work, k * layout[N] + layout[CLAMPED], layout[N])


@helper
def move_state(s, rows, theta, layout, memory, out):
    """ds/dt of the free phase, and the constants of products with K there: no unit is held by a bound."""
    linear, bent, scratch = memory
    n = layout[N]
    base = units(linear, LINEAR_BLOCKS * n, linear.shape[0] - LINEAR_BLOCKS * n)
    r, d = rows_of(base, LINEAR_RATE, layout), rows_of(linear, SLOPE, layout)
    activate(s, layout, r, d)
    curve(s, r, d, layout, bent)
    field, current, state, here = flat(out, 0, n), block(rows, DRIVE, layout), block(base, STATE, layout), flat(s, 0, n)
    active = block(base, ACTIVE, layout)
    for j in range(field.size):
        field[j] = current[j]
        state[j] = here[j]
        active[j] = 1.0
    couple(r, theta, layout, out)
    if layout[TERMS] > 0:
        last = rows.shape[0] - layout[CLAMPED]
        for i in range(layout[CLAMPED]):
            a, b = row(base, 3 * n + i), row(rows, last + i)
            for j in range(a.size):
                a[j] = b[j]
        call_part(layout[FREE_TERMS], (s, r, rows, theta, layout, scratch, out))
    set_diagonal(bent, out, layout, linear)
    respond(s, r, d, rows, layout, out)
    if layout[TERMS] > 0:
        push(every(scratch, OUT_S, layout), rows, layout, True, out)


@helper
def set_diagonal(bent, fields, layout, linear):
    """The diagonal of K without weights and terms: the leak, less rho'' times the field in the state form."""
    for p in range(layout[POPULATIONS]):
        o, start, stop, _ = population(layout, p)
        leak = float(layout[o + LEAK])
        h, c, g = part(linear, DIAGONAL, start, stop, layout), flat(bent, start, stop), flat(fields, start, stop)
        for j in range(h.size):
            h[j] = leak if layout[METRIC] == RATES else leak - c[j] * g[j]


@helper
def multiply_all(z, layout, count, products, out):
    """J_km = e_k.J e_m in the first count^2 rows of products, e_k.e_m in the next; J_mm in the last rows of out."""
    n = layout[N]
    zero(flat(products, 0, products.shape[0]))
    for m in range(count):
        for k in range(count):
            moved, length = row(products, count * k + m), row(products, count * (count + k) + m)
            for i in range(n):
                a, b = row(z, n * (1 + k) + i), row(z, n * (1 + m) + i)
                v = row(out, n * (1 + m) + i)
                for j in range(a.size):
                    moved[j] += a[j] * v[j]
                    length[j] += a[j] * b[j]
        growth, own = row(out, n * (1 + count) + m), row(products, count * m + m)
        for j in range(own.size):
            growth[j] = own[j]


@helper
def restrain(z, rows, layout, count, products, out):
    """Subtract sum_{k <= m} L_km e_k from the velocities of the vectors; see the module for L."""
    n = layout[N]
    for j in range(z.shape[1]):
        total = 0.0
        for i in range(n):
            total += row(rows, RATE * n + i)[j] / n
        pull = total * total
        for m in range(count):
            pull += products[count * m + m, j] ** 2
        pull = math.sqrt(pull)
        for m in range(count):
            for k in range(m + 1):
                moved, length = products[count * k + m, j], products[count * (count + k) + m, j]
                if k == m:
                    amount = moved + pull * (length - 1.0)
                else:
                    amount = moved + products[count * m + k, j] + 2.0 * pull * length
                for i in range(n):
                    out[n * (1 + m) + i, j] -= amount * z[n * (1 + k) + i, j]


__all__ = ["TANGENT_BLOCKS", "orthonormal", "tangent"]
