"""Sweeps: the same bytes for any workers and after any kill; a failing cell costs one cell; plain refusals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import neurodyn as nd
import sweep_cells
from neurodyn import analysis, models
from neurodyn.experiments import experiment, model_run
from neurodyn.phases.relax import relax
from neurodyn.sweep.axes import Axis, dimensions, parse
from neurodyn.sweep.plan import Plan
from neurodyn.sweep.worker_pool import WorkerPool

NOISY = "sweep_cells:noisy"
#: What plans called the default function before "run".
FORMER = "neurodyn.cli.cell:run"
VARY = {"a": [1, 2, 3, 4], "b": "lin:0:1:5"}
DASK_MISSING = "needs Dask: pip install 'neurodyn[cluster]'"


def contents(folder: Path) -> dict[str, bytes]:
    """What the files of a sweep hold that must be the same in every run of it."""
    return {name: (folder / name).read_bytes() for name in ("plan.json", "sweep.nc")}


# -- axes and plans ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("log:1e-4:1:5", (1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
        ("lin:0:1:5", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("lin:1:0:2", (1.0, 0.0)),
        ("int:2:5", (2, 3, 4, 5)),
        ("int:0:100:3", (0, 50, 100)),
        ("0.1,1,10", (0.1, 1, 10)),
        (" 3 ", (3,)),
        ("[1.0, 3.0],[1,1], 2", ([1.0, 3.0], [1, 1], 2)),
        ("tsit5, RK45", ("tsit5", "RK45")),
        ("true,false", (True, False)),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        ([np.int64(1), (1.0, 2.0), "a"], (1, [1.0, 2.0], "a")),
        (range(2), (0, 1)),
    ],
)
def test_values_of_an_axis(given, values):
    axis = parse("p", given)
    assert isinstance(axis, Axis)
    assert axis.values == values
    assert [type(v) for v in axis.values] == [type(v) for v in values]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("lgo:1:2:3", "unknown form 'lgo'; allowed: log, lin, int, uniform, loguniform; did you mean 'log'?"),
        ("log:1:2", r"'p' must be log:FIRST:LAST:COUNT; got 'log:1:2'"),
        ("log:0:1:3", "a logarithm needs numbers above 0"),
        ("lin:0:1:2.5", "a COUNT from 1"),
        ("lin:0:1:0", "a COUNT from 1"),
        ("lin:0:1:1e9", "a COUNT from 1"),
        ("lin:0:nan:3", "must be lin:FIRST"),
        ("lin:a:b:3", "must be lin:FIRST"),
        ("int:0.5:3", "whole numbers"),
        ("int:3:1", "whole numbers"),
        ("int:1:3:7", "there are only 3 whole numbers"),
        ("uniform:2:1", "LOW must be below HIGH"),
        ("loguniform:-1:1", "a logarithm needs numbers above 0"),
        ("1,1.0", "has the value 1.0 twice"),
        ("", "must have from 1"),
        ([], "must have from 1"),
        ([1.0, float("nan")], "takes finite numbers, words, and lists of them; got nan"),
        ([{"a": 1}], "takes finite numbers"),
        (3.0, r"must give 'p' a list of values, or a text like log:1e-4:1:9; got 3.0"),
        ({"a": 1}, "must give 'p' a list"),
    ],
)
def test_wrong_axes_are_refused(given, sentence):
    with pytest.raises(nd.ArgumentError, match=re.escape(sentence) if "[" in sentence else sentence):
        parse("p", given)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"vary": {}}, "`vary` must name at least one path"),
        ({"vary": None}, "`vary` must name at least one path"),
        ({"vary": {"status": [1]}}, "'status' cannot vary"),
        ({"vary": {"a b": [1]}}, "without spaces and slashes"),
        ({"vary": {"a": [1]}, "draws": 3}, "`draws` is given, but no path is drawn"),
        ({"vary": {"a": "uniform:0:1"}}, "'a' is drawn, so `draws` must say how many times"),
        ({"vary": {"a": "uniform:0:1"}, "draws": 0}, "`draws` must be a whole number >= 1"),
        ({"vary": {"a": [1, 2], "b": [1]}, "zip": [("a", "b")]}, "equally many values; got a 2, b 1"),
        ({"vary": {"a": [1, 2], "b": [1]}, "zip": [("a", "c")]}, "'c', which does not vary; allowed: a, b"),
        ({"vary": {"a": [1, 2]}, "zip": ["a"]}, "groups of two or more"),
        ({"vary": {k: [1] for k in "abc"}, "zip": [("a", "b"), ("b", "c")]}, "names 'b' twice"),
        ({"vary": {"a": [1], "b": "uniform:0:1"}, "zip": [("a", "b")], "draws": 1}, "'b', which is drawn"),
        ({"vary": {"a": [1]}, "seed": -1}, "`seed` must be a whole number >= 0; got -1"),
        ({"vary": {"a": [1]}, "workers": 0}, "`workers` must be a whole number >= 1; got 0"),
        ({"vary": {"a": [1]}, "executor": 3}, "`executor` must be a concurrent.futures.Executor; got int"),
        ({"vary": {"a": [1]}, "resume": True}, "`resume` needs `out`"),
        ({"vary": {"a": [1]}, "function": "run"}, "`model` is missing"),
        (
            {"vary": {"a": [1]}, "function": lambda cell: cell},
            r"at the top level of a module, .* with workers=1, or in",
        ),
        ({"vary": {"a": [1]}, "part": (1, 2)}, "`part` needs `out`"),
        ({"vary": {"a": [1]}, "part": (3, 2)}, r"`part` must be k/N, the k-th of N parts, .*; got \(3, 2\)"),
        ({"vary": {"a": [1]}, "part": "0/2"}, "`part` must be k/N"),
        ({"vary": {"a": [1]}, "part": (1.0, True)}, "`part` must be k/N"),
        (
            {"vary": {"a": [1]}, "function": "noisy"},
            "an import path like 'package.module:name', or a function; got 'noisy'",
        ),
        ({"vary": {"a": [1]}, "function": "nowhere:f"}, "cannot be imported: No module named 'nowhere'"),
        ({"vary": {"a": [1]}, "function": "sweep_cells:nosy"}, "no 'nosy' in it; .* did you mean 'noisy'?"),
        ({"vary": {"a": [1]}, "function": "sweep_cells:number"}, "is not a function but float"),
        ({"vary": {"a": [1]}, "function": "__main__:f"}, "not in the script"),
        ({"vary": {"a": [1]}, "function": ":f"}, "no module before its colon"),
    ],
)
def test_wrong_sweeps_are_refused(options, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.sweep(**{"function": NOISY} | options)


def test_too_many_cells_are_refused():
    with pytest.raises(nd.TooLargeError, match=r"1,000,000,000 cells; at most 1,000,000"):
        nd.sweep(vary=dict.fromkeys("abc", "int:1:1000"), function=NOISY)


def test_the_grid_goes_in_the_order_of_its_paths():
    plan = Plan(NOISY, None, dimensions({"a": [1, 2], "b": [3, 4], "c": [5, 6]}, [("a", "c")], None, 0))
    cells = [plan.cell(k).values for k in range(plan.size)]
    assert cells == [{"a": a, "c": c, "b": b} for a, c in [(1, 5), (2, 6)] for b in (3, 4)]
    assert replace(plan, cheap=("a",)).order() == [0, 2, 1, 3]
    assert plan.order() == [0, 1, 2, 3]


def test_draws_and_seeds_depend_on_what_they_are_for_alone():
    def plan(vary: dict[str, Any], draws: int | None = None, seed: int = 0) -> Plan:
        return Plan(NOISY, None, dimensions(vary, (), draws, seed), seed)

    few = plan({"a": "uniform:0:1", "b": "loguniform:1e-3:1"}, 3)
    more = plan({"b": "loguniform:1e-3:1", "a": "uniform:0:1"}, 50)
    assert few.shape == (3,)
    assert [more.cell(k) for k in range(3)] == [few.cell(k) for k in range(3)]
    values = np.array([[more.cell(k).values[name] for k in range(50)] for name in "ab"])
    assert 0.4 < values[0].mean() < 0.6
    assert -4.4 < np.log(values[1]).mean() < -2.5
    assert plan({"a": "uniform:0:1"}, 3, seed=1).cell(0).values != plan({"a": "uniform:0:1"}, 3).cell(0).values
    small, large = plan({"a": [2], "b": [1.0]}), plan({"a": [1, 2], "b": [0.0, 1.0]})
    assert small.cell(0).seed == large.cell(3).seed
    assert len({large.cell(k).seed for k in range(4)}) == 4
    assert plan({"a": [2], "b": [1.0]}, seed=1).cell(0).seed != small.cell(0).seed
    assert plan({"seed": [7, 8]}).cell(1).seed == 8


# -- results -------------------------------------------------------------------------------------------------------


def test_a_sweep_is_one_dataset(quick, tmp_path):
    data = nd.sweep(vary=VARY, function=NOISY, out=tmp_path / "s", executor=quick)
    assert data["sum"].dims == ("a", "b")
    np.testing.assert_array_equal(data["sum"], data["a"] + data["b"])
    assert data["noise"].dims == ("a", "b", "noise.0")
    assert (data["status"] == "done").all()
    seed = int(data["seed"].sel(a=2, b=0.5))
    expected = sweep_cells.noisy({"a": 2, "b": 0.5, "seed": seed})
    np.testing.assert_array_equal(data["noise"].sel(a=2, b=0.5), expected["noise"])
    with xarray.open_dataset(tmp_path / "s" / "sweep.nc", engine="h5netcdf") as written:
        xarray.testing.assert_identical(written.load(), data)
    assert json.loads(data.attrs["neurodyn"])["sweep"]["function"] == NOISY
    assert len((tmp_path / "s" / "seconds.csv").read_text().splitlines()) == 20


def test_zipped_and_drawn_paths_share_a_dimension(quick):
    data = nd.sweep(vary={"a": [1, 2], "b": [3.0, 4.0]}, zip=[("a", "b")], function=sweep_cells.noisy, executor=quick)
    assert data["sum"].dims == ("a",)
    assert data["b"].dims == ("a",)
    np.testing.assert_array_equal(data["sum"], [4.0, 6.0])
    data = nd.sweep(vary={"a": "uniform:0:1", "b": [1, 2]}, draws=3, function=NOISY, executor=quick)
    assert data["sum"].dims == ("draw", "b")
    assert data["a"].dims == ("draw",)
    np.testing.assert_array_equal(data["sum"], data["a"] + data["b"])


@pytest.mark.parametrize("values", [[True, False], [1, 2.5], [3, 2**100], ["tsit5", 5], [[1.0], [2.0]]])
def test_any_value_is_a_coordinate(values, quick, tmp_path):
    nd.sweep(vary={"seed": [1], "a": [1], "v": values}, function=NOISY, executor=quick, out=tmp_path)
    with xarray.open_dataset(tmp_path / "sweep.nc", engine="h5netcdf") as data:
        texts = any(isinstance(v, (str, list)) or v > 2**64 for v in values)
        expected = [v if isinstance(v, str) else json.dumps(v) for v in values] if texts else values
        assert data["v"].values.tolist() == expected


def test_a_cell_can_return_a_dataset(quick):
    data = nd.sweep(vary={"a": [1, 2]}, function="sweep_cells:dataset", executor=quick)
    assert data["path"].dims == ("a", "time")
    np.testing.assert_array_equal(data["path"].sel(a=2, time=0.5), 2.0)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("nothing", "must return a mapping .* got NoneType"),
        ("empty", "not empty; got an empty one"),
        ("word", "result 'v' must be a number or an array of numbers; got 'yes'"),
        ("complex", "result 'v' must be a number"),
        ("ragged", "result 'v' must be a number"),
        ("taken", "cannot be called 'case'"),
        ("status", "cannot be called 'status'"),
        ("slash", "without slashes; got 'a/b'"),
    ],
)
def test_what_a_cell_may_not_return(case, sentence, quick):
    data = nd.sweep(vary={"case": [case]}, function="sweep_cells:returns", executor=quick)
    assert data["status"].item() == "failed"
    assert re.search(sentence, data["message"].item())


def test_results_of_another_shape_fail(quick):
    data = nd.sweep(vary={"a": [2, 3]}, function="sweep_cells:uneven", executor=quick)
    assert data["status"].values.tolist() == ["done", "failed"]
    assert "has the shape (3,)" in data["message"].values[1]


def test_any_number_of_workers_gives_the_same_bytes(tmp_path):
    for workers in (1, 2):
        nd.sweep(vary=VARY, function=NOISY, out=tmp_path / str(workers), workers=workers)
    with ThreadPoolExecutor(3) as executor:
        nd.sweep(vary=VARY, function=NOISY, out=tmp_path / "threads", executor=executor)
    first = contents(tmp_path / "1")
    assert all(contents(tmp_path / name) == first for name in ("2", "threads"))


def test_workers_have_one_thread():
    before = dict(os.environ)
    data = nd.sweep(vary={"a": [1]}, function="sweep_cells:threads", workers=1)
    assert (data["numba"].item(), data["blas"].item()) == (1, 1)
    assert dict(os.environ) == before


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_failing_cell_costs_one_cell(workers, tmp_path):
    data = nd.sweep(vary={"a": "int:0:9"}, function="sweep_cells:fragile", workers=workers, out=tmp_path)
    assert data["status"].values.tolist() == ["done", "failed", "failed", "failed", *["done"] * 6]
    np.testing.assert_array_equal(data["a_again"], [0.0, np.nan, np.nan, np.nan, *range(4, 10)])
    one, two, three = data["message"].values[1:4]
    assert one == "a is one"
    assert "leaves" in two
    assert three.startswith("the worker process died")


@pytest.mark.slow
def test_an_executor_that_breaks_says_how_to_go_on(tmp_path):
    with (
        WorkerPool(1) as crew,
        pytest.raises(nd.SimulationError, match=r"executor broke.*cells done.*go on with `neurodyn sweep resume"),
    ):
        nd.sweep(vary={"a": [0, 3, 4]}, function="sweep_cells:fragile", executor=crew._pool, out=tmp_path)
    data = nd.sweep(vary={"a": [0, 3, 4]}, function="sweep_cells:fragile", out=tmp_path, resume=True, workers=1)
    assert data["status"].values.tolist() == ["done", "failed", "done"]


# -- stopped, killed, resumed --------------------------------------------------------------------------------------


def test_a_folder_is_resumed_only_on_demand_and_only_by_the_same_sweep(quick, tmp_path):
    nd.sweep(vary=VARY, function=NOISY, out=tmp_path, executor=quick)
    whole = contents(tmp_path)
    with pytest.raises(nd.ResultFileError, match=r"holds this sweep already, 20 of 20 cells done: go on with resume"):
        nd.sweep(vary=VARY, function=NOISY, out=tmp_path, executor=quick)
    with pytest.raises(nd.ResultFileError, match=r"holds another sweep \(it differs in vary\): name another folder"):
        nd.sweep(vary=VARY | {"a": [1]}, function=NOISY, out=tmp_path, executor=quick, resume=True)
    with pytest.raises(nd.ResultFileError, match=r"differs in function, seed"):
        nd.sweep(vary=VARY, function="sweep_cells:dataset", out=tmp_path, executor=quick, resume=True, seed=1)
    assert contents(tmp_path) == whole
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(nd.ResultFileError, match=r"plan\.json: it is damaged: .*: name another folder"):
        nd.sweep(vary=VARY, function=NOISY, out=tmp_path, executor=quick, resume=True)
    (tmp_path / "plan.json").unlink()  # then the cells there say themselves that they are another sweep's
    data = nd.sweep(vary={"a": [5], "b": [0.5]}, function=NOISY, out=tmp_path, executor=quick, resume=True)
    assert data["sum"].item() == 5.5


def test_resuming_computes_what_is_missing_damaged_or_failed(quick, tmp_path, monkeypatch):
    nd.sweep(vary=VARY, function=NOISY, out=tmp_path, executor=quick)
    whole = contents(tmp_path)
    (tmp_path / "sweep.nc").unlink()
    packed = tmp_path / "cells" / "all.jsonl"
    lines = packed.read_bytes().splitlines(keepends=True)
    assert len(lines) == 20
    lines[7] = lines[7].replace(b'"sum": ', b'"sum": 1')
    del lines[3]
    packed.write_bytes(b"".join(lines)[:-40])  # damaged, missing, cut off
    computed = []

    def counted(cell, noisy=sweep_cells.noisy):
        computed.append(cell)
        return noisy(cell)

    monkeypatch.setattr(sweep_cells, "noisy", counted)
    nd.sweep(vary=VARY, function=NOISY, out=tmp_path, executor=quick, resume=True)
    assert len(computed) == 3
    assert contents(tmp_path) == whole


SCRIPT = """
import sys, neurodyn as nd
if __name__ == "__main__":
    cells, out = int(sys.argv[1]), sys.argv[2]
    nd.sweep(vary={"a": range(cells), "seconds": [0.005]}, function="sweep_cells:noisy", out=out, resume=True)
