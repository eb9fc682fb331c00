"""Fixtures and settings of all tests."""

import gc
import importlib
import os
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
pytest.register_assert_rewrite("contract", "naive")

hypothesis.settings.register_profile("neurodyn", derandomize=True, deadline=None, max_examples=20)
hypothesis.settings.load_profile("neurodyn")

#: Files that take longest come first, so that no worker is left alone with one at the end.
FIRST = ("docs", "docstrings", "examples", "expressions", "own_term", "scikit", "solvers", "sweep", "text_terms")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem.removeprefix("test_") not in FIRST)


def pytest_configure(config):
    """Once, before the workers start: settings that they share, and what all of them would compile."""
    if not config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        return
    if config.option.dist == "load":  # xdist's default: modules and what they compute once would be in every worker
        config.option.dist = "loadfile"
    config.option.loadscopereorder = False  # files with the most tests come first otherwise, not those of `FIRST`
    # To parse all sources anew takes each worker ten seconds, and each process that a test starts one.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if config.args == config.getini("testpaths"):
        from neurodyn.numerics.compilation import all_kernels, compile_together

        compile_together(all_kernels())


def pytest_collection_finish():
    """Modules and tests stay to the end: each search for garbage in cycles would take 0.7 seconds for them alone."""
    gc.freeze()


@pytest.fixture
def rng(request):
    """A generator of the test's own, the same in any order, selection or worker."""
    kind = request.cls.__name__ if request.cls else ""
    return np.random.default_rng(zlib.crc32(f"{request.path.name}:{kind}:{request.node.name}".encode()))


@pytest.fixture(autouse=True)
def _numpy_raises():
    """NaN made by an operation is an error where it is made."""
    with np.errstate(invalid="raise"):
        yield


@pytest.fixture(autouse=True)
def _figures_closed():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def no_pictures(monkeypatch):
    """Commands write no figures, which takes longer than all else: for tests of their numbers."""
    monkeypatch.setattr("neurodyn.results.figure_files.write_figures", lambda folder, figures: [])


@pytest.fixture
def not_laid_out(monkeypatch):
    """Figures are drawn without being laid out, which takes longer: for tests that do not look at them."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    savefig = Figure.savefig

    def at_once(figure, *arguments, **options):
        engine = figure.get_layout_engine()
        if engine is not None:
            figure.set_layout_engine(None)
        savefig(figure, *arguments, **options)
        if engine is not None:
            figure.set_layout_engine(engine)

    monkeypatch.setattr(Figure, "savefig", at_once)
    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", lambda engine, figure: None)


@pytest.fixture
def no_processes(monkeypatch):
    """Sweeps compute in threads, where they would start processes: for tests of what is computed."""
    parts = [importlib.import_module(f"neurodyn.sweep.{name}") for name in ("loop", "worker_pool", "explain")]
    for part in parts[1:]:  # not in the loop, which must know those pools from executors, and is imported before
        monkeypatch.setattr(part, "WorkerPool", ThreadPoolExecutor)


@pytest.fixture
def quick():
    """A thread as an executor of sweeps: no process to start."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def neurodyn(tmp_path, monkeypatch):
    """Runs `neurodyn sweep` in a folder of its own."""
    from click.testing import CliRunner

    from neurodyn import cli

    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.main, ["sweep", *map(str, arguments)])
