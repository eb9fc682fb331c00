"""Random numbers by counting: what a trajectory's unit gets in a step is a function of these three numbers and a key.

Nothing is drawn from a stream that others draw from too, so that no order, batch, block or thread changes a bit, and a
run may begin anew at any step. The function is Philox 4x32-10, which passes all tests of TestU01: ten rounds of two
32-bit multiplications that mix a counter of four words under a key of two. Its 128 bits make two normal variates by
the polar form of the normal law in the plane: of a radius sqrt(-2 log u) and a uniform angle, the two coordinates.
u has 52 bits, and so no variate is beyond 8.5.

All is branch-free arithmetic on 64-bit words and floats that compilers turn into vector code.

Sources: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11 (2011),
section 3.3; G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29:610 (1958).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import Kernel, helper, inlined_helper, matrix
from neurodyn.numerics.processor import wide
from neurodyn.numerics.vectormath import MAGIC, binary_exponent, economised, fma, power_of_two
from neurodyn.numerics.view import flat

Words = np.ndarray[Any, np.dtype[np.uint64]]
words = types.Array(types.uint64, 1, "C")
constant_words = types.Array(types.uint64, 1, "C", readonly=True)

#: Trajectories and pairs of units are counted in words of 32 bits.
LARGEST_STREAM = 2**32 - 1
M0, M1, BUMP0, BUMP1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57), np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
#: The bits of 1.0, those that a float in [1, 2) has none of, and the last bit.
ONE, EXPONENT_BITS, SIGN_BIT = np.uint64(0x3FF0000000000000), np.uint64(12), np.uint64(63)

# sin(pi w) / w and cos(pi w) for |w| <= 1/2, to 1e-12, as polynomials of w²: Taylor's, far enough, economised.
S0, S1, S2, S3, S4, S5, S6, S7 = economised(
    [(-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(14)], 0.25, 7
)
C0, C1, C2, C3, C4, C5, C6, C7 = economised(
    [(-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k) for k in range(14)], 0.25, 7
)
L3, L5, L7, L9, L11, L13, L15 = (2.0 / n for n in range(3, 16, 2))
LN2 = math.log(2.0)

if numba.config.DISABLE_JIT:  # the same in plain Python, for tests

    def as_float(bits):
        """The float that has these bits."""
        return np.uint64(bits).view(np.float64)

    def with_sign(x, bits):
        """x, negative where the last of the bits is 1."""
        return -x if int(bits) & 1 else x

else:

    @intrinsic
    def as_float(_context, bits):
        """The float that has these bits."""

        def generate(target, builder, _signature, arguments):
            return builder.bitcast(arguments[0], target.get_value_type(types.float64))

        return types.float64(types.uint64), generate

    @intrinsic
    def with_sign(_context, x, bits):
        """x >= 0, negative where the last of the bits is 1."""

        def generate(target, builder, _signature, arguments):
            word, real = target.get_value_type(types.uint64), target.get_value_type(types.float64)
            sign = builder.shl(arguments[1], word(63))
            return builder.bitcast(builder.xor(builder.bitcast(arguments[0], word), sign), real)

        return types.float64(types.float64, types.uint64), generate


def key_of(seed: int, *purpose: int) -> Words:
    """The key, (2,), for a seed and what the numbers are for: from NumPy's `SeedSequence`."""
    return np.random.SeedSequence(seed, spawn_key=purpose).generate_state(2, np.uint32).astype(np.uint64)


@inlined_helper
def mix(a, b, c, d, k, m, r):
    """Round r. Only the lower halves of words count; what the upper ones hold is left as it comes."""
    p, q = (a & LOW) * M0, (c & LOW) * M1
    return (q >> HALF) ^ b ^ ((k + r * BUMP0) & LOW), q, (p >> HALF) ^ d ^ ((m + r * BUMP1) & LOW), p


