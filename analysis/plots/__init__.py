"""Figures of results: `plot_x(result, *, ax=None, **style) -> Axes`. Nothing here shows; only `animate` saves.

A function with several panels returns them all. Without `ax` a figure is made, it is `ax.figure`; pyplot is not used.
"""

from lazy_loader import attach_stub as _attach_stub

# Now, as the modules of these names would take their places.
from neurodyn.analysis.plots.paper import paper as paper

# The public names stand in `__init__.pyi`; each is imported when it is first used.
__getattr__, __dir__, __all__ = _attach_stub(__name__, __file__)
