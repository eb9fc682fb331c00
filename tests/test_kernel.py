"""Compiled kernels: where they are kept, that they are found again, pickled, and run without a compiler."""

from __future__ import annotations

import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import numpy as np
import pytest

from neurodyn import models
from neurodyn.flows import free, linear, nudged
from neurodyn.numerics import kernel
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
from problems import limit_cycle, limit_cycle_problem

FOLDER = "from neurodyn.numerics.kernel import cache_folder; print(cache_folder())"
ROOT = Path(__file__).resolve().parents[1]
IMPORTED = Path(kernel.__file__).resolve().parents[2]


def python(code, *, root=IMPORTED, **env):
    """What a fresh interpreter prints that imports neurodyn from `root`."""
    settings = (
        os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(ROOT / "tests")]), "PYTHONSAFEPATH": "1"} | env
    )
    run = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.fixture
def copy(tmp_path):
    """A checkout's packages, copied."""
    for name in ("neurodyn", "models", "analysis"):
        ignored = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=ignored)
    return tmp_path


@pytest.fixture
def places(monkeypatch, tmp_path):
    """All places for the cache empty and below tmp_path: NUMBA_CACHE_DIR, XDG_CACHE_HOME, HOME, the temporary one."""
    names = {"NUMBA_CACHE_DIR": "numba", "XDG_CACHE_HOME": "xdg", "HOME": "home", "USERPROFILE": "home"}
    for variable, name in names.items():
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


@pytest.fixture(autouse=True)
def afresh():
    """What is kept of sources is of these, also after a test looked at others."""
    yield
    forget()


def forget():
    """Read all sources anew."""
    kernel._text.cache_clear()
    kernel._needed.cache_clear()


def folder(module=""):
    """The folder that a fresh process would use for the kernels of a module, or of one that is not neurodyn's."""
    forget()
    return Path(kernel.cache_folder.__wrapped__(module))


def temporary(places, name="temporary"):
    """This user's folder in the temporary one."""
    return places / name / (f"neurodyn-{os.geteuid()}" if hasattr(os, "geteuid") else "")


# -- the folder -------------------------------------------------------------------------------------------------


def test_folder_of_a_copy_is_another_as_numba_finds_code_by_the_path_of_its_source(copy):
    assert python(FOLDER, root=copy) != python(FOLDER) == kernel.cache_folder()


def test_folder_where_no_temporary_one_is_to_be_had(places, monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert folder().is_relative_to(places / "numba")
    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, os.devnull)
    with pytest.raises(OSError, match="no writable folder for compiled kernels: set NUMBA_CACHE_DIR to one"):
        folder()


@pytest.mark.parametrize(
    "name",
    [
        "numerics/product.py",
        "flows/activation.py",
        "solvers/stepper.py",
        "numerics/kernel.py",
        "models/terms/leak.py",
    ],
)
def test_folder_changes_with_every_source_that_holds_kernels(copy, monkeypatch, name):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    before = folder()
    with open(copy / "neurodyn" / name, "a") as file:
        file.write("\n# edited\n")
    assert folder() != before


def test_folder_of_a_kernel_changes_with_what_it_is_made_of_alone(copy, monkeypatch):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    flow, term = "neurodyn.flows.free", "neurodyn.models.terms.leak"
    before = folder(flow), folder(term)
    assert before[0] != before[1]
    with open(copy / "models" / "terms" / "leak.py", "a") as file:
        file.write("\n# edited\n")
    assert folder(flow) == before[0]
    assert folder(term) != before[1]
    with open(copy / "neurodyn" / "numerics" / "product.py", "a") as file:  # which `free` imports by way of `coupling`
        file.write("\n# edited\n")
    assert folder(flow) != before[0]


def test_folder_changes_with_a_kernel_in_a_new_model(copy, monkeypatch):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    before = folder()
    (copy / "models" / "new.py").write_text("from neurodyn.numerics.kernel import helper\n")
    assert folder() != before


@pytest.mark.parametrize("place", ["neurodyn/learning", "neurodyn/new/nested", "models/new/nested", "analysis/studies"])
def test_folder_changes_with_a_kernel_in_any_folder(copy, monkeypatch, place):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    before = folder()
    (copy / place).mkdir(parents=True, exist_ok=True)
    new = copy / place / "new.py"
    new.write_text(f"from {kernel.__name__} import helper\n")
    first = folder()
    assert first != before
    new.write_text(f"from {kernel.__name__} import helper\n# edited\n")
    assert folder() not in (before, first)


