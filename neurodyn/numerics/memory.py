"""How much memory there is: what large requests are held against before they are begun."""

from __future__ import annotations

import os
from pathlib import Path

from neurodyn.errors import TooLargeError

#: Where Linux tells the limit of the container that a process is in: cgroups of version 2, and of version 1.
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def present_memory() -> int:
    """Bytes of memory of this machine, or of the container that this process may use."""
    try:
        present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system tells
        present = 8 << 30
    for name in CGROUPS:
        try:
            present = min(present, int(Path(name).read_text("ascii")))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return present


def check_memory(wanted: int, what: str, remedy: str) -> None:
    """Refuse what would take more than half of the memory."""
    present = present_memory()
    if wanted > present / 2:
        raise TooLargeError(f"{what} needs {wanted / 2**30:.1f} GiB of {present / 2**30:.1f} GiB: {remedy}")
