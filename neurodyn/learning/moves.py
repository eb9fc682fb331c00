"""How parameters move by the gradient of a minibatch: the optimizers in float32, stretch by stretch; see `optimizer`.

What a minibatch leaves of a stretch of parameters is its `change`, a sum over samples that is −dJ/dθ times the number
of samples and the span of beta. It is measured, for the norm of the whole gradient, or it moves the stretch.
"""

from __future__ import annotations

import numpy as np

from neurodyn.learning.arguments import Pace
from neurodyn.learning.tiles import LANES
from neurodyn.numerics.kernel import helper, inlined_helper
from neurodyn.numerics.view import window

#: Kinds of optimizers, the order of `OPTIMIZERS`.
PLAIN, WITH_MOMENTUM, ADAPTIVE = range(3)
#: Entries of the rule: which optimizer; how much its means keep; epsilon; the weight decay; the longest gradient, or 0.
KIND, KEPT, KEPT_SQUARE, EPSILON, DECAY, LONGEST = range(6)


@helper
def pace_of(rule, rate, divisor, made, decays):
    """The constants of a move: `rate` of the block, `divisor` of the change, number of the minibatch from 1."""
    kept, kept_square = rule[KEPT], rule[KEPT_SQUARE]
    far, floor = rate, 0.0
    scale = 1.0 / divisor
    if rule[KIND] == PLAIN:
        scale = rate / divisor
    elif rule[KIND] == ADAPTIVE:
        bias = np.sqrt(1.0 - kept_square**made)
        far, floor = rate * bias / (1.0 - kept**made), rule[EPSILON] * bias
    return Pace(
        int(rule[KIND]),
        np.float32(scale),
        np.float32(far),
        np.float32(1.0 - rate * rule[DECAY] * decays),
        np.float32(kept),
        np.float32(1.0 - kept),
        np.float32(kept_square),
        np.float32(1.0 - kept_square),
        np.float32(floor),
    )


@inlined_helper
def move(circuit, first, change, pace):
    """Move the parameters from place `first` on by their change."""
    theta = window(circuit.theta, first, change.size)
    if pace.kind == PLAIN:
        for c in range(change.size):
            theta[c] = pace.shrink * theta[c] + pace.scale * change[c]
        return
    mean = window(circuit.mean, first, change.size)
    if pace.kind == WITH_MOMENTUM:
        for c in range(change.size):
            mean[c] = pace.kept * mean[c] + pace.scale * change[c]
            theta[c] = pace.shrink * theta[c] + pace.far * mean[c]
        return
    square = window(circuit.square, first, change.size)
    for c in range(change.size):
        g = pace.scale * change[c]
        m = pace.kept * mean[c] + pace.new * g
        u = pace.kept_square * square[c] + pace.new_square * (g * g)
        mean[c], square[c] = m, u
        theta[c] = pace.shrink * theta[c] + pace.far * m / (np.sqrt(u) + pace.floor)


@inlined_helper
def measure_change(change, squares, place):
    """Add the squares of a change to sums.

    The place is the number of the sum of its first `LANES`, the step from one to the next, and what counts of each.
    """
    first, step, share = place
    for j in range(0, change.size, LANES):
        total = 0.0
        for c in range(j, j + LANES):
            total += np.float64(change[c]) * np.float64(change[c])
        squares[first + step * (j // LANES)] += share * total


@helper
def excess(rule, squares, divisor):
    """How many times too long a gradient is, from the sums of squares of all its chunks; 1 if it is not."""
    total = 0.0
    for i in range(squares.size):
        total += squares[i]
    norm = np.sqrt(total) / abs(divisor)
    return max(1.0, norm / rule[LONGEST])


@helper
def turn_lists(lists, count, rows):
    """Turn the lists of inputs of `count` samples into lists of samples for each input, as `rows`."""
    starts, n_in = rows.starts, rows.starts.size - 2
    for i in range(n_in + 2):
        starts[i] = 0
    for i in range(count):
        for e in range(lists.counts[i]):
            starts[lists.which[i, e] + 2] += 1
    for i in range(2, n_in + 2):
        starts[i] += starts[i - 1]
    for i in range(count):
        for e in range(lists.counts[i]):
            place = starts[lists.which[i, e] + 1]
            rows.which[place], rows.rate[place] = i, lists.rate[i, e]
            starts[lists.which[i, e] + 1] += 1
