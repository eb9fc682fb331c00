"""What primitives made of a user's functions share: one sample's states, rates and parameters as complex numbers.

The first derivative of an analytic f is Im f(x + i h) / h, exact to rounding for a tiny h: nothing is subtracted. For a
second one of an energy, first ones are compared at points on both sides along a real direction, by central differences
of order twelve at points 0.02 apart: what the order leaves out is less than the rounding, some 1e-14, where V changes
over lengths of 0.2 or more.

`place` is that of a term, with the number of its parameters behind. Scratch memory is taken as one long row, whatever
its rows are.
"""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import window

#: The imaginary step; its square is zero to rounding.
STEP = 1e-40
#: Distance of the points of differences, and weights of the pairs at 1, 2 ... distances: of order 12.
SPACING = 0.02
PAIR_WEIGHTS = (6.0 / 7.0, -15.0 / 56.0, 5.0 / 63.0, -1.0 / 56.0, 1.0 / 385.0, -1.0 / 5544.0)
#: Arrays of complex numbers as long as the joined populations, and of real ones twice as long.
COMPLEX, REAL = 4, 3


@helper
def count(place):
    """Number of units of all populations of the term."""
    total = 0
    for p in range((place.size - 1) // 3):
        total += place[3 * p + 1]
    return total


@helper
def numbers(work):
    """Scratch memory as one long row."""
    return window(work, 0, work.size)


@helper
def complexes(k, theta, place, work):
    """The k-th complex array of the joined populations."""
    n = count(place)
    return numbers(work)[2 * (theta.size + k * n) : 2 * (theta.size + (k + 1) * n)].view(np.complex128)


@helper
def reals(k, theta, place, work):
    """The k-th real array of two numbers for each unit of the joined populations."""
    n = count(place)
    first = 2 * (theta.size + COMPLEX * n) + 2 * n * k
    return numbers(work)[first : first + 2 * n]


@helper
def parameters(theta, work):
    """theta as complex numbers; none of them where there is no sample, and so no scratch memory."""
    t = numbers(work)[: 2 * theta.size].view(np.complex128)
    for k in range(t.size):
        t[k] = theta[k]
    return t


@helper
def join(array, place, j, out):
    """out = one sample's numbers of all populations of the term."""
    k = 0
    for p in range((place.size - 1) // 3):
        for i in range(place[3 * p + 1]):
            out[k] = array[place[3 * p] + i, j]
            k += 1


@helper
def add(values, place, j, out):
    """out += values, one sample's of all populations of the term."""
    k = 0
    for p in range((place.size - 1) // 3):
        for i in range(place[3 * p + 1]):
            out[place[3 * p] + i, j] += values[k]
            k += 1


@helper
def direction(v_s, v_r, place, j, out):
    """out = one sample's v_s, then v_r, scaled to length 1; returns their length, 0 for no direction."""
    n = out.size // 2
    join(v_s, place, j, out[:n])
    join(v_r, place, j, out[n:])
    largest, total = 0.0, 0.0
    for k in range(out.size):
        largest = max(largest, abs(out[k]))
    if largest == 0.0:
        return 0.0
    for k in range(out.size):
        out[k] /= largest
        total += out[k] * out[k]
    for k in range(out.size):
        out[k] /= np.sqrt(total)
    return largest * np.sqrt(total)


@helper
def load(s, r, place, j, u, step, x, y):
    """Write one sample's states and rates into x and y, moved by a step along u."""
    join(s, place, j, x)
    join(r, place, j, y)
    for k in range(x.size):
        x[k] += step * u[k]
        y[k] += step * u[x.size + k]


@helper
def clear(values):
    """Set all to zero."""
    for k in range(values.size):
        values[k] = 0.0
