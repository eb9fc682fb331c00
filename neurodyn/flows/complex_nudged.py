"""The nudged phase for complex beta, as the flow of delta, where s = s* + x, x = beta delta.

A fixed point s*(beta) is analytic in beta near 0 if rho is, and so its flow is followed off the real line. With
R = rho(s* + x) - rho(s*) and R' = rho'(s* + x) - rho'(s*) by formulas that do not cancel, and G_s, G_r the changes of
the gradients of the terms that flows call,

    tau ddelta/dt = [(rho'(s*) + R') (W R - G_r) + g* R' - G_s] / beta - delta - dC/ds(s* + x)    (state form)
    tau ddelta/dt = [W R - G_r] / beta - delta - dC/dr(r* + R)                                    (rate form)

where dC/dz(z* + z) = dC/dz(z*) + C'' z, or with a softmax read-out dC/dz(z*) + softmax(z* + z) - softmax(z*). The
changes G are differences: strengths beta of complex nudging are finite, so that what cancels is little.

Complex arrays (2n, b) hold n rows of real parts, then n of imaginary ones: W is real, and multiplies each half.

Source: A. Laborieux, F. Zenke, NeurIPS 35 (2022).
"""

from __future__ import annotations

from numba import types

from neurodyn.flows.complex_activation import change_rates, slope_changes
from neurodyn.flows.coupling import couple
from neurodyn.flows.layout import (
    CLAMPED,
    COMPLEX_GRADIENT,
    COST,
    LEAK,
    METRIC,
    OUT_COUNT,
    OUT_FIRST,
    PER_TERM,
    PLACE,
    PLACE_SIZE,
    POPULATIONS,
    RATES,
    SOFTMAX,
    TERM_TABLE,
    TERMS,
    THETA,
    THETA_SIZE,
    N,
    after,
    block,
    part,
    population,
    rows_of,
    zero,
)
from neurodyn.flows.rows import (
    BASE_BLOCKS,
    BETA_IMAGINARY,
    BETA_REAL,
    COMPLEX_BLOCKS,
    COMPLEX_COST_CURVATURE,
    COMPLEX_COST_SLOPE,
    COMPLEX_FIELD,
    COMPLEX_RATE,
    COMPLEX_SLOPE,
    STATE,
    TERMS_BY_RATE,
    TERMS_BY_STATE,
    base,
)
from neurodyn.numerics.complexmath import complex_expm1_and_exp, divide, times
from neurodyn.numerics.kernel import (
    constant_integers,
    constant_vector,
    flow_kernel,
    helper,
    make_call,
)
from neurodyn.numerics.view import complex_rectangle, flat, units, window

_complex = types.Array(types.complex128, 2, "C")
#: As `neurodyn.flows.terms.GRADIENT_OF`, of complex states, rates, scratch and results.
COMPLEX_GRADIENT_OF = types.void(_complex, _complex, constant_vector, constant_integers, _complex, _complex, _complex)
call_complex_gradient = make_call(COMPLEX_GRADIENT_OF)
#: Complex arrays over all units in scratch memory.
S, R, OUT_S, OUT_R, ARRAYS = range(5)


@helper
def pair(array, n, start, stop):
    """Real and imaginary parts of units start ... stop, each as one long row."""
    return flat(array, start, stop), flat(array, n + start, n + stop)


@helper
def times_beta(delta, rows, layout, out):
    """out = beta delta, complex (2n, b)."""
    n = layout[N]
    (real, imaginary), (x, y) = pair(delta, n, 0, n), pair(out, n, 0, n)
    c, d = block(rows, BETA_REAL, layout), block(rows, BETA_IMAGINARY, layout)
    for j in range(x.size):
        u = times(complex(c[j], d[j]), complex(real[j], imaginary[j]))
        x[j], y[j] = u.real, u.imag


@helper
def over_beta(rows, layout, out):
    """Divide a complex array by beta."""
    n = layout[N]
    x, y = pair(out, n, 0, n)
    c, d = block(rows, BETA_REAL, layout), block(rows, BETA_IMAGINARY, layout)
    for j in range(x.size):
        u = divide(complex(x[j], y[j]), complex(c[j], d[j]))
        x[j], y[j] = u.real, u.imag


