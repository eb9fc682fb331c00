"""Measures on results, and their figures in `neurodyn.analysis.plots`."""

from lazy_loader import attach_stub as _attach_stub

# Now, as the modules of these names would take their places.
from neurodyn.analysis.free_phase import free_phase as free_phase
from neurodyn.analysis.overlap import overlap as overlap

# The public names stand in `__init__.pyi`; each is imported when it is first used.
__getattr__, __dir__, __all__ = _attach_stub(__name__, __file__)
