"""The schema of the files that neurodyn writes: a number in each of them that grows when what they say changes.

0: files without the number. Classes, and the default function of a sweep, are named by their modules.
1: they have short names (`neurodyn.names`).
2: files end with a digest of their bytes (`neurodyn.results.seal`); a checkpoint says what it belongs to, part by part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurodyn.errors import ResultFileError

SCHEMA = 2
#: Files of this schema and later ones have a seal.
SEALED = 2
#: What schema 0 called them, which is part of the digests of that time: it stays, wherever they are now.
NAMES_0 = {
    "Hopfield": "neurodyn.models.hopfield.Hopfield",
    "Rate": "neurodyn.models.rate.Rate",
    "run": "neurodyn.cli.cell:run",
}


def schema_of(about: Any) -> int:
    """The schema of a file, from its JSON.

    Raises
    ------
    ResultFileError
        It is newer than this program, or no number.
    """
    found = about.get("schema", 0) if isinstance(about, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ResultFileError(f"the schema of a file must be a whole number; got {found!r}")
    if found > SCHEMA:
        raise ResultFileError(
            f"a newer neurodyn has written this file: its schema is {found}, and this version reads up to {SCHEMA}; "
            "install a newer neurodyn"
        )
    return found
