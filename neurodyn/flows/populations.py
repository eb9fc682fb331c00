"""Rates, slopes and curvatures of all free units, population by population, and their changes from a base.

Activations of a user's own are called by the addresses that the layout has for them. Rates and their changes are
kernels, which flows call by their addresses in the layout.
"""

from __future__ import annotations

from numba import types

from neurodyn.flows.activation import HARD_SIGMOID, OWN, curvature, divided_differences, rate_and_slope
from neurodyn.flows.layout import (
    ACTIVATIONS,
    DIFFERENCES,
    OWN_CURVATURE,
    OWN_DIFFERENCES,
    OWN_RATES,
    POPULATIONS,
    part,
    population,
)
from neurodyn.flows.rows import (
    BASE_RATE,
    BASE_SLOPE,
    BETA,
    DELTA_LOWER,
    DELTA_UPPER,
    NUDGED_BLOCKS,
    NUDGED_BOX,
    STATE,
    base,
)
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
from neurodyn.numerics.view import flat

#: rates(s, r, d) writes rho(s) and rho'(s); curvatures(s, c) writes rho''(s), for a stretch of states.
RATES_OF = types.void(constant_vector, vector, vector)
CURVATURES_OF = types.void(constant_vector, vector)
#: differences(base, a, d, delta, beta, dr, dd): as `divided_differences`, and the state at which a and d are taken.
DIFFERENCES_OF = types.void(*[constant_vector] * 5, vector, vector)
call_rates, call_curvatures, call_differences = (make_call(s) for s in (RATES_OF, CURVATURES_OF, DIFFERENCES_OF))

#: activations(s, layout, r, d), and all_differences(delta, rows, layout, change, bent), of all units.
ACTIVATIONS_OF = types.void(constant_matrix, constant_integers, matrix, matrix)
ALL_DIFFERENCES_OF = types.void(constant_matrix, constant_matrix, constant_integers, matrix, matrix)
call_activations, call_all_differences = make_call(ACTIVATIONS_OF), make_call(ALL_DIFFERENCES_OF)


def _activations(s, layout, r, d):
    """Rates and slopes of all free units."""
    for p in range(layout[POPULATIONS]):
        o, start, stop, code = population(layout, p)
        if code == OWN:
            call_rates(layout[o + OWN_RATES], (flat(s, start, stop), flat(r, start, stop), flat(d, start, stop)))
        else:
            rate_and_slope(code, flat(s, start, stop), flat(r, start, stop), flat(d, start, stop))


activations = Kernel(_activations, ACTIVATIONS_OF)


@helper
def activate(s, layout, r, d):
    """Call `activations`."""
    call_activations(layout[ACTIVATIONS], (s, layout, r, d))


@helper
def curve(s, r, d, layout, out):
    """Curvatures rho'' of all free units at s, where their rates are r and their slopes d."""
    for p in range(layout[POPULATIONS]):
        o, start, stop, code = population(layout, p)
        c = flat(out, start, stop)
        if code == OWN:
            call_curvatures(layout[o + OWN_CURVATURE], (flat(s, start, stop), c))
        else:
            a, b = flat(r, start, stop), flat(d, start, stop)
            for j in range(c.size):
                c[j] = curvature(code, a[j], b[j])


def _all_differences(delta, rows, layout, change, bent):
    """Changes over beta of rates and of slopes around the base; hard-sigmoid units are held inside their box first."""
    for p in range(layout[POPULATIONS]):
        o, start, stop, code = population(layout, p)
        x, dr, dd = flat(delta, start, stop), flat(change, start, stop), flat(bent, start, stop)
        if code == HARD_SIGMOID:
            low = part(rows, DELTA_LOWER, start, stop, layout)
            high = part(rows, DELTA_UPPER, start, stop, layout)
            for j in range(x.size):
                dr[j] = min(max(x[j], low[j]), high[j])
            continue
        a, d = part(rows, BASE_RATE, start, stop, layout), part(rows, BASE_SLOPE, start, stop, layout)
        beta = part(rows, BETA, start, stop, layout)
        if code == OWN:
            s = part(base(rows, NUDGED_BLOCKS, NUDGED_BOX, layout), STATE, start, stop, layout)
            call_differences(layout[o + OWN_DIFFERENCES], (s, a, d, x, beta, dr, dd))
        else:
            divided_differences(code, a, d, x, beta, dr, dd)


all_differences = Kernel(_all_differences, ALL_DIFFERENCES_OF)


@helper
def differences(delta, rows, layout, change, bent):
    """Call `all_differences`."""
    call_all_differences(layout[DIFFERENCES], (delta, rows, layout, change, bent))
