"""Whole vector registers as values of compiled code: for loops whose sums must stay there, which no compiler finds.

A kernel that works on a stretch of entries at a time is written once, for a value `like` that says how many there are:
`WIDE` or `NARROW` zeros, or a float. In plain Python the values are rows of numbers.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from neurodyn.numerics.processor import multiply_add, vector_unit

#: Entries of one vector register, and of four side by side, which hide how long an addition takes.
NARROW = vector_unit().doubles
WIDE = 4 * NARROW

if numba.config.DISABLE_JIT:  # the same in plain Python, for tests

    def _zeros(count: int) -> Any:
        return lambda: np.zeros(count)

    def load(array, first, like):
        """As many entries of an array as `like` has, from the flat index `first` on."""
        found = array.reshape(-1)[first : first + np.size(like)]
        return found.copy() if np.ndim(like) else float(found[0])

    def store(array, first, value):
        """Put a vector into an array, from the flat index `first` on."""
        array.reshape(-1)[first : first + np.size(value)] = value

    def times(a, b):
        """a b."""
        return a * b

    def plus(a, b):
        """a + b."""
        return a + b

    def minus(a, b):
        """a - b."""
        return a - b

    def plus_times(a, b, c):
        """a b + c."""
        return a * b + c

    def over(a, b):
        """a / b."""
        return a / b

    def larger(a, b):
        """The larger of a and b; b where a is not a number."""
        return np.where(a > b, a, b)[()]

    def size_of(a):
        """|a|."""
        return np.abs(a)

    def all_of(x, like):
        """The number x in each entry."""
        return x + 0.0 * like

else:

    class Vector(types.Type):
        """So many floats in vector registers."""

        def __init__(self, count: int) -> None:
            self.count = count
            super().__init__(name=f"Vector({count})")

    @register_model(Vector)
    class _VectorModel(models.PrimitiveModel):
        def __init__(self, manager: Any, kind: Vector) -> None:
            super().__init__(manager, kind, ir.VectorType(ir.DoubleType(), kind.count))

    def _zeros(count: int) -> Any:
        @intrinsic
        def zeros(_context: Any) -> Any:
            def generate(target: Any, _builder: Any, signature: Any, _arguments: Any) -> Any:
                return ir.Constant(target.get_value_type(signature.return_type), None)

            return Vector(count)(), generate

        return zeros

    def _place(target: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
        array = target.make_array(signature.args[0])(target, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        return builder.bitcast(place, target.get_value_type(kind).as_pointer())

    @intrinsic
    def load(_context, array, first, like):
        """As many entries of an array as `like` has, from the flat index `first` on."""

        def generate(target, builder, signature, arguments):
            return builder.load(_place(target, builder, signature, arguments, signature.return_type), align=8)

        return like(array, types.int64, like), generate

    @intrinsic
    def store(_context, array, first, value):
        """Put a vector into an array, from the flat index `first` on."""

        def generate(target, builder, signature, arguments):
            place = _place(target, builder, signature, arguments, signature.args[2])
            builder.store(arguments[2], place, align=8)
            return target.get_dummy_value()

        return types.void(array, types.int64, value), generate

    def _pairwise(name: str, text: str) -> Any:
        @intrinsic
        def operation(_context, a, b):
            def generate(_target, builder, _signature, arguments):
                return getattr(builder, name)(*arguments)

            return a(a, a), generate

        operation.__doc__ = text
        return operation

    times, over = _pairwise("fmul", "a b."), _pairwise("fdiv", "a / b.")
    plus, minus = _pairwise("fadd", "a + b."), _pairwise("fsub", "a - b.")

    @intrinsic
    def larger(_context, a, b):
        """The larger of a and b; b where a is not a number."""

        def generate(_target, builder, _signature, arguments):
            return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

        return a(a, a), generate

    @intrinsic
    def size_of(_context, a):
        """|a|."""

        def generate(_target, builder, _signature, arguments):
            kind = arguments[0].type
            suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(kind, [kind]), f"llvm.fabs.{suffix}"
            )
            return builder.call(function, arguments)

        return a(a), generate

    @intrinsic
    def plus_times(_context, a, b, c):
        """a b + c, rounded once where the processor can."""

        def generate(_target, builder, _signature, arguments):
            return multiply_add(builder, *arguments)

        return a(a, a, a), generate

    @intrinsic
    def all_of(_context, x, like):
        """The number x in each entry."""

        def generate(target, builder, signature, arguments):
            kind = target.get_value_type(signature.return_type)
            if not isinstance(kind, ir.VectorType):
                return arguments[0]
            undefined, zero = ir.Constant(kind, ir.Undefined), ir.IntType(32)(0)
            first = builder.insert_element(undefined, arguments[0], zero)
            return builder.shuffle_vector(
                first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
            )

        return like(types.float64, like), generate


#: Zeros of either length.
wide_zeros, narrow_zeros = _zeros(WIDE), _zeros(NARROW)
