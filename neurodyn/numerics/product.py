"""Products of weights with rates, unit-major: out (m, b) += w (m, n) r (n, b), in register tiles.

Each output is one chain of fused multiply-adds in the order of the presynaptic units, whatever the tile it lies in: a
trajectory has the same bits alone and in company, which BLAS does not promise. A tile keeps its outputs in vector
registers while it runs through all n, so that every load serves several products.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurodyn.numerics.kernel import helper

#: Rows and columns of the tiles: sixteen accumulators of eight floats keep the multipliers busy in every cycle.
TALL, WIDE, NARROW, SLIM = 8, 16, 8, 4
#: Columns of a tile of one row, which streams through the weights: the longer its stretches, the faster they come.
LONG, MIDDLE = 128, 32


def make_tile(height: int, width: int, bits: int = 64) -> Any:
    """Compile-time tile: out[i : i + height, j : j + width] += w[i : i + height, :n] r[:, j : j + width], r (n, b).

    Floats have 64 or 32 bits.
    """
    if numba.config.DISABLE_JIT:

        def plain(w, r, out, i, j):
            out[i : i + height, j : j + width] += w[i : i + height, : len(r)] @ r[:, j : j + width]

        return plain

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        w, r, out = (
            target.make_array(kind)(target, builder, value)
            for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
        )
        i, j = arguments[3:]
        real, word = ir.DoubleType() if bits == 64 else ir.FloatType(), ir.IntType(64)
        vector = ir.VectorType(real, width)
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{width}f{bits}"
        )
        n = cgutils.unpack_tuple(builder, r.shape, 2)[0]
        columns, stride = (cgutils.unpack_tuple(builder, array.shape, 2)[1] for array in (out, w))

        def place(array: Any, row: Any, stride: Any, column: Any) -> Any:
            return builder.gep(array.data, [builder.add(builder.mul(row, stride), column)])

        def load(pointer: Any) -> Any:
            return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=bits // 8)

        rows = [builder.add(i, word(q)) for q in range(height)]
        targets = [place(out, row, columns, j) for row in rows]
        weights = [place(w, row, stride, word(0)) for row in rows]
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
        source = load(place(r, k, columns, j))
        undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), width), None)
        for phi, pointer in zip(running, weights, strict=True):
            weight = builder.load(builder.gep(pointer, [k]))
            spread = builder.shuffle_vector(
                builder.insert_element(undefined, weight, ir.IntType(32)(0)), undefined, zeros
            )
            phi.add_incoming(builder.call(fma, [spread, source, phi]), body)
        k.add_incoming(builder.add(k, word(1)), body)
        builder.branch(head)
        builder.position_at_end(done)
        for phi, pointer in zip(running, targets, strict=True):
            builder.store(phi, builder.bitcast(pointer, vector.as_pointer()), align=bits // 8)
        return target.get_dummy_value()

    @intrinsic
    def tile(_context, w, r, out, i, j):
        return types.void(w, r, out, types.int64, types.int64), generate

    return tile


tall_wide, tall_narrow, tall_slim, tall_single = (make_tile(TALL, width) for width in (WIDE, NARROW, SLIM, 1))
flat_long, flat_middle, flat_narrow, flat_single = (make_tile(1, width) for width in (LONG, MIDDLE, NARROW, 1))


@helper
def add_product(w, r, out):
    """out (m, b) += w (m, n) r (n, b), all contiguous.

    A strip of r as wide as a tile stays in the first-level cache while all rows of w pass by it.
    """
    m, b = out.shape
    tall = m - m % TALL
    wide, narrow, slim = b - b % WIDE, b - b % NARROW, b - b % SLIM
    for j in range(0, wide, WIDE):
        for i in range(0, tall, TALL):
            tall_wide(w, r, out, i, j)
    for j in range(wide, narrow, NARROW):
        for i in range(0, tall, TALL):
            tall_narrow(w, r, out, i, j)
    for j in range(narrow, slim, SLIM):
        for i in range(0, tall, TALL):
            tall_slim(w, r, out, i, j)
    for j in range(slim, b):
        for i in range(0, tall, TALL):
            tall_single(w, r, out, i, j)
    long, middle = b - b % LONG, b - b % MIDDLE
    for i in range(tall, m):
        for j in range(0, long, LONG):
            flat_long(w, r, out, i, j)
        for j in range(long, middle, MIDDLE):
            flat_middle(w, r, out, i, j)
        for j in range(middle, narrow, NARROW):
            flat_narrow(w, r, out, i, j)
        for j in range(narrow, b):
            flat_single(w, r, out, i, j)
