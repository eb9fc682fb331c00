"""The IDX format, in which MNIST is given away: a short big-endian header, then the values.

Layout: two zero bytes, a type code, the number of dimensions, each dimension as an unsigned 32-bit integer,
the values in C order. Files come raw or gzipped, and often cut off by a broken download. No memory is set
aside because a header asks for it: values are read piece by piece, to one byte more than it announces.
"""

import gzip
import io
import math
import os
import zlib
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from neurodyn.errors import DataError
from neurodyn.inputs import as_path

TYPE_CODES: Final = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_RANK: Final = 32  # what every NumPy allows; the format itself goes to 255
MAX_BYTES: Final = 2**30
CHUNK: Final = 2**20
GZIP_MAGIC: Final = b"\x1f\x8b"


class Readable(Protocol):
    """A binary stream: a file, a gzip file, a member of a zip archive."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer at the end only."""


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Return the array of an IDX file, raw or gzipped (told by its first bytes, not by its name).

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    ndarray
        An array of the shape and type the file gives (uint8, int8, int16, int32, float32 or float64), in the byte
        order of this machine.

    Raises
    ------
    DataError
        The file is missing, unreadable, not IDX, damaged, shorter or longer than its header says, empty, or
        larger than 1 GiB when unpacked.

    Examples
    --------
    >>> import pathlib
    >>> import tempfile
    >>> from neurodyn.models.data import read_idx
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    11
    >>> read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    file = os.fsdecode(as_path(path, "path"))
    if not os.path.isfile(file):
        raise fault(file, "an IDX file is needed", "no such file", remedy="check the path")
    try:
        with open(file, "rb") as raw, _unpacked(raw) as stream:
            dtype, shape = _read_header(file, stream)
            return read_array(file, stream, dtype, shape)
    except (OSError, EOFError, zlib.error) as error:
        raise fault(file, "the file must be readable", f"'{error}'") from error


def read_array(file: str, stream: Readable, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the values of `stream`, which must end with the last of them, as an array in C order.

    Parameters
    ----------
    file
        What messages call the stream.
    stream
        Stands on the first value.
    dtype, shape
        As a header announces them: not trusted.

    Returns
    -------
    ndarray
        An array of `shape`, in the byte order of this machine.

    Raises
    ------
    DataError
        The header asks for nothing, or for more than 1 GiB, or for another number of bytes than there are.
    """
    expected = math.prod(shape) * dtype.itemsize
    layout = " x ".join(f"{size:,}" for size in shape)
    if not 0 < expected <= MAX_BYTES:
        rule = f"the header must announce 1 to {MAX_BYTES:,} bytes"
        raise fault(file, rule, f"{expected:,} ({layout} values)")
    payload = _read_at_most(stream, expected + 1)
    if len(payload) != expected:
        came = "more" if len(payload) > expected else f"{len(payload):,}"
        raise fault(file, f"{expected:,} bytes must follow the header ({layout} values)", came)
    return np.frombuffer(payload, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def fault(file: str, rule: str, got: str, remedy: str = "check the file or download it again") -> DataError:
    """Return the error whose sentence names the file, the rule, what came and what to do."""
    return DataError(f"{file}: {rule}; got {got}; {remedy}")


def _unpacked(raw: io.BufferedReader) -> io.BufferedReader | gzip.GzipFile:
    return gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == GZIP_MAGIC else raw


def _read_header(file: str, stream: Readable) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        rule = "an IDX file starts with two zero bytes, a type code and the number of dimensions"
        raise fault(file, rule, f"bytes {magic.hex(' ')}" if magic else "an empty file")
    code, rank = magic[2], magic[3]
    if code not in TYPE_CODES:
        allowed = ", ".join(f"0x{known:02X}" for known in TYPE_CODES)
        raise fault(file, f"the type code of an IDX file is one of {allowed}", f"0x{code:02X}")
    if not 1 <= rank <= MAX_RANK:
        raise fault(file, f"the number of dimensions must be 1 to {MAX_RANK}", str(rank))
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise fault(file, f"a header of {rank} dimensions has {4 + 4 * rank} bytes", str(4 + len(sizes)))
    return np.dtype(TYPE_CODES[code]), tuple(np.frombuffer(sizes, ">u4").tolist())


def _read_at_most(stream: Readable, limit: int) -> bytearray:
    payload = bytearray()
    while len(payload) < limit and (chunk := stream.read(min(CHUNK, limit - len(payload)))):
        payload += chunk
    return payload
