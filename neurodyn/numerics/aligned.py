"""Arrays that begin on a cache line: vector loads of eight floats then never straddle two, which costs up to half."""

from __future__ import annotations

import ctypes
import math

import numpy as np

from neurodyn.numerics.arrays import Array

#: Bytes of a cache line, and of the widest vector registers.
LINE = 64


def empty(shape: tuple[int, ...]) -> Array:
    """A contiguous float array, not initialised."""
    size = math.prod(shape)
    raw = np.empty(size + LINE // 8)
    first = -ctypes.addressof(ctypes.c_char.from_buffer(raw.data)) % LINE // 8  # half the time of `raw.ctypes.data`
    return raw[first : first + size].reshape(shape)


def copy(values: Array) -> Array:
    """A contiguous copy of an array of floats."""
    out = empty(values.shape)
    out[...] = values
    return out


def zeros32(size: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A row of single-precision zeros."""
    raw = np.zeros(size + LINE // 4, np.float32)
    first = -raw.ctypes.data % LINE // 4
    return raw[first : first + size]
