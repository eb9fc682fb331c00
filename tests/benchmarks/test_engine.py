"""Import, first call and steady state, apart; every group has a peer, so that its ratio shows.

    pytest tests/benchmarks

Compilation is not among the first calls: kernels come from the disk cache, which the first run fills.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from . import diffrax_peer, peers
from .cases import CASES
from .diffrax_peer import Variant
from .launch import search_path
from .measure import reference, tune_tolerance
from .worker import environment

pytest.importorskip("pytest_benchmark")
pytestmark = pytest.mark.filterwarnings("default")

IMPORTS = ("neurodyn", "numba", "scipy.integrate", "diffrax")
FIRST_CALL = """
from {package} import {module}
from {package}.cases import CASES
{module}.{make}.run(1e-6)
"""
FIRST_CALLS = {
    "neurodyn": {"module": "peers", "make": "neurodyn(CASES['single'], 1)"},
    "SciPy": {"module": "peers", "make": "scipy(CASES['single'], 1)"},
    "diffrax": {"module": "diffrax_peer", "make": "runner(CASES['single'], diffrax_peer.Variant())"},
}


def in_a_new_process(code: str) -> None:
    variables = os.environ | environment(1) | {"PYTHONPATH": search_path()}
    subprocess.run([sys.executable, "-c", code], env=variables, check=True, capture_output=True)


@pytest.mark.benchmark(group="import")
@pytest.mark.parametrize("name", IMPORTS)
def test_import(benchmark, name):
    pytest.importorskip(name)
    benchmark.pedantic(in_a_new_process, args=[f"import {name}"], rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="first call: one trajectory of 128 units in a new process")
@pytest.mark.parametrize("name", FIRST_CALLS)
def test_first_call(benchmark, name):
    if name == "diffrax":
        pytest.importorskip(name)
    code = FIRST_CALL.format(package=__package__, **FIRST_CALLS[name])
    benchmark.pedantic(in_a_new_process, args=[code], rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("name", ["neurodyn", "diffrax"])
@pytest.mark.parametrize("case", ["pairs", "small", "medium", "single"])
def test_steady_state(benchmark, case, name):
    problem = CASES[case].quick()
    benchmark.group = f"steady state, at equal error: {problem.title}"
    if name == "diffrax":
        pytest.importorskip(name)
        solver = diffrax_peer.runner(problem, Variant())
    else:
        solver = peers.neurodyn(problem, 1)
    setting = tune_tolerance(solver, reference(problem), problem.target)
    assert setting is not None
    benchmark.extra_info.update(setting._asdict())
    benchmark.pedantic(solver.run, args=[setting.rtol], rounds=7, warmup_rounds=1)
