"""What pairs of units joined by weights do to each other: g_i = sum_j W_ij r_j, over all connections of a network.

All these products are one kernel, which flows call by its address in the layout: with its tiles inside, each flow would
take seconds more to compile.
"""

from __future__ import annotations

from numba import types

from neurodyn.flows.layout import (
    ARROWS,
    BIASES,
    HEADER,
    INPUT_MATRIX,
    INPUT_PATTERN,
    INPUTS,
    MATRIX,
    PER_ARROW,
    PER_INPUT,
    PER_POPULATION,
    POPULATIONS,
    PRODUCTS,
    SOURCE,
    SPARSE,
    TO,
    TRANSPOSE,
    N,
)
from neurodyn.numerics.kernel import (
    Kernel,
    constant_integers,
    constant_matrix,
    constant_vector,
    helper,
    make_call,
    matrix,
)
from neurodyn.numerics.product import add_product, add_row
from neurodyn.numerics.sparse_product import add_sparse
from neurodyn.numerics.view import constant, rectangle, units

#: Which connections: the arrows between free populations, the same backwards, or those of the input.
FORTH, BACK, INPUT = range(3)
#: products(which, r, theta, layout, out).
PRODUCTS_OF = types.void(types.int64, constant_matrix, constant_vector, constant_integers, matrix)
call_products = make_call(PRODUCTS_OF)


def _products(which, r, theta, layout, out):
    """out += M r, over all connections of a kind.

    theta holds each matrix of an arrow and its transpose, so that both directions run along memory. A single sample is
    a row: its product is taken from the other side, which gives the same chains of additions.
    """
    for c in range(layout[INPUTS] if which == INPUT else layout[ARROWS]):
        a, m, b, n, place, other, pattern = connection(which, c, r.shape[0], layout)
        if pattern:
            add_sparse(layout[SPARSE], theta, place, layout, pattern, units(r, b, n), units(out, a, m))
            continue
        if r.shape[1] == 1 and which != INPUT:
            add_row(rectangle(r, b, 1, n), rectangle(theta, other, n, m), rectangle(out, a, 1, m))
        else:
            add_product(rectangle(theta, place, m, n), units(r, b, n), units(out, a, m))


products = Kernel(_products, PRODUCTS_OF)


@helper
def connection(which, c, clamped, layout):
    """First unit and size of where it leads to and comes from; where matrix and transpose begin; its pattern or 0."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    if which == INPUT:
        o = first + PER_ARROW * layout[ARROWS] + PER_INPUT * c
        return layout[o], layout[o + 1], 0, clamped, layout[o + INPUT_MATRIX], 0, layout[o + INPUT_PATTERN]
    o = first + PER_ARROW * c
    to, source, place, other = TO, SOURCE, MATRIX, TRANSPOSE
    if which == BACK:
        to, source, place, other = SOURCE, TO, TRANSPOSE, MATRIX
    ends = layout[o + to], layout[o + to + 1], layout[o + source], layout[o + source + 1]
    return *ends, layout[o + place], layout[o + other], layout[o + place + 2]


@helper
def couple(r, theta, layout, out):
    """out += W r, over all arrows between free populations."""
    call_products(layout[PRODUCTS], (FORTH, constant(r), theta, layout, out))


@helper
def couple_transposed(r, theta, layout, out):
    """out += Wᵀ r: every arrow backwards."""
    call_products(layout[PRODUCTS], (BACK, constant(r), theta, layout, out))


@helper
def feed(x, theta, layout, out):
    """out = biases + W x, the current into each free unit from the clamped rates x (n_in, b)."""
    for i in range(layout[N]):
        for j in range(x.shape[1]):
            out[i, j] = theta[layout[BIASES] + i]
    call_products(layout[PRODUCTS], (INPUT, constant(x), theta, layout, out))
