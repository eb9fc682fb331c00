"""Generated modules: written once into the cache of the kernels, and imported from there.

A module's name is a hash of what it is made from and of this package's own files, so an old one is never used for
something new. Its file is written beside its place and renamed, and gets a fixed time: processes that write it at once
write the same, and numba, which looks at a file's size and time, takes the compiled code of either for its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

from neurodyn.numerics.kernel import cache_folder

#: Seconds since 1970 that every generated file claims to be from.
WRITTEN = 1_500_000_000
_lock = threading.RLock()


def module(recipe: object, generate: Callable[[], str]) -> ModuleType:
    """The module for a recipe, generated if it is not there yet.

    Parameters
    ----------
    recipe : object
        All that the text depends on, as plain data.
    generate : callable
        Makes the text.
    """
    key = hashlib.sha256(json.dumps([_version(), recipe], sort_keys=True).encode()).hexdigest()[:24]
    name = f"neurodyn_expression_{key}"
    with _lock:
        if name in sys.modules:
            return sys.modules[name]
        path = Path(cache_folder()) / "expressions" / f"{name}.py"
        if not path.is_file():
            _write(path, generate())
        return _import(name, path)


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.utime(temporary, (WRITTEN, WRITTEN))
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _import(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    try:
        spec.loader.exec_module(made)
    except BaseException:
        del sys.modules[name]
        raise
    return made