"""


def start(folder: Path, *arguments: Any) -> subprocess.Popen[str]:
    """A Python process that can import what the tests can."""
    (folder / "script.py").write_text(SCRIPT)
    roots = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": roots}, stderr=subprocess.PIPE, text=True
    )


def killed_and_resumed(folder: Path, cells: int, rng: np.random.Generator) -> dict[str, bytes]:
    """A sweep killed at three random moments, resumed, and what its files hold."""
    out = folder / "killed"
    for share in np.sort(rng.uniform(0.05, 0.9, 3)):
        process = start(folder, "script.py", cells, out)
        while sum(file.read_bytes().count(b"\n") for file in (out / "cells").glob("*")) < share * cells:
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.02))
        process.kill()
        process.communicate()
        assert not (out / "sweep.nc").exists()
    process = start(folder, "script.py", cells, out)
    assert process.wait() == 0, process.communicate()[1]
    process.communicate()
    return contents(out)


@pytest.mark.slow
def test_killed_three_times_and_resumed_gives_the_same_bytes(rng, tmp_path):
    nd.sweep(vary={"a": range(150), "seconds": [0.005]}, function=NOISY, out=tmp_path / "whole")
    assert killed_and_resumed(tmp_path, 150, rng) == contents(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_cells_killed_or_on_dask_give_the_same_bytes(rng, tmp_path):
    vary = {"a": range(1000), "seconds": [0.005]}
    nd.sweep(vary=vary, function=NOISY, out=tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    assert killed_and_resumed(tmp_path, 1000, rng) == whole
    for workers in (1, 2, 4):
        nd.sweep(vary=vary, function=NOISY, out=tmp_path / f"processes-{workers}", workers=workers)
        assert contents(tmp_path / f"processes-{workers}") == whole
        on_dask(tmp_path / f"dask-{workers}", workers, vary=vary, function=NOISY)
        assert contents(tmp_path / f"dask-{workers}") == whole


def pid_of_a_worker(folder: Path) -> int:
    while not (found := list(folder.glob("*.pid"))):
        time.sleep(0.01)
    return int(found[0].stem)


def gone(pid: int) -> bool:
    """Whether a process has ended, or waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc, which Linux has")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_go_with_their_parent(how, tmp_path):
    command = ["-m", "neurodyn", "sweep", "--function=sweep_cells:slow", f"--vary=folder='{tmp_path}'"]
    process = start(tmp_path, *command, "--vary=a=1,2,3", "--out=o")
    pid = pid_of_a_worker(tmp_path)
    process.send_signal(how)
    said = process.communicate(timeout=30)[1]
    until = time.monotonic() + 10.0
    while not gone(pid):
        assert time.monotonic() < until
        time.sleep(0.05)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert said.splitlines()[-1] == "neurodyn: stopped"
        assert "Traceback" not in said
        assert not (tmp_path / "o").exists()  # not one cell was done: there is nothing to go on with


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_sweep_that_is_terminated_says_how_to_go_on(tmp_path):
    command = ["-m", "neurodyn", "sweep", "--function=sweep_cells:slow_but_first", "--vary=a=1,2,3"]
    process = start(tmp_path, *command, "--out=o", "--workers=1")
    while not list(tmp_path.glob("o/cells/*.jsonl")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 143
    sentence = "neurodyn: terminated; 1 of 3 cells done: go on with `neurodyn sweep resume o` (or resume=True)"
    assert said.splitlines()[-1] == sentence


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(tmp_path):
    process = start(tmp_path, "-c", "")
    process.communicate()
    (tmp_path / "bare.py").write_text(
        "import neurodyn as nd\nnd.sweep(vary={'a': [1, 2]}, function='sweep_cells:noisy')\n"
    )
    process = start(tmp_path, "bare.py")
    assert "below `if __name__ == '__main__':`" in process.communicate(timeout=60)[1]


# -- Dask ----------------------------------------------------------------------------------------------------------


def on_dask(folder: Path, workers: int, **options: Any) -> xarray.Dataset:
    """A sweep on a local Dask cluster."""
    distributed = pytest.importorskip("distributed", reason=DASK_MISSING)
    from neurodyn.sweep.cluster import connect

    with (
        distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        connect(cluster.scheduler_address) as executor,
    ):
        return nd.sweep(out=folder, executor=executor, **options)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_dask_cluster_gives_the_same_bytes(tmp_path, quick):
    on_dask(tmp_path / "dask", 2, vary=VARY, function=NOISY)
    nd.sweep(vary=VARY, function=NOISY, out=tmp_path / "here", executor=quick)
    assert contents(tmp_path / "dask") == contents(tmp_path / "here")


def test_without_dask_the_scheduler_is_refused(neurodyn, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = neurodyn("two-neurons", "--vary=nudging.beta=1e-3", "--scheduler=tcp://127.0.0.1:1")
    assert result.exit_code == 2
    assert "pip install 'neurodyn[cluster]'" in result.stderr


# -- models and the command line -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_model_is_swept_with_the_figures_of_its_runs(tmp_path):
    betas = [1e-3, 1e-2, 1e-1]
    vary = {"nudging.beta": betas, "populations.s.tau": [[1.0, 3.0], 1.0]}
    data = nd.sweep("two-neurons", vary, out=tmp_path)
    assert data.sizes == {"nudging.beta": 3, "populations.s.tau": 2}
    assert (data["status"] == "done").all()
    assert (data["seed"] == 0).all()
    for beta in betas:
        for k, tau in enumerate(("[1.0,3.0]", "1.0")):
            model = models.read("two-neurons", overrides=[f"nudging.beta={beta}", f"populations.s.tau={tau}"])
            run = nd.experiment(model.network, model.x, model.y, start=model.start, beta=model.beta)
            found = analysis.compare(run.nudged, run.side)
            cell = data.sel({"nudging.beta": beta}).isel({"populations.s.tau": k})
            assert cell["max_relative_error"] == found.max_relative_error
            assert cell["populations.s.max_relative_error"] == found.populations["s"].max_relative_error
            assert cell["gradient.cosine"] == found.gradient.cosine
            assert cell["gradient.relative_error"] == found.gradient.relative_error
            assert cell["residual"] == run.equilibrium.residual.max()


def test_cells_that_differ_in_their_nudging_alone_share_their_free_phase(quick, monkeypatch):
    relaxed = []

    def counted(*arguments, **options):
        relaxed.append(options)
        return relax(*arguments, **options)

    monkeypatch.setattr(experiment, "relax", counted)
    monkeypatch.setattr(model_run, "_last", None)
    vary = {"nudging.beta": [1e3, 1e-3, 1e-2], "nudging.kind": ["centered", "positive"], "free.tol": [1e-9, 1e-10]}
    data = nd.sweep("two-neurons", vary, executor=quick)
    assert (data["status"].sel({"nudging.beta": 1e-2}) == "done").all()
    assert (data["status"].sel({"nudging.beta": 1e3, "nudging.kind": "centered"}) == "failed").all()
    assert len(relaxed) == 2


def test_a_swept_model_may_change_in_nothing_between(tmp_path, quick):
    file = tmp_path / "m.toml"
    text = (models.load.__globals__["LIBRARY"] / "two-neurons.toml").read_text()
    file.write_text(text)
    vary = {"nudging.beta": [1e-3]}
    nd.sweep(file, vary, out=tmp_path / "o", executor=quick)
    file.write_text(text.replace("tau = [1.0, 3.0]", "tau = [1.0, 2.0]"))
    with pytest.raises(nd.ResultFileError, match="differs in model content"):
        nd.sweep(file, vary, out=tmp_path / "o", executor=quick, resume=True)


def test_command_line(neurodyn, tmp_path, no_processes):
    arguments = ["two-neurons", "--vary=nudging.beta=log:1e-3:1e-1:2", "--vary=connections.s-s.gain=0.5,1,1e30"]
    result = neurodyn(*arguments, "--workers=1")
    assert result.exit_code == 2, result.output  # some cells failed
    head, _, *rows = result.stdout.splitlines()
    assert head.split()[:3] == ["nudging.beta", "done", "max_relative_error"]
    assert rows[0].split()[:4] == ["0.001", "2", "of", "3"]
    assert "medians over connections.s-s.gain" in result.stdout
    assert "failed: free phase: " in result.stdout
    assert "4 cells done, 2 failed; written to neurodyn-sweep-two-neurons" in result.stderr
    assert "neurodyn: 2 of 6 cells failed; the first, number 2: free phase: " in result.stderr
    folder = Path("neurodyn-sweep-two-neurons")
    told = f"(tracebacks are in {folder / 'failed.txt'}); `neurodyn sweep resume {folder}` to try them once more"
    assert told in result.stderr
    assert (tmp_path / folder / "failed.txt").read_text().count("ConvergenceError: ") == 2
    single = neurodyn("--function", NOISY, "--vary=a=uniform:0:1", "--draws=60", "--workers=1", "--out=o")
    assert re.search(r"^ ?0\.\d+  1 of 1 ", single.stdout, flags=re.M)
    assert "... 10 more rows" in single.stdout
    assert "also in sweep.nc: noise" in single.stdout
    again = neurodyn(*arguments, "--resume", "--json", "--workers=1")
    told = json.loads(again.stdout)
    assert told["cells"] == {"total": 6, "done": 4, "failed": 2}
    with xarray.open_dataset(tmp_path / "neurodyn-sweep-two-neurons" / "sweep.nc", engine="h5netcdf") as data:
        assert told["results"]["residual"]["data"][0][:2] == data["residual"].values[0][:2].tolist()
        assert told["results"]["residual"]["data"][0][2] is None
    assert told["coords"]["nudging.beta"]["data"] == [1e-3, 1e-1]


def test_explain_computes_nothing_that_stays(neurodyn, tmp_path):
    arguments = [f"--function={NOISY}", "--vary=a=int:1:50", "--vary=b=lin:0:1:20", "--vary=seconds=0.01", "--explain"]
    result = neurodyn(*arguments, "--workers=4")
    assert result.exit_code == 0, result.output
    assert "1,000 of 50 x 20 x 1" in result.stdout
    for word in ("workers  4", "memory", "MiB", "time     about"):
        assert word in result.stdout
    told = json.loads(neurodyn(*arguments, "--json").stdout)
    assert told["cells"] == 1000
    assert 0.01 <= told["cell"] < 0.2
    assert told["seconds"] == pytest.approx(told["start"] + 499 * told["cell"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["two-neurons"], "nothing varies: give --vary"),
        (["two-neurons", "--vary", "nudging.beta"], "write path.to.key=values"),
        (["two-neurons", "--vary", "nudging.bta=1"], "cannot set 'nudging.bta': unknown key 'bta'"),
        (["two-neurons", "--vary", "populations.h1.tau=1"], "unknown key 'h1'; allowed: x, s"),
        (["two-neurns", "--vary", "nudging.beta=1"], "did you mean 'two-neurons'?"),
        (["two-neurons", "--vary=nudging.beta=1", "--vary=nudging.beta=2"], "'nudging.beta' is varied twice"),
        (["--vary", "nudging.beta=1"], "`model` is missing"),
        (["two-neurons", "--vary=nudging.beta=1", "--zip=nudging.beta,seed"], "'seed', which does not vary"),
        (["two-neurons", "--vary=nudging.beta=1", "--scheduler=x", "--explain"], "--scheduler goes with neither"),
        (
            ["two-neurons", "--vary=nudging.beta=x,y", "--workers=1", "--quiet"],
            "all 2 cells failed; the first, number 0: model 'two",
        ),
    ],
)
def test_one_plain_sentence(neurodyn, arguments, sentence, no_processes):
    result = neurodyn(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_data_of_a_sweep_load_with_their_seal_checked(quick, tmp_path):
    found = nd.sweep(vary=VARY, function=NOISY, out=tmp_path / "s", executor=quick)
    assert nd.load(tmp_path / "s" / "sweep.nc").equals(found)
