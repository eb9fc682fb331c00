"""What the compiled learner's kernels take together: named tuples of arrays, which numba passes by their fields.

Every array of states has room for some number of samples, its `capacity`; where they lie in it says `layout`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from neurodyn.numerics.arrays import Array, Integers
from neurodyn.numerics.kernel import integer_matrix

Floats = np.ndarray[Any, np.dtype[np.float32]]
Shorts = np.ndarray[Any, np.dtype[np.int32]]


class Circuit(NamedTuple):
    """A network as kernels see it: the plan of its layout, weights and biases, step over tau of every unit.

    With them the means of gradients and of their squares that the optimizer keeps, laid out like the weights; (0,) if
    it keeps none.
    """

    plan: Integers
    theta: Floats
    pace: Floats
    mean: Floats
    square: Floats


class Settings(NamedTuple):
    """Entries `FIRST` ... of a job; entries `LIMIT` ... of numbers; learning rates by connection and population.

    And the entries `KIND` ... of the optimizer's rule.
    """

    job: Integers
    numbers: Floats
    rates: Array
    rule: Array


class SampleArrays(NamedTuple):
    """All samples: inputs (N, n_in), targets (N, n_out), states to begin with (N * width,), measures (4, N).

    The weight of each sample, (N,), is what its part of the gradient is multiplied by.
    """

    x: Floats
    target: Floats
    weight: Floats
    particles: Floats
    measured: Array


class Epoch(NamedTuple):
    """The order of the samples (N,), and the sign of beta in each minibatch."""

    order: Integers
    signs: Array


class Exchange(NamedTuple):
    """What threads share: four arrays of states, lists of inputs for two minibatches, and their meeting point.

    Also the weights of the samples of a minibatch, and the sums of squares of the gradient by its units.
    """

    states: Floats
    weight: Floats
    squares: Array
    which: Shorts
    rate: Floats
    counts: Integers
    meeting: Integers


class InputLists(NamedTuple):
    """The inputs of some samples that are not zero: numbers and values (samples, n_in), and how many (samples,)."""

    which: Shorts
    rate: Floats
    counts: Integers


class Group(NamedTuple):
    """Samples that settle together in one thread.

    States, drives and fields of `GROUP` samples; their targets; the place of each in its minibatch; by place the
    steps it took to settle; scratch for a sum.
    """

    s: Floats
    drive: Floats
    field: Floats
    target: Floats
    places: Integers
    steps: Integers
    lanes: Floats


class PhaseEnds(NamedTuple):
    """States at the ends of two phases, (capacity, width) each, of as many samples as shall be `learned`.

    Weights change by their difference, times the weight of the sample, over `span`, a multiple of beta; `made` is the
    number of the minibatch since learning began, from 1.
    """

    plus: Floats
    minus: Floats
    weight: Floats
    capacity: int
    learned: int
    span: float
    made: int


class Pace(NamedTuple):
    """The constants of a move of parameters, see `moves.move`.

    The kind of optimizer; factors on the change, on the step and on the parameters; what the mean and the mean of
    squares keep, and what they take on; what is added to the root of the latter.
    """

    kind: int
    scale: Any
    far: Any
    shrink: Any
    kept: Any
    new: Any
    kept_square: Any
    new_square: Any
    floor: Any


class Scratch(NamedTuple):
    """Room of one thread for the factors and the sums of a change of weights, and of their squares."""

    left: Floats
    right: Floats
    sums: Floats
    lanes: Array


class InputRows(NamedTuple):
    """The samples in which an input is not zero: numbers and values, one input after the other.

    Those of input i are from `starts[i]` to before `starts[i + 1]`; there is room for two ends more than inputs.
    """

    starts: Integers
    which: Shorts
    rate: Floats


class Behind(NamedTuple):
    """How far weights of inputs are behind: the number of the last minibatch that moved those of each input, (n_in,).

    And `moves.corrections` of the minibatches that there may be to make up for, (minibatches, 2), from `first` on.
    """

    since: Integers
    corrections: Array
    first: int


singles = types.Array(types.float32, 1, "C")
single_matrix = types.Array(types.float32, 2, "C")
_single_cube = types.Array(types.float32, 3, "C")
_short_cube = types.Array(types.int32, 3, "C")
_doubles = types.Array(types.float64, 1, "C")
_double_matrix = types.Array(types.float64, 2, "C")
_words = types.Array(types.int64, 1, "C")

# The types that entry points are compiled for; a named tuple is passed as it is, so that none is read-only.
circuit_type = types.NamedTuple((_words, singles, singles, singles, singles), Circuit)
settings_type = types.NamedTuple((_words, singles, _doubles, _doubles), Settings)
samples_type = types.NamedTuple((single_matrix, single_matrix, singles, singles, _double_matrix), SampleArrays)
epoch_type = types.NamedTuple((_words, _doubles), Epoch)
exchange_type = types.NamedTuple(
    (singles, singles, _doubles, _short_cube, _single_cube, integer_matrix, _words), Exchange
)
