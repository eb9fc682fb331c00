"""Every reproduction, at its small size: finite rows, each named once, and its figures; and the command for them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from neurodyn import models
from neurodyn.cli import main
from neurodyn.errors import ArgumentError
from neurodyn.reproductions.catalog import CATALOG, find
from neurodyn.reproductions.reproduction import Row
from neurodyn.reproductions.table import Table

NAME = "memory-attention"


@pytest.fixture
def reproduce(tmp_path, monkeypatch):
    """Runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["reproduce", *map(str, arguments)])


#: Small versions that take seconds; files of tests of their own look at their parts.
LONG = {
    "oscillators-classify",
    "predictive-coding-interference",
    "predictive-coding-gradient",
    "springs-classification",
}


@pytest.mark.usefixtures("not_laid_out")
@pytest.mark.parametrize(
    "entry",
    [pytest.param(e, id=e.name, marks=[pytest.mark.slow] if e.name in LONG else []) for e in CATALOG],
)
def test_small_version_has_finite_rows_named_once_and_figures(entry, tmp_path):
    rows = entry.run("small", tmp_path, 0, False)
    assert rows
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.seconds >= 0.0 for row in rows)  # and finite values, which a Row sees to
    pictures = [path for path in tmp_path.iterdir() if path.suffix == ".png"]
    assert pictures
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_names_are_unique_and_have_a_title_and_a_source():
    assert len({entry.name for entry in CATALOG}) == len(CATALOG)
    assert all(entry.title and entry.source for entry in CATALOG)


def test_models_of_the_museum_name_their_paper_and_the_place_in_it():
    pages = (Path(__file__).parents[1] / "docs" / "museum").glob("*.md")
    named = re.compile(r'(?:neurodyn (?:run|noise) |models\.(?:load|read)\(")([a-z-]+)')
    museum = {name for page in pages for name in named.findall(page.read_text("utf-8"))}
    assert len(museum) >= 12
    place = re.compile(r"\d{4}.*, (secs?\. |eqs?\. |theorem |abstract|energy )")
    sources = {name: models.outline(name).source for name in museum}
    assert [name for name, source in sources.items() if not place.search(source)] == []


def test_command_prints_rows_and_leaves_a_summary_with_figures(reproduce, tmp_path):
    result = reproduce(NAME, "--small", "--seed", 3)
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"neurodyn-{NAME}"
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert {path.name for path in folder.iterdir()} == {"summary.json", *summary["figures"]}
    assert summary["figures"]
    assert (summary["command"], summary["name"], summary["small"], summary["seed"]) == ("reproduce", NAME, True, 3)
    assert all(row["name"] in result.stdout for row in summary["rows"])
    assert reproduce(NAME, "--small", "--seed", 4).exit_code == 0
    assert {path.name for path in folder.iterdir()} == {"summary.json", *summary["figures"]}  # the new ones stay
    # the same seed gives the same numbers, and figures of before go
    again = reproduce(NAME, "--small", "--seed", 3, "--json", "--no-figures")
    rows = [json.loads(line) for line in again.stdout.splitlines()]
    assert all(set(row) == {"name", "value", "paper", "unit", "seconds"} for row in rows)
    assert [row["value"] for row in rows] == [row["value"] for row in summary["rows"]]
    assert {path.name for path in folder.iterdir()} == {"summary.json"}


def test_list_has_every_reproduction(reproduce, tmp_path):
    assert all(entry.title in reproduce("--list").stdout for entry in CATALOG)
    listed = [json.loads(line) for line in reproduce("--list", "--json").stdout.splitlines()]
    assert [entry["name"] for entry in listed] == [entry.name for entry in CATALOG]
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_said_in_a_sentence(reproduce, tmp_path):
    for arguments, sentence in (
        (["memory-atention"], "did you mean 'memory-attention'?"),
        ([], "nothing to reproduce: give a NAME"),
        ([NAME, "--seed", -1], "`seed` must be"),
    ):
        result = reproduce(*arguments)
        assert (result.exit_code, sentence in result.stderr) == (2, True), result.output
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ArgumentError, match=r"`value` of the row 'error' must be a finite number; got nan"):
        Row("error", float("nan"), None, "", 0.0)


def test_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match="unknown reproduction 'memory'; allowed: "):
        find("memory")


def test_rows_of_one_computation_have_its_seconds(monkeypatch):
    now = iter([0.0, 1.0, 3.0, 3.5, 10.0, 12.0])
    monkeypatch.setattr("neurodyn.reproductions.table.time.perf_counter", lambda: next(now))
    table = Table()
    table.begin()
    table.add("first", 1)
    table.add("second", 2)
    table.begin()
    table.add("third", 3)
    assert [row.seconds for row in table.rows] == [2.0, 2.5, 2.0]
