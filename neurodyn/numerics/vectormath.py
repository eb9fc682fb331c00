"""Branch-free exponential functions that compilers turn into vector code; numba's own cost ten times as much in a loop.

All are polynomials after an exact reduction of the argument, with explicit fused multiply-adds, so that a value does
not depend on where in a loop, or in which vector lane, it was computed. Relative errors are a few roundings.

    e^x = 2^k e^r,  k = round(x / ln 2),  |r| <= ln(2)/2,  e^r - 1 = r + r^2 p(r),  p of degree 9 (rest below 4e-17 |r|)
    log x = k ln 2 + log m,  m in [sqrt(1/2), sqrt(2)),  log m = 2 artanh z,  z = (m - 1)/(m + 1)

ln 2 is split in two so that k times its upper part is exact (W. J. Cody, W. Waite, Software Manual for the Elementary
Functions, 1980).
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from neurodyn.numerics.kernel import helper
from neurodyn.numerics.processor import multiply_add

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
#: Adding this to a float of moderate size leaves its nearest integer in the last bits.
MAGIC = 1.5 * 2.0**52
#: Arguments beyond these would leave the range of floats.
LOWEST, HIGHEST = -708.0, 709.0


def economised(coefficients: list[float], reach: float, degree: int) -> list[float]:
    """Lower the degree of a polynomial with the least change on |x| <= reach (C. Lanczos, 1938).

    The highest power goes with a multiple of Chebyshev's polynomial T_n(x / reach), which is nowhere larger than 1.
    """
    chebyshev = [[1.0], [0.0, 1.0]]
    while len(chebyshev) < len(coefficients):
        older, old = chebyshev[-2:]
        doubled = [0.0, *(2.0 * c for c in old)]
        chebyshev.append([c - (older[k] if k < len(older) else 0.0) for k, c in enumerate(doubled)])
    for n in range(len(coefficients) - 1, degree, -1):
        last = coefficients[n] * reach**n / chebyshev[n][n]
        coefficients = [coefficients[k] - last * chebyshev[n][k] / reach**k for k in range(n)]
    return coefficients


#: p(r) = (e^r - 1 - r) / r^2: Taylor's polynomial, far enough, economised.
E2, E3, E4, E5, E6, E7, E8, E9, E10, E11 = economised([1.0 / math.factorial(n) for n in range(2, 18)], 0.347, 9)
L3, L5, L7, L9, L11, L13, L15, L17, L19, L21, L23 = (2.0 / n for n in range(3, 24, 2))

if numba.config.DISABLE_JIT:  # the same in plain Python, for tests

    def fma(a, b, c):
        """a b + c."""
        return a * b + c

    def power_of_two(z):
        """2^k for z = k + MAGIC."""
        return math.ldexp(1.0, int(z - MAGIC))

    def binary_exponent(x):
        """k + MAGIC, where x = 2^k m and m is nearest to 1."""
        mantissa, exponent = math.frexp(x)
        return exponent - (mantissa < math.sqrt(0.5)) + MAGIC

else:

    @intrinsic
    def fma(_context, a, b, c):
        """a b + c, rounded once where the processor can."""

        def generate(_target, builder, _signature, arguments):
            return multiply_add(builder, *arguments)

        return types.float64(types.float64, types.float64, types.float64), generate

    @intrinsic
    def power_of_two(_context, z):
        """2^k for z = k + MAGIC: k moved to the place of the exponent."""

        def generate(target, builder, _signature, arguments):
            word, real = target.get_value_type(types.int64), target.get_value_type(types.float64)
            bits = builder.add(builder.bitcast(arguments[0], word), word(1023))
            return builder.bitcast(builder.shl(bits, word(52)), real)

        return types.float64(types.float64), generate

    @intrinsic
    def binary_exponent(_context, x):
        """k + MAGIC, where x = 2^k m and m lies in [sqrt(1/2), sqrt(2)), for a normal x > 0."""

        def generate(target, builder, _signature, arguments):
            word, real = target.get_value_type(types.int64), target.get_value_type(types.float64)
            root_half, magic = (int(np.float64(v).view(np.int64)) for v in (math.sqrt(0.5), MAGIC))
            bits = builder.sub(builder.bitcast(arguments[0], word), word(root_half))
            return builder.bitcast(builder.add(builder.ashr(bits, word(52)), word(magic)), real)

        return types.float64(types.float64), generate


@helper
def expm1_and_exp(x):
    """e^x - 1 and e^x; x is held between -708 and 709, and NaN goes through."""
    x = LOWEST if x < LOWEST else x
    x = HIGHEST if x > HIGHEST else x
    z = fma(x, LOG2_E, MAGIC)
    k = z - MAGIC
    r = fma(-k, LN2_LOW, fma(-k, LN2_HIGH, x))
    w = r * r
    even, odd = fma(w, E10, E8), fma(w, E11, E9)
    even, odd = fma(even, w, E6), fma(odd, w, E7)
    even, odd = fma(even, w, E4), fma(odd, w, E5)
    even, odd = fma(even, w, E2), fma(odd, w, E3)
    p = fma(fma(odd, r, even), w, r)
    scale = power_of_two(z)
    return fma(scale, p, scale - 1.0), fma(scale, p, scale)


@helper
def log(x):
    """Natural logarithm of a normal x > 0."""
    z = binary_exponent(x)
    k = z - MAGIC
    m = x * power_of_two(MAGIC - k)
    s = (m - 1.0) / (m + 1.0)
    w = s * s
    p = fma(w, L23, L21)
    p = fma(p, w, L19)
    p = fma(p, w, L17)
    p = fma(p, w, L15)
    p = fma(p, w, L13)
    p = fma(p, w, L11)
    p = fma(p, w, L9)
    p = fma(p, w, L7)
    p = fma(p, w, L5)
    p = fma(p, w, L3)
    return fma(k, LN2_HIGH, fma(k, LN2_LOW, fma(p * w, s, 2.0 * s)))


@helper
def log1p(x):
    """log(1 + x) for x > -1: the logarithm of the rounded sum, and what the rounding lost."""
    u = 1.0 + x
    return log(u) + (x - (u - 1.0)) / u
