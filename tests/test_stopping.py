"""Ctrl-C and SIGTERM: one line and the exit code of a shell, at any moment, and nothing half-written left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import neurodyn
from neurodyn import stopping
from neurodyn.cli.output import output_folder
from neurodyn.results.files import write

ROOT = Path(neurodyn.__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

#: The module that cares for signals: with -X importtime, a process says on standard error when it has imported it.
READY = "neurodyn.stopping"


def begun(folder, *arguments, options=("-X", "importtime"), **env):
    """A command under way, as soon as it cares for signals."""
    settings = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | env
    command = [sys.executable, *options, "-m", "neurodyn", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    for line in process.stderr if options else ():
        if line.rstrip().endswith(READY):
            break
    return process


def ended(process, number=signal.SIGINT):
    """Exit code, and the lines on standard error that are no times of imports, after a signal."""
    process.send_signal(number)
    _, shown = process.communicate(timeout=60)
    return process.returncode, [line for line in shown.splitlines() if not line.startswith("import time:")]


@pytest.mark.parametrize("seconds", [0.003, 0.05, 0.2, 0.5])
@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "stopped"), (signal.SIGTERM, "terminated")])
def test_one_line_during_imports(tmp_path, seconds, number, word):
    process = begun(tmp_path, "run", "chain")
    time.sleep(seconds)
    code, lines = ended(process, number)
    assert (code, lines) == (128 + number, [f"neurodyn: {word}"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "stopped"), (signal.SIGTERM, "terminated")])
def test_one_line_and_no_folder_while_compiling(tmp_path, number, word):
    work = tmp_path / "work"
    work.mkdir()
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "TQDM_DISABLE": "1"}
    process = begun(work, "run", "two-neurons", "--out", "a/b", options=(), **cache)
    until = time.monotonic() + 60
    while not any(work.rglob("b")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    code, lines = ended(process, number)
    assert (code, lines) == (128 + number, [f"neurodyn: {word}"])
    assert list(work.iterdir()) == []


def test_what_the_shell_told_to_ignore_is_ignored(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a new process inherits it
    try:
        process = begun(tmp_path, "models")
    finally:
        signal.signal(signal.SIGINT, before)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "chain" in shown


def test_a_library_leaves_signals_alone():
    code = "import signal; before = signal.getsignal(2), signal.getsignal(15); import neurodyn, sys;"
    code += "print(before == (signal.getsignal(2), signal.getsignal(15)), sys.excepthook is sys.__excepthook__)"
    settings = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_temporary_files_and_empty_folders_go(tmp_path, number):
    out = tmp_path / "a" / "b"

    def interrupted(temporary):
        Path(temporary).write_text("half")
        signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt), output_folder(str(out)) as folder:
        write(folder / "result.nc", interrupted)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is {2: signal.default_int_handler, 15: signal.SIG_DFL}[number]


def test_folders_with_something_in_them_stay(tmp_path):
    (tmp_path / "a").mkdir()
    with contextlib.suppress(RuntimeError), output_folder(str(tmp_path / "a" / "b" / "c")) as folder:
        (folder.parent / "kept").write_text("")
        raise RuntimeError
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["kept"]


def swallowed(number, seconds=0.0):
    """What a callback from C makes of a signal."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(number)
    time.sleep(seconds)


def test_a_stop_that_was_swallowed_is_not_forgotten():
    with pytest.raises(KeyboardInterrupt), stopping.tidily():
        swallowed(signal.SIGINT)


def test_a_stop_that_was_swallowed_comes_again(monkeypatch):
    monkeypatch.setattr(stopping, "AGAIN", 0.05)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stopping.tidily():
        swallowed(signal.SIGINT, seconds=30.0)
    assert time.monotonic() - began < 10


def test_a_stop_that_came_out_as_another_error_is_one():
    def failing():
        swallowed(signal.SIGTERM)
        raise RuntimeError("no compiled object yet")

    with pytest.raises(stopping.Terminated) as caught, stopping.tidily():
        failing()
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_other_threads_are_left_alone():
    reached = []

    def work():
        with stopping.tidily():
            reached.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert reached == [signal.getsignal(signal.SIGINT)]


def test_a_setting_that_ends_the_imports_is_one_line(tmp_path):
    process = begun(tmp_path, "models", options=(), NUMBA_NUM_THREADS="0")
    _, shown = process.communicate(timeout=60)
    assert process.returncode == 2
    assert len(shown.splitlines()) == 1
    assert shown.startswith("neurodyn: cannot start: ValueError: Number of threads")
    assert "NUMBA_NUM_THREADS" in shown


@pytest.mark.parametrize(("name", "collects"), [("neurodyn", False), ("mine", True)])
def test_a_command_looks_for_no_garbage_when_it_ends(tmp_path, name, collects):
    script = tmp_path / name
    script.write_text(
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() == 0))  # first, so that it comes last\n"
        "import neurodyn\n"
    )
    settings = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], env=settings, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{collects} {collects}\n", "")
