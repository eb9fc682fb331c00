"""What figures are written as: by default PNG."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

#: What figures can be.
FORMATS = ("png", "pdf", "svg")
_chosen: ContextVar[tuple[str, ...]] = ContextVar("formats", default=FORMATS[:1])


def chosen_formats() -> tuple[str, ...]:
    """What figures are to be, here."""
    return _chosen.get()


@contextlib.contextmanager
def in_formats(formats: tuple[str, ...]) -> Iterator[None]:
    """Write figures as these within the block."""
    before = _chosen.set(formats)
    try:
        yield
    finally:
        _chosen.reset(before)
