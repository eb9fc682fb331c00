"""A second process draws the figures of a run, or this one does where it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import neurodyn as nd
from neurodyn import analysis, models, stopping
from neurodyn.analysis.plots.report import draw_report
from neurodyn.cli import artist as artists
from neurodyn.cli.artist import artist, convergence_figure, experiment_figures
from neurodyn.results.figure_files import as_files

ROOT = Path(nd.__file__).resolve().parents[1]
FIGURES = {"agreement.png", "error-over-time.png", "error-signals.png", "phases.png"}


@pytest.fixture(scope="module")
def given():
    run = nd.experiment(models.Hopfield.layered([2, 3, 2], seed=1), [0.2, -0.4], [0.5, 0.1], t_eval=[0.0, 0.5, 1.0])
    return run, analysis.compare(run.nudged, run.side), analysis.free_phase(run.equilibrium, 0)


@pytest.fixture
def helped(monkeypatch):
    """As if this were the command on a machine with two processors; says what is drawn here."""
    drawn: list[dict[str, Any]] = []

    def as_files_here(figures):
        drawn.append(figures)
        return as_files(figures)

    monkeypatch.setattr(stopping, "in_command", True)
    monkeypatch.setattr(artists, "_processors", lambda: 2)
    monkeypatch.setattr("neurodyn.results.figure_files.as_files", as_files_here)
    return drawn


def test_the_process_draws_what_would_be_drawn_here(given, helped, tmp_path):
    with artist(True) as hand:
        assert hand._process is not None
        hand.give(experiment_figures, *given)
        written = hand.write(tmp_path)
    run, compared, _ = given
    assert not helped
    assert hand._process.poll() is not None
    assert {name: (tmp_path / name).read_bytes() for name in written} == as_files(draw_report(run, compared, None))
    assert written == list(as_files(draw_report(run, compared, None)))


@pytest.mark.parametrize(
    "command",
    [
        "raise SystemExit(1)",
        "import os; os.close(0); os.close(1); import time; time.sleep(9)",
        pytest.param(
            "import os; fork = os.fork; os.fork = lambda: fork() or os._exit(0); " + artists._COMMAND,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="the process is copied on Linux alone"),
        ),
    ],
)
def test_what_the_process_does_not_draw_is_drawn_here(given, helped, tmp_path, monkeypatch, command):
    monkeypatch.setattr(artists, "_COMMAND", command)
    with artist(True) as hand:
        hand.give(experiment_figures, *given)
        assert set(hand.write(tmp_path)) == FIGURES
    assert len(helped) == 1


def test_errors_of_drawing_are_seen_here(helped, tmp_path, capfd):
    with artist(True) as hand:
        hand.give(convergence_figure, None, 0.1)
        with pytest.raises(AttributeError, match="betas"):
            hand.write(tmp_path)
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.iterdir())


def test_the_process_is_gone_when_the_block_is_left_early(given, helped):
    hands = []

    def stop() -> None:
        with artist(True) as hand:
            hands.append(hand)
            hand.give(experiment_figures, *given)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    (hand,) = hands
    assert hand._process is not None
    assert hand._process.poll() is not None
    assert hand._process.stdin is not None
    assert hand._process.stdin.closed


def test_the_process_ends_with_its_input():
    process = artists._started()
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(("wanted", "command", "processors"), [(False, True, 2), (True, False, 2), (True, True, 1)])
def test_where_it_cannot_help_there_is_no_process(monkeypatch, wanted, command, processors):
    monkeypatch.setattr(stopping, "in_command", command)
    monkeypatch.setattr(artists, "_processors", lambda: processors)
    monkeypatch.setattr(artists, "_started", lambda: pytest.fail("started"))
    with artist(wanted) as hand:
        assert hand._process is None


def test_processors_are_counted():
    assert 1 <= artists._processors() <= (os.cpu_count() or 1)


def test_the_command_writes_its_figures(tmp_path):
    command = [sys.executable, "-m", "neurodyn", "run", "two-neurons", "--out=o", "--quiet", "--format=png,svg"]
    settings = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    names = json.loads((tmp_path / "o" / "summary.json").read_text())["figures"]
    assert names == [
        f"{name}.{kind}"
        for name in ("phases", "error-signals", "error-over-time", "agreement", "convergence")
        for kind in ("png", "svg")
    ]
    assert (tmp_path / "o" / "convergence.png").read_bytes().startswith(b"\x89PNG")
