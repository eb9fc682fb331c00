"""Products of sparse weights with rates, unit-major: out (m, b) += w (m, n) r (n, b), row by row of w.

Each output is the sum of `CHAINS` chains of fused multiply-adds, each in the order of the presynaptic units: one chain
waits for its last addition most of the time. It has the same bits alone and in company, and whatever the number of
threads, as every row belongs to one thread.

A pattern lies among the integers of a network's layout: first the bounds of `CHUNKS` ranges of rows with about equal
numbers of weights, then where each row starts, then the columns of all weights, two to an integer (half the traffic).

A matrix of `MANY` weights and more does not fit the caches. It is read ahead by hand, and its rows are shared among
numba's threads. numba's simplest threading layer ends the process if two threads of Python enter it at once: hold
`threads_lock` while a kernel with such a matrix runs.
"""

from __future__ import annotations

import threading
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from neurodyn.numerics.kernel import Callee, Kernel, constant_matrix, helper, threaded_helper, vector
from neurodyn.numerics.processor import multiply_add, vector_unit

#: Chains of additions for each output: with one, 10^7 weights took twice the time of a product with four.
CHAINS = 4
#: Columns of the strips: as wide as chains in half of the registers, and as one register.
NARROW = vector_unit().doubles
WIDE = vector_unit().registers // 2 // CHAINS * NARROW
#: Ranges of rows that are dealt out to threads.
CHUNKS = 64
#: From so many weights on a product is shared among threads: 0.7 ms alone, against some 20 us to wake the others.
MANY = 1_000_000
#: How many weights ahead of the one at work memory is read.
AHEAD = 1024

#: Held by whoever runs a kernel that enters numba's threads.
threads_lock = threading.RLock()


def lay_out(starts: Any, columns: Any) -> Any:
    """The integers of a pattern, rows (m + 1) of starts and their columns, as `add_sparse` reads them."""
    goals = np.arange(1, CHUNKS) * int(starts[-1]) // CHUNKS
    bounds = np.concatenate([[0], np.searchsorted(starts[:-1], goals), [len(starts) - 1]])
    packed = np.zeros(-(-len(columns) // 2), dtype=np.int64)
    packed.view(np.uint32)[: len(columns)] = columns
    return np.concatenate([bounds, starts, packed], dtype=np.int64)


def _make_row(width: int, alone: bool) -> Any:
    """Compile-time strip of a row: out[i, j : j + width] += sum_k w[k] r[index[k], j : j + width].

    Weight k of the row goes to chain k mod `CHAINS`; at the end the chains are added in pairs, and then to out. What
    the last round lacks are weights of 0 at the row's last column: branches there would be guessed wrongly.
    """
    if numba.config.DISABLE_JIT:

        def plain(w, index, starts, r, out, i, j):
            here = slice(starts[i], starts[i + 1])
            out[i, j : j + width] += w[here] @ r[index[here], j : j + width]

        return plain

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        w, index, starts, r, out = (
            target.make_array(kind)(target, builder, value)
            for kind, value in zip(signature.args[:5], arguments[:5], strict=True)
        )
        i, j = arguments[5:]
        real, word, int32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
        vector = ir.VectorType(real, width)
        columns = cgutils.unpack_tuple(builder, out.shape, 2)[1]
        undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(int32, width), None)

        def place(array: Any, row: Any) -> Any:
            pointer = builder.gep(array.data, [row if alone else builder.add(builder.mul(row, columns), j)])
            return builder.bitcast(pointer, vector.as_pointer())

        def add(weight: Any, k: Any, total: Any) -> Any:
            source = builder.zext(builder.load(builder.gep(index.data, [k])), word)
            spread = builder.shuffle_vector(builder.insert_element(undefined, weight, int32(0)), undefined, zeros)
            return multiply_add(builder, spread, builder.load(place(r, source), align=8), total)

        first, last = (builder.load(builder.gep(starts.data, [builder.add(i, word(q))])) for q in (0, 1))
        whole = builder.sub(last, word(CHAINS))
        entry, head, body, tail, done = (
            builder.block,
            *(builder.append_basic_block(name) for name in ("head", "body", "tail", "done")),
        )
        builder.cbranch(builder.icmp_signed("<", first, last), head, done)
        builder.position_at_end(head)
        k, totals = builder.phi(word), [builder.phi(vector) for _ in range(CHAINS)]
        k.add_incoming(first, entry)
        for total in totals:
            total.add_incoming(ir.Constant(vector, None), entry)
        builder.cbranch(builder.icmp_signed("<=", k, whole), body, tail)
        builder.position_at_end(body)
        if alone:
            for array in (w, index):
                read_ahead(builder, builder.gep(array.data, [builder.add(k, word(AHEAD))]))
        for q, total in enumerate(totals):
            here = builder.add(k, word(q))
            total.add_incoming(add(builder.load(builder.gep(w.data, [here])), here, total), body)
        k.add_incoming(builder.add(k, word(CHAINS)), body)
        builder.branch(head)
        builder.position_at_end(tail)
        ends, final = list(totals), builder.sub(last, word(1))
        for q in range(CHAINS - 1):
            here = builder.add(k, word(q))
            inside = builder.icmp_signed("<", here, last)
            here = builder.select(inside, here, final)
            weight = builder.select(inside, builder.load(builder.gep(w.data, [here])), real(0.0))
            ends[q] = add(weight, here, ends[q])
        while len(ends) > 1:
            ends = [builder.fadd(a, b) for a, b in zip(ends[::2], ends[1::2], strict=True)]
        goal = place(out, i)
        builder.store(builder.fadd(builder.load(goal, align=8), ends[0]), goal, align=8)
        builder.branch(done)
        builder.position_at_end(done)
        return target.get_dummy_value()

    @intrinsic
    def row(_context, w, index, starts, r, out, i, j):
        return types.void(w, index, starts, r, out, types.int64, types.int64), generate

    return row


def read_ahead(builder: Any, pointer: Any) -> None:
    """Have memory read what a pointer points at, or would, into the second-level cache.

    A hint that it is used only once makes products of 10^7 weights take twice as long on some processors.
    """
    byte, int32 = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, int32, int32, int32])
    prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    builder.call(prefetch, [builder.bitcast(pointer, byte), int32(0), int32(2), int32(1)])


