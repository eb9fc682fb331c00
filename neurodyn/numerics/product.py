"""Products of weights with rates, unit-major: out (m, b) += w (m, n) r (n, b), in register tiles.

Each output is one chain of multiplications and additions in the order of the presynaptic units, whatever the tile it
lies in: a trajectory has the same bits alone and in company, which BLAS does not promise. A tile keeps its outputs in
vector registers while it runs through all n, so that every load serves several products: its sums take half of the
registers that the processor has.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurodyn.numerics.aligned import LINE
from neurodyn.numerics.kernel import helper, inlined_helper
from neurodyn.numerics.processor import multiply_add, vector_unit
from neurodyn.numerics.vectors import all_of, load, narrow_zeros, plus_times, store
from neurodyn.numerics.view import units

#: Rows and columns of the tiles: half the registers hold sums, two of them side by side, one, and half of one.
TALL, WIDE = vector_unit().registers // 4, 2 * vector_unit().doubles
NARROW, SLIM = WIDE // 2, WIDE // 4
#: Columns of a tile of one row, which streams through the weights: the longer its stretches, the faster they come.
LONG, MIDDLE = vector_unit().registers // 2 * NARROW, vector_unit().registers // 8 * NARROW
#: Rows of r that a single row of w meets at a time: half of 16 registers hold its weights.
EIGHT = 8
#: Rows of r that are packed at a time: with their tile of weights they fill half of a first-level cache.
DEEP = 128
#: A strip is packed if so many tiles use it.
MANY = 4


def make_tile(height: int, width: int, bits: int = 64) -> Any:
    """Compile-time tile: out[i : i + height, j : j + width] += w[i : i + height, k : k + n] r[:, c : c + width].

    r has n rows. Floats have 64 or 32 bits.
    """
    if numba.config.DISABLE_JIT:

        def plain(w, r, out, i, k, j, c):
            out[i : i + height, j : j + width] += w[i : i + height, k : k + len(r)] @ r[:, c : c + width]

        return plain

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        w, r, out = (
            target.make_array(kind)(target, builder, value)
            for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
        )
        i, first, j, c = arguments[3:]
        real, word = ir.DoubleType() if bits == 64 else ir.FloatType(), ir.IntType(64)
        vector = ir.VectorType(real, width)
        n = cgutils.unpack_tuple(builder, r.shape, 2)[0]
        columns, stride, pitch = (cgutils.unpack_tuple(builder, array.shape, 2)[1] for array in (out, w, r))

        def place(array: Any, row: Any, stride: Any, column: Any) -> Any:
            return builder.gep(array.data, [builder.add(builder.mul(row, stride), column)])

        def load(pointer: Any) -> Any:
            return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=bits // 8)

        rows = [builder.add(i, word(q)) for q in range(height)]
        targets = [place(out, row, columns, j) for row in rows]
        weights = [place(w, row, stride, first) for row in rows]
        sums = [load(pointer) for pointer in targets]
        entry, head, body, done = builder.block, *(builder.append_basic_block(x) for x in ("head", "body", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(word)
        k.add_incoming(word(0), entry)
        running = [builder.phi(vector) for _ in sums]
        for phi, start in zip(running, sums, strict=True):
            phi.add_incoming(start, entry)
        builder.cbranch(builder.icmp_signed("<", k, n), body, done)
        builder.position_at_end(body)
        source = load(place(r, k, pitch, c))
        undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), width), None)
        for phi, pointer in zip(running, weights, strict=True):
            weight = builder.load(builder.gep(pointer, [k]))
            spread = builder.shuffle_vector(
                builder.insert_element(undefined, weight, ir.IntType(32)(0)), undefined, zeros
            )
            phi.add_incoming(multiply_add(builder, spread, source, phi), body)
        k.add_incoming(builder.add(k, word(1)), body)
        builder.branch(head)
        builder.position_at_end(done)
        for phi, pointer in zip(running, targets, strict=True):
            builder.store(phi, builder.bitcast(pointer, vector.as_pointer()), align=bits // 8)
        return target.get_dummy_value()

    @intrinsic
    def tile(_context, w, r, out, i, k, j, c):
        return types.void(w, r, out, types.int64, types.int64, types.int64, types.int64), generate

    return tile


tall_wide, tall_narrow, tall_slim, tall_single = (make_tile(TALL, width) for width in (WIDE, NARROW, SLIM, 1))
flat_long, flat_middle, flat_narrow, flat_single = (make_tile(1, width) for width in (LONG, MIDDLE, NARROW, 1))


def _make_strip() -> Any:
    """Compile-time matrix (DEEP, WIDE) in memory that is free again when the function that asks for it returns."""
    if numba.config.DISABLE_JIT:
        return lambda: np.empty((DEEP, WIDE))

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # here, not at the entry of the kernel, where it would cost a single trajectory a sixth of its time
        memory = builder.alloca(ir.ArrayType(ir.DoubleType(), DEEP * WIDE))
        memory.align = LINE
        out = target.make_array(signature.return_type)(target, builder)
        size, height, width = (ir.IntType(64)(number) for number in (8, DEEP, WIDE))
        target.populate_array(
            out,
            data=builder.bitcast(memory, ir.DoubleType().as_pointer()),
            shape=cgutils.pack_array(builder, [height, width]),
            strides=cgutils.pack_array(builder, [builder.mul(width, size), size]),
            itemsize=size,
            meminfo=None,
        )
        return out._getvalue()

    @intrinsic
    def strip(_context):
        return types.Array(types.float64, 2, "C")(), generate

    return strip


empty_strip = _make_strip()


@helper
def pack(r, k, j, strip):
    """Copy rows of r from k on, as many as fit, and its columns from j on to where they lie one after the other.

    The rows of r may lie a power of two apart, and then in few places of the cache, from which they drive each other.
    """
    filled = units(strip, 0, min(DEEP, r.shape[0] - k))
    for q in range(filled.shape[0]):
        for c in range(WIDE):
            filled[q, c] = r[k + q, j + c]
    return filled


@helper
def add_wide(w, r, out, tall, wide):
    """The first rows and columns of the product: a strip of r is packed, and all rows of w pass by it."""
    if tall < MANY * TALL or out.shape[1] == WIDE:
        for j in range(0, wide, WIDE):
            for i in range(0, tall, TALL):
                tall_wide(w, r, out, i, 0, j, j)
        return
    strip = empty_strip()
    for j in range(0, wide, WIDE):
        for k in range(0, r.shape[0], DEEP):
            packed = pack(r, k, j, strip)
            for i in range(0, tall, TALL):
                tall_wide(w, packed, out, i, k, j, 0)


@helper
def add_product(w, r, out):
    """out (m, b) += w (m, n) r (n, b), all contiguous."""
    m, b = out.shape
    tall = m - m % TALL
    wide, narrow, slim = b - b % WIDE, b - b % NARROW, b - b % SLIM
    add_wide(w, r, out, tall, wide)
    for j in range(wide, narrow, NARROW):
        for i in range(0, tall, TALL):
            tall_narrow(w, r, out, i, 0, j, j)
    for j in range(narrow, slim, SLIM):
        for i in range(0, tall, TALL):
            tall_slim(w, r, out, i, 0, j, j)
    for j in range(slim, b):
        for i in range(0, tall, TALL):
            tall_single(w, r, out, i, 0, j, j)
    long, middle = b - b % LONG, b - b % MIDDLE
    for i in range(tall, m):
        for j in range(0, long, LONG):
            flat_long(w, r, out, i, 0, j, j)
        for j in range(long, middle, MIDDLE):
            flat_middle(w, r, out, i, 0, j, j)
        for j in range(middle, narrow, NARROW):
            flat_narrow(w, r, out, i, 0, j, j)
        for j in range(narrow, b):
            flat_single(w, r, out, i, 0, j, j)


@helper
def add_row(w, r, out):
    """The same of a single row, out (1, b) += w (1, n) r (n, b): through r once, as it lies in memory.

    That is how the weights of a network stream to a single sample.
    """
    n, b = r.shape
    whole, eights = b - b % NARROW, n - n % EIGHT
    for k in range(0, eights, EIGHT):
        add_eight(w, r, out, k, range(0, whole, NARROW), narrow_zeros())
        add_eight(w, r, out, k, range(whole, b), 0.0)
    for k in range(eights, n):
        add_one(w, r, out, k, range(0, whole, NARROW), narrow_zeros())
        add_one(w, r, out, k, range(whole, b), 0.0)


@inlined_helper
def add_eight(w, r, out, k, columns, like):
    """What eight rows of r, from k on, give, in vectors that begin at some columns."""
    b = r.shape[1]
    w0, w1 = all_of(w[0, k], like), all_of(w[0, k + 1], like)
    w2, w3 = all_of(w[0, k + 2], like), all_of(w[0, k + 3], like)
    w4, w5 = all_of(w[0, k + 4], like), all_of(w[0, k + 5], like)
    w6, w7 = all_of(w[0, k + 6], like), all_of(w[0, k + 7], like)
    for j in columns:
        e = k * b + j
        total = plus_times(w0, load(r, e, like), load(out, j, like))
        total = plus_times(w1, load(r, e + b, like), total)
        total = plus_times(w2, load(r, e + 2 * b, like), total)
        total = plus_times(w3, load(r, e + 3 * b, like), total)
        total = plus_times(w4, load(r, e + 4 * b, like), total)
        total = plus_times(w5, load(r, e + 5 * b, like), total)
        total = plus_times(w6, load(r, e + 6 * b, like), total)
        total = plus_times(w7, load(r, e + 7 * b, like), total)
        store(out, j, total)


@inlined_helper
def add_one(w, r, out, k, columns, like):
    """The same of one row of r."""
    weight, b = all_of(w[0, k], like), r.shape[1]
    for j in columns:
        store(out, j, plus_times(weight, load(r, k * b + j, like), load(out, j, like)))
