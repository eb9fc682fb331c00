"""Views of kernels into arrays, and aligned arrays."""

import numba
import numpy as np
import pytest

from called import called
from neurodyn.numerics import aligned
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, window


@called
@helper
def write_and_read(array, first):
    w, b = window(array, first, 4), rectangle(array, first, 2, 3)
    w[0] = 7.0
    return w.size, b.shape, b[1, 2], b[0, 0]


@pytest.mark.parametrize("shape", [(24,), (4, 6), (2, 3, 4)])
def test_views_look_into_the_array_from_a_flat_index_on(shape):
    array = np.arange(24.0).reshape(shape)
    size, sides, last, first = write_and_read(array, 5)
    assert (size, sides, last, first) == (4, (2, 3), 10.0, 7.0)
    assert array.ravel()[5] == 7.0
    assert array.sum() == np.arange(24).sum() + 2.0


def test_views_of_constant_arrays_are_constant():
    constant = np.arange(6.0)
    constant.flags.writeable = False
    with pytest.raises((numba.TypingError, ValueError), match=r"[Cc]annot modify|read-?only"):
        write_and_read(constant, 0)


def test_views_of_integers_keep_their_type():
    @numba.njit
    def pick(array):
        return window(array, 2, 3)[1]

    assert pick(np.arange(10)) == 3


@pytest.mark.parametrize("shape", [(1,), (3, 5), (7, 2, 8)])
def test_aligned_arrays_begin_on_a_cache_line(shape):
    values = np.random.default_rng(0).normal(size=shape)
    for array in (aligned.empty(shape), aligned.copy(values)):
        assert array.shape == shape
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.ctypes.data % 64 == 0
    assert np.array_equal(aligned.copy(values), values)
    assert aligned.copy(values.T).flags.c_contiguous