@helper
def moves(delta, rows, layout, moved, bent):
    """R and R' of all units; all complex (2n, b)."""
    n = layout[N]
    times_beta(delta, rows, layout, moved)
    for p in range(layout[POPULATIONS]):
        _, start, stop, code = population(layout, p)
        own, a = pair(moved, n, start, stop), part(rows, COMPLEX_RATE, start, stop, layout)
        change_rates(code, a, part(rows, COMPLEX_SLOPE, start, stop, layout), own)
        slope_changes(code, a, own, pair(bent, n, start, stop))


@helper
def couple_complex(r, theta, layout, out):
    """out = W r, both complex (2n, b)."""
    n = layout[N]
    zero(flat(out, 0, 2 * n))
    for half in (0, n):
        couple(units(r, half, n), theta, layout, units(out, half, n))


@helper
def soften(z, rows, layout):
    """Replace the changes z of the outputs, complex (2n, b), by softmax(z* + z) - softmax(z*).

    See `neurodyn.flows.cost.soften`; here it is the largest real part that is made 0.
    """
    n, first, count = layout[N], layout[OUT_FIRST], layout[OUT_COUNT]
    p, x, y = units(rows, rows.shape[0] - count, count), units(z, first, count), units(z, n + first, count)
    for j in range(z.shape[1]):
        top = x[0, j]
        for i in range(count):
            top = max(top, x[i, j])
        mean, total = 0.0j, 0.0j
        for i in range(count):
            growth, factor = complex_expm1_and_exp(complex(x[i, j] - top, y[i, j]))
            x[i, j], y[i, j] = growth.real, growth.imag
            mean += p[i, j] * growth
            total += p[i, j] * factor
        for i in range(count):
            change = divide(complex(x[i, j], y[i, j]) - mean, total)
            x[i, j], y[i, j] = p[i, j] * change.real, p[i, j] * change.imag


@helper
def resist(delta, z, rows, layout, out):
    """Subtract leak and dC/dz(z* + z) from what is in `out`, and turn forces into velocities; z is lost."""
    n = layout[N]
    curve = block(rows, COMPLEX_COST_CURVATURE, layout)
    for half in (0, n):
        for p in range(layout[POPULATIONS]):
            o, start, stop, _ = population(layout, p)
            f, x, leak = (
                flat(out, half + start, half + stop),
                flat(delta, half + start, half + stop),
                float(layout[o + LEAK]),
            )
            for j in range(f.size):
                f[j] -= leak * x[j]
        f, move = flat(out, half, half + n), flat(z, half, half + n)
        for j in range(f.size):
            f[j] -= curve[j] * move[j]
    f, slope = flat(out, 0, n), block(rows, COMPLEX_COST_SLOPE, layout)
    for j in range(f.size):
        f[j] -= slope[j]
    if layout[COST] == SOFTMAX:
        soften(z, rows, layout)
        for half in (layout[OUT_FIRST], n + layout[OUT_FIRST]):
            f, pull = flat(out, half, half + layout[OUT_COUNT]), flat(z, half, half + layout[OUT_COUNT])
            for j in range(f.size):
                f[j] -= pull[j]
    f, rate = flat(out, 0, 2 * n), flat(rows, 0, 2 * n)
    for j in range(f.size):
        f[j] *= rate[j]


@helper
def assemble(delta, moved, rows, layout, scratch):
    """States s* + beta delta and rates r* + R of all units, complex (units, b), as views of scratch memory."""
    n, clamped, b = layout[N], layout[CLAMPED], delta.shape[1]
    start, count = base(rows, COMPLEX_BLOCKS, 0, layout), (n + clamped) * b
    s = complex_rectangle(scratch, 2 * S * count, n + clamped, b)
    r = complex_rectangle(scratch, 2 * R * count, n + clamped, b)
    state = rows_of(start, STATE, layout)
    real, imaginary = rows_of(rows, BETA_REAL, layout), rows_of(rows, BETA_IMAGINARY, layout)
    rate, still = rows_of(rows, COMPLEX_RATE, layout), after(start, BASE_BLOCKS, layout)
    for i in range(n):
        for j in range(b):
            beta = complex(real[i, j], imaginary[i, j])
            s[i, j] = state[i, j] + times(beta, complex(delta[i, j], delta[n + i, j]))
            r[i, j] = rate[i, j] + complex(moved[i, j], moved[n + i, j])
    for i in range(clamped):
        for j in range(b):
            s[n + i, j] = r[n + i, j] = still[i, j]
    return s, r


