"""`neurodyn timescales`: tables, JSON, files and figures; every study; one sentence for what is wrong."""

import json
import os

import numpy as np
import pytest
from click.testing import CliRunner

import neurodyn as nd
from neurodyn import analysis, cli, models
from neurodyn.analysis.studies import STUDIES
from neurodyn.cli.timescales import NAMES
from neurodyn.models.data import MNIST_MISSING

MNIST = os.environ.get("NEURODYN_DATA")
pytestmark = pytest.mark.usefixtures("not_laid_out")
#: A network so small that every study is quick.
SMALL = """
title = "a small chain"
seed = 3
connections = ["x-h1", "h1-y"]
[populations.x]
size = 2
role = "input"
[populations.h1]
size = 3
activation = "tanh"
tau = [1.0, 0.5, 2.0]
[populations.y]
size = 2
role = "output"
activation = "tanh"
[data]
name = "random"
samples = 2
[nudging]
beta = 0.01
duration = 4.0
"""


@pytest.fixture
def timescales(tmp_path, monkeypatch):
    """Runs `neurodyn timescales` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEURODYN_DATA", raising=False)
    (tmp_path / "small.toml").write_text(SMALL)
    return lambda *arguments: CliRunner().invoke(cli.main, ["timescales", *(str(a) for a in arguments)])


@pytest.mark.parametrize(
    "name",
    [
        "two-neurons",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (
                "chain",
                "memory",
                "digits",
                "rate-chain",
                "resistor",
                "convolution",
                "predictive-coding",
                "dense-memory",
                "oscillators",
            )
        ),
    ],
)
def test_every_model_has_time_scales(timescales, tmp_path, name):
    result = timescales(name)
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"neurodyn-{name}-timescales"
    figures = {"ladder.png", "decay.png", "arrival.png", "durations.png"}
    assert {path.name for path in folder.iterdir()} == {"result.nc", "summary.json"} | figures
    for figure in figures:
        assert (folder / figure).read_bytes().startswith(b"\x89PNG")
    for word in ("most in", "exponent", "nudged predicted", "stiffness", "euler limit"):
        assert word in result.stdout
    assert f"written to {folder.name}" in result.stderr


def test_summary_is_the_analysis(timescales, tmp_path, no_pictures):
    result = timescales("small.toml", "--json", "--out", "o")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((tmp_path / "o" / "summary.json").read_text("utf-8"))
    found = nd.load(tmp_path / "o" / "result.nc")
    model = models.read("small.toml")
    assert found == analysis.timescales(model.network, nd.relax(model.network, model.x), model.y, beta=0.01)
    modes, arrivals, durations = (table["columns"] for table in summary["tables"])
    np.testing.assert_allclose(modes["rate"], found.ladder.rate[0])
    np.testing.assert_allclose(modes["h1"], found.ladder.by_population()["h1"][0])
    assert arrivals["units"] == ["h1", "y"] * 2
    assert arrivals["tau"] == ["own", "own", "equal", "equal"]
    np.testing.assert_allclose(arrivals["exponent"], found.arrival.exponent.ravel())
    expected = found.durations.needed("nudged", 1e-2)
    assert durations["nudged_predicted"][1] == pytest.approx(expected[0])
    assert durations["nudged_measured"][1] == pytest.approx(expected[1])
    assert summary["summary"]["measured_decay_error"] < 0.01


def test_help_names_all_studies():
    assert set(NAMES) == set(STUDIES)


#: The rest are slow: each is computed, saved and drawn in test_studies.py, and the command knows no study by name.
LEAST = ("duration", "discretisation")


@pytest.mark.parametrize(
    "study", [pytest.param(name, marks=[] if name in LEAST else [pytest.mark.slow]) for name in sorted(STUDIES)]
)
def test_every_study_is_a_command(timescales, tmp_path, study):
    result = timescales("small.toml", "--study", study, "--set", "data.samples=1")
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"neurodyn-small-{study}"
    assert {path.name for path in folder.iterdir()} == {"result.nc", "summary.json", f"{study}.png"}
    found = nd.load(folder / "result.nc")
    assert found.name == study
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert (summary["study"], summary["overrides"]) == (study, ["data.samples=1"])
    columns = {name for table in summary["tables"] for name in table["columns"]}
    assert columns == {str(name) for name in found.data.variables}
    assert all(name.replace("_", " ") in result.stdout for name in summary["summary"])


def test_a_study_takes_the_settings_of_the_model(timescales, tmp_path, no_pictures):
    assert timescales("small.toml", "--study", "duration", "--out", "o").exit_code == 0
    found = nd.load(tmp_path / "o" / "result.nc")
    assert found.summary["beta"] == 0.01
    assert found["time"][-1] == pytest.approx(4.0, rel=0.05)


def test_network_without_outputs_has_a_ladder(timescales, tmp_path, no_pictures):
    (tmp_path / "ring.toml").write_text(
        'connections = [{between = "s-s", weights = [[0, 2, 1], [2, 0, 2], [1, 2, 0]]}]\n'
        '[populations.s]\nsize = 3\nactivation = "tanh"\n[free]\nstart = [0.3, 0.2, 0.1]\n'
    )
    result = timescales("ring.toml", "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["tables"]) == 1
    refused = timescales("ring.toml", "--study", "nudging")
    assert (refused.exit_code, "has no outputs" in refused.stderr) == (2, True)


@pytest.mark.skipif(not MNIST, reason=MNIST_MISSING)
@pytest.mark.slow
@pytest.mark.parametrize("study", [None, *sorted(STUDIES)])
def test_mnist(timescales, study):
    options = [] if study is None else ["--study", study]
    result = timescales("mnist", "--data", MNIST, "--set", "data.samples=2", *options)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chian"], "did you mean 'chain'?"),
        (["chain", "--study", "stifness"], "unknown `--study` 'stifness'; allowed: "),
        (["chain", "--study", "stifness"], "did you mean 'stiffness'?"),
        (["chain", "--set", "nudging.bta=1"], "did you mean 'beta'?"),
        (["chain", "--study", "duration", "--set", "nudging.duration=1e9"], "a duration of 1e+09 takes "),
        (["chain", "--set", "solver.method=tsit"], "unknown solver method 'tsit'"),
        (["mnist"], MNIST_MISSING),
        ([], "Missing argument 'MODEL'"),
    ],
)
def test_one_plain_sentence(timescales, tmp_path, arguments, sentence):
    before = set(tmp_path.iterdir())
    result = timescales(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.startswith("neurodyn: ")
    assert "Traceback" not in result.stderr
    assert set(tmp_path.iterdir()) == before
