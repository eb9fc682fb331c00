"""Helpers of kernels, which have no entry for calls from Python, within functions that have one."""

import numba


def called(helper):
    """A helper as tests can call it."""

    @numba.njit(error_model="numpy")
    def call(*arguments):
        return helper(*arguments)

    return call
