"""`neurodyn noise MODEL`: what it writes and prints, and [noise] in model files."""

import json

import pytest
from click.testing import CliRunner

import neurodyn as nd
from neurodyn import models
from neurodyn.cli import main

MODEL = """
title = "small"
connections = ["x-s"]

[populations.x]
size = 1
role = "input"

[populations.s]
size = 2
role = "output"
activation = "tanh"

[data]
x = [[0.5]]
y = [[0.1, 0.2]]

[noise]
temperature = 0.2
step = 0.1
seed = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(MODEL)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["noise", *map(str, arguments)])


def test_it_writes_the_law_with_figures_and_prints_a_table_with_error_bars(folder):
    result = run("small.toml", "--samples", 50)
    assert result.exit_code == 0, result.output
    out = folder / "neurodyn-small-noise"
    assert {p.name for p in out.iterdir()} == {"result.nc", "summary.json", "densities.png", "fans.png", "checkpoint"}
    law = nd.load(out / "result.nc")
    assert law.noise == nd.Langevin(0.2, step=0.1, seed=3).describe()
    assert law.effective_samples.min() >= 50
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["populations"]["s"]["standard_error"] == law.standard_error.max()
    assert summary["cost"]["mean"] == law.cost[0]
    for word in ("error bar", "R-hat", "temperature", "energy", "±"):
        assert word in result.stdout
    more = run("small.toml", "--samples", 100, "--resume", "--json", "--no-figures")
    assert json.loads(more.stdout)["populations"]["s"]["effective_samples"] >= 100


def test_a_model_file_says_how_noise_acts(folder):
    assert models.read("small.toml").noise == nd.Langevin(0.2, step=0.1, seed=3)
    assert models.read("two-neurons").noise == nd.Langevin(0.1)
    with pytest.raises(nd.ModelError, match="noise: unknown `scheme` 'milstein'"):
        models.read("small.toml", overrides=["noise.scheme=milstein"])
    with pytest.raises(nd.ModelError, match=r"noise\.temperature: must have one number for each of the 2 free units"):
        models.read("small.toml", overrides=["noise.temperature=[0.1, 0.2, 0.3]"])
    with pytest.raises(nd.ModelError, match=r"unknown key 'temprature'"):
        models.read("small.toml", overrides=["noise.temprature=0.1"])
    assert "`temperature` must be positive" in run("small.toml", "--set", "noise.temperature=0.0").output
