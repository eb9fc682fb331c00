"""Names of populations, as terms take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurodyn.errors import ModelError, shown


def as_names(names: Any) -> tuple[str, ...]:
    """One name, or several, as a tuple: terms are compared, and written to files, by it.

    Raises
    ------
    ModelError
        It is neither.
    """
    found = (names,) if isinstance(names, str) else tuple(names) if isinstance(names, Iterable) else None
    if found is None or not all(isinstance(name, str) for name in found):
        raise ModelError(f"`names` must be names of populations; got {shown(names)}")
    return found
