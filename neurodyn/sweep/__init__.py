"""Sweeps: one function over many cells of a grid, on any executor, written cell by cell, in parts, resumable."""

from typing import TYPE_CHECKING, Any

from neurodyn.sweep.run import sweep

if TYPE_CHECKING:
    from neurodyn.sweep.folder import merge, resume, status

__all__ = ["merge", "resume", "status", "sweep"]


def __getattr__(name: str) -> Any:
    """Import what works on folders when it is first used, as `import neurodyn` imports this package."""
    if name in ("merge", "resume", "status"):
        from neurodyn.sweep import folder

        return getattr(folder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
