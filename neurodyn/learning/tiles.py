"""Products in float32, batch-major, in register tiles: the arithmetic of learning.

Each number that comes out is one chain of fused multiply-adds in a fixed order, whatever the tile, the thread and the
samples beside it. All widths are multiples of `LANES`.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurodyn.numerics.kernel import helper, inlined_helper
from neurodyn.numerics.processor import multiply_add, vector_unit
from neurodyn.numerics.product import make_tile

#: Populations are padded to a multiple: the floats in the widest register of any processor.
LANES = 16
#: Registers that so many floats take on this one.
_HELD = LANES // min(LANES, 2 * vector_unit().doubles)
#: Rows and columns of the tiles: sums take some twenty of 32 registers, ten of 16.
TALL = 5
WIDE = max(1, vector_unit().registers // 8 // _HELD) * LANES
HIGH = max(1, 2 * TALL // _HELD)
#: Columns of a stretch of weights that serves all samples before the next: eight registers.
STRETCH = max(1, 8 // _HELD) * LANES

tall_wide, single_wide, high_narrow, single_narrow = (
    make_tile(height, width, 32) for height, width in ((TALL, WIDE), (1, WIDE), (HIGH, LANES), (1, LANES))
)


@helper
def add_product(r, w, out):
    """out (b, m) += r (b, at least n) w (n, m)."""
    b, m = out.shape
    wide = m - m % WIDE
    tall, high = b - b % TALL, b - b % HIGH
    for j in range(0, wide, WIDE):
        for i in range(0, tall, TALL):
            tall_wide(r, w, out, i, 0, j, j)
        for i in range(tall, b):
            single_wide(r, w, out, i, 0, j, j)
    for j in range(wide, m, LANES):
        for i in range(0, high, HIGH):
            high_narrow(r, w, out, i, 0, j, j)
        for i in range(high, b):
            single_narrow(r, w, out, i, 0, j, j)


def _make_stretch(width: int, gather: bool) -> Any:
    """Compile-time products of the inputs of one sample that are not zero with `width` columns.

    `which` and `rate` (count,) are those inputs. gather: out += Σ rate w[which]; else w[which] += rate out.
    """
    if numba.config.DISABLE_JIT:

        def plain(which, rate, count, w, out, j):
            rows, x, columns = which[:count], rate[:count], slice(j, j + width)
            if gather:
                out[columns] += x @ w[rows, columns]
            else:
                w[rows, columns] += x[:, None] * out[columns]

        return plain

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        which, rate, w, out = (
            target.make_array(signature.args[k])(target, builder, arguments[k]) for k in (0, 1, 3, 4)
        )
        count, j = arguments[2], arguments[5]
        word, vector = ir.IntType(64), ir.VectorType(ir.FloatType(), LANES)
        columns = cgutils.unpack_tuple(builder, w.shape, 2)[1]
        undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)

        def places(array: Any, first: Any) -> list[Any]:
            steps = [builder.add(first, word(LANES * c)) for c in range(width // LANES)]
            return [builder.bitcast(builder.gep(array.data, [step]), vector.as_pointer()) for step in steps]

        targets = places(out, j)
        starts = [builder.load(pointer, align=4) for pointer in targets]
        entry, head, body, done = builder.block, *(builder.append_basic_block(x) for x in ("head", "body", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(word)
        k.add_incoming(word(0), entry)
        running = [builder.phi(vector) for _ in starts]
        for phi, start in zip(running, starts, strict=True):
            phi.add_incoming(start, entry)
        builder.cbranch(builder.icmp_signed("<", k, count), body, done)
        builder.position_at_end(body)
        row = builder.sext(builder.load(builder.gep(which.data, [k])), word)
        x = builder.load(builder.gep(rate.data, [k]))
        spread = builder.shuffle_vector(builder.insert_element(undefined, x, ir.IntType(32)(0)), undefined, zeros)
        weights = places(w, builder.add(builder.mul(row, columns), j))
        for phi, pointer in zip(running, weights, strict=True):
            weight = builder.load(pointer, align=4)
            if gather:
                phi.add_incoming(multiply_add(builder, spread, weight, phi), body)
            else:
                builder.store(multiply_add(builder, spread, phi, weight), pointer, align=4)
                phi.add_incoming(phi, body)
        k.add_incoming(builder.add(k, word(1)), body)
        builder.branch(head)
        builder.position_at_end(done)
        if gather:
            for phi, pointer in zip(running, targets, strict=True):
                builder.store(phi, pointer, align=4)
        return target.get_dummy_value()

    @intrinsic
    def stretch(_context, which, rate, count, w, out, j):
        return types.void(which, rate, types.int64, w, out, types.int64), generate

    return stretch


gather_stretch, scatter_stretch = (_make_stretch(STRETCH, gather) for gather in (True, False))
gather_lanes, scatter_lanes = (_make_stretch(LANES, gather) for gather in (True, False))


@inlined_helper
def gather(which, rate, count, w, out, first, last):
    """out[first : last] += Σ rate w[which, first : last]."""
    long = last - (last - first) % STRETCH
    for j in range(first, long, STRETCH):
        gather_stretch(which, rate, count, w, out, j)
    for j in range(long, last, LANES):
        gather_lanes(which, rate, count, w, out, j)


@helper
def scatter(which, rate, count, w, change, first, last):
    """w[which, first : last] += rate change[first : last]."""
    long = last - (last - first) % STRETCH
    for j in range(first, long, STRETCH):
        scatter_stretch(which, rate, count, w, change, j)
    for j in range(long, last, LANES):
        scatter_lanes(which, rate, count, w, change, j)
