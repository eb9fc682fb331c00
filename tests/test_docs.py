"""The code in the README and in docs/ runs, in order, page by page."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.S | re.M)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.name)
def test_code_on_the_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = ModuleType(f"page_{page.stem}")  # a module, so that what it defines can be compiled and pickled
    monkeypatch.setitem(sys.modules, script.__name__, script)
    exec(compile("\n".join(blocks(page)), str(page), "exec"), vars(script))


def test_readme_and_guide_have_code():
    assert blocks(ROOT / "README.md")
    assert blocks(ROOT / "docs" / "guide.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_pictures_on_the_page_exist(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []
