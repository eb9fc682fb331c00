"""Products with minus the Jacobian K of the force at a state, and the side network that follows the transposed one.

With rates r = rho(s), slopes rho', fields g and leaks l, and V″ the second derivatives of the terms by (s, r),

    K v = (l - rho'' g) v - rho' W rho' v + [V″ (v, rho' v)]_s + rho' [V″ (v, rho' v)]_r      (state form)
    K v = l v - W rho' v + [V″ (0, rho' v)]_r                                                 (rate form)

In the state form K is the Hessian, if there is an energy. Rows and columns of inactive units are zero. All products are
one kernel, which flows call by its address in the layout.
"""

from __future__ import annotations

from numba import types

from neurodyn.flows.coupling import couple, couple_transposed
from neurodyn.flows.layout import (
    CURVE,
    CURVE_TERMS,
    JACOBIAN,
    METRIC,
    RATES,
    TERMS,
    TRANSPOSED,
    TRANSPOSED_TERMS,
    N,
    after,
    block,
    rows_of,
    zero,
)
from neurodyn.flows.response import subtract
from neurodyn.flows.rows import ACTIVE, DIAGONAL, LINEAR_BLOCKS, LINEAR_RATE, RATE, SLOPE, STATE, base, clamped
from neurodyn.flows.terms import OUT_S, TERM_PART, V_R, V_S, R, S, call_part, every, extend, extend_by_zeros, products
from neurodyn.numerics.kernel import (
    Kernel,
    constant_integers,
    constant_matrix,
    constant_vector,
    flow_kernel,
    helper,
    make_call,
    matrix,
)
from neurodyn.numerics.view import flat

#: Blocks of n that the base of these products has before the clamped rates.
BASE = 3


#: Which product: K v, Kᵀ v, or m^-1 Kᵀ m v, which is K v where there is an energy, and Kᵀ v in the state form.
FORWARD, TURNED, SIDE = range(3)
#: jacobian(which, v, rows, theta, layout, work, out).
JACOBIAN_OF = types.void(
    types.int64, constant_matrix, constant_matrix, constant_vector, constant_integers, matrix, matrix
)
call_jacobian = make_call(JACOBIAN_OF)


def _jacobian(which, v, rows, theta, layout, work, out):
    """out = one of the products with K; scratch memory has a block of n rows, and those of the terms."""
    by_state = layout[METRIC] != RATES
    weighted, scratch = rows_of(work, 0, layout), after(work, 1, layout)
    if which == TURNED and not by_state:  # rho' stands to the left of the transposed weights, and is applied at the end
        a, b = flat(weighted, 0, layout[N]), flat(v, 0, layout[N])
        for j in range(a.size):
            a[j] = b[j]
    else:
        weigh(v, rows, layout, weighted)
    zero(flat(out, 0, layout[N]))
    address = layout[CURVE_TERMS]
    if which == FORWARD:
        couple(weighted, theta, layout, out)
    else:
        couple_transposed(weighted, theta, layout, out)
        address = layout[TRANSPOSED_TERMS]
    finish(v, weighted, rows, theta, layout, (address, by_state or which == TURNED), scratch, out)


jacobian = Kernel(_jacobian, JACOBIAN_OF)


@helper
def multiply_by_jacobian(which, v, rows, theta, layout, work, out):
    """Call `jacobian`."""
    call_jacobian(layout[JACOBIAN], (which, v, rows, theta, layout, work, out))


@flow_kernel(blocks=1)
def jvp(t, v, rows, theta, layout, work, out):
    """K v."""
    multiply_by_jacobian(FORWARD, v, rows, theta, layout, work, out)


@flow_kernel(blocks=1)
def vjp(t, v, rows, theta, layout, work, out):
    """Kᵀ v."""
    multiply_by_jacobian(TURNED, v, rows, theta, layout, work, out)


