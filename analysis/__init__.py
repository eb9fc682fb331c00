"""Measures on results, and their figures in `neurodyn.analysis.plots`."""

from neurodyn.analysis.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
