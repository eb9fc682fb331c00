"""Python's search for garbage in cycles, held back where there is hardly any.

What is in no cycle is freed at once, as ever. For cycles Python looks whenever some hundred more objects are there, and
every so often among all of them. A short command makes hundreds of thousands that stay, such as modules, compiled
kernels and the parts of figures, and would look again and again for nothing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Look for no cycles within the block, or within the function that this decorates; afterwards as before."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
