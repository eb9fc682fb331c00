"""Kernels are compiled side by side, in other processes, and loaded from the disk cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numba
import pytest
from click.testing import CliRunner

from neurodyn.cli import main
from neurodyn.flows.free import free
from neurodyn.flows.input import clamped_rates
from neurodyn.flows.nudged import change, nudged
from neurodyn.numerics import compilation, sparse_product
from neurodyn.numerics.compilation import all_kernels
from neurodyn.numerics.kernel import Kernel, cache_folder
from neurodyn.solvers.stepper import advance
from neurodyn.system.term import term_kernels
from problems import limit_cycle

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


def python(code, **environment):
    root = Path(__file__).parent.parent
    paths = os.pathsep.join([str(root), str(root / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done


#: Kernels that take the shortest to compile.
SMALL = """
import sys
from neurodyn import progress
from neurodyn.numerics import compilation
from neurodyn.numerics.sparse_product import pair_sums
from neurodyn.reproductions.feedback import fed_back
kernels = [pair_sums, fed_back]
"""


def test_what_others_compile_is_loaded_and_a_users_own_is_compiled_here(tmp_path):
    code = SMALL + (
        "from problems import limit_cycle\n"
        "kernels.append(limit_cycle)\n"
        "compilation.compile_together(kernels)\n"
        "stats = [k.compiled.stats for k in kernels]\n"
        "print(*(sum(counts.values()) for s in stats for counts in (s.cache_hits, s.cache_misses)))"
    )
    found = python(code, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_NUM_THREADS="2")
    assert found.stdout.split() == ["1", "0", "1", "0", "0", "1"]


@pytest.mark.slow
def test_progress_names_what_is_compiled_and_the_time_left(tmp_path):
    code = SMALL + "progress.PATIENCE = progress.FILE_SECONDS = 0.0\ncompilation.compile_together(kernels)"
    shown = python(code, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_NUM_THREADS="2").stderr
    assert "compiling kernels, once per installation: pair_sums, fed_back" in shown
    assert " left" in shown


@pytest.mark.slow
def test_one_core_compiles_without_other_processes(tmp_path):
    code = SMALL + (
        "compilation._Workers = None\ncompilation.compile_together(kernels)\nprint(all(k.is_ready for k in kernels))"
    )
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_NUM_THREADS="1").stdout == "True\n"


@pytest.mark.slow
def test_processes_that_end_early_are_made_up_for(tmp_path):
    code = SMALL + (
        "compilation._COMMAND = 'raise SystemExit(1)'\n"
        "compilation.compile_together(kernels)\n"
        "for k in kernels: print(sum(k.compiled.stats.cache_misses.values()))"
    )
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_NUM_THREADS="2").stdout.split() == ["1", "1"]


def test_an_interrupt_leaves_no_process_and_closes_no_pipe_that_is_read(tmp_path):
    code = SMALL + (
        "import subprocess, threading\n"
        "started, reading = [], []\n"
        "class Kept(subprocess.Popen):\n"
        "    def __init__(self, *a, **k):\n"
        "        super().__init__(*a, **k)\n"
        "        started.append(self)\n"
        "    def communicate(self, *a, **k):\n"
        "        reading.append(threading.active_count() - 1)\n"
        "        return super().communicate(*a, **k)\n"
        "subprocess.Popen = Kept\n"
        "def stop(self, bar): raise KeyboardInterrupt\n"
        "compilation._Workers._report = stop\n"
        "try: compilation.compile_together(kernels)\n"
        "except KeyboardInterrupt: print([p.returncode is not None for p in started], reading)"
    )
    found = python(code, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_NUM_THREADS="2")
    assert found.stdout == "[True, True] [0, 0]\n"


def test_all_kernels_that_the_package_names_are_found_and_can_be_named():
    found = all_kernels()
    assert {free, nudged, change, advance, clamped_rates} <= set(found)
    assert all(kernel.is_ours for kernel in found)
    assert len({(kernel.__module__, kernel.name) for kernel in found}) == len(found)


def test_a_users_kernel_is_not_looked_for_by_other_processes():
    assert not limit_cycle.is_ours
    assert not Kernel(free.function, free.signature).is_ours


def test_what_a_kernel_costs_is_counted_by_the_functions_that_it_is_made_of():
    assert change.helpers < nudged.helpers < advance.helpers


@pytest.mark.slow  # cache hits and misses of two processes are in test_kernel.py
def test_what_another_process_has_compiled_is_ready(tmp_path):
    code = "from neurodyn.numerics.sparse_product import pair_sums\nprint(pair_sums.is_ready)\npair_sums.compiled"
    for expected in ("False\n", "True\n"):
        assert python(code, NUMBA_CACHE_DIR=str(tmp_path)).stdout == expected


def test_the_command_compiles_everything_and_says_where(monkeypatch):
    compiled: list[Kernel] = []
    monkeypatch.setattr(compilation, "compile_together", compiled.extend)
    monkeypatch.setattr(sparse_product, "product", SimpleNamespace(address=1))
    result = CliRunner().invoke(main, ["compile"])
    assert result.exit_code == 0, result.output
    assert set(compiled) == {*all_kernels(), *term_kernels()}
    assert len(term_kernels()) > 20
    words = f"{len(compiled)} kernels below {Path(cache_folder()).parent}, after "
    assert result.output.startswith(words)
