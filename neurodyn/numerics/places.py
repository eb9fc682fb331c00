"""Where compiled kernels may be kept: places to try in turn.

Whoever can write into such a folder can run code as whoever loads kernels from it. All users of a machine share the
temporary folder, so there it is a folder that belongs to this user alone, or none.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator


def places() -> Iterator[Callable[[], str | None]]:
    """Functions that find a folder, or raise OSError where there is none."""
    yield lambda: os.environ.get("NUMBA_CACHE_DIR")
    yield lambda: os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    yield temporary


def temporary() -> str:
    """A folder of this user in the temporary folder.

    Raises
    ------
    OSError
        It cannot be made, or its name is taken: by a link, another user's folder, or one that others may write into.
    """
    base = tempfile.gettempdir()
    if not hasattr(os, "geteuid"):  # each user has a temporary folder there
        return base
    folder = os.path.join(base, f"neurodyn-{os.geteuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    about = os.lstat(folder)
    writable_by_others = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or writable_by_others:
        raise PermissionError(f"{folder} is not a folder of this user alone")
    return folder
