"""Where things lie in the integers of a network's layout, and in scratch memory.

A layout is a header, then a few integers for each free population, for each arrow between free populations, for each
connection of the input, and for each term that flows call by its address; after them the patterns of sparse
connections and the integers of the terms. `neurodyn.system.assembly` writes layouts; kernels read them by the names
here.

An *arrow* is one direction of a connection: out[to] += M r[from]. Two populations are joined by two arrows, whose
matrices are each other's transpose if they share their weights; a population's connection to itself is one.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from neurodyn.numerics.kernel import helper

if numba.config.DISABLE_JIT:
    from neurodyn.numerics.view import flat, row, units
else:
    from neurodyn.numerics.view import like, rows_from, sides

# The header: N free units and CLAMPED ones of the input; how many populations, arrows, connections of the input and
# terms there are, and where the terms begin; where the biases begin in theta; the input's activation; the address in
# this process of the sparse product, 0 if nothing is sparse; the kind of the cost, its first unit and number of
# units, and the address of its slopes if it is a user's own; whether the flow descends an energy of the states or of
# the rates; whether some units live in a box; and whether rows of constants hold the state at which a phase began, as
# terms and activations of a user's own need it.
N, CLAMPED, POPULATIONS, ARROWS, INPUTS, TERMS, TERM_TABLE, BIASES, INPUT_CODE, SPARSE = range(10)
COST, OUT_FIRST, OUT_COUNT, COST_SLOPES, METRIC, BOXED, EXTENDED = range(10, 17)
# The addresses of what many flows contain, as `neurodyn.system.parts` has them: products with weights and with the
# Jacobian, rates, their changes, and that of a curved cost's slope; and of what terms add to each flow. An address is
# 0 until some flow is run that needs it.
PRODUCTS, JACOBIAN, ACTIVATIONS, DIFFERENCES, COST_CHANGES = range(17, 22)
TERM_ENERGIES, FREE_TERMS, MOVING_TERMS, NUDGED_TERMS, CURVE_TERMS, TRANSPOSED_TERMS, TERM_FORCES = range(22, 29)
HEADER = 29

#: Values of METRIC: tau ds/dt = -dE/ds, or tau du/dt = -dE/dr.
STATES, RATES = range(2)
#: Values of COST: 1/2 |z - y|^2, the cross-entropy of a softmax, or one of a user's own.
SQUARED, SOFTMAX, OWN_COST = range(3)

# Of a free population: first unit, end, activation, whether it leaks, and the addresses of an activation of a user's
# own (its rates and slopes, curvatures, divided differences).
START, STOP, CODE, LEAK, OWN_RATES, OWN_CURVATURE, OWN_DIFFERENCES, PER_POPULATION = range(8)
# Of an arrow: first unit and size of where it leads to and of where it comes from; where its matrix and the transposed
# one begin in theta; where their patterns begin in the layout, 0 for dense ones.
TO, SOURCE, MATRIX, TRANSPOSE, PER_ARROW = 0, 2, 4, 5, 8
# Of a connection of the input: first unit and size of where it leads to, matrix, pattern.
INPUT_MATRIX, INPUT_PATTERN, PER_INPUT = range(2, 5)
# Of a term: the addresses of its primitives, where its parameters and integers lie and how many they are, whether it is
# quadratic. TRANSPOSED is that of its curve, transposed, and is CURVE itself where it has an energy.
ENERGY, GRADIENT, CURVE, TRANSPOSED, COMPLEX_GRADIENT, THETA, THETA_SIZE, PLACE, PLACE_SIZE, QUADRATIC, PER_TERM = (
    range(11)
)
# After the layout of a driven flow: kind of the stimulus; the row after those of the free flow; where the stimulus
# begins in theta; how many times it has; its samples and inputs.
KIND, EXTRA, STIMULUS, TIMES, SAMPLES, WIDTH, DRIVEN = range(7)
#: Values of KIND: an input that does not move, sines, a table of values.
CONSTANT, SINE, SERIES = range(3)


if numba.config.DISABLE_JIT:  # the same in plain Python, for tests

    def block(array, k, layout):
        """The k-th block of n rows, as one long row."""
        return flat(array, k * layout[N], (k + 1) * layout[N])

    def rows_of(array, k, layout):
        """The k-th block of n rows, as rows."""
        return units(array, k * layout[N], layout[N])

    def unit(array, k, i, layout):
        """The row of unit i in the k-th block of n rows."""
        return row(array, k * layout[N] + i)

    def part(array, k, start, stop, layout):
        """Units start ... stop of the k-th block of n rows, as one long row."""
        return flat(array, k * layout[N] + start, k * layout[N] + stop)

    def some(array, k, first, count, layout):
        """The rows of `count` units from `first` on in the k-th block of n rows."""
        return units(array, k * layout[N] + first, count)

    def after(array, k, layout):
        """All rows after the first k blocks of n."""
        return units(array, k * layout[N], array.shape[0] - k * layout[N])

else:  # no functions of their own, which would be compiled once for each k

    def _look(dimensions: int, array: Any, numbers: int, layout: Any, where: Any) -> Any:
        """A view of rows, as rows or as one long row; where(builder, n, start, height, ...) is the first and how many.

        n is the size of the block, start its first row, height the number of all rows; then come the other numbers.
        """

        def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values, k, *others, given = arguments
            header = target.make_array(signature.args[-1])(target, builder, given)
            n = builder.load(builder.gep(header.data, [ir.IntType(64)(N)]))
            height = sides(target, builder, signature, values)[0]
            first, count = where(builder, n, builder.mul(k, n), height, *others)
            return rows_from(target, builder, signature, values, first, count)

        return like(array, dimensions)(array, *[types.intp] * numbers, layout), generate

    @intrinsic
    def block(_context, array, k, layout):
        """The k-th block of n rows, as one long row."""
        return _look(1, array, 1, layout, lambda builder, n, start, height: (start, n))

    @intrinsic
    def rows_of(_context, array, k, layout):
        """The k-th block of n rows, as rows."""
        return _look(2, array, 1, layout, lambda builder, n, start, height: (start, n))

    @intrinsic
    def unit(_context, array, k, i, layout):
        """The row of unit i in the k-th block of n rows."""
        return _look(1, array, 2, layout, lambda builder, n, start, height, i: (builder.add(start, i), i.type(1)))

    @intrinsic
    def part(_context, array, k, start, stop, layout):
        """Units start ... stop of the k-th block of n rows, as one long row."""

        def where(builder, n, first, height, start, stop):
            return builder.add(first, start), builder.sub(stop, start)

        return _look(1, array, 3, layout, where)

    @intrinsic
    def some(_context, array, k, first, count, layout):
        """The rows of `count` units from `first` on in the k-th block of n rows."""
        return _look(2, array, 3, layout, lambda builder, n, start, height, i, count: (builder.add(start, i), count))

    @intrinsic
    def after(_context, array, k, layout):
        """All rows after the first k blocks of n."""
        return _look(2, array, 1, layout, lambda builder, n, start, height: (start, builder.sub(height, start)))


@helper
def zero(values):
    """Set a long row to zero."""
    for j in range(values.size):
        values[j] = 0.0


@helper
def population(layout, p):
    """Where a free population begins in the layout; its first unit, end and activation."""
    o = HEADER + PER_POPULATION * p
    return o, layout[o + START], layout[o + STOP], layout[o + CODE]
