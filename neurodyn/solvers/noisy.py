"""The compiled loop under noise: steps of fixed size for a block of trajectories, each with random numbers of its own.

One step adds to every state its velocity times a weight, and a random number times another. The two weights of a unit
and what the random number is make the scheme:

* *white*: a normal variate of this step;
* *smooth*: half the sum of two numbers y_k and y_k+1, y_k+1 = q y_k + p xi, of which the last is carried on to the next
  step. With q = 0 and p = 1 it is the mean of the normal variates of two steps (Leimkuhler & Matthews), with
  q = exp(-h / t_c) and p² = 1 - q² an Ornstein-Uhlenbeck process of correlation time t_c by the trapezoidal rule.

A unit in the box [0, 1] is reflected at its bounds, or put back onto them where no white noise acts. To reflect is to
look at the motion on the whole line, with an energy that is mirrored at every whole number, from within one interval:
the number that is carried on changes its sign with the direction.

Trajectories are told apart by what they count with (`numerics.random`), and no column reads another: the same bits in
any batch, on any thread, and however a run is cut into calls.
"""

from __future__ import annotations

from numba import types

from neurodyn.numerics.kernel import (
    Kernel,
    call_flow,
    constant_integers,
    constant_matrix,
    constant_vector,
    cube,
    helper,
    matrix,
    vector,
)
from neurodyn.numerics.processor import wide
from neurodyn.numerics.random import constant_words, normals
from neurodyn.numerics.vectormath import MAGIC, fma
from neurodyn.numerics.view import constant, flat, row

# Rows of a table of weights, one column per unit.
DRIFT, AMPLITUDE, WALL, UNIT_ROWS = range(4)
#: Values of WALL: none, one that reflects, one that stops, and one that stops just before the bound.
OPEN, MIRROR, STOP, PRESS = 0.0, 1.0, 2.0, 3.0
#: Bounds just inside the box: a flow has no force for units on a bound, where another force may yet outweigh it.
PRESSED = 1e-300, 1.0 - 2.0**-53
# Numbers of a step: its size, q and p.
SIZE, KEPT, FRESH, STEP_NUMBERS = range(4)
# Entries of the counts: the gap between two recorded times, how many of its steps are done, the number of the next
# draw; the steps of this call; the first column of the block; whether noise is smooth.
GAP, STEPS_DONE, DRAW, ITERATIONS, FIRST, SMOOTH, COUNTS = range(7)


@helper
def add_white(s, velocity, noise, weights):
    """One step of all units under white noise."""
    wide()
    for i in range(s.shape[0]):
        x, f, z = row(s, i), row(velocity, i), row(noise, i)
        a, c = weights[DRIFT, i], weights[AMPLITUDE, i]
        for j in range(x.size):
            x[j] = fma(c, z[j], fma(a, f[j], x[j]))


@helper
def add_means(s, velocity, noise, carry, weights):
    """One step of all units under the means of the variates of this step, `noise`, and of the last, `carry`."""
    wide()
    for i in range(s.shape[0]):
        x, f, z, y = row(s, i), row(velocity, i), row(noise, i), row(carry, i)
        a, c = weights[DRIFT, i], 0.5 * weights[AMPLITUDE, i]
        for j in range(x.size):
            x[j] = fma(c, y[j] + z[j], fma(a, f[j], x[j]))


@helper
def remember(carry, noise, kept, fresh):
    """Write q y + p xi over the variates xi."""
    wide()
    y, z = flat(carry, 0, carry.shape[0]), flat(noise, 0, noise.shape[0])
    for j in range(z.size):
        z[j] = fma(kept, y[j], fresh * z[j])


