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
#: Running means below this are 0; the next numbers of float32 would be ones that processors are slow with.
LEAST = np.float32(1e-35)
#: How often it is looked whether weights that were left alone still move, and from which minibatch on.
CHECKED, SETTLED = 64, 50
ZERO, ONE, FOUR, SAFE = np.float32(0.0), np.float32(1.0), np.float32(4.0), np.float32(1.01)


@helper
def corrections(rule, made):
    """What corrects Adam's means for their start at zero, after so many minibatches: factors of step and epsilon."""
    if rule[KIND] != ADAPTIVE:
        return 1.0, 1.0
    root = np.sqrt(1.0 - rule[KEPT_SQUARE] ** made)
    return root / (1.0 - rule[KEPT] ** made), root


@helper
def noted(behind, made):
    """The corrections after so many minibatches, as they were noted."""
    i = made - behind.first
    return behind.corrections[i, 0], behind.corrections[i, 1]


@helper
def pace_of(rule, rate, divisor, corrected, decays):
    """The constants of a move: `rate` of the block, `divisor` of the change, what `corrections` returned."""
    kept, kept_square = rule[KEPT], rule[KEPT_SQUARE]
    scale = rate / divisor if rule[KIND] == PLAIN else 1.0 / divisor
    return Pace(
        int(rule[KIND]),
        np.float32(scale),
        np.float32(rate * corrected[0]),
        np.float32(1.0 - rate * rule[DECAY] * decays),
        np.float32(kept),
        np.float32(1.0 - kept),
        np.float32(kept_square),
        np.float32(1.0 - kept_square),
        np.float32(rule[EPSILON] * corrected[1]),
    )


@inlined_helper
def kept_mean(value):
    """A running mean, or 0 where it is so small that processors are slow with it."""
    return value if abs(value) >= LEAST else ZERO


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
            m = kept_mean(pace.kept * mean[c] + pace.scale * change[c])
            mean[c] = m
            theta[c] = pace.shrink * theta[c] + pace.far * m
        return
    square = window(circuit.square, first, change.size)
    for c in range(change.size):
        g = pace.scale * change[c]
        m = kept_mean(pace.kept * mean[c] + pace.new * g)
        u = kept_mean(pace.kept_square * square[c] + pace.new_square * (g * g))
        mean[c], square[c] = m, u
        theta[c] = pace.shrink * theta[c] + pace.far * m / (np.sqrt(u) + pace.floor)


@helper
def drift(circuit, first, width, pace):
    """Move the parameters from place `first` on where the gradient is zero: what `move` does with a change of zeros."""
    theta = window(circuit.theta, first, width)
    if pace.kind == PLAIN:
        for c in range(width):
            theta[c] = pace.shrink * theta[c]
        return
    mean = window(circuit.mean, first, width)
    if pace.kind == WITH_MOMENTUM:
        for c in range(width):
            m = kept_mean(pace.kept * mean[c])
            mean[c] = m
            theta[c] = pace.shrink * theta[c] + pace.far * m
        return
    square = window(circuit.square, first, width)
    for c in range(width):
        m, u = kept_mean(pace.kept * mean[c]), kept_mean(pace.kept_square * square[c])
        mean[c], square[c] = m, u
        theta[c] = pace.shrink * theta[c] + pace.far * m / (np.sqrt(u) + pace.floor)


@helper
def fade(circuit, first, width, pace):
    """`drift` where it moves the parameters no more, but for the decay of weights."""
    theta, mean = window(circuit.theta, first, width), window(circuit.mean, first, width)
    for c in range(width):
        theta[c] = pace.shrink * theta[c]
        mean[c] = kept_mean(pace.kept * mean[c])
    if pace.kind == ADAPTIVE:
        square = window(circuit.square, first, width)
        for c in range(width):
            square[c] = kept_mean(pace.kept_square * square[c])


@helper
def stays(circuit, first, width, pace):
    """Whether `drift` moves no parameter, but for their decay, now and for as long as gradients are zero.

    Moves shrink in proportion to weights where the means do: then one that is a quarter of what rounding takes away
    leaves no later one that counts. Adam's corrections change a step by less than 1 % after minibatch `SETTLED`.
    """
    if pace.kind == PLAIN or SAFE * pace.kept > pace.shrink * (
        np.sqrt(pace.kept_square) if pace.kind == ADAPTIVE else ONE
    ):
        return False
    theta, mean = window(circuit.theta, first, width), window(circuit.mean, first, width)
    for c in range(width):
        step = FOUR * pace.far * mean[c]
        if pace.kind == ADAPTIVE:
            step /= np.sqrt(circuit.square[first + c]) + pace.floor
        if pace.shrink * theta[c] + step != pace.shrink * theta[c]:
            return False
    return True


@helper
def catch_up(circuit, first, between, rule, rate, behind, width):
    """Make the moves by gradients of zero of the minibatches (from, to), both included, that weights were spared."""
    start, end = between
    still = False
    for made in range(start, end + 1):
        pace = pace_of(rule, rate, 1.0, noted(behind, made), 1.0)
        if not still and made > SETTLED and (made - start) % CHECKED == 0:
            still = stays(circuit, first, width, pace)
        if still:
            fade(circuit, first, width, pace)
        else:
            drift(circuit, first, width, pace)


@inlined_helper
def measure_change(change, squares):
    """Add the squares of a change to sums, one by one."""
    for c in range(change.size):
        squares[c] += np.float64(change[c]) * np.float64(change[c])


@helper
def square_of(change, lanes):
    """The sum of the squares of a change, whose size is a multiple of `LANES`; lanes is scratch."""
    for c in range(LANES):
        lanes[c] = 0.0
    for j in range(0, change.size, LANES):
        for c in range(LANES):
            lanes[c] += np.float64(change[j + c]) * np.float64(change[j + c])
    total = 0.0
    for c in range(LANES):
        total += lanes[c]
    return total


@helper
def excess(rule, squares, divisor):
    """How many times too long a gradient is, from the sums of squares of all its units; 1 if it is not."""
    total = 0.0
    for i in range(squares.size):
        total += squares[i]
    norm = np.sqrt(max(total, 0.0)) / abs(divisor)
    return max(1.0, norm / rule[LONGEST])
