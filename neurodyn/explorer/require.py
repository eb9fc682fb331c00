"""Bokeh, which shows the pages, is an extra: whoever lacks it is told so in one sentence."""

from __future__ import annotations

from importlib.util import find_spec

from neurodyn.errors import ArgumentError


def require_bokeh() -> None:
    """Refuse to go on without Bokeh."""
    if find_spec("bokeh") is None:
        raise ArgumentError("the explorer needs Bokeh, which is not installed: pip install 'neurodyn[explore]'")