@pytest.mark.parametrize("how", ["from neurodyn.numerics import kernel, view", "import neurodyn.numerics.kernel"])
def test_kernels_count_however_the_module_is_imported(copy, monkeypatch, how):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    before = folder()
    (copy / "models" / "new.py").write_text(f"{how}\n")
    assert folder() != before


def test_folder_changes_when_a_kernel_moves(copy, monkeypatch):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    before = folder()
    (copy / "models" / "terms" / "leak.py").rename(copy / "models" / "library" / "leak.py")
    assert folder() != before


def test_folder_does_not_change_with_other_sources(copy, monkeypatch):
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    before = folder()
    with open(copy / "neurodyn" / "phases/nudge.py", "a") as file:
        file.write("\n# edited\n")
    assert folder() == before


def test_models_beside_a_checkout_without_links_count(copy, monkeypatch):
    """Git on some systems checks out no symbolic links: the folder beside must be hashed all the same."""
    monkeypatch.setattr(kernel, "__file__", str(copy / "neurodyn" / "numerics" / "kernel.py"))
    with_links = folder()
    for name in ("models", "analysis"):
        (copy / "neurodyn" / name).unlink()
    assert folder() == with_links


def test_folder_lies_in_numbas_if_that_is_set(places):
    assert folder().parent.parent == places / "numba"


def test_folder_lies_in_the_users_cache_otherwise(places, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert folder().parent.parent == places / "xdg"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert folder().parent.parent == places / "home" / ".cache"


@pytest.mark.parametrize("unusable", [["numba"], ["numba", "xdg"]])
def test_place_below_a_file_is_passed_over(places, unusable, monkeypatch):
    (places / "file").touch()
    for name, variable in {"numba": "NUMBA_CACHE_DIR", "xdg": "XDG_CACHE_HOME"}.items():
        if name in unusable:
            monkeypatch.setenv(variable, str(places / "file" / "nowhere"))
    assert folder().parent.parent == (temporary(places) if "xdg" in unusable else places / "xdg")


def test_home_below_a_file_is_passed_over(places, monkeypatch):
    (places / "home").touch()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert folder().parent.parent == temporary(places)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_place_that_is_read_only_is_passed_over(places):
    (places / "numba").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    assert folder().parent.parent == places / "xdg"


def test_place_where_no_file_can_be_made_is_passed_over(places, monkeypatch):
    """As above, for root and for full disks."""
    make = tempfile.TemporaryFile

    def full(dir):
        if "numba" in Path(dir).parent.parent.name:
            raise OSError("No space left on device")
        return make(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert folder().parent.parent == places / "xdg"


@pytest.mark.skipif(os.name == "nt", reason="each user has a temporary folder there")
@pytest.mark.parametrize("taken", ["by a link", "by a folder of all", "by another user"])
def test_temporary_place_that_others_may_write_into_is_not_used(places, taken, monkeypatch):
    """Whoever can write there can run code as whoever loads the kernels."""
    mine = temporary(places)
    mine.parent.mkdir()
    if taken == "by a link":
        (places / "elsewhere").mkdir(mode=0o700)
        mine.symlink_to(places / "elsewhere")
    else:
        mine.mkdir()
        mine.chmod(0o777 if taken == "by a folder of all" else 0o700)
    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        (places / "file").touch()
        monkeypatch.setenv(variable, str(places / "file"))
    if taken == "by another user":
        about = os.lstat(mine)
        monkeypatch.setattr(os, "lstat", lambda path: os.stat_result([*about[:4], about.st_uid + 1, *about[5:]]))
    with pytest.raises(OSError, match="set NUMBA_CACHE_DIR"):
        folder()


def test_no_writable_place_at_all_says_what_to_set(places, monkeypatch):
    (places / "temporary").touch()
    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(places / "temporary"))
    with pytest.raises(OSError, match="set NUMBA_CACHE_DIR"):
        folder()


@pytest.mark.slow
def test_unusable_home_does_not_keep_the_program_from_running(tmp_path):
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "below")
    code = "import neurodyn.models; from neurodyn.flows import nudged; nudged.change.compiled; " + FOLDER
    found = python(code, NUMBA_CACHE_DIR="", XDG_CACHE_HOME=nowhere, HOME=nowhere, TMPDIR=str(tmp_path))
    assert Path(found).parent.parent == temporary(tmp_path.parent, tmp_path.name)
    assert list(Path(found).parent.rglob("*.nbi"))


@pytest.mark.slow
def test_numbas_own_setting_is_left_alone(tmp_path):
    code = """
import numba
before = numba.config.CACHE_DIR
from neurodyn.solvers import stepper
from neurodyn.flows import nudged
assert numba.config.CACHE_DIR == before, numba.config.CACHE_DIR
nudged.change.compiled
assert numba.config.CACHE_DIR == before, numba.config.CACHE_DIR
"""
    python(code)
    python(code, NUMBA_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))


