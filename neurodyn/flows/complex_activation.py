"""Activation functions at s* + x for complex x: changes of rates and slopes that do not cancel, however small x is.

All go back to one change of the logistic function: with p = sigma(s*) and q = 1 - p,

    sigma(s* + x) - sigma(s*) = p q (e^x - 1) / (q + p e^x) = -p q (e^-x - 1) / (p + q e^-x);

the second form is taken where Re(s* + x) > 0. Then no power of e grows beyond bounds, and the softplus, whose change is
log(1 + p (e^x - 1)) = x + log(1 + q (e^-x - 1)), has its cuts where Re s = 0 and |Im s| > pi alone: the logarithm's
argument stays in the right half of the plane. Poles, of tanh at Im s = pi/2 + k pi, Re s = 0, of the others at twice
that, are where the divisor vanishes.

Rates a = rho(s*) and slopes d = rho'(s*) are real. Complex rows are pairs of rows, real and imaginary parts. The hard
sigmoid is not analytic and has no place here.
"""

from __future__ import annotations

from neurodyn.flows.activation import SIGMOID, SOFTPLUS, TANH
from neurodyn.numerics.complexmath import complex_expm1_and_exp, complex_log1p, divide, times
from neurodyn.numerics.kernel import helper, inlined_helper
from neurodyn.numerics.vectormath import expm1_and_exp


@inlined_helper
def logistic_change(p, q, x):
    """sigma(s* + x) - sigma(s*), from p = sigma(s*) and q = 1 - p; then w (e^z - 1), and whether it is z = -x, w = q.

    Otherwise z = x, w = p: see above.
    """
    turned = p * expm1_and_exp(x.real)[1] > q
    sign, weight, rest = (-1.0, q, p) if turned else (1.0, p, q)
    growth, factor = complex_expm1_and_exp(complex(sign * x.real, sign * x.imag))
    below = complex(rest + weight * factor.real, weight * factor.imag)
    moved = divide(growth, below)
    scale = sign * p * q
    return complex(scale * moved.real, scale * moved.imag), complex(weight * growth.real, weight * growth.imag), turned


@helper
def change_rates(code, a, d, x):
    """Replace the displacements x, a pair of rows, by rho(s* + x) - rho(s*)."""
    real, imaginary = x
    if code == TANH:  # tanh s = 2 sigma(2 s) - 1
        for j in range(a.size):
            large = 0.5 * (1.0 + abs(a[j]))
            small = 0.25 * d[j] / large
            p, q = (large, small) if a[j] > 0.0 else (small, large)
            moved = logistic_change(p, q, complex(2.0 * real[j], 2.0 * imaginary[j]))[0]
            real[j], imaginary[j] = 2.0 * moved.real, 2.0 * moved.imag
    elif code == SIGMOID:
        for j in range(a.size):
            q = d[j] / a[j] if a[j] > 0.5 else 1.0 - a[j]
            moved = logistic_change(a[j], q, complex(real[j], imaginary[j]))[0]
            real[j], imaginary[j] = moved.real, moved.imag
    elif code == SOFTPLUS:  # its slope d is sigma(s*), and 1 - d = exp(-rho)
        for j in range(a.size):
            q = expm1_and_exp(-a[j])[1]
            _, grown, turned = logistic_change(d[j], q, complex(real[j], imaginary[j]))
            moved = complex_log1p(grown)
            real[j] = moved.real + (real[j] if turned else 0.0)
            imaginary[j] = moved.imag + (imaginary[j] if turned else 0.0)


@helper
def slope_changes(code, a, moved, out):
    """Write rho'(s* + x) - rho'(s*) into a pair of rows, from moved = rho(s* + x) - rho(s*)."""
    real, imaginary = moved
    if code == TANH:
        for j in range(a.size):
            u = complex(real[j], imaginary[j])
            change = times(complex(-2.0 * a[j] - u.real, -u.imag), u)
            out[0][j], out[1][j] = change.real, change.imag
    elif code == SIGMOID:
        for j in range(a.size):
            u = complex(real[j], imaginary[j])
            change = times(complex(1.0 - 2.0 * a[j] - u.real, -u.imag), u)
            out[0][j], out[1][j] = change.real, change.imag
    elif code == SOFTPLUS:  # rho' = 1 - exp(-rho)
        for j in range(a.size):
            q = expm1_and_exp(-a[j])[1]
            growth = complex_expm1_and_exp(complex(-real[j], -imaginary[j]))[0]
            out[0][j], out[1][j] = -q * growth.real, -q * growth.imag
    else:
        for j in range(a.size):
            out[0][j], out[1][j] = 0.0, 0.0