@helper
def term_changes(delta, moved, rows, theta, layout, scratch):
    """G_s and G_r, complex (units, b): views of scratch memory."""
    n, b = layout[N], delta.shape[1]
    total = n + layout[CLAMPED]
    s, r = assemble(delta, moved, rows, layout, scratch)
    by_state = complex_rectangle(scratch, 2 * OUT_S * total * b, total, b)
    by_rate = complex_rectangle(scratch, 2 * OUT_R * total * b, total, b)
    own = complex_rectangle(scratch, 2 * ARRAYS * total * b, (scratch.shape[0] - 2 * ARRAYS * total) // 2, b)
    start = base(rows, COMPLEX_BLOCKS, 0, layout)
    before_s, before_r = rows_of(start, TERMS_BY_STATE, layout), rows_of(start, TERMS_BY_RATE, layout)
    for i in range(total):
        for j in range(b):
            by_state[i, j] = -before_s[i, j] if i < n else 0.0
            by_rate[i, j] = -before_r[i, j] if i < n else 0.0
    for k in range(layout[TERMS]):
        o = layout[TERM_TABLE] + PER_TERM * k
        parameters = window(theta, layout[o + THETA], layout[o + THETA_SIZE])
        place = window(layout, layout[o + PLACE], layout[o + PLACE_SIZE])
        call_complex_gradient(layout[o + COMPLEX_GRADIENT], (s, r, parameters, place, own, by_state, by_rate))
    return by_state, by_rate


@helper
def add_real_and_imaginary(values, factor, n, out):
    """out, complex (2n, b), += factor times the first n rows of complex values."""
    for i in range(n):
        for j in range(out.shape[1]):
            out[i, j] += factor * values[i, j].real
            out[n + i, j] += factor * values[i, j].imag


@flow_kernel(blocks=0)
def complex_changes(t, delta, rows, theta, layout, work, out):
    """R and R', out (4n, b)."""
    n = layout[N]
    moves(delta, rows, layout, units(out, 0, 2 * n), units(out, 2 * n, 2 * n))


@flow_kernel(blocks=4)
def complex_nudged(t, delta, rows, theta, layout, work, out):
    """ddelta/dt; delta and out complex (2n, b)."""
    n = layout[N]
    moved, bent = units(work, 0, 2 * n), units(work, 2 * n, 2 * n)
    moves(delta, rows, layout, moved, bent)
    couple_complex(moved, theta, layout, out)
    scratch = after(work, 4, layout)
    if layout[TERMS] > 0:
        add_real_and_imaginary(term_changes(delta, moved, rows, theta, layout, scratch)[1], -1.0, n, out)
    if layout[METRIC] != RATES:
        (x, y), (real, imaginary) = pair(out, n, 0, n), pair(bent, n, 0, n)
        d, g = block(rows, COMPLEX_SLOPE, layout), block(rows, COMPLEX_FIELD, layout)
        for j in range(x.size):
            u = times(complex(d[j] + real[j], imaginary[j]), complex(x[j], y[j]))
            x[j], y[j] = u.real + g[j] * real[j], u.imag + g[j] * imaginary[j]
    if layout[TERMS] > 0:
        total = n + layout[CLAMPED]
        by_state = complex_rectangle(scratch, 2 * OUT_S * total * out.shape[1], total, out.shape[1])
        add_real_and_imaginary(by_state, -1.0, n, out)
    over_beta(rows, layout, out)
    if layout[METRIC] != RATES:
        times_beta(delta, rows, layout, moved)
    resist(delta, moved, rows, layout, out)