# -- kernels ----------------------------------------------------------------------------------------------------


def test_importing_compiles_nothing():
    code = """
import neurodyn, neurodyn.models
from neurodyn.numerics import kernel
from neurodyn.solvers import stepper
from neurodyn.flows import coupling, free, linear, local, nudged
modules = (stepper, coupling, free, linear, local, nudged)
found = [k for m in modules for k in vars(m).values() if isinstance(k, kernel.Kernel)]
assert len(found) > 8 and all(k._compiled is None for k in found)
"""
    python(code)


@pytest.mark.parametrize(
    "one", [free.free, linear.side, nudged.change, limit_cycle], ids=lambda one: one.function.__name__
)
def test_kernels_pickle_by_name(one):
    assert pickle.loads(pickle.dumps(one)) is one


def test_kernel_keeps_the_functions_documentation():
    assert free.free.__doc__ == free.free.function.__doc__
    assert free.free.__module__ == "neurodyn.flows.free"


def test_kernel_is_compiled_once_for_its_signature():
    problem = limit_cycle_problem()
    out = np.empty_like(problem.start)
    limit_cycle(np.zeros(1), problem.start, problem.rows, problem.theta, problem.layout, out, out)
    dispatcher = limit_cycle.compiled
    limit_cycle(np.ones(1), problem.start, problem.rows, problem.theta, problem.layout, out, out)
    assert dispatcher is limit_cycle.compiled
    assert isinstance(dispatcher, numba.core.dispatcher.Dispatcher)
    assert len(dispatcher.signatures) == 1


def test_arrays_of_another_type_are_refused_and_not_compiled_for():
    problem = limit_cycle_problem()
    out = np.empty_like(problem.start)
    with pytest.raises(TypeError):
        limit_cycle(
            np.zeros(1), problem.start.astype(np.float32), problem.rows, problem.theta, problem.layout, out, out
        )


def test_second_process_loads_what_the_first_compiled(tmp_path):
    code = """
from problems import limit_cycle
from neurodyn.flows import nudged
for kernel in (limit_cycle, nudged.change):
    stats = kernel.compiled.stats
    print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path)).split() == ["0", "1", "0", "1"]
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path)).split() == ["1", "0", "1", "0"]


def test_integrator_is_loaded_and_not_compiled_by_a_second_process():
    integrate(limit_cycle_problem(), Solver(), np.array([1.0]))  # compiled by now
    code = """
from neurodyn.solvers import stepper
stats = stepper.advance.compiled.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""
    assert python(code).split() == ["1", "0"]


@pytest.mark.slow
def test_edited_helper_is_not_served_stale(copy, tmp_path):
    """numba looks at the outer function's file only."""
    code = """
import numpy as np
from neurodyn.models import Hopfield
print(Hopfield.recurrent(2, seed=0).force([1.0, 2.0])[0])
"""
    cache = str(tmp_path / "cache")
    before = float(python(code, root=copy, NUMBA_CACHE_DIR=cache))
    path = copy / "neurodyn" / "numerics/product.py"
    text, weight = path.read_text(), "weight, b = all_of(w[0, k], like)"
    assert weight in text
    path.write_text(text.replace(weight, weight.replace("w[", "-w[")))
    after = float(python(code, root=copy, NUMBA_CACHE_DIR=cache))
    assert after + 1.0 == pytest.approx(-(before + 1.0))  # force + s = rho' W rho turns its sign
    assert abs(after - before) > 0.01


def test_everything_runs_without_the_compiler():
    code = """
import numba, numpy as np
assert numba.config.DISABLE_JIT
import neurodyn as nd
from neurodyn.models import Hopfield
net = Hopfield.layered([2, 2, 1], seed=1)
x = [0.5, -0.2]
equilibrium = nd.relax(net, x, solver=nd.Solver(rtol=1e-4, atol=1e-6))
run = nd.nudge(net, equilibrium, [0.5], t_eval=[0.0, 1.0], solver=nd.Solver(rtol=1e-6, atol=1e-8))
print(*equilibrium.state, *run.error_signal.ravel())
"""
    printed = np.array(python(code, NUMBA_DISABLE_JIT="1").split(), dtype=float)
    net, x = models.Hopfield.layered([2, 2, 1], seed=1), [0.5, -0.2]
    import neurodyn as nd

    equilibrium = nd.relax(net, x)
    run = nd.nudge(net, equilibrium, [0.5], t_eval=[0.0, 1.0])
    assert printed == pytest.approx([*equilibrium.state, *run.error_signal.ravel()], abs=1e-5)