@helper
def hold(s, carry, weights, smooth):
    """Bring units that have left their box back into it."""
    for i in range(s.shape[0]):
        x = row(s, i)
        if weights[WALL, i] == STOP or weights[WALL, i] == PRESS:
            low, high = (0.0, 1.0) if weights[WALL, i] == STOP else PRESSED
            for j in range(x.size):
                x[j] = min(max(x[j], low), high)
        elif weights[WALL, i] == MIRROR:
            if smooth:
                y = row(carry, i)
                for j in range(x.size):
                    side = x[j] - 2.0 * ((0.5 * x[j] + MAGIC) - MAGIC)
                    y[j] = -y[j] if side < 0.0 else y[j]
            for j in range(x.size):
                x[j] = abs(x[j] - 2.0 * ((0.5 * x[j] + MAGIC) - MAGIC))


@helper
def step(flow, constants, block, carry, noise, random, weights, numbers, draw, smooth):
    """One step of a block; afterwards the noise that is carried on, if any, is in `noise`."""
    rows, theta, layout = constants
    s, velocity, work, t = block
    lanes, key = random
    call_flow(flow, (t, constant(s), rows, theta, layout, work, velocity))
    normals(draw, lanes, key, noise)
    if smooth:
        if numbers[KEPT] != 0.0:
            remember(carry, noise, numbers[KEPT], numbers[FRESH])
        add_means(s, velocity, noise, carry, weights)
    else:
        add_white(s, velocity, noise, weights)
    hold(s, noise, weights, smooth)
    for j in range(t.size):
        t[j] += numbers[SIZE]


@helper
def keep(noise, carry):
    """Copy what is carried on to where the next call looks for it."""
    y, z = flat(carry, 0, carry.shape[0]), flat(noise, 0, noise.shape[0])
    for j in range(z.size):
        y[j] = z[j]


@helper
def record_all(s, states, gap, first):
    """Write the states of a block."""
    for i in range(s.shape[0]):
        for j in range(s.shape[1]):
            states[gap, i, first + j] = s[i, j]


def _walk_on(flow, constants, block, random, record, tables, counts):
    """Step a block on; returns how many gaps between recorded times are left. `flow` is the address of a compiled one.

    constants: rows (k, b), theta, layout. block: s (m, b), velocity (m, b), carry and noise (2p, b), work, t (b,).
    random: lanes and key, see `numerics.random`. record: times (T,), states (T, m, B), and of the gap before each
    time its number of steps and which of the tables it takes, (T,) each. tables: of the units (K, UNIT_ROWS, m), of the
    steps (K, STEP_NUMBERS).
    """
    times, states, lengths, which = record
    of_units, of_steps = tables
    s, velocity, carry, noise, work, t = block
    last, new = carry, noise
    smooth = counts[SMOOTH] != 0
    left, begun = counts[ITERATIONS], counts[DRAW]
    while counts[GAP] < times.size:
        gap = counts[GAP]
        if counts[STEPS_DONE] == lengths[gap]:
            for j in range(t.size):
                t[j] = times[gap]
            record_all(s, states, gap, counts[FIRST])
            counts[GAP], counts[STEPS_DONE] = gap + 1, 0
        elif left == 0:
            break
        else:
            k = which[gap]
            arrays = s, velocity, work, t
            step(flow, constants, arrays, last, new, random, of_units[k], of_steps[k], counts[DRAW], smooth)
            last, new = (new, last) if smooth else (last, new)
            counts[STEPS_DONE] += 1
            counts[DRAW] += 1
            left -= 1
    if smooth and counts[DRAW] % 2 != begun % 2:
        keep(noise, carry)
    return times.size - counts[GAP]


walk_on = Kernel(
    _walk_on,
    types.int64(
        types.int64,
        types.Tuple([constant_matrix, constant_vector, constant_integers]),
        types.Tuple([matrix, matrix, matrix, matrix, matrix, vector]),
        types.Tuple([constant_words, constant_words]),
        types.Tuple([constant_vector, cube, constant_integers, constant_integers]),
        types.Tuple([cube, matrix]),
        types.Array(types.int64, 1, "C"),
    ),
)
