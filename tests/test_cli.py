"""The command line: a table, files and JSON of the same numbers; one sentence and exit code 2 for whatever is wrong."""

import dataclasses
import io
import json
import os
import subprocess
import sys
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

import neurodyn as nd
from neurodyn import analysis, cli, models
from neurodyn.analysis.studies import STUDIES
from neurodyn.cli.output import replace_earlier, write_summary
from neurodyn.cli.spelling import spell_out
from neurodyn.cli.summary import plain, summarise
from neurodyn.cli.table import report
from neurodyn.experiments import model_run
from neurodyn.experiments.model_run import run_model
from neurodyn.models.data import MNIST_MISSING

MNIST = os.environ.get("NEURODYN_DATA")
FIGURES = {"phases.png", "error-signals.png", "error-over-time.png", "agreement.png", "convergence.png"}
GROWING = [f"--set=populations.{name}.activation=linear" for name in ("h1", "h2", "y")] + ["--set=gain=5"]


@pytest.fixture
def neurodyn(tmp_path, monkeypatch, not_laid_out):
    """Runs the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEURODYN_DATA", raising=False)
    return lambda *arguments: CliRunner().invoke(cli.main, [str(a) for a in arguments])


@pytest.fixture
def refused(neurodyn, tmp_path):
    """Runs what must go wrong; returns the sentence."""

    def run(*arguments):
        result = neurodyn(*arguments)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.startswith("neurodyn: ")
        assert "Traceback" not in result.stderr
        assert list(tmp_path.iterdir()) == []
        return result.stderr.removeprefix("neurodyn: ").rstrip("\n")

    return run


# -- what it does --------------------------------------------------------------------------------------------------


def test_shells_complete_verbs_options_and_models():
    def offered(*words):
        settings = {"COMP_WORDS": " ".join(("neurodyn", *words)), "COMP_CWORD": str(len(words))}
        env = {"_NEURODYN_COMPLETE": "bash_complete", **settings}
        result = CliRunner().invoke(cli.main, env=env, prog_name="neurodyn")
        return result.stdout.split()

    assert offered("po") == ["plain,portrait"]
    assert offered("portrait", "--res") == ["plain,--resolution"]
    assert offered("run", "two") == offered("sweep", "two") == ["plain,two-neurons", "file,two"]
    assert offered("reproduce", "gated") == ["plain,gated-memory"]


def test_models_lists_the_library(neurodyn):
    result = neurodyn("models")
    assert result.exit_code == 0
    for name in models.names():
        assert any(line.startswith(name) and models.outline(name).title in line for line in result.stdout.splitlines())


def test_run_writes_everything_and_prints_a_table(neurodyn, tmp_path):
    result = neurodyn("run", "two-neurons")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "neurodyn-two-neurons"
    assert {path.name for path in folder.iterdir()} == FIGURES | {"result.nc", "summary.json"}
    assert "neurodyn-two-neurons" in result.stderr
    for word in ("population", "max relative error", "1 to 3", "cosine", "residual", "beta_c", "4 stable", "seconds"):
        assert word in result.stdout
    for name in FIGURES:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    model = models.read("two-neurons")
    loaded: Any = nd.load(folder / "result.nc")
    assert loaded.nudged == nd.experiment(model.network, model.x, model.y, start=model.start).nudged


def test_json_is_the_summary(neurodyn, tmp_path):
    out = tmp_path / "a" / "b"
    result = neurodyn("run", "chain", "--json", "--no-figures", "--out", out, "--set", "nudging.beta=1e-2")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((out / "summary.json").read_text("utf-8"))
    assert {path.name for path in out.iterdir()} == {"result.nc", "summary.json"}
    experiment: Any = nd.load(out / "result.nc")
    comparison = analysis.compare(experiment.nudged, experiment.side)
    assert summary["max_relative_error"] == comparison.max_relative_error
    for name in ("h1", "h2", "y"):
        assert summary["populations"][name]["max_relative_error"] == comparison.populations[name].max_relative_error
    assert summary["gradient"]["cosine"] == comparison.gradient.cosine
    assert summary["gradient"]["relative_error"] == comparison.gradient.relative_error
    assert summary["residual"] == experiment.equilibrium.residual.max()
    assert (summary["status"], summary["beta"], summary["nudging"]) == ("stable", 1e-2, "centered")
    assert summary["status_counts"]["free phase"] == {"stable": 4}
    assert summary["beta_c"] == experiment.nudged.critical_beta.min()
    assert 0.0 < summary["seconds"] < 600.0
    assert summary["samples"] == {"total": 4, "with_signal": 4}
    assert summary["convergence"]["one_sided_slope"] == pytest.approx(1.0, abs=0.1)
    assert summary["convergence"]["centered_slope"] == pytest.approx(2.0, abs=0.2)
    assert summary["overrides"] == ["nudging.beta=1e-2"]
    assert summary["hard_sigmoid"] is None


def test_duration_ends_the_second_phase(neurodyn, tmp_path):
    assert neurodyn("run", "chain", "--no-figures", "--set", "nudging.duration=3.5", "--out", "o").exit_code == 0
    run: Any = nd.load(tmp_path / "o" / "result.nc")
    assert run.nudged.t[-1] == 3.5
    model = models.read("chain")
    assert run.nudged == nd.experiment(model.network, model.x, model.y, duration=3.5).nudged


def test_hard_sigmoid_without_a_signal(neurodyn, tmp_path):
    (tmp_path / "box.toml").write_text(
        'title = "box"\nconnections = [{between = "x-y", weights = [[-1.0]]}]\n[populations.x]\nsize = 1\n'
        'role = "input"\n[populations.y]\nsize = 1\nrole = "output"\nactivation = "hard-sigmoid"\n'
        "[data]\nx = [[1.0], [-0.5]]\ny = [[1.0], [1.0]]\n"
    )
    result = neurodyn("run", "box.toml", "--json", "--no-figures")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["samples"] == {"total": 2, "with_signal": 1}
    fractions = {"active_outputs": 0.5, "samples_without_signal": 0.5, "units_that_crossed": 0.0}
    assert summary["hard_sigmoid"] == fractions
    table = neurodyn("run", "box.toml", "--set", "data={x = [[1.0]], y = [[1.0]]}", "--no-figures")
    assert table.exit_code == 0, table.output
    assert "0 of 1 have an error signal" in table.stdout
    assert json.loads((tmp_path / "neurodyn-box" / "summary.json").read_text())["max_relative_error"] is None


def test_plain_data_are_valid_json():
    value = {"a": np.float64("nan"), "b": np.array([1.0, np.inf]), "c": (np.int64(3), np.True_, None, "x"), 1: {}}
    assert (
        json.dumps(plain(value), allow_nan=False) == '{"a": null, "b": [1.0, null], "c": [3, true, null, "x"], "1": {}}'
    )


def test_no_figure_of_an_earlier_run_stays_beside_a_new_result(neurodyn, tmp_path, monkeypatch):
    def blank(folder, figures):
        for name in figures:
            (folder / f"{name}.png").write_bytes(b"")
        return [f"{name}.png" for name in figures]

    out = tmp_path / "o"
    with monkeypatch.context() as patch:
        patch.setattr("neurodyn.results.figure_files.write_figures", blank)
        assert neurodyn("run", "two-neurons", "--out", out).exit_code == 0
    (out / "mine.png").write_text("")
    assert set(json.loads((out / "summary.json").read_text())["figures"]) == FIGURES
    assert neurodyn("run", "two-neurons", "--out", out, "--no-figures").exit_code == 0
    assert {path.name for path in out.iterdir()} == {"result.nc", "summary.json", "mine.png"}


def test_only_what_the_same_command_has_written_is_replaced(tmp_path):
    for name in ("a.png", "b.png", "c.toml"):
        (tmp_path / name).write_text("")
    outside = tmp_path / "in" / "summary.json"
    outside.parent.mkdir()
    listed: list[Any] = ["a.png", "c.toml", 5]
    for path, figures in [(tmp_path / "summary.json", listed), (outside, ["../b.png"])]:
        write_summary(path, "run", {}, figures)
        replace_earlier(path, "portrait")
        assert path.exists()
        replace_earlier(path, "run")
        assert not path.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"b.png", "c.toml", "in"}


def test_a_second_run_replaces_the_files(neurodyn, tmp_path):
    for beta in (1e-2, 1e-3):
        options = ["--no-figures", f"--set=nudging.beta={beta}", "--set=nudging.duration=2.0"]
        assert neurodyn("run", "two-neurons", *options).exit_code == 0
    loaded: Any = nd.load(tmp_path / "neurodyn-two-neurons" / "result.nc")
    assert loaded.nudged.beta == 1e-3


@pytest.mark.slow  # test_mnist.py has the same network, without the command
@pytest.mark.skipif(not MNIST, reason=MNIST_MISSING)
def test_mnist_runs(neurodyn, tmp_path):
    result = neurodyn("run", "mnist", "--data", MNIST, "--json", "--no-figures", "--set", "data.samples=2")
    summary = json.loads(result.stdout)
    assert summary["max_relative_error"] < 1e-5
    assert summary["samples"]["total"] == 2
    assert summary["hard_sigmoid"]["units_that_crossed"] == 0.0


# -- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rnu", "chain"], "run, sweep, timescales, train; did you mean 'run'?"),
        (["run"], "Missing argument 'MODEL'"),
        (["run", "chain", "--jsn"], "--json"),
        (["run", "digit"], "did you mean 'digits'?"),
        (
            ["run", "nowhere.toml"],
            "no such model file: nowhere.toml; models of the library: boltzmann, chain, chaotic-rate, conv-digits,",
        ),
        (["run", "chain", "--set", "nudging.bta=1"], "did you mean 'beta'?"),
        (["run", "chain", "--set", "nudging.beta=x"], "model 'chain': nudging.beta: must be a valid number; got 'x'"),
        (["run", "chain", "--set", "nudging.kind=centred"], "did you mean 'centered'?"),
        (["run", "chain", "--set", "solver.method=tsit"], "did you mean 'tsit5'?"),
        (["run", "chain", "--set", "populations.y.role=hidden", "--set", "data={x=[[1,2,3,4,5]]}"], "has no outputs"),
        (["run", "chain", "--set", "data={x=[[1,2,3,4,5]]}"], "model 'chain' has no targets: give it [data]"),
        (["run", "mnist"], MNIST_MISSING),
        (["run", "mnist", "--data", "nowhere"], "nowhere, which does not exist"),
        (["run", "chain", "--out", os.path.join(os.devnull, "x")], "cannot write into"),
        (["run", "chain", "--set", "free.t_max=0.01"], "free phase: sample 0 was still moving when the time ran out"),
        (["run", "chain", *GROWING], "free phase: sample 0 diverged"),
        (["run", "chain", "--set", "nudging.beta=5"], "nudged phase with -beta: sample 0 diverged"),
        (["run", "memory", "--set", "free.start=[" + "0," * 25 + "]"], "rests at a saddle"),
    ],
)
def test_one_plain_sentence(refused, arguments, sentence):
    assert sentence in refused(*arguments)


def test_all_faults_of_a_file_are_lines(neurodyn, tmp_path):
    (tmp_path / "bad.toml").write_text("seed = true\n[populations.s]\nsize = 0\n")
    result = neurodyn("run", "bad.toml")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "neurodyn: bad.toml has 2 faults:",
        "  seed: must be a valid integer; got True",
        "  populations.s.size: must be greater than or equal to 1; got 0",
    ]


def test_folder_that_cannot_be_written_to(refused, monkeypatch):
    def no(**options):
        raise PermissionError(13, "Permission denied")

    # root may write anywhere, so permissions cannot be taken away for a test
    monkeypatch.setattr("neurodyn.cli.output.tempfile.TemporaryFile", no)
    monkeypatch.setattr(model_run, "run_model", lambda *_, **__: pytest.fail("computed before the folder was tested"))
    assert "cannot write into out (Permission denied): name another folder" in refused("run", "chain", "--out", "out")


def test_file_in_the_place_of_the_folder(neurodyn, tmp_path):
    (tmp_path / "out").write_text("mine")
    result = neurodyn("run", "chain", "--out", "out")
    assert result.exit_code == 2
    assert "a file of that name is in the way" in result.stderr
    assert (tmp_path / "out").read_text() == "mine"


def test_failure_leaves_earlier_results_alone(neurodyn, tmp_path):
    assert neurodyn("run", "chain", "--no-figures", "--out", "o").exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "o").iterdir()}
    assert neurodyn("run", "chain", "--out", "o", *GROWING).exit_code == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "o").iterdir()} == before


def test_interrupt(neurodyn, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(model_run, "run_model", stop)
    result = neurodyn("run", "chain")
    assert result.exit_code == 130
    assert result.stderr == "neurodyn: stopped\n"
    assert list(tmp_path.iterdir()) == []


def python(folder, *arguments, stdout=subprocess.PIPE, **env):
    """The command line in a process of its own."""
    roots = [path for path in sys.path if os.path.isdir(os.path.join(path, "neurodyn"))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(roots[:1])} | env
    command = [sys.executable, "-m", "neurodyn", *arguments]
    return subprocess.run(command, cwd=folder, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", [["models"], ["--help"]])
def test_output_that_cannot_be_written_is_one_line(tmp_path, arguments):
    with open("/dev/full", "w") as full:
        result = python(tmp_path, *arguments, stdout=full)
    assert result.returncode == 2
    assert result.stderr == "neurodyn: cannot read or write standard output: No space left on device\n"


@pytest.mark.parametrize(
    "encoding",
    ["cp1252", pytest.param("ascii:strict", marks=pytest.mark.slow), pytest.param("latin-1", marks=pytest.mark.slow)],
)
def test_any_encoding_can_write_the_tables(tmp_path, encoding):
    result = python(tmp_path, "run", "two-neurons", "--no-figures", "-q", PYTHONIOENCODING=encoding)
    assert (result.returncode, result.stderr) == (0, "")
    assert "cosine" in result.stdout


@pytest.mark.parametrize(
    ("letters", "ascii_letters"), [("dJ/dθ", "dJ/dtheta"), ("ΔÉ ×–", "DeltaE x-"), ("\u2603\udcff", "??")]
)
def test_letters_are_spelled_out(letters, ascii_letters):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    spell_out(stream)
    stream.write(letters)
    stream.flush()
    assert stream.buffer.getvalue().decode() == ascii_letters


@pytest.mark.slow
def test_a_display_that_is_not_there_does_no_harm(tmp_path):
    result = python(tmp_path, "run", "two-neurons", MPLBACKEND="nope")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "neurodyn-two-neurons" / "phases.png").exists()


@pytest.mark.parametrize("verb", sorted(cli.main.commands))
def test_help_does_not_refer_to_itself_or_the_wrong_way(verb):
    command = cli.main.commands[verb]
    options = [option.help for option in command.params if isinstance(option, click.Option) and option.help]
    assert [text for text in options if "--help" in text or "below" in text] == []
    assert "above" not in (command.help or "")


def test_help_names_every_study():
    timescales = cli.main.commands["timescales"]
    named = next(
        option.help for option in timescales.params if isinstance(option, click.Option) and "--study" in option.opts
    )
    assert (named or "").startswith(f"One of {', '.join(STUDIES)}. ")


@pytest.mark.parametrize("verb", sorted(cli.main.commands))
def test_every_command_can_be_quiet(verb):
    assert "--quiet" in cli.main.commands[verb].get_help(click.Context(cli.main.commands[verb]))


def test_quiet_says_nothing_but_results(neurodyn):
    result = neurodyn("run", "two-neurons", "--no-figures", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "cosine" in result.stdout
    assert "written to" in neurodyn("run", "two-neurons", "--no-figures").stderr


def test_as_a_module(tmp_path):
    assert python(tmp_path, "--version").stdout == f"neurodyn, version {nd.__version__}\n"
    assert "run" in python(tmp_path, "--help").stdout
    wrong = python(tmp_path, "run", "chian")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean 'chain'?" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1


def test_sides_that_disagree_are_said_so_beside_a_status_that_is_good():
    model = models.read("two-neurons")
    found = run_model(model)
    worse = dataclasses.replace(found.comparison, max_relative_error=1460.0)
    for comparison, status in ((found.comparison, "stable"), (worse, "sides disagree, stable")):
        summary = summarise(model, found.experiment, comparison, None)
        assert summary["status"] == status
        text = report(summary | {"seconds": 1.0, "seconds_by_part": {}})
        assert ("the two sides differ by more than their size" in text) == (comparison is worse)
