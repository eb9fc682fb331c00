"""Each example of the gallery runs without a warning and draws; and the gallery finds its title, text and picture."""

import ast
import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.rglob("*.py"))


def has_drawn(figure) -> bool:
    return any(ax.has_data() for ax in figure.axes)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("no_processes")
def test_example_draws(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: None)  # a warning where no window can be
    runpy.run_path(str(script), run_name="__main__")
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert figures, "the gallery shows what pyplot has"
    assert all(has_drawn(figure) for figure in figures)


def faults(script: Path) -> list[str]:
    """Rules of the gallery that a script breaks."""
    source = script.read_text("utf-8")
    title, line, *text = (ast.get_docstring(ast.parse(source)) or "\n").splitlines()
    cells = source.split("\n# %%\n")[1:]
    code = [row for row in source.partition('"""\n\n')[2].splitlines() if row.strip() and not row.startswith("#")]
    rules = {
        "its name is plot_, its place in the folder, and its subject": re.match(r"plot_\d_[a-z]", script.name),
        "it begins with a title, underlined": title and re.fullmatch("=+", line) and len(line) == len(title),
        "text says what is to be seen": any(text),
        "cells begin with text": len(cells) >= 2 and all(cell.startswith("# ") for cell in cells),
        "it has one picture": source.count("plt.subplots(") == 1,
        "the last cell has all of the picture": "plt.subplots(" in cells[-1] and cells[-1].endswith("\nplt.show()\n"),
        "it has 10 to 45 lines of code": 10 <= len(code) <= 45,
        "its folder has a heading": (script.parent / "README.txt").is_file(),
        "its folder stands in examples": script.parent.parent == EXAMPLES,
    }
    return [f"{script.stem}: {rule}" for rule, kept in rules.items() if not kept]


def test_examples_keep_the_rules_of_the_gallery():
    assert len(SCRIPTS) >= 26
    assert [fault for script in SCRIPTS for fault in faults(script)] == []
    assert (EXAMPLES / "README.txt").is_file()
