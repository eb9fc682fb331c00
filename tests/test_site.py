"""The site as Sphinx makes it: without warnings, with every public name, and asking the web for nothing."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ["neurodyn", "neurodyn.models", "neurodyn.models.terms", "neurodyn.analysis", "neurodyn.analysis.plots"]
PUBLIC += ["neurodyn.testing", "neurodyn.estimators", "neurodyn.learning", "neurodyn.sweep"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder with the pages."""
    for package in ("sphinx", "myst_parser", "furo", "sklearn"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_pages_ask_the_web_for_nothing(site):
    pages = list(site.rglob("*.html"))
    assert pages
    asked = r"""<(?:script|img|iframe|source)[^>]*\bsrc=["']?(?:https?:)?//|<link[^>]*\bhref=["']?(?:https?:)?//"""
    assert [page.name for page in pages if re.search(asked, page.read_text("utf-8"))] == []
    styles = site.rglob("*.css")
    assert [style.name for style in styles if re.search(r"url\(['\"]?(?:https?:)?//", style.read_text("utf-8"))] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_entry(site, name):
    page = (site / "api.html").read_text("utf-8")
    entries = {entry.removeprefix("module-") for entry in re.findall(r'id="((?:module-)?neurodyn[\w.]*)"', page)}
    names = [entry for entry in importlib.import_module(name).__all__ if entry != "__version__"]
    missing = [entry for entry in names if not {f"{name}.{entry}", f"neurodyn.{entry}"} & entries]
    assert missing == []
