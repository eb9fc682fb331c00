"""Figures for papers: sizes of columns, small type, thin lines, and text that stays text in the file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from matplotlib import rc_context

from neurodyn.errors import ArgumentError
from neurodyn.inputs import is_positive

#: Widths in inches by name. Nature's guide for authors has columns of 89 and 183 mm, which most journals come near:
#: Physical Review 86 mm; of a conference's one column, as NeurIPS prints it, the text is 5.5 inches wide.
WIDTHS = {"single": 89 / 25.4, "double": 183 / 25.4, "text": 5.5}
#: Height over width where none is given.
SHAPE = {"single": 0.75, "double": 0.4, "text": 0.5}
#: Size of type; labels and ticks are a little smaller, and 7 points is what Nature has as the largest.
POINTS = 7.5
#: Thin lines for small figures. What is drawn by the plots is a multiple of these.
LINES = {
    "lines.linewidth": 1.0,
    "lines.markersize": 4.0,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "patch.linewidth": 0.6,
    "grid.linewidth": 0.4,
}
#: Text as text: fonts that editors can change in PDF (TrueType, not outlines), and text elements in SVG.
FILES = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "savefig.dpi": 600.0, "figure.dpi": 200.0}


@contextlib.contextmanager
def paper(width: str | float = "single", *, height: float | None = None, points: float = POINTS) -> Iterator[None]:
    """Draw, and save, figures for a paper within the block.

    Every plot takes its size, type and lines from matplotlib's settings, which are put back afterwards. Save within the
    block too: fonts are embedded when a file is written.

    Parameters
    ----------
    width : {"single", "double", "text"} or float
        A column of 89 mm, two of 183 mm, or a text of 5.5 inches; or a number of inches.
    height : float, optional
        In inches. Default: three quarters of a single column, two fifths of two, half of a text or number.
    points : float
        Size of type. Labels have 95 % of it, ticks and legends 85 %.

    Raises
    ------
    ArgumentError
        For an unknown width, and sizes that are not positive.

    Examples
    --------
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> with plots.paper("single"):
    ...     ax = plots.plot_filters(models.Hopfield.layered([4, 6, 2]))
    >>> ax.figure.get_size_inches().round(2).tolist()
    [3.5, 2.63]
    """
    if isinstance(width, str) and width not in WIDTHS:
        raise ArgumentError(f"`width` must be one of {', '.join(WIDTHS)} or a number of inches; got {width!r}")
    inches = WIDTHS[width] if isinstance(width, str) else width
    tall = inches * SHAPE.get(str(width), SHAPE["text"]) if is_positive(inches) and height is None else height
    for name, value in {"width": inches, "height": tall, "points": points}.items():
        if not is_positive(value):
            raise ArgumentError(f"`{name}` must be positive and finite; got {value!r}")
    settings: Any = {"figure.figsize": (inches, tall), "font.size": points, **LINES, **FILES}
    with rc_context(settings):
        yield
