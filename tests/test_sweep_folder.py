"""Sweeps in parts, on shared folders: killed at any moment and merged to the same bytes, looked at, resumed, grown."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import neurodyn as nd
import sweep_cells
from neurodyn.sweep import folder, merge, resume, status
from neurodyn.sweep.make_plan import make_plan
from neurodyn.sweep.part import as_part, cells_of
from neurodyn.sweep.run_log import SILENCE

NOISY = "sweep_cells:noisy"
SWEEP: dict[str, Any] = {"vary": {"a": [1, 2, 3, 4], "b": "lin:0:1:5"}, "function": NOISY}
GOLDEN = Path(__file__).parent / "golden" / "0.1"


@pytest.fixture
def whole(quick, tmp_path):
    """The data of the sweep in one run."""
    nd.sweep(**SWEEP, out=tmp_path / "whole", executor=quick)
    return (tmp_path / "whole" / "sweep.nc").read_bytes()


# -- parts ---------------------------------------------------------------------------------------------------------


def test_parts_share_out_all_cells_and_keep_those_together_that_share_work():
    vary = {"nudging.beta": "log:1e-3:1:4", "free.tol": [1e-9, 1e-8, 1e-7]}
    plan = make_plan("two-neurons", vary)
    assert plan.piece == 4
    parts = [cells_of(plan, (k, 2)) for k in (1, 2)]
    assert sorted(itertools.chain(*parts)) == list(range(12))
    assert parts[1] == [1, 4, 7, 10]  # all strengths of the second tolerance
    many = [cells_of(plan, (k, 20)) for k in range(1, 21)]
    assert sorted(itertools.chain(*many)) == list(range(12))
    assert max(map(len, many)) == 1
    assert as_part(" 2/4 ") == as_part([2, 4]) == (2, 4)


def test_parts_merge_to_the_bytes_of_one_run(quick, tmp_path, whole):
    for k in (3, 1, 2):
        data = nd.sweep(**SWEEP, out=tmp_path / "p", part=f"{k}/3", executor=quick)
    assert (data["status"] == "done").all()
    assert not (tmp_path / "p" / "sweep.nc").exists()
    assert len(list((tmp_path / "p" / "cells").iterdir())) == 3
    assert merge(tmp_path / "p").identical(nd.load(tmp_path / "p"))
    assert (tmp_path / "p" / "sweep.nc").read_bytes() == whole
    assert [file.name for file in (tmp_path / "p" / "cells").iterdir()] == ["all.jsonl"]
    merge(tmp_path / "p")  # once more, from the packed cells
    assert (tmp_path / "p" / "sweep.nc").read_bytes() == whole
    assert len((tmp_path / "p" / "seconds.csv").read_text().splitlines()) == 20


def test_what_is_there_can_be_read_at_any_time_and_merged_only_when_all_is(quick, tmp_path):
    part = nd.sweep(**SWEEP, out=tmp_path, part=(1, 4), executor=quick)
    found = nd.load(tmp_path)
    assert found.identical(part)
    assert found["status"].values.ravel().tolist() == ["done", "missing", "missing", "missing"] * 5
    np.testing.assert_array_equal(found["sum"], (found["a"] + found["b"]).where(found["status"] == "done"))
    with pytest.raises(
        nd.ResultFileError, match=r"lacks 15 of 20 cells, the first is number 1: .*`neurodyn sweep resume"
    ):
        merge(tmp_path)
    journal = next((tmp_path / "cells").iterdir())
    journal.write_bytes(journal.read_bytes()[:-5])  # killed within a line
    assert (nd.load(tmp_path)["status"] == "done").sum() == 4
    nd.sweep(**SWEEP, out=tmp_path, part=(1, 4), executor=quick)
    assert (nd.load(tmp_path)["status"] == "done").sum() == 5


def start_part(out: Path, part: str, cells: int) -> subprocess.Popen[bytes]:
    """One job of an array."""
    roots = os.pathsep.join(filter(None, [*sys.path, str(Path(__file__).parent)]))
    command = [sys.executable, "-m", "neurodyn", "sweep", f"--function={NOISY}", f"--vary=a=int:1:{cells}"]
    options = ["--vary=seconds=0.005", "--workers=1", f"--out={out}", f"--part={part}"]
    return subprocess.Popen([*command, *options], env=os.environ | {"PYTHONPATH": roots}, stderr=subprocess.PIPE)


def lines(out: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in out.glob("cells/*.jsonl"))


def killed_and_merged(out: Path, cells: int, kills: int, rng: np.random.Generator) -> bytes:
    """An array of four parts, each killed at random moments and called again until it ends well; its merged data."""
    left = dict.fromkeys(range(1, 5), kills)
    jobs = {k: start_part(out, f"{k}/4", cells) for k in left}
    while jobs:
        for k, job in list(jobs.items()):
            if job.poll() is None and left[k] and lines(out) > rng.uniform(0.0, 0.8) * cells:
                job.kill()
                left[k] -= 1
            if job.poll() is not None:
                said = job.communicate()[1].decode()
                assert job.returncode in (0, -9), said
                del jobs[k]
                if job.returncode:
                    jobs[k] = start_part(out, f"{k}/4", cells)
        time.sleep(0.02)
    merge(out)
    return (out / "sweep.nc").read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("cells", "kills"), [(100, 1), (600, 3)])
def test_an_array_killed_at_random_and_called_again_merges_to_the_same_bytes(cells, kills, rng, quick, tmp_path):
    vary = {"a": f"int:1:{cells}", "seconds": [0.005]}
    nd.sweep(vary=vary, function=NOISY, out=tmp_path / "whole", executor=quick)
    merged = killed_and_merged(tmp_path / "array", cells, kills, rng)
    assert merged == (tmp_path / "whole" / "sweep.nc").read_bytes()


def test_journals_cut_at_any_byte_lose_one_cell_each(rng, quick, tmp_path, whole):
    for k in (1, 2, 3, 4):
        nd.sweep(**SWEEP, out=tmp_path / "p", part=(k, 4), executor=quick)
    for _ in range(5):  # as five kills of each part
        for journal in (tmp_path / "p" / "cells").iterdir():
            content = journal.read_bytes()
            journal.write_bytes(content[: rng.integers(len(content))])
        for k in (4, 2, 3, 1):
            nd.sweep(**SWEEP, out=tmp_path / "p", part=(k, 4), executor=quick)
    merge(tmp_path / "p")
    assert (tmp_path / "p" / "sweep.nc").read_bytes() == whole


# -- status --------------------------------------------------------------------------------------------------------


def test_status_tells_of_those_who_compute_and_of_those_who_were_killed(quick, tmp_path):
    vary = {"a": [1, 5, 6, 7]}
    nd.sweep(vary=vary, function="sweep_cells:fragile", out=tmp_path, part=(1, 2), executor=quick)
    found = status(tmp_path)
    assert (found.cells, found.done, found.failed, found.running, found.waiting) == (4, 1, 1, 0, 2)
    assert "unknown: nobody computes now" in str(found)
    assert found.failures == ("cell 0: a is one",)
    assert found.memory is not None
    pulse = {"name": "part 2 of 2", "host": "elsewhere", "pid": 1, "workers": 2, "todo": 2, "done": 1, "failed": 0,
             "running": 1, "began": time.time() - 10.0, "now": time.time()}  # fmt: skip
    file = tmp_path / "runs" / "part-2-of-2.001.json"
    file.write_text(json.dumps(pulse))
    found = status(tmp_path)
    assert (found.running, found.waiting, found.lost) == (1, 1, ())
    assert found.seconds_left == pytest.approx(10.0, rel=1e-3)
    assert "part 2 of 2 on elsewhere, 2 workers: 1 of 2 cells done" in str(found)
    file.write_text(json.dumps(pulse | {"now": time.time() - 2 * SILENCE}))
    assert [run.name for run in status(tmp_path).lost] == ["part 2 of 2"]
    assert "not heard of since: call it again" in str(status(tmp_path))
    file.write_text("{")
    assert status(tmp_path).lost == ()


def test_the_log_of_a_part_has_tracebacks_and_how_it_ended(quick, tmp_path):
    nd.sweep(vary={"a": [1, 5]}, function="sweep_cells:fragile", out=tmp_path, part=(1, 1), executor=quick)
    log = (tmp_path / "runs" / "part-1-of-1.001.log").read_text()
    assert "begins with part 1 of 1" in log
    assert "cell 0 failed: a is one\nTraceback (most recent call last):" in log
    assert log.endswith("ends: 1 of 2 cells done, 1 failed\n")
    assert not list((tmp_path / "runs").glob("*.json"))


def test_failed_cells_of_a_merge_have_their_tracebacks_in_one_file(quick, tmp_path):
    options: dict[str, Any] = {"vary": {"a": [1, 5]}, "function": "sweep_cells:fragile", "executor": quick}
    data = nd.sweep(**options, out=tmp_path, part=(1, 1))
    assert merge(tmp_path).identical(data)
    assert (tmp_path / "failed.txt").read_text().startswith("cell 0 (a=1): a is one\nTraceback")


# -- going on, and growing -----------------------------------------------------------------------------------------


def test_a_folder_alone_is_enough_to_go_on_and_to_grow(quick, tmp_path, whole):
    nd.sweep(vary={"b": "lin:0:1:5"} | {"a": [1, 2]}, function=NOISY, out=tmp_path / "other", executor=quick)
    small = {"a": [1, 2], "b": [0.0, 0.25, 0.5]}
    nd.sweep(vary=small, function=NOISY, out=tmp_path / "s", part=(1, 2), executor=quick)
    resume(tmp_path / "s", executor=quick)
    computed = []

    def counted(cell, noisy=sweep_cells.noisy):
        computed.append(cell)
        return noisy(cell)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_cells, "noisy", counted)
        resume(tmp_path / "s", {"a": [2, 3, 4]}, part=(2, 2), executor=quick)
        resume(tmp_path / "s", {"b": "0.75,1.0"}, executor=quick)
    assert len(computed) == 20 - 6
    assert (tmp_path / "s" / "sweep.nc").read_bytes() == whole
    with pytest.raises(
        nd.ResultFileError, match="holds this sweep with further values: go on with `neurodyn sweep resume"
    ):
        nd.sweep(vary=small, function=NOISY, out=tmp_path / "s", part=(1, 2), executor=quick)


def test_draws_grow_to_those_of_a_larger_sweep(quick, tmp_path):
    options: dict[str, Any] = {"vary": {"a": "loguniform:0.1:1", "b": [1, 2]}, "function": NOISY, "executor": quick}
    nd.sweep(**options, draws=2, out=tmp_path / "few")
    resume(tmp_path / "few", draws=5, executor=quick)
    nd.sweep(**options, draws=5, out=tmp_path / "many")
    assert (tmp_path / "few" / "sweep.nc").read_bytes() == (tmp_path / "many" / "sweep.nc").read_bytes()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"vary": {"c": [1]}}, "'c' does not vary in this sweep, .*allowed: a, z, d"),
        ({"vary": {"a": [3]}}, "that go along together must get equally many values; there would be a 3, z 2"),
        ({"vary": {"d": [0.5]}}, "'d' cannot get drawn values: give `draws`"),
        ({"vary": {"a": "uniform:0:1"}}, "'a' cannot get drawn values"),
        ({"vary": [1]}, "`vary` must name paths"),
        ({"draws": 1}, "`draws` counts all draws, those that are there among them; got 1"),
        ({"draws": 0}, "`draws` must be a whole number >= 1"),
        ({"part": "1/0"}, "`part` must be k/N"),
        ({"workers": 0}, "`workers` must be"),
    ],
)
def test_wrong_growth_is_refused(options, sentence, quick, tmp_path):
    grid = {"a": [1, 2], "z": [1, 2], "d": "uniform:0:1"}
    nd.sweep(vary=grid, zip=[("a", "z")], draws=2, function=NOISY, out=tmp_path, executor=quick)
    before = (tmp_path / "plan.json").read_bytes()
    with pytest.raises(nd.ArgumentError, match=sentence):
        resume(tmp_path, **options)
    assert (tmp_path / "plan.json").read_bytes() == before


def test_a_folder_is_not_gone_on_with_by_another_model_or_version(quick, tmp_path, monkeypatch):
    with pytest.raises(nd.ResultFileError, match=r"is no folder of a sweep: it has no plan\.json"):
        status(tmp_path)
    with pytest.raises(nd.ArgumentError, match="`folder` must be the path"):
        merge(5)  # type: ignore[arg-type]
    from neurodyn.models.load import LIBRARY

    shutil.copy(LIBRARY / "two-neurons.toml", tmp_path / "m.toml")
    nd.sweep(tmp_path / "m.toml", {"nudging.beta": [1e-3]}, out=tmp_path / "o", executor=quick)
    text = (tmp_path / "m.toml").read_text()
    (tmp_path / "m.toml").write_text(text.replace("tau = [1.0, 3.0]", "tau = [1.0, 2.0]"))
    with pytest.raises(nd.ResultFileError, match=r"the model .*m\.toml is not what it was when the sweep of .*o began"):
        resume(tmp_path / "o")
    (tmp_path / "m.toml").write_text(text)
    monkeypatch.setattr(folder, "__version__", "9.9")
    with pytest.raises(
        nd.ResultFileError, match=r"was begun by neurodyn .*, and this is 9\.9: go on with that version"
    ):
        resume(tmp_path / "o")


@pytest.mark.parametrize("name", ["sweep-function", "sweep-run"])
def test_folders_of_the_first_version_are_read_and_say_what_they_lack(name, tmp_path):
    shutil.copytree(GOLDEN / name, tmp_path / name)
    assert nd.load(tmp_path / name).identical(nd.load(tmp_path / name / "sweep.nc"))
    with pytest.raises(
        nd.ResultFileError, match=r"is of an earlier version, .* the command that began the sweep, and --resume"
    ):
        resume(tmp_path / name)


# -- functions of a notebook ---------------------------------------------------------------------------------------


def test_a_function_that_is_in_no_module_runs_in_this_process(quick, tmp_path):
    factor = 3.0
    vary = {"a": [1, 2]}
    for how in ({"workers": 1}, {"executor": quick}):
        out = tmp_path / str(len(how) + ("workers" in how))
        data = nd.sweep(vary=vary, function=lambda cell: {"v": factor * cell["a"]}, out=out, **how)
        assert data["v"].values.tolist() == [3.0, 6.0]
    with pytest.raises(nd.ResultFileError, match="another sweep \\(it differs in function\\)"):
        nd.sweep(vary=vary, function=lambda cell: {"v": factor + cell["a"]}, out=out, resume=True, workers=1)
    with pytest.raises(
        nd.ArgumentError, match=r"is not in a module, .* go on with neurodyn\.sweep\(\.\.\., resume=True\)"
    ):
        resume(out)
    with ProcessPoolExecutor(1) as processes:
        for wrong in ({"workers": 2}, {}, {"executor": processes}):
            with pytest.raises(nd.ArgumentError, match=r"other processes cannot import it: .*workers=1, or in threads"):
                nd.sweep(vary=vary, function=lambda cell: {"v": 1.0}, **wrong)


def test_an_interrupt_in_this_process_keeps_what_was_done(tmp_path):
    def interrupted(cell):
        if cell["a"] == 2:
            raise KeyboardInterrupt
        return {"v": 1.0}

    said = r"stopped; 1 of 3 cells done: go on with `neurodyn sweep resume .*` \(or resume=True\)"
    with pytest.raises(KeyboardInterrupt, match=said):
        nd.sweep(vary={"a": [1, 2, 3]}, function=interrupted, out=tmp_path, workers=1)
    assert nd.load(tmp_path)["status"].values.tolist() == ["done", "missing", "missing"]
    log = next((tmp_path / "runs").glob("*.log")).read_text()
    assert log.endswith("stopped: 1 of 3 cells done\n")


# -- the command line ----------------------------------------------------------------------------------------------


def test_status_and_merge_are_words_beside_a_model(quick, neurodyn, tmp_path):
    nd.sweep(vary={"a": [1, 2]}, function=NOISY, out=tmp_path / "f", part=(1, 2), executor=quick)
    assert "1 done, 0 failed, 0 running, 1 waiting" in neurodyn("status", "f").stdout
    assert "f lacks 1 of 2 cells" in neurodyn("merge", "f").stderr
    nd.sweep(vary={"a": [1, 2]}, function=NOISY, out=tmp_path / "f", part=(2, 2), executor=quick)
    assert "1 of 1" in neurodyn("merge", "f").stdout


@pytest.mark.slow
def test_words_beside_a_model(neurodyn):
    arguments = [f"--function={NOISY}", "--vary=a=int:1:4", "--out=f", "--workers=1"]
    first = neurodyn(*arguments, "--part=2/2")
    assert first.exit_code == 0, first.output
    ending = "part 2 of 2: 2 cells done, 0 failed; 2 cells of other parts are missing; when they are there"
    assert f"{ending}: neurodyn sweep merge f" in first.stderr
    assert first.stdout == ""
    assert "2 done, 0 failed, 0 running, 2 waiting" in neurodyn("status", "f").stdout
    assert json.loads(neurodyn("status", "f", "--json").stdout)["waiting"] == 2
    refused = neurodyn("merge", "f")
    assert refused.exit_code == 2
    assert "f lacks 2 of 4 cells" in refused.stderr
    assert neurodyn("resume", "f", "--part=1/2", "--workers=1").exit_code == 0
    assert "1 of 1" in neurodyn("merge", "f").stdout
    grown = neurodyn("resume", "f", "--vary=a=5", "--workers=1", "--json")
    assert json.loads(grown.stdout)["cells"] == {"total": 5, "done": 5, "failed": 0}
    assert neurodyn(*arguments, "--part=2/2", "--explain").stdout.startswith("cells    2\n")
    for word in ("status FOLDER", "resume FOLDER", "merge FOLDER"):
        assert word in neurodyn("--help").stdout
    assert "Missing argument 'FOLDER'" in neurodyn("merge").stderr
    assert "./merge" in neurodyn("./merge", "--vary=nudging.beta=1e-3").stderr  # is taken for a model file


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--part=5/4"], "`part` must be k/N, the k-th of N parts, with whole numbers 1 <= k <= N; got '5/4'"),
        (["--part=one"], "`part` must be k/N"),
        (["--part=3/3", "--explain"], "part 3/3 of 2 cells has none"),
        (["--workers=0"], "`workers` must be a whole number >= 1"),
    ],
)
def test_one_plain_sentence(neurodyn, arguments, sentence):
    result = neurodyn(f"--function={NOISY}", "--vary=a=1,2", *arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.slow
def test_ten_thousand_cells_are_few_files_and_planned_in_seconds(quick, tmp_path):
    vary: dict[str, Any] = {"a": "int:1:100", "b": "lin:0:1:100"}
    nd.sweep(vary=vary, function=NOISY, out=tmp_path / "s", executor=quick)
    files = [file for file in (tmp_path / "s").rglob("*") if file.is_file()]
    assert len(files) == 5
    assert sum(file.stat().st_size for file in files) < 15e6
    began = time.perf_counter()
    data = nd.load(tmp_path / "s")
    assert isinstance(data, xarray.Dataset)
    assert time.perf_counter() - began < 20.0
