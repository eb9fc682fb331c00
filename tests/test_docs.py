"""Code in the README and in docs/ runs, in order, page by page; pages, links, pictures and reference are whole."""

import importlib
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import neurodyn

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
#: Beside docs/, and included by a page in it.
INCLUDED = [ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
#: Modules whose public names are all in the reference.
PUBLIC = ["neurodyn", "neurodyn.models", "neurodyn.models.terms", "neurodyn.analysis", "neurodyn.analysis.plots"]
PUBLIC += ["neurodyn.testing", "neurodyn.estimators", "neurodyn.learning", "neurodyn.sweep"]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.S | re.M)


@cache
def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.S | re.M)


def links(page: Path) -> list[str]:
    """What the links and pictures of a page lead to, but for the web."""
    return re.findall(r"\]\((?!https?://)([^)\s]+)\)", prose(page))


@cache
def anchors(page: Path) -> set[str]:
    """The headings of a page as its address has them: small letters, spaces as hyphens, no other marks."""
    headings = re.findall(r"^#{1,3} (.+)$", prose(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=named)
@pytest.mark.usefixtures("not_laid_out", "no_processes")
def test_code_on_the_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A module, so that what it defines can be compiled and pickled; of one name, so that what two pages define alike is
    # compiled once.
    script = ModuleType("page")
    monkeypatch.setitem(sys.modules, script.__name__, script)
    exec(compile("\n".join(blocks(page)), str(page), "exec"), vars(script))


def test_readme_and_guide_have_code():
    assert blocks(ROOT / "README.md")
    assert blocks(DOCS / "guide.md")


def test_links_and_pictures_on_all_pages_exist():
    missing = []
    for page in PAGES + INCLUDED:
        for link in links(page):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                missing.append(f"{named(page)}: {link}")
    assert missing == []


def test_files_that_pages_name_exist():
    path = re.compile(r"`((?:neurodyn|models|analysis|tests|examples|docs)/[\w./-]+\.\w+)`")
    named_files = {(named(page), file) for page in PAGES for file in path.findall(prose(page))}
    assert len(named_files) > 10
    assert {(page, file) for page, file in named_files if not (ROOT / file).exists()} == set()


def test_every_page_is_in_one_table_of_contents():
    found = []
    for page in PAGES:
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text("utf-8"), flags=re.S | re.M):
            lines = [line for line in tree.splitlines() if line and not line.startswith(":")]
            entries = [re.sub(r".* <(.+)>$", r"\1", line) for line in lines]  # those with a title of their own
            found += [(page.parent / entry).resolve().with_suffix(".md") for entry in entries]
    pages = [page for page in PAGES if page.is_relative_to(DOCS) and page != DOCS / "index.md"]
    assert {named(page): found.count(page) for page in pages if found.count(page) != 1} == {}


def test_every_picture_is_shown_on_a_page():
    pages = [page.read_text("utf-8") for page in PAGES]
    pictures = [path for kind in ("png", "svg", "gif") for path in (DOCS / "images").rglob(f"*.{kind}")]
    assert pictures
    assert [named(path) for path in pictures if not any(f"/{path.name}" in page for page in pages)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_in_the_reference(name):
    page, module = (DOCS / "api.md").read_text("utf-8"), importlib.import_module(name)
    whole = re.search(rf"^\.\. automodule:: {re.escape(name)}\n   :members:$", page, flags=re.M)
    missing = []
    for entry in module.__all__:
        found = getattr(module, entry)
        by_members = whole and (isinstance(found, type) or callable(found) or isinstance(found, ModuleType))
        by_itself = f":: {name}.{entry}\n" in page or f":: {entry}\n   :module: {name}\n" in page
        at_the_top = name != "neurodyn" and entry in neurodyn.__all__
        if not (by_members or by_itself or at_the_top or entry == "__version__"):
            missing.append(entry)
    assert missing == []


def ratios(threads: int, *solvers: str) -> list[float]:
    """Of the fastest of these solvers in each case of the benchmarks, the smallest and the largest ratio of times."""
    page = (DOCS / "benchmarks.md").read_text("utf-8")
    part = page.split(f"### On {threads} thread")[1].split("\n### ")[0]
    found = []
    for table in part.split("**")[2::2]:
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
        found += [min([float(row[-1]) for row in rows if row[0] in solvers], default=np.nan)]
    return [float(f"{end:.1f}") for end in (np.nanmin(found), np.nanmax(found))]


def test_comparison_says_what_was_measured():
    page = " ".join((DOCS / "compare.md").read_text("utf-8").split())
    own_steps = ("diffrax", "diffrax, jit(vmap)")
    first, second = ratios(1, *own_steps), ratios(2, *own_steps)
    assert f"takes {first[0]} to {first[1]} times as long on one thread of a processor" in page
    assert f"and {second[0]} to {second[1]} times on two" in page
    series = ratios(1, "heyoka, 4 side by side", "heyoka, 8 side by side")
    assert f"it takes {series[0]} to {series[1]} times as long for thousands of networks" in page
    together, torch = ratios(1, "diffrax, one step size for all"), ratios(1, "torchdiffeq")
    assert f"With one step size for all it takes {together[0]} to {together[1]} times as long on one thread" in page
    assert f"uncompiled, it takes {torch[0]} to {torch[1]} times as long on one thread" in page


def test_comparison_says_what_was_not_measured():
    measured = (DOCS / "benchmarks.md").read_text("utf-8").split("## Results")[1].lower()
    sections = (DOCS / "compare.md").read_text("utf-8").split("\n## ")[1:]
    silent = [part.splitlines()[0] for part in sections if "measured no time" in " ".join(part.split())]
    assert silent
    assert [tool for tool in silent if f"| {tool.lower()}" in measured] == []
