"""What pairs of units joined by weights do to each other: g_i = sum_j W_ij r_j, over all connections of a network."""

from __future__ import annotations

from neurodyn.flows.layout import (
    ARROWS,
    BIASES,
    HEADER,
    INPUTS,
    MATRIX,
    PER_ARROW,
    PER_INPUT,
    PER_POPULATION,
    POPULATIONS,
    SOURCE,
    SPARSE,
    TO,
    TRANSPOSE,
    N,
    zero,
)
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.product import add_product
from neurodyn.numerics.sparse_product import add_sparse
from neurodyn.numerics.view import constant, flat, rectangle, units


@helper
def couple(r, theta, layout, out):
    """out += W r, over all arrows between free populations."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for c in range(layout[ARROWS]):
        o = first + PER_ARROW * c
        arrow(constant(r), theta, layout, (o + TO, o + SOURCE, o + MATRIX, o + TRANSPOSE), out)


@helper
def couple_transposed(r, theta, layout, out):
    """out += Wᵀ r: every arrow backwards."""
    first = HEADER + PER_POPULATION * layout[POPULATIONS]
    for c in range(layout[ARROWS]):
        o = first + PER_ARROW * c
        arrow(constant(r), theta, layout, (o + SOURCE, o + TO, o + TRANSPOSE, o + MATRIX), out)


@helper
def arrow(r, theta, layout, where, out):
    """out[to] += M r[from]; `where` are addresses in the layout, a pattern's two after that of its weights.

    theta holds each matrix and its transpose, so that both directions run along memory. A single sample is a row: its
    product is taken from the other side, which gives the same chains of additions.
    """
    to, source, matrix, transpose = where
    a, m, b, n = layout[to], layout[to + 1], layout[source], layout[source + 1]
    if layout[matrix + 2]:
        pattern = layout[matrix + 2]
        add_sparse(layout[SPARSE], theta, layout[matrix], layout, pattern, units(r, b, n), units(out, a, m))
    elif r.shape[1] == 1:
        add_product(rectangle(r, b, 1, n), rectangle(theta, layout[transpose], n, m), rectangle(out, a, 1, m))
    else:
        add_product(rectangle(theta, layout[matrix], m, n), units(r, b, n), units(out, a, m))


@helper
def feed(x, theta, layout, out):
    """out = biases + W x, the current into each free unit from the clamped rates x (n_in, b)."""
    for i in range(layout[N]):
        for j in range(x.shape[1]):
            out[i, j] = theta[layout[BIASES] + i]
    first = HEADER + PER_POPULATION * layout[POPULATIONS] + PER_ARROW * layout[ARROWS]
    m = x.shape[0]
    for c in range(layout[INPUTS]):
        o = first + PER_INPUT * c
        b, n, where = layout[o], layout[o + 1], layout[o + 2]
        if layout[o + 3]:
            add_sparse(layout[SPARSE], theta, where, layout, layout[o + 3], x, units(out, b, n))
        else:
            add_product(rectangle(theta, where, n, m), x, units(out, b, n))


@flow_kernel(blocks=0)
def drive(t, x, rows, theta, layout, work, out):
    """Constant current of each free unit: biases and the clamped rates x (n_in, b) through their weights."""
    feed(x, theta, layout, out)


@flow_kernel(blocks=0)
def coupled(t, r, rows, theta, layout, work, out):
    """W r for rates r (n, b)."""
    zero(flat(out, 0, layout[N]))
    couple(r, theta, layout, out)
