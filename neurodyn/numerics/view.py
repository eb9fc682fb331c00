"""Views into contiguous arrays for kernels, made by one pointer addition.

Slices and reshapes of numba's own count references and call into its run time, some 30 ns each: as much as the
arithmetic on a small network. These views own nothing, so the array they look into must outlive them, as a kernel's
arguments do. Bounds are not checked.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if numba.config.DISABLE_JIT:  # the same in plain Python, for tests

    def window(array, first, size):
        """`size` entries from the flat index `first` on, as a row."""
        return array.reshape(-1)[first : first + size]

    def row(array, i):
        """Row i of a matrix."""
        return array[i]

    def flat(array, start, stop):
        """Rows start ... stop of a matrix as one long row."""
        return array[start:stop].reshape(-1)

    def units(array, first, count):
        """The rows of a matrix from `first` on."""
        return array[first : first + count]

    def constant(array):
        """A matrix that is only read, so that what reads it is compiled once, whether or not it could be written."""
        return array

    def rectangle(array, first, rows, columns):
        """A (rows, columns) matrix from the flat index `first` on."""
        return array.reshape(-1)[first : first + rows * columns].reshape(rows, columns)

    def borrowed(array):
        """The array itself, not counted: for passing it on many times."""
        return array

    def layer(array, i):
        """Matrix i of a stack of them."""
        return array[i]

    def complex_rectangle(array, first, rows, columns):
        """A complex (rows, columns) matrix over the pairs of floats from the flat index `first` on."""
        return array.reshape(-1)[first : first + 2 * rows * columns].view(np.complex128).reshape(rows, columns)

else:

    def _view(target: Any, builder: Any, signature: Any, arguments: Any, shape: Any) -> Any:
        source = target.make_array(signature.args[0])(target, builder, arguments[0])
        kind = signature.return_type
        out = target.make_array(kind)(target, builder)
        size = (
            source.itemsize
            if kind.dtype == signature.args[0].dtype
            else builder.mul(source.itemsize, ir.IntType(64)(2))
        )
        data = builder.gep(source.data, [arguments[1]])
        strides = [builder.mul(shape[1], size), size] if len(shape) == 2 else [size]
        target.populate_array(
            out,
            data=builder.bitcast(data, target.get_data_type(kind.dtype).as_pointer()),
            shape=cgutils.pack_array(builder, shape),
            strides=cgutils.pack_array(builder, strides),
            itemsize=size,
            meminfo=None,
        )
        return out._getvalue()

    def like(array: Any, dimensions: int) -> Any:
        """The type of views of an array, with so many dimensions."""
        return types.Array(array.dtype, dimensions, "C", readonly=not array.mutable)

    def sides(target: Any, builder: Any, signature: Any, array: Any) -> Any:
        """Code for the sides of a matrix, the first argument of an intrinsic with this signature."""
        source = target.make_array(signature.args[0])(target, builder, array)
        return cgutils.unpack_tuple(builder, source.shape, 2)

    def rows_from(target: Any, builder: Any, signature: Any, array: Any, first: Any, count: Any) -> Any:
        """Code for rows of that matrix from `first` on: as rows, or as one long row where the result has one side."""
        columns = sides(target, builder, signature, array)[1]
        shape = [count, columns] if signature.return_type.ndim == 2 else [builder.mul(count, columns)]
        return _view(target, builder, signature, [array, builder.mul(first, columns)], shape)

    @intrinsic
    def row(_context, array, i):
        """Row i of a matrix."""

        def generate(target, builder, signature, arguments):
            array, i = arguments
            return rows_from(target, builder, signature, array, i, ir.IntType(64)(1))

        return like(array, 1)(array, types.intp), generate

    @intrinsic
    def flat(_context, array, start, stop):
        """Rows start ... stop of a matrix as one long row: all samples of a population, or all units of one sample."""

        def generate(target, builder, signature, arguments):
            array, start, stop = arguments
            return rows_from(target, builder, signature, array, start, builder.sub(stop, start))

        return like(array, 1)(array, types.intp, types.intp), generate

    @intrinsic
    def units(_context, array, first, count):
        """The rows of a matrix from `first` on."""

        def generate(target, builder, signature, arguments):
            return rows_from(target, builder, signature, *arguments)

        return like(array, 2)(array, types.intp, types.intp), generate

    @intrinsic
    def constant(_context, array):
        """A matrix that is only read, so that what reads it is compiled once, whether or not it could be written."""

        def generate(target, builder, signature, arguments):
            shape = sides(target, builder, signature, arguments[0])
            return _view(target, builder, signature, [arguments[0], ir.IntType(64)(0)], shape)

        return types.Array(array.dtype, 2, "C", readonly=True)(array), generate

    @intrinsic
    def window(_context, array, first, size):
        """`size` entries from the flat index `first` on, as a row."""
        kind = like(array, 1)

        def generate(target, builder, signature, arguments):
            return _view(target, builder, signature, arguments, [arguments[2]])

        return kind(array, types.intp, types.intp), generate

    @intrinsic
    def rectangle(_context, array, first, rows, columns):
        """A (rows, columns) matrix from the flat index `first` on."""
        kind = like(array, 2)

        def generate(target, builder, signature, arguments):
            return _view(target, builder, signature, arguments, [arguments[2], arguments[3]])

        return kind(array, types.intp, types.intp, types.intp), generate

    @intrinsic
    def borrowed(_context, array):
        """The array itself, not counted: for passing it on many times."""

        def generate(target, builder, signature, arguments):
            source = target.make_array(signature.args[0])(target, builder, arguments[0])
            out = target.make_array(signature.return_type)(target, builder)
            target.populate_array(
                out,
                data=source.data,
                shape=source.shape,
                strides=source.strides,
                itemsize=source.itemsize,
                meminfo=None,
            )
            return out._getvalue()

        return array(array), generate

    @intrinsic
    def layer(_context, array, i):
        """Matrix i of a stack of them."""
        kind = like(array, 2)

        def generate(target, builder, signature, arguments):
            source = target.make_array(signature.args[0])(target, builder, arguments[0])
            _, height, columns = cgutils.unpack_tuple(builder, source.shape, 3)
            first = builder.mul(arguments[1], builder.mul(height, columns))
            return _view(target, builder, signature, [arguments[0], first], [height, columns])

        return kind(array, types.intp), generate

    @intrinsic
    def complex_rectangle(_context, array, first, rows, columns):
        """A complex (rows, columns) matrix over the pairs of floats from the flat index `first` on."""
        kind = types.Array(types.complex128, 2, "C")

        def generate(target, builder, signature, arguments):
            return _view(target, builder, signature, arguments, [arguments[2], arguments[3]])

        return kind(array, types.intp, types.intp, types.intp), generate
