"""Sweeps: one function over many cells of a grid, on any executor, written cell by cell, resumable."""

from neurodyn.sweep.run import sweep

__all__ = ["sweep"]
