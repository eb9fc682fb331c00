"""How much memory there is, and the one door at which requests for more than that are refused."""

from __future__ import annotations

import os
from pathlib import Path

from neurodyn.errors import TooLargeError

#: Where Linux keeps the limits of control groups, as containers and batch systems set them.
GROUPS = Path("/sys/fs/cgroup")
#: Supposed where a system does not tell.
SUPPOSED = 8 << 30
#: The part of the memory that one request may take.
SHARE = 0.5
#: Requests for fewer bytes are granted unseen: to ask how much there is takes as long as a small simulation.
FEW = 1 << 20


def check_memory(size: float, what: str, remedy: str) -> None:
    """Refuse a request for more bytes than the share of the memory, before anything is allocated.

    Raises
    ------
    TooLargeError
        Says what needs how much, how much there is, and the remedy.
    """
    if size <= FEW:
        return
    present = present_memory()
    if size > SHARE * present:
        raise TooLargeError(f"{what} needs {_gib(size)} of {_gib(present)}: {remedy}")


def present_memory() -> int:
    """Bytes of memory that this process may use: of the machine, its control group or its own limit."""
    return min([_physical(), *_of_groups(), *_of_process()])


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB" if size < 2**50 else "more than any machine has"


def _physical() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return SUPPOSED


def _of_groups() -> list[int]:
    """Limits of the control group of this process and of those above it, of either version."""
    places = [GROUPS / "memory.max", GROUPS / "memory" / "memory.limit_in_bytes"]
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines:
        _, kind, own = line.split(":", 2)
        root, name = (GROUPS / "memory", "memory.limit_in_bytes") if kind == "memory" else (GROUPS, "memory.max")
        if kind in ("", "memory"):
            folder = root / own.lstrip("/")
            places += [above / name for above in (folder, *folder.parents) if above.is_relative_to(root)]
    return [limit for place in places if (limit := _number(place)) is not None]


def _number(place: Path) -> int | None:
    try:
        return int(place.read_text("utf-8"))
    except (OSError, ValueError):  # not there, or "max"
        return None


def _of_process() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows
        return []
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return [] if limit == resource.RLIM_INFINITY else [limit]
