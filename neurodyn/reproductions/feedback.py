"""`fed_back`: states of the pixels of a convolution, from what its units send back to them."""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.numerics.kernel import Kernel

ZERO, ONE = np.float32(0.0), np.float32(1.0)


def _fed_back(sent, stride, strength, drive, states):
    """states = clip(drive + strength · sent to each pixel, in all), for a stride from unit to unit.

    `sent` is (batch, row of a unit, its column, row in its patch, columns in its patch times channels); `drive` and
    `states` are (batch, row, columns times channels).
    """
    count, n, _, reach, width = sent.shape
    channels = width // reach
    for sample in range(count):
        states[sample] = ZERO
        for i in range(n):
            for j in range(n):
                first = stride * j * channels
                for u in range(reach):
                    row = states[sample, stride * i + u]
                    for k in range(width):
                        row[first + k] += sent[sample, i, j, u, k]
        for r in range(states.shape[1]):
            for k in range(states.shape[2]):
                value = drive[sample, r, k] + strength * states[sample, r, k]
                states[sample, r, k] = min(max(value, ZERO), ONE)


fed_back = Kernel(
    _fed_back,
    types.void(
        types.Array(types.float32, 5, "C", readonly=True),
        types.int64,
        types.float32,
        types.Array(types.float32, 3, "C", readonly=True),
        types.Array(types.float32, 3, "C"),
    ),
)
