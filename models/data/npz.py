"""Arrays of an .npz archive that is not trusted.

Not read by `numpy.load`, which sets memory aside because a header asks for it, and unpickles where it is let. Here
values are read piece by piece, to one byte more than their header announces, and objects are refused.
"""

import os
import re
import struct
import zipfile
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neurodyn.errors import DataError
from neurodyn.models.data.idx import fault, read_array

#: NumPy's kinds of types: whole numbers, and with floats.
INTEGERS: Final = "iu"
NUMBERS: Final = "iuf"
HEADER: Final = re.compile(
    r"\{'descr': '(?P<dtype>[|<>](?:[iu][1248]|f[248]))', 'fortran_order': (?P<fortran>False|True), "
    r"'shape': \((?P<shape>(?:\d{1,12}L?,? ?){1,4})\),? ?\}\s*"
)
COMPRESSION: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # LZMA allocates what its header asks for
BROKEN: Final = (
    OSError, EOFError, RuntimeError, ValueError, OverflowError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip  # all that zipfile lets through on damaged files


class Archive:
    """An .npz archive, open to be read.

    Attributes
    ----------
    file : str
        Its path.
    names : tuple of str
        Its arrays.
    """

    def __init__(self, file: str, needed: str) -> None:
        self.file, self._needed = file, needed

    def __enter__(self) -> "Archive":
        if not os.path.isfile(self.file):  # a pipe would be waited for
            got = "something that is no file" if os.path.exists(self.file) else "no such file"
            raise fault(self.file, f"{self._needed} is needed", got, "check the path")
        try:
            self._zip = zipfile.ZipFile(self.file)
        except BROKEN as error:
            raise self._broken(error) from error
        self.names = tuple(name.removesuffix(".npy") for name in self._zip.namelist())
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, key: str, kinds: str = NUMBERS) -> NDArray[Any]:
        """Return an array, whose type must be one of `kinds`; a `DataError` says what is wrong with it."""
        try:
            return self._read(key, kinds)
        except DataError:
            raise
        except BROKEN as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> DataError:
        return fault(self.file, f"{self._needed} is needed", f"a file that cannot be unpacked ('{error}')")

    def _read(self, key: str, kinds: str) -> NDArray[Any]:
        if f"{key}.npy" not in (names := self._zip.namelist()):
            raise fault(self.file, f"the archive must have an array {key!r}", ", ".join(names[:8]) or "none")
        info = self._zip.getinfo(f"{key}.npy")
        if info.compress_type not in COMPRESSION:
            raise fault(self.file, f"{key!r} must be stored or deflated", f"compression type {info.compress_type}")
        with self._zip.open(info) as stream:
            lead = stream.read(10)
            header = stream.read(int.from_bytes(lead[8:], "little")).decode("latin-1")
            match = HEADER.fullmatch(header)
            if lead[:8] != b"\x93NUMPY\x01\x00" or not match or match["dtype"][1] not in kinds:
                what = "an integer array" if kinds == INTEGERS else "an array of numbers"
                rule = f"{key!r} must be {what} in NumPy's format 1.0"
                raise fault(self.file, rule, f"{lead + header.encode('latin-1')[:80]!r}")
            shape = tuple(int(size) for size in re.findall(r"\d+", match["shape"]))
            name, dtype = f"{self.file}[{key}]", np.dtype(match["dtype"])
            if match["fortran"] == "True":
                return np.ascontiguousarray(read_array(name, stream, dtype, shape[::-1]).T)
            return read_array(name, stream, dtype, shape)
