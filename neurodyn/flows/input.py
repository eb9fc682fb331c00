"""What the input does: the rates of the clamped units, at rest or moving, and the current they cause."""

from __future__ import annotations

import math

from neurodyn.flows.activation import rate_and_slope
from neurodyn.flows.coupling import feed
from neurodyn.flows.layout import (
    CONSTANT,
    DRIVEN,
    INPUT_CODE,
    KIND,
    SAMPLES,
    SINE,
    STIMULUS,
    TIMES,
    WIDTH,
    N,
    block,
)
from neurodyn.flows.rows import DRIVE
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.view import flat, row, units


@helper
def interval(theta, first, count, t):
    """Index k of the interval between the increasing times theta[first + k], theta[first + k + 1] that t lies in."""
    low, high = 0, count - 1
    while high - low > 1:
        middle = (low + high) // 2
        if theta[first + middle] <= t:
            low = middle
        else:
            high = middle
    return low


@helper
def stimulate(t, rows, theta, layout, x):
    """What the clamped units are held at, x (n_in, b) at the times t (b,).

    theta holds, from STIMULUS on, TIMES times, and a table of rows of (SAMPLES, WIDTH) numbers; the row after those of
    the free flow and of the nudge says which sample each trajectory is.
    """
    o = layout.size - DRIVEN
    first, count, width = layout[o + STIMULUS], layout[o + TIMES], layout[o + WIDTH]
    size, sample = layout[o + SAMPLES] * width, row(rows, rows.shape[0] - 1)
    for j in range(t.size):
        a = first + count + int(sample[j]) * width
        if layout[o + KIND] == SINE:
            for i in range(width):
                cycles = theta[a + 2 * size + i] * t[j]
                angle = 2.0 * math.pi * (cycles - math.floor(cycles)) + theta[a + 3 * size + i]
                x[i, j] = theta[a + i] + theta[a + size + i] * math.sin(angle)
        else:
            k = interval(theta, first, count, t[j])
            begin, end = theta[first + k], theta[first + k + 1]
            part = (min(max(t[j], begin), end) - begin) / (end - begin)
            a += k * size
            for i in range(width):
                x[i, j] = theta[a + i] + part * (theta[a + size + i] - theta[a + i])


@helper
def currents(t, rows, theta, layout, work, out):
    """out = the current from biases and the input at the times t; work has 2 WIDTH + 1 rows, the first the rates."""
    o, n = layout.size - DRIVEN, layout[N]
    if layout[o + KIND] == CONSTANT:
        field, current = flat(out, 0, n), block(rows, DRIVE, layout)
        for j in range(field.size):
            field[j] = current[j]
    else:
        width = layout[o + WIDTH]
        rate, x, slope = units(work, 0, width), units(work, width, width), row(work, 2 * width)
        stimulate(t, rows, theta, layout, x)
        for i in range(width):
            rate_and_slope(layout[INPUT_CODE], row(x, i), row(rate, i), slope)
        feed(rate, theta, layout, out)


@flow_kernel(blocks=1)
def clamped_rates(t, x, rows, theta, layout, work, out):
    """Rates rho(x) of the input population; x and out are (n_in, b)."""
    for i in range(x.shape[0]):
        rate_and_slope(layout[INPUT_CODE], x[i], out[i], work[0])
