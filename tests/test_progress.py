"""Progress is shown for long work only, and on standard error."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from neurodyn import notebook, progress
from neurodyn.progress import Bar, note, waiting
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
from neurodyn.sweep.progress_line import ProgressLine
from problems import limit_cycle_problem


def test_nothing_is_shown_for_quick_work(capfd):
    with Bar("quick") as bar, waiting("quick"):
        for k in range(5):
            bar.update(k / 4)
    time.sleep(0.05)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_shown_by_a_quick_integration(capfd):
    integrate(limit_cycle_problem(), Solver(), np.array([1.0]))  # compiles
    capfd.readouterr()
    integrate(limit_cycle_problem(), Solver(), np.array([1.0]))
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def often(monkeypatch):
    """Progress is shown at once, and all of it."""
    for name in ("PATIENCE", "TERMINAL_SECONDS", "FILE_SECONDS"):
        monkeypatch.setattr(progress, name, 0.0)
    monkeypatch.setattr(notebook, "SECONDS", 0.0)


def test_bar_appears_after_a_while_on_standard_error_and_goes_away(capfd, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    with Bar("slow work") as bar:
        for k in range(10):
            bar.update(k / 10)
            time.sleep(0.04)
        shown = capfd.readouterr()
    assert shown.out == ""
    assert re.search(r"slow work:  \d0%\|? ?\|.*\|, 0\.\d+ seconds so far, \d\S* seconds left", shown.err)
    assert not capfd.readouterr().err.strip("\r ")  # wiped out


def test_a_file_gets_plain_lines(capfd, often):
    with Bar("slow work") as bar:
        bar.update(0.25)
    assert re.fullmatch(
        r"neurodyn: slow work: 25 %, \S+ seconds so far, \S+ seconds left\n", shown := capfd.readouterr().err
    ), shown


def test_time_left_is_words_where_it_is_no_sensible_number(capfd, often):
    with Bar("slow work") as bar:
        bar.update(0.0)
        time.sleep(0.01)
        bar.update(1e-300)
    lines = capfd.readouterr().err.splitlines()
    assert lines[0].endswith("so far, time left unknown")
    assert lines[1].endswith("so far, more than ten years left")
    assert progress.time_left(1.0, 0.5) == "1 seconds left"
    assert progress.time_left(60.0, 0.75, begun=0.5) == "60 seconds left"


def test_a_sweep_counts_the_time_of_this_run_alone(capfd, often):
    line = ProgressLine(total=10, done=4)
    line.add("done")
    line.show()
    assert "neurodyn: 5 of 10 cells done: 50 %" in capfd.readouterr().err


def test_quiet_and_switched_off(capfd, often, monkeypatch):
    def speak():
        line = ProgressLine(10, 0)
        with Bar("work") as bar:
            bar.update(0.5)
        line.show()
        line.close()
        note("a note")
        return capfd.readouterr().err

    assert len(speak().splitlines()) == 3
    with progress.quietly():
        assert os.environ["TQDM_DISABLE"] == "1"  # for workers
        assert speak() == ""
    assert len(speak().splitlines()) == 3
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert speak() == "a note\n"


def test_a_full_disk_does_not_stop_the_work(often, monkeypatch):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    with Bar("work") as bar:
        bar.update(0.5)
    note("a note")


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook shows, change by change; this process is taken for its kernel."""
    looks: list[dict[str, str]] = []
    handle = SimpleNamespace(update=lambda bundle, raw: looks.append(bundle))

    def display(bundle, raw, display_id):
        looks.append(bundle)
        return handle

    shell = SimpleNamespace(kernel=object())
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return looks


def test_a_notebook_gets_one_bar_that_goes_away(capfd, often, displayed):
    with Bar("work <b>") as bar:
        bar.update(0.25)
        bar.update(0.5)
    assert capfd.readouterr() == ("", "")
    assert [bundle["text/plain"].partition(",")[0] for bundle in displayed] == [
        "neurodyn: work <b>: 25 %",
        "neurodyn: work <b>: 50 %",
        "",
    ]
    assert 'value="0.5000"' in displayed[1]["text/html"]
    assert "work &lt;b&gt;" in displayed[1]["text/html"]
    assert displayed[2:] == [{"text/plain": "", "text/html": ""}]


def test_a_terminal_with_ipython_is_no_notebook(capfd, often, displayed, monkeypatch):
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: SimpleNamespace())
    with Bar("work") as bar:
        bar.update(0.5)
    assert "neurodyn: work: 50 %" in capfd.readouterr().err
    assert displayed == []


def test_a_file_gets_few_looks_at_a_bar_and_a_terminal_many(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(progress, "FILE_SECONDS", 0.4)
    looks = []
    for terminal in (False, True):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal)
        with Bar("work") as bar:
            for k in range(30):
                bar.update(k / 30)
                time.sleep(0.02)
        looks.append(capfd.readouterr().err.count("so far"))
    assert 1 <= looks[0] <= 2 < looks[1]


def test_bar_never_goes_back_and_never_beyond_the_end(capfd, often):
    with Bar("work") as bar:
        reached = []
        for fraction in (0.1, 0.6, 0.3, 0.7, 5.0, 0.9):
            bar.update(fraction)
            reached.append(bar.fraction)
    assert reached == pytest.approx([0.1, 0.6, 0.6, 0.7, 1.0, 1.0])


def test_waiting_speaks_once_after_a_while_on_standard_error(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    with waiting("compiling something"):
        time.sleep(0.3)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err == "neurodyn: compiling something ...\n"


def test_waiting_is_silent_after_an_error(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    with pytest.raises(ValueError, match="broken"), waiting("compiling"):
        raise ValueError("broken")
    time.sleep(0.2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("method", "batch"), [("tsit5", 1), ("tsit5", 3), ("DOP853", 2)])
def test_long_integration_shows_its_progress(capfd, monkeypatch, method, batch):
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    monkeypatch.setattr(progress, "FILE_SECONDS", 0.1)
    monkeypatch.setattr("neurodyn.solvers.columns.SLICE_SECONDS", 0.02)
    problem = limit_cycle_problem(np.ones((2, batch)))
    integrate(problem, Solver(method), np.array([0.1]))  # what is imported and compiled is there
    integrate(problem, Solver(method, max_seconds=0.6, max_steps=10**9), np.array([1e9]), what="turning round")
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "turning round" in shown.err


def test_an_interruption_shows_and_does_not_count_for_what_it_interrupts(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(progress, "FILE_SECONDS", 0.0)
    with Bar("slow work") as bar:
        with Bar("compiling", interrupts=True) as inner:
            time.sleep(0.3)
            inner.update(0.5, "free, nudged")
        assert "compiling: free, nudged: 50 %" in capfd.readouterr().err
        bar.update(0.5)
        assert capfd.readouterr().err == ""
        time.sleep(0.06)
        bar.update(0.5)
        assert "slow work: 50 %, 0.0" in capfd.readouterr().err


def test_waiting_does_not_count_for_the_work_around_it(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.2)
    began = progress.work_clock()
    with Bar("slow work") as bar:
        with waiting("something else"):
            time.sleep(0.15)
        time.sleep(0.1)
        bar.update(0.5)
    assert capfd.readouterr().err == ""
    with Bar("compiling", interrupts=True):
        time.sleep(0.15)
    assert 0.1 <= progress.work_clock() - began < 0.25