@flow_kernel(blocks=1)
def side(t, z, rows, theta, layout, work, out):
    """The side network: z holds S and the integral of S/tau, n rows each; dS/dt = -m^-1 Kᵀ m T^-1 S.

    m is 1 in the state form, rho' in the rate form, where S is the derivative of the cost by the rate.
    """
    follow(z, rows, theta, layout, work, out)


@helper
def follow(z, rows, theta, layout, work, out):
    """The velocities of the side network."""
    a, b, rate, total = block(out, 1, layout), block(z, 0, layout), block(rows, RATE, layout), block(out, 0, layout)
    for j in range(a.size):
        a[j] = rate[j] * b[j]
    multiply_by_jacobian(SIDE, rows_of(out, 1, layout), rows, theta, layout, work, rows_of(out, 0, layout))
    for j in range(total.size):
        total[j] = -total[j]


@helper
def weigh(v, rows, layout, out):
    """out = rho' v."""
    x, d, y = flat(v, 0, layout[N]), block(rows, SLOPE, layout), flat(out, 0, layout[N])
    for j in range(y.size):
        y[j] = d[j] * x[j]


@helper
def finish(v, weighted, rows, theta, layout, how, scratch, out):
    """Make K v of the product of weights in out; `how` is the address of terms, and whether rho' is on the left."""
    address, sloped = how
    if layout[TERMS] > 0:
        call_part(address, (v, weighted, rows, theta, layout, scratch, out))
    close(v, rows, layout, sloped, out)
    if layout[TERMS] > 0 and layout[METRIC] != RATES:
        active = block(base(rows, LINEAR_BLOCKS, 0, layout), ACTIVE, layout)
        total, more = flat(out, 0, layout[N]), flat(every(scratch, OUT_S, layout), 0, layout[N])
        for j in range(total.size):
            total[j] += active[j] * more[j]


@helper
def close(v, rows, layout, sloped, out):
    """out = diagonal v - out, the latter times rho' if `sloped`."""
    x, y = flat(v, 0, layout[N]), flat(out, 0, layout[N])
    d, h = block(rows, SLOPE, layout), block(rows, DIAGONAL, layout)
    if sloped:
        for j in range(y.size):
            y[j] = h[j] * x[j] - d[j] * y[j]
    else:
        for j in range(y.size):
            y[j] = h[j] * x[j] - y[j]


def _curve_terms(v, weighted, rows, theta, layout, scratch, out):
    """Subtract [V″ (v, weighted)]_r at the base from out, and leave the part by states in scratch memory."""
    multiply(v, weighted, rows, theta, layout, CURVE, scratch, out)


def _transposed_terms(v, weighted, rows, theta, layout, scratch, out):
    """As `curve_terms`, for the transposed second derivatives of terms without an energy."""
    multiply(v, weighted, rows, theta, layout, TRANSPOSED, scratch, out)


@helper
def multiply(v, weighted, rows, theta, layout, primitive, scratch, out):
    """V″ along (v, weighted), by one of the primitives of the terms, for the active units."""
    start = base(rows, LINEAR_BLOCKS, 0, layout)
    rates = clamped(start, BASE, layout)
    at = every(scratch, S, layout), every(scratch, R, layout)
    along = every(scratch, V_S, layout), every(scratch, V_R, layout)
    extend(rows_of(start, STATE, layout), rates, at[0])
    extend(rows_of(start, LINEAR_RATE, layout), rates, at[1])
    extend_by_zeros(v, along[0])
    extend_by_zeros(weighted, along[1])
    moved, active = flat(along[0], 0, layout[N]), block(start, ACTIVE, layout)
    for j in range(moved.size):
        moved[j] *= active[j]
    _, by_rate = products(at, along, theta, layout, primitive, scratch)
    subtract(by_rate, layout, out)


curve_terms, transposed_terms = Kernel(_curve_terms, TERM_PART), Kernel(_transposed_terms, TERM_PART)
