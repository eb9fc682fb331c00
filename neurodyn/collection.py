"""Python's search for garbage in cycles, held back where there is hardly any.

What is in no cycle is freed at once, as ever. For cycles Python looks whenever some hundred more objects are there, and
every so often among all of them. A short command makes hundreds of thousands that stay, such as modules, compiled
kernels and the parts of figures, and would look again and again for nothing. Looked through at the end, they would
take a second.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Look for no cycles within the block, or within the function that this decorates; afterwards as before.

    What was made there counts as old: Python would look through it at once, as if all were new.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            _make_old()
            gc.enable()


def _make_old() -> None:
    """Let all objects count as old, unless somebody has set some apart for good."""
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
