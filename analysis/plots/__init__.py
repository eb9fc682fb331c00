"""Figures of results: `plot_x(result, *, ax=None, **style) -> Axes`. Nothing here computes or shows."""
