"""A file of arrays under a head of plain data, written whole or not at all, with a seal: what checkpoints are made of.

A line of text that says what it is, a line of JSON (the schema, what the writer says, the arrays' names, types and
shapes), then the arrays' bytes, then the seal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from neurodyn.errors import ResultFileError
from neurodyn.results.files import write
from neurodyn.results.seal import LENGTH, UNSEALED, append_seal, check_seal
from neurodyn.schema import SCHEMA, SEALED, schema_of

#: The JSON line of thousands of epochs is far shorter, in bytes.
LONGEST = 100_000_000
#: What a head or arrays raise that are not a checkpoint's.
FOREIGN = (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError)

#: The head, and the arrays by name.
Content = tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]


def write_arrays(path: Path, title: bytes, head: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write a file that begins with the line `title`, or leave the one that is there."""
    plan = [(name, a.dtype.str, a.shape) for name, a in arrays.items()]
    line = json.dumps({"schema": SCHEMA, **head, "arrays": plan}).encode() + b"\n"

    def produce(temporary: str) -> None:
        with open(temporary, "wb") as stream:
            stream.write(title + line)
            for array in arrays.values():
                stream.write(bytes_of(array))
        append_seal(temporary)

    write(path, produce)


def bytes_of(array: Any) -> Any:
    """The bytes of an array, in C order."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def read_arrays(path: Path, title: bytes, what: str, check: Callable[[dict[str, Any]], None]) -> Content:
    """The head, which `check` may refuse before more is read, and the arrays. Messages call the file `what`.

    Raises
    ------
    ResultFileError
        The file is missing, damaged, or something else.
    """
    try:
        if not path.is_file():
            raise ResultFileError("not a file")
        sealed = check_seal(path)
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size - LENGTH * sealed
            return _parse(stream, size, sealed, title, what, check)
    except ResultFileError as error:
        raise ResultFileError(f"{path}: {error}") from error
    except FOREIGN as error:
        raise ResultFileError(f"{path} is not a whole {what}: {error}") from error


def _parse(
    stream: BinaryIO, size: int, sealed: bool, title: bytes, what: str, check: Callable[[dict[str, Any]], None]
) -> Content:
    if stream.readline(len(title)) != title:
        raise ResultFileError(f"not a {what} of neurodyn")
    head = json.loads(stream.readline(LONGEST))
    if schema_of(head) >= SEALED and not sealed:
        raise ResultFileError(UNSEALED)
    check(head)
    plan = [(name, np.dtype(kind), tuple(shape)) for name, kind, shape in head["arrays"]]
    if stream.tell() + sum(kind.itemsize * int(np.prod(shape)) for _, kind, shape in plan) != size:
        raise ResultFileError(f"not a whole {what}: its size does not fit what it says")
    arrays = {name: np.fromfile(stream, kind, int(np.prod(shape))).reshape(shape) for name, kind, shape in plan}
    return head, arrays
