"""Settings of Sphinx: `sphinx-build -W -b html docs build/docs` makes the pages and the reference."""

from __future__ import annotations

import re
from typing import Any

from neurodyn import __version__

project = "neurodyn"
author = copyright = "The neurodyn developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_gallery.gen_gallery"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"neurodyn {release}"
#: Types of parameters are plain words here, such as "labels" or "state", which Sphinx takes for names of attributes.
suppress_warnings = ["ref.python"]
#: Names in single backticks are code, as in all docstrings here.
default_role = "literal"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

#: Examples are run, with what they print and draw, and become the pages in `docs/gallery`.
sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "subsection_order": [
        f"../examples/{folder}"
        for folder in (
            "dynamics",
            "errors_are_motion",
            "timescales",
            "learning_signals",
            "own_models",
            "learning",
            "museum",
            "sweeps",
        )
    ],
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("matplotlib",),
    "capture_repr": (),
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": float("inf"),
    "write_computation_times": False,
    "remove_config_comments": True,
}


def split_entries(app: Any, what: str, name: str, subject: Any, options: Any, lines: list[str]) -> None:
    """Give each name of an entry "a, b : type" an entry of its own, as napoleon does for parameters alone."""
    found: list[str] = []
    while lines:
        line = lines.pop(0)
        entry = re.fullmatch(r"(\w+(?:, \w+)+)( : .*)", line)
        about: list[str] = []
        while entry and lines and lines[0].startswith("    "):
            about.append(lines.pop(0))
        for head in [part + entry[2] for part in entry[1].split(", ")] if entry else [line]:
            found += [head, *about]
    lines[:] = found


def take_marks_as_they_are(app: Any, what: str, name: str, subject: Any, options: Any, lines: list[str]) -> None:
    """Escape the bars of |x| and the underscore of n_iter_, which are references in reStructuredText, outside code."""
    for k, line in enumerate(lines):
        parts = line.split("`")
        parts[::2] = [re.sub(r"\||(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
        lines[k] = "`".join(parts)


def link_to_included_pages(app: Any, page: str, source: list[str]) -> None:
    """Links to pages beside this folder lead to those here that include them."""
    for name in ("CONTRIBUTING", "CHANGELOG"):
        source[0] = source[0].replace(f"](../{name}.md", f"]({name.lower()}.md")


def setup(app: Any) -> None:
    """Connect the functions above."""
    app.connect("autodoc-process-docstring", split_entries, priority=100)  # before napoleon
    app.connect("autodoc-process-docstring", take_marks_as_they_are, priority=900)  # after napoleon
    app.connect("source-read", link_to_included_pages)
