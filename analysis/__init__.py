"""Measures on results, and their figures in `neurodyn.analysis.plots`."""

from neurodyn.analysis.compare import Comparison, compare
from neurodyn.analysis.convergence import Convergence, convergence

__all__ = ["Comparison", "Convergence", "compare", "convergence"]
