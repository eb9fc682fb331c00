"""Complex exponential and logarithm for kernels: branch-free, from the real polynomials of `vectormath`.

A complex number counts as one: errors are relative to its absolute value, a few roundings of it. Products and quotients
are written out, as numba's own look for special cases and so do not become vector code.

    e^z = e^x (cos y + i sin y),  y = k pi + r,  k = round(y / pi),  |r| <= pi/2,  sin r and cos r - 1 by polynomials
    log(1 + u) = 1/2 log |1 + u|^2 + i theta,  theta = 8 arctan t,  t = tan(theta / 8) <= 0.2,  arctan by a polynomial

The polynomials are Taylor's, and what they leave out is below 2e-17. pi is split in two so that k times its upper part
is exact up to |y| = 3e6 (W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980).
"""

from __future__ import annotations

import math

from neurodyn.numerics.kernel import inlined_helper
from neurodyn.numerics.vectormath import MAGIC, expm1_and_exp, fma, log, log1p

PI_INVERSE = 1.0 / math.pi
PI_HIGH, PI_LOW = 3.1415926534682512, 1.2154201013012384e-10
S3, S5, S7, S9, S11, S13, S15, S17, S19, S21 = ((-1.0) ** (n // 2) / math.factorial(n) for n in range(3, 22, 2))
C2, C4, C6, C8, C10, C12, C14, C16, C18, C20, C22 = ((-1.0) ** (n // 2) / math.factorial(n) for n in range(2, 23, 2))
A3, A5, A7, A9, A11, A13, A15, A17, A19, A21 = ((-1.0) ** (n // 2) / n for n in range(3, 22, 2))


@inlined_helper
def times(a, b):
    """a b."""
    return complex(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)


@inlined_helper
def divide(a, b):
    """a / b, for |b| between 1e-150 and 1e150."""
    scale = 1.0 / (b.real * b.real + b.imag * b.imag)
    return complex((a.real * b.real + a.imag * b.imag) * scale, (a.imag * b.real - a.real * b.imag) * scale)


@inlined_helper
def cosm1_and_sin(y):
    """cos y - 1 and sin y, to an absolute error of 4e-16 for |y| <= 3e6, relative to |y| below pi/2."""
    z = fma(y, PI_INVERSE, MAGIC)
    k = z - MAGIC
    r = fma(-k, PI_LOW, fma(-k, PI_HIGH, y))
    w = r * r
    s = fma(w, S21, S19)
    s = fma(s, w, S17)
    s = fma(s, w, S15)
    s = fma(s, w, S13)
    s = fma(s, w, S11)
    s = fma(s, w, S9)
    s = fma(s, w, S7)
    s = fma(s, w, S5)
    s = fma(s, w, S3)
    s = fma(s * w, r, r)
    c = fma(w, C22, C20)
    c = fma(c, w, C18)
    c = fma(c, w, C16)
    c = fma(c, w, C14)
    c = fma(c, w, C12)
    c = fma(c, w, C10)
    c = fma(c, w, C8)
    c = fma(c, w, C6)
    c = fma(c, w, C4)
    c = fma(c, w, C2) * w
    even = math.floor(0.5 * k) == 0.5 * k
    return (c if even else -2.0 - c), (s if even else -s)


@inlined_helper
def complex_expm1_and_exp(z):
    """e^z - 1 and e^z; Re z is held between -708 and 709."""
    growth, factor = expm1_and_exp(z.real)
    bend, sine = cosm1_and_sin(z.imag)
    return complex(fma(growth, bend, growth + bend), factor * sine), complex(fma(factor, bend, factor), factor * sine)


@inlined_helper
def complex_log1p(u):
    """log(1 + u) where Re(1 + u) >= 0, with an angle between -pi/2 and pi/2."""
    v = fma(u.real, u.real, fma(u.imag, u.imag, 2.0 * u.real))
    x = 1.0 + u.real
    square = fma(x, x, u.imag * u.imag)
    t = u.imag / (math.sqrt(square) + x)
    t = t / (1.0 + math.sqrt(fma(t, t, 1.0)))
    t = t / (1.0 + math.sqrt(fma(t, t, 1.0)))
    w = t * t
    p = fma(w, A21, A19)
    p = fma(p, w, A17)
    p = fma(p, w, A15)
    p = fma(p, w, A13)
    p = fma(p, w, A11)
    p = fma(p, w, A9)
    p = fma(p, w, A7)
    p = fma(p, w, A5)
    p = fma(p, w, A3)
    size = log1p(v) if v > -0.5 else log(square)
    return complex(0.5 * size, 8.0 * fma(p * w, t, t))