@inlined_helper
def philox(a, b, c, d, k, m):
    """The counter (a, b, c, d) mixed under the key (k, m): 128 bits in two words, of the first two and the last two.

    The second and fourth, which are products, stay below: to move them up would cost a product of 64 bits.
    """
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(0))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(1))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(2))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(3))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(4))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(5))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(6))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(7))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(8))
    a, b, c, d = mix(a, b, c, d, k, m, np.uint64(9))
    return (b & LOW) | (a << HALF), (d & LOW) | (c << HALF)


@helper
def uniform_pair(x, y):
    """Of two words of random bits: a float in [1, 2), and one in (-2, -1] or [1, 2)."""
    return as_float(ONE | (x >> EXPONENT_BITS)), with_sign(as_float(ONE | (y >> EXPONENT_BITS)), y)


@inlined_helper
def normal_pair(first, second):
    """Two independent normal variates from a `uniform_pair`: a radius from the first, an angle from the second.

    log m = 2 artanh z, z = (m - 1)/(m + 1), as in `vectormath`, but to 1e-13. Sums are split, which shortens the chain.
    """
    u = 2.0 - first
    k = binary_exponent(u) - MAGIC
    m = u * power_of_two(MAGIC - k)
    z = (m - 1.0) / (m + 1.0)
    v = z * z
    v2 = v * v
    p = fma(v2 * v2, fma(v2, L15, fma(v, L13, L11)), fma(v2, fma(v, L9, L7), fma(v, L5, L3)))
    radius = math.sqrt(-2.0 * fma(k, LN2, fma(p * v, z, 2.0 * z)))
    w = abs(second) - 1.5
    v = w * w
    v2 = v * v
    s = fma(v2 * v2, fma(v2, fma(v, S7, S6), fma(v, S5, S4)), fma(v2, fma(v, S3, S2), fma(v, S1, S0)))
    c = fma(v2 * v2, fma(v2, fma(v, C7, C6), fma(v, C5, C4)), fma(v2, fma(v, C3, C2), fma(v, C1, C0)))
    radius = math.copysign(radius, second)  # the other half of the circle
    return radius * c, radius * (s * w)


@helper
def normals(step, lanes, key, out):
    """Normal variates of one step for all units of all trajectories; out (2 p, b), lanes (p b,) as `lanes_of` says.

    In two loops: of one that did all, a processor could not overlap the long chains of two passes.
    """
    wide()
    low, high = np.uint64(step) & LOW, np.uint64(step) >> HALF
    rows = out.shape[0] // 2
    first, second = flat(out, 0, rows), flat(out, rows, 2 * rows)
    k, m = key[0], key[1]
    for e in range(lanes.size):
        x, y = philox(low, high, lanes[e], lanes[e] >> HALF, k, m)
        first[e], second[e] = uniform_pair(x, y)
    for e in range(lanes.size):
        first[e], second[e] = normal_pair(first[e], second[e])


def _fill_normals(step, lanes, key, out):
    """`normals`, for those who call from Python."""
    normals(step, lanes, key, out)


fill_normals = Kernel(_fill_normals, types.void(types.int64, constant_words, constant_words, matrix))


def pairs(units: int) -> int:
    """How many pairs of variates serve so many units: unit i has the first of pair i, or the second of pair i - p."""
    return (units + 1) // 2


def lanes_of(units: int, streams: Any) -> Words:
    """The lower two words of all counters of a block, (p b,): the trajectory's number, and above it the pair's."""
    pair = np.arange(pairs(units), dtype=np.uint64) << HALF
    return np.ascontiguousarray((pair[:, None] | np.asarray(streams, dtype=np.uint64)).ravel())


def draw(key: Words, step: int, units: int, streams: Any) -> Array:
    """The normal variates (units, b) of one step for some trajectories, by their numbers (b,)."""
    out = np.empty((2 * pairs(units), len(streams)))
    fill_normals(step, lanes_of(units, streams), key, out)
    return out[:units]