row_wide, row_narrow, row_single = (_make_row(width, False) for width in (WIDE, NARROW, 1))
row_alone = _make_row(1, True)


@helper
def add_rows(w, index, starts, r, out, begin, end):
    """Rows begin ... end of the product."""
    b = out.shape[1]
    wide, narrow = b - b % WIDE, b - b % NARROW
    if b == 1:
        for i in range(begin, end):
            row_alone(w, index, starts, r, out, i, 0)
        return
    for i in range(begin, end):
        for j in range(0, wide, WIDE):
            row_wide(w, index, starts, r, out, i, j)
        for j in range(wide, narrow, NARROW):
            row_narrow(w, index, starts, r, out, i, j)
        for j in range(narrow, b):
            row_single(w, index, starts, r, out, i, j)


@threaded_helper
def add_rows_on_threads(w, index, starts, bounds, r, out):
    """The product, its ranges of rows on numba's threads."""
    for c in prange(CHUNKS):
        add_rows(w, index, starts, r, out, bounds[c], bounds[c + 1])


def _product(w, pattern, r, out, m, n, b):
    """out (m, b) += w r (n, b), by pointers; the pattern is as `lay_out` makes it."""
    starts = carray(pattern, CHUNKS + m + 2)[CHUNKS + 1 :]
    count = starts[m]
    packed = carray(pattern, CHUNKS + m + 2 + (count + 1) // 2)
    bounds, index = packed[: CHUNKS + 1], packed[CHUNKS + m + 2 :].view(np.uint32)
    weights, rates, sums = carray(w, count), carray(r, (n, b)), carray(out, (m, b))
    if count >= MANY:
        add_rows_on_threads(weights, index, starts, bounds, rates, sums)
    else:
        add_rows(weights, index, starts, rates, sums, 0, m)


_floats, _integers = types.CPointer(types.float64), types.CPointer(types.int64)
#: Kernels that may meet sparse weights would take 10 s more to compile with this inside.
product = Callee(_product, types.void(_floats, _integers, _floats, _floats, *[types.int64] * 3))


def _make_call() -> Any:
    """Compile-time call of `product` at its address."""
    if numba.config.DISABLE_JIT:

        def plain(address, theta, where, layout, at, r, out):
            m = len(out)
            starts = layout[at + CHUNKS + 1 :][: m + 1]
            index = layout[at + CHUNKS + m + 2 :].view(np.uint32)
            add_rows(theta[where:], index, starts, r, out, 0, m)

        return plain

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, _, where, _, at, _, _ = arguments
        theta, layout, r, out = (
            target.make_array(signature.args[k])(target, builder, arguments[k]) for k in (1, 3, 5, 6)
        )
        m, b = cgutils.unpack_tuple(builder, out.shape, 2)
        n = cgutils.unpack_tuple(builder, r.shape, 2)[0]
        values = [builder.gep(theta.data, [where]), builder.gep(layout.data, [at]), r.data, out.data, m, n, b]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(address, kind.as_pointer()), values)
        return target.get_dummy_value()

    @intrinsic
    def call(_context, address, theta, where, layout, at, r, out):
        return types.void(types.int64, theta, types.int64, layout, types.int64, r, out), generate

    return call


#: add_sparse(address, theta, where, layout, at, r, out): out (m, b) += w r, with the weights in theta from `where` on
#: and their pattern in layout from `at` on; address is that of `product`.
add_sparse = _make_call()


def _pair_sums(first, second, left, right, out):
    """out[k] += sum over samples of left[first[k]] right[second[k]], for every connected pair of units."""
    for k in range(out.size):
        a, b, total = left[first[k]], right[second[k]], 0.0
        for j in range(a.size):
            total += a[j] * b[j]
        out[k] += total


_indices = types.Array(types.int32, 1, "C", readonly=True)
pair_sums = Kernel(_pair_sums, types.void(_indices, _indices, constant_matrix, constant_matrix, vector))
