"""A barrier between threads inside compiled code: nanoseconds when all are there, no call into Python.

A thread that waits long lets others have its processor, where the system offers that.
"""

from __future__ import annotations

import sys

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from neurodyn.numerics.kernel import helper

#: Looks before a waiting thread yields.
PATIENCE = 2000

if numba.config.DISABLE_JIT:  # one thread at a time, in plain Python, for tests

    def arrive(meeting):
        """Count one more arrival."""
        meeting[0] += 1

    def arrivals(meeting):
        """How many have arrived so far."""
        return meeting[0]

    def give_way():
        """Let other threads run."""

else:

    @intrinsic
    def arrive(_context, meeting):
        """Count one more arrival."""

        def generate(target, builder, signature, arguments):
            array = target.make_array(signature.args[0])(target, builder, arguments[0])
            builder.atomic_rmw("add", array.data, ir.IntType(64)(1), "seq_cst")
            return target.get_dummy_value()

        return types.void(meeting), generate

    @intrinsic
    def arrivals(_context, meeting):
        """How many have arrived so far."""

        def generate(target, builder, signature, arguments):
            array = target.make_array(signature.args[0])(target, builder, arguments[0])
            return builder.load_atomic(array.data, "seq_cst", 8)

        return types.int64(meeting), generate

    if sys.platform == "win32":
        give_way = types.ExternalFunction("SwitchToThread", types.int32())
    else:
        give_way = types.ExternalFunction("sched_yield", types.int32())


@helper
def meet(meeting, goal):
    """Wait until `goal` arrivals have been counted, this one included."""
    arrive(meeting)
    looks = 0
    while arrivals(meeting) < goal:
        looks += 1
        if looks > PATIENCE:
            give_way()
