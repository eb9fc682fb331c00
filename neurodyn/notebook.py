"""Progress in notebooks: a bar of HTML that is drawn over, and taken away in the end. It needs no widgets.

What a kernel writes to standard error is kept line by line, and a bar of a terminal would fill the page; a widget of
tqdm's shows where ipywidgets is installed on both sides, and else prints a warning. What every notebook can do is to
replace what was displayed before, as HTML or, where that is not shown, as a sentence.
"""

from __future__ import annotations

import sys
from html import escape
from importlib import import_module
from typing import Any

#: Seconds between two looks at a bar, each of which is a message to the page.
SECONDS = 0.5


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    get_shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_shell is not None and getattr(get_shell(), "kernel", None) is not None


class NotebookBar:
    """A bar below the cell that computes."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str, fraction: float) -> None:
        """Bring the bar and the text beside it up to date."""
        bar = f'<progress value="{fraction:.4f}" max="1" style="width:12em;vertical-align:middle"></progress>'
        self._display({"text/plain": text, "text/html": f"<div>{bar} {escape(text)}</div>"})

    def close(self) -> None:
        """Take the bar away; what cannot be removed from a page is left empty."""
        self._display({"text/plain": "", "text/html": ""})

    def _display(self, bundle: dict[str, str]) -> None:
        if self._handle is None:
            self._handle = import_module("IPython.display").display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
