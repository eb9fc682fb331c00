"""The seal of a file: a digest of its bytes that stands behind them, so that damage is noticed before they are parsed.

It is checked without the library of the format, as a damaged file may hang a parser or read as something else. Readers
of HDF5 ignore what follows the end that the file itself names, so that other programs open a sealed NetCDF file as it
is. A JSON file has its seal as its last entry.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from neurodyn.errors import ResultFileError
from neurodyn.schema import SEALED, schema_of

#: What stands before the digest, in binary and in JSON files.
MARK, ENTRY = b"\nneurodyn sha256 ", b', "sha256": "'
#: Bytes of a seal in a binary file: the mark, a digest in hexadecimal, the end of a line.
LENGTH = len(MARK) + 64 + 1
CHUNK = 1 << 20

CHANGED = "it is damaged: its bytes are not those that were written; take another copy of it, or compute it again"
UNSEALED = (
    "its digest is missing: the file was cut off, or another program has written it anew; take another copy of it, or "
    "compute it again"
)


def append_seal(path: str | os.PathLike[str]) -> None:
    """Append to a file the digest of what it holds."""
    with open(path, "r+b") as stream:
        digest = _digest(stream, os.path.getsize(path))
        stream.seek(0, os.SEEK_END)
        stream.write(MARK + digest + b"\n")


def check_seal(path: str | os.PathLike[str]) -> bool:
    """Whether a file has a seal; files of before schema 2, and those of other programs, have none.

    Raises
    ------
    ResultFileError
        The file has a seal and does not fit it.
    """
    size = os.path.getsize(path) - LENGTH
    if size < 0:
        return False
    with open(path, "rb") as stream:
        stream.seek(size)
        seal = stream.read(LENGTH)
        if not seal.startswith(MARK):
            return False
        stream.seek(0)
        if seal[len(MARK) :] != _digest(stream, size) + b"\n":
            raise ResultFileError(CHANGED)
    return True


def _digest(stream: BinaryIO, size: int) -> bytes:
    """The digest of so many bytes from where a stream stands, in hexadecimal."""
    digest = hashlib.sha256()
    while size > 0 and (chunk := stream.read(min(CHUNK, size))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest().encode()


def sealed_json(about: dict[str, Any], indent: int | None = None) -> str:
    """The text of a JSON file whose last entry, "sha256", is the digest of all that stands before it."""
    body = json.dumps(about, indent=indent)[:-1].rstrip().encode()
    return (body + ENTRY + hashlib.sha256(body).hexdigest().encode() + b'"}\n').decode()


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds, without its seal; see `parse_json` for what it raises, beside OSError."""
    return parse_json(path.read_bytes())


def parse_json(raw: bytes) -> dict[str, Any]:
    """What sealed JSON holds, without its seal.

    Raises
    ------
    ResultFileError
        It is damaged, or no JSON object, or has no seal though its schema says so.
    """
    body, mark, seal = raw.rpartition(ENTRY)
    if mark and seal != hashlib.sha256(body).hexdigest().encode() + b'"}\n':
        raise ResultFileError(CHANGED)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ResultFileError(f"it is damaged: {error}") from error
    if not isinstance(found, dict):
        raise ResultFileError(f"it must hold a JSON object; got {type(found).__name__}")
    if schema_of(found) >= SEALED and not mark:
        raise ResultFileError(UNSEALED)
    found.pop("sha256", None)
    return found
