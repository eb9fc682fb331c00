"""Progress is shown for long work only, and on standard error."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from neurodyn import progress
from neurodyn.progress import Bar, waiting
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
from problems import limit_cycle_problem


def test_nothing_is_shown_for_quick_work(capfd):
    with Bar("quick") as bar, waiting("quick"):
        for k in range(5):
            bar.update(k / 4)
    time.sleep(0.05)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_shown_by_a_quick_integration(capfd):
    integrate(limit_cycle_problem(), Solver(), np.array([1.0]))
    assert capfd.readouterr() == ("", "")


def test_bar_appears_after_a_while_on_standard_error_and_goes_away(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(progress, "FILE_SECONDS", 0.1)
    with Bar("slow work") as bar:
        for k in range(10):
            bar.update(k / 10)
            time.sleep(0.04)
        shown = capfd.readouterr()
    assert shown.out == ""
    assert "slow work" in shown.err
    assert "%" in shown.err
    assert "00:00 left" in shown.err
    assert "?" not in shown.err
    assert not capfd.readouterr().err.strip("\r ")  # wiped out


def test_bars_can_be_switched_off():
    code = """
from neurodyn import progress
progress.PATIENCE = 0.0
with progress.Bar("work") as bar:
    bar.update(0.3)
    bar.update(0.6)
"""
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TQDM_DISABLE": "1"}, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


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


def test_bar_never_goes_back_and_never_beyond_the_end(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with Bar("work") as bar:
        reached = []
        for fraction in (0.1, 0.6, 0.3, 0.7, 5.0, 0.9):
            bar.update(fraction)
            reached.append(bar._bar.n)
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
    monkeypatch.setattr("neurodyn.solvers.blocks.SLICE_SECONDS", 0.02)
    problem = limit_cycle_problem(np.ones((2, batch)))
    integrate(problem, Solver(method), np.array([0.1]))  # what is imported and compiled is there
    integrate(problem, Solver(method, max_seconds=0.6, max_steps=10**9), np.array([1e9]), what="turning round")
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "turning round" in shown.err
